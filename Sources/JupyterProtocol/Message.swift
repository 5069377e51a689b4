public import GalleyJSON

/// A message to or from a kernel.
public struct Message: Sendable {
    /// The channel of the message.
    public var channel: Channel
    /// The message header.
    public var header: Header
    /// The header of the message that caused this one, such as the request of a reply; nil if there is none.
    public var parent: Header?
    /// The metadata, a JSON object.
    public var metadata: Value
    /// The content, a JSON object.
    public var content: Value
    /// The binary buffers that belong to the content.
    public var buffers: [[UInt8]]
    /// The reason why outputs are missing at this point; nil if none are known to be missing.
    ///
    /// A ``Kernel`` sets it. The field is not part of the protocol.
    public var loss: OutputLoss?

    /// Creates a message.
    public init(
        channel: Channel, header: Header, parent: Header? = nil, metadata: Value = [:], content: Value = [:],
        buffers: [[UInt8]] = []
    ) {
        self.channel = channel
        self.header = header
        self.parent = parent
        self.metadata = metadata
        self.content = content
        self.buffers = buffers
    }

    /// The message type, such as `execute_request`.
    public var type: String { header.type }
}

extension Message {
    /// Whether the kernel must reply to the message.
    package var expectsReply: Bool {
        (channel == .shell || channel == .control) && type.hasSuffix("_request")
    }

    /// Whether the message asks the kernel to run code.
    package var isExecuteRequest: Bool { type == "execute_request" }

    /// Whether the message is a kernel info request.
    package var isKernelInfoRequest: Bool { type == "kernel_info_request" }

    /// Whether the kernel restarts after a shutdown that this message announces; nil for other messages.
    package var announcedRestart: Bool? {
        type == "shutdown_reply" ? content["restart"]?.bool ?? false : nil
    }
}

/// The channels between a client and a kernel.
public enum Channel: String, Hashable, Sendable, CaseIterable {
    /// Requests, which are processed in order, and their replies.
    case shell
    /// Outputs and execution states that the kernel publishes.
    case iopub
    /// Input requests of the kernel, and the replies.
    case stdin
    /// Requests that the kernel processes ahead of the shell channel.
    case control
}

/// The header of a message.
public struct Header: Sendable {
    /// The unique ID of the message.
    public var id: String
    /// The message type.
    public var type: String
    /// The ID of the sender's session.
    public var session: String
    /// The sender's timestamp; nil if the kernel omits it.
    public var date: String?
    /// The name of the sender's user.
    public var username: String
    /// The version of the sender's messaging protocol.
    public var version: String?

    /// Creates a header.
    public init(
        id: String, type: String, session: String, date: String?, username: String = "galley", version: String? = "5.4"
    ) {
        self.id = id
        self.type = type
        self.session = session
        self.date = date
        self.username = username
        self.version = version
    }
}

// MARK: - As JSON

extension Header {
    /// Parses a header that a kernel sent; returns nil if the ID or the type is missing.
    ///
    /// All other fields are optional: Almond sends no date, IJava a date without seconds, and other kernels no session
    /// or username.
    public init?(json: Value) {
        guard let type = json["msg_type"]?.string, let header = Header(parent: json) else { return nil }
        self = header
        self.type = type
    }

    /// Parses a parent header; returns nil for an empty object, which means no parent.
    ///
    /// Only the ID is required: IHaskell and other kernels omit the type.
    package init?(parent json: Value) {
        var id: String?
        self.init(id: "", type: "", session: "", date: nil, username: "", version: nil)
        // A single pass is fast: every message has two headers, and messages can arrive in large numbers.
        for (key, value) in json.members {
            switch key {
            case "msg_id": id = value.string
            case "msg_type": type = value.string ?? ""
            case "session": session = value.string ?? ""
            case "date": date = value.string
            case "username": username = value.string ?? ""
            case "version": version = value.string
            default: break
            }
        }
        guard let id else { return nil }
        self.id = id
    }

    /// The header in JSON.
    public var json: Value {
        var json: Value = ["msg_id": .string(id), "msg_type": .string(type), "session": .string(session)]
        json["username"] = .string(username)
        json["date"] = date.map { .string($0) }
        json["version"] = version.map { .string($0) }
        return json
    }
}
