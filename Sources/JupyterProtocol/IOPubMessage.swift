public import GalleyJSON

/// The content of an IOPub message, parsed leniently: missing values become empty.
@nonexhaustive
public enum IOPubMessage: Sendable {
    /// The kernel's execution state changed.
    case state(ExecutionState)
    /// The kernel started to execute code, with this execution count.
    case input(count: Int?)
    /// Text was written to a stream.
    case stream(name: String, text: String)
    /// The code displayed an object.
    case display(Display)
    /// The value of the last expression, with the execution count.
    case result(Display, count: Int?)
    /// The display with this ID changed.
    case update(Display)
    /// The code raised an error.
    case error(name: String, value: String, traceback: [String])
    /// The outputs must be cleared, at once or when the next output arrives.
    case clear(waits: Bool)
    /// A comm message, for example from a widget's kernel side.
    case comm(Comm)

    /// The displayed object of a display or a result.
    package var display: Display? {
        switch self {
        case .display(let display), .result(let display, _): display
        default: nil
        }
    }

    /// An object in one or several MIME types.
    public struct Display: Sendable {
        /// The representations by MIME type, a JSON object.
        public var data: Value
        /// The metadata of the representations, a JSON object.
        public var metadata: Value
        /// The display ID, by which the display can be updated.
        public var id: String?

        package init(data: Value, metadata: Value, id: String?) {
            (self.data, self.metadata, self.id) = (data, metadata, id)
        }
    }

    /// A message of a comm: a channel between an object in the kernel and one in the client.
    public struct Comm: Sendable {
        /// The comm ID.
        public var id: String
        /// The kind of message.
        public var action: Action
        /// The data of the message.
        public var data: Value
        /// Binary buffers that belong to the data.
        public var buffers: [[UInt8]]

        /// The state of a widget in the data, or the changed part of it.
        package var state: Value? { data["state"].flatMap { $0.kind == .object ? $0 : nil } }

        /// The message ID of the request whose outputs the widget captures. Empty ends the capture; nil means no
        /// change.
        package var capturedRequestID: String? { state?["msg_id"]?.string }

        package init(id: String, action: Action, data: Value, buffers: [[UInt8]]) {
            (self.id, self.action, self.data, self.buffers) = (id, action, data, buffers)
        }

        /// The kinds of comm messages.
        @nonexhaustive
        public enum Action: Hashable, Sendable {
            /// The comm is opened for this target.
            case open(target: String)
            /// The comm transfers data.
            case message
            /// The comm is closed.
            case close
        }
    }
}

extension Message {
    /// The type of a message that clears outputs.
    static let clearOutputType = "clear_output"

    /// Whether this message and the next one, `other`, clear the same outputs in the same way.
    func isSameClear(as other: Message) -> Bool {
        type == Self.clearOutputType && other.type == Self.clearOutputType && channel == other.channel
            && parent?.id == other.parent?.id
            && content["wait"]?.bool == other.content["wait"]?.bool
    }

    /// The content of an IOPub message; nil for other channels and for types that Galley does not use.
    package var iopubMessage: IOPubMessage? {
        guard channel == .iopub else { return nil }
        switch type {
        case "status": return executionState.map { .state($0) }
        case "execute_input": return .input(count: content["execution_count"]?.int)
        case "stream":
            return .stream(name: content["name"]?.string ?? "stdout", text: content["text"]?.string ?? "")
        case "display_data": return .display(display)
        case "execute_result": return .result(display, count: content["execution_count"]?.int)
        case "update_display_data": return .update(display)
        case "error":
            return .error(
                name: content["ename"]?.string ?? "", value: content["evalue"]?.string ?? "",
                traceback: content["traceback"]?.elements.compactMap(\.string) ?? [])
        case Self.clearOutputType: return .clear(waits: content["wait"]?.bool ?? false)
        case "comm_open": return comm(.open(target: content["target_name"]?.string ?? ""))
        case "comm_msg": return comm(.message)
        case "comm_close": return comm(.close)
        default: return nil
        }
    }

    private var display: IOPubMessage.Display {
        IOPubMessage.Display(
            data: object("data"), metadata: object("metadata"), id: content["transient"]?["display_id"]?.string)
    }

    private func comm(_ action: IOPubMessage.Comm.Action) -> IOPubMessage? {
        guard let id = content["comm_id"]?.string else { return nil }
        return .comm(IOPubMessage.Comm(id: id, action: action, data: object("data"), buffers: buffers))
    }

    private func object(_ key: String) -> Value {
        guard let value = content[key], value.kind == .object else { return [:] }
        // The value becomes part of a notebook that other programs must be able to read.
        return value.withReadableNumbers
    }
}

/// The content of an `execute_reply`.
package struct ExecuteReply: Sendable {
    /// The result of the code.
    package var status: Status
    /// The execution count.
    package var count: Int?
    /// Whether the code asked to shut down the kernel, as `exit` does in IPython.
    package var requestsShutdown: Bool

    /// Creates a reply.
    package init(status: Status, count: Int? = nil, requestsShutdown: Bool = false) {
        self.status = status
        self.count = count
        self.requestsShutdown = requestsShutdown
    }

    /// The result of executed code.
    package enum Status: Hashable, Sendable {
        case ok
        case error(name: String, value: String, traceback: [String])
        /// The code was not executed, because an earlier request failed.
        case aborted
    }
}

extension Message {
    /// Whether the message is an `execute_reply`.
    package var isExecuteReply: Bool { type == "execute_reply" }

    /// The content of an `execute_reply` with a valid status; nil for other messages.
    package var executeReply: ExecuteReply? {
        guard isExecuteReply else { return nil }
        let status: ExecuteReply.Status? =
            switch content["status"]?.string {
            case "error":
                .error(
                    name: content["ename"]?.string ?? "", value: content["evalue"]?.string ?? "",
                    traceback: content["traceback"]?.elements.compactMap(\.string) ?? [])
            // Older kernels send `abort`.
            case "aborted", "abort": .aborted
            case "ok": .ok
            default: nil
            }
        guard let status else { return nil }
        let requestsShutdown = content["payload"]?.elements.contains { $0["source"]?.string == "ask_exit" } ?? false
        return ExecuteReply(status: status, count: content["execution_count"]?.int, requestsShutdown: requestsShutdown)
    }
}
