public import GalleyJSON

/// Something said to a kernel, or by one.
public struct Message: Sendable {
    /// The channel that it travels on.
    public var channel: Channel
    /// Who said it, when, and what kind of message it is.
    public var header: Header
    /// The header of the message that this one answers or belongs to; nil where it belongs to none.
    public var parent: Header?
    /// What is known about the message, an object.
    public var metadata: Value
    /// What is said, an object.
    public var content: Value
    /// Bytes that belong to the content and are not JSON.
    public var buffers: [[UInt8]]

    /// Makes a message of its parts.
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

    /// What kind of message it is, such as `execute_request`.
    public var type: String { header.type }
}

/// The ways between a client and a kernel.
public enum Channel: String, Hashable, Sendable, CaseIterable {
    /// Requests, one after another, and their replies.
    case shell
    /// What the kernel publishes while it works: output, and whether it is busy.
    case iopub
    /// The kernel's questions to the person, and the answers.
    case stdin
    /// Requests that may not wait for those on the shell channel.
    case control
}

/// Who said a message, when, and what kind it is.
public struct Header: Sendable {
    /// What no other message is called.
    public var id: String
    /// The kind of message.
    public var type: String
    /// What the sender calls the conversation.
    public var session: String
    /// When it was said, as the sender wrote it; nil where a kernel leaves it out.
    public var date: String?
    /// Who is speaking.
    public var username: String
    /// The version of the protocol that the sender speaks.
    public var version: String?

    /// Makes a header.
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
    /// Makes a header of what a kernel sent; nil where it lacks what a header is for.
    ///
    /// A header needs an identifier and a type. All else is left out by some kernel or other: Almond sends no date,
    /// IJava one without seconds, others no session or user.
    public init?(json: Value) {
        guard let type = json["msg_type"]?.string, let header = Header(parent: json) else { return nil }
        self = header
        self.type = type
    }

    /// Makes the header of a parent, whose identifier is all that matters: IHaskell and others leave the type out.
    ///
    /// An empty object means that there is no parent.
    package init?(parent json: Value) {
        var id: String?
        self.init(id: "", type: "", session: "", date: nil, username: "", version: nil)
        // One walk: messages come in floods, and each has two headers.
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

    /// The header as it is sent.
    public var json: Value {
        var json: Value = ["msg_id": .string(id), "msg_type": .string(type), "session": .string(session)]
        json["username"] = .string(username)
        json["date"] = date.map { .string($0) }
        json["version"] = version.map { .string($0) }
        return json
    }
}
