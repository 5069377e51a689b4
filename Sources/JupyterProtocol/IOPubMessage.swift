public import GalleyJSON

/// What a kernel publishes while it works, read leniently: what is missing is empty.
@nonexhaustive
public enum IOPubMessage: Sendable {
    /// It began, or is done.
    case state(ExecutionState)
    /// It took up code, and counts it as its request of this number.
    case input(count: Int?)
    /// Text was written to a stream.
    case stream(name: String, text: String)
    /// Something was displayed.
    case display(Display)
    /// The value of the last expression, of the request of this number.
    case result(Display, count: Int?)
    /// What was displayed under an identifier looks different now.
    case update(Display)
    /// An error ended the code.
    case error(name: String, value: String, traceback: [String])
    /// What is there is to be removed, at once or when something comes to take its place.
    case clear(waits: Bool)
    /// Something was said between the halves of a widget, or of anything else that lives on both sides.
    case comm(Comm)

    /// What is displayed, by a display or as a result.
    package var display: Display? {
        switch self {
        case .display(let display), .result(let display, _): display
        default: nil
        }
    }

    /// Something in several representations.
    public struct Display: Sendable {
        /// The representations by media type, an object.
        public var data: Value
        /// What else is known of them, an object.
        public var metadata: Value
        /// By what it can be updated later.
        public var id: String?

        package init(data: Value, metadata: Value, id: String?) {
            (self.data, self.metadata, self.id) = (data, metadata, id)
        }
    }

    /// Something said over a channel between two objects, one in the kernel and one at the client's.
    public struct Comm: Sendable {
        /// What the two objects call their channel.
        public var id: String
        /// What is said.
        public var action: Action
        /// What goes with it.
        public var data: Value
        /// Bytes that belong to the data.
        public var buffers: [[UInt8]]

        /// The state of a widget that goes with it, or the part of it that has changed.
        package var state: Value? { data["state"].flatMap { $0.kind == .object ? $0 : nil } }

        /// The request whose outputs a widget catches from now on; empty for none, nil where nothing is said of it.
        package var capturedRequestID: String? { state?["msg_id"]?.string }

        /// What can be said.
        @nonexhaustive
        public enum Action: Hashable, Sendable {
            /// The channel is opened, for objects of a kind.
            case open(target: String)
            /// Something is said to the other one.
            case message
            /// The channel is closed.
            case close
        }
    }
}

extension Message {
    /// The type of a message that clears outputs.
    static let clearOutputType = "clear_output"

    /// Whether this message and another, which follows it, clear the same outputs in the same way.
    func isSameClear(as other: Message) -> Bool {
        type == Self.clearOutputType && other.type == Self.clearOutputType && channel == other.channel
            && parent?.id == other.parent?.id
            && content["wait"]?.bool == other.content["wait"]?.bool
    }

    /// What the message publishes; nil where it is something else, or of a kind that nobody has to know.
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
        // It becomes part of a file that others have to be able to read.
        return value.withReadableNumbers
    }
}

/// What a kernel replies when it has run code.
package struct ExecuteReply: Sendable {
    /// How it went.
    package var status: Status
    /// The number by which the kernel counts the request.
    package var count: Int?
    /// Whether the code asked for the kernel to be ended.
    package var requestsShutdown: Bool

    /// Puts the facts together.
    package init(status: Status, count: Int? = nil, requestsShutdown: Bool = false) {
        self.status = status
        self.count = count
        self.requestsShutdown = requestsShutdown
    }

    /// How code can end.
    package enum Status: Hashable, Sendable {
        case ok
        case error(name: String, value: String, traceback: [String])
        /// It was not run: something before it had failed.
        case aborted
    }
}

extension Message {
    /// Whether this is the reply to a request to run code.
    package var isExecuteReply: Bool { type == "execute_reply" }

    /// The reply to a request to run code, where this is one that says how the code has ended.
    package var executeReply: ExecuteReply? {
        guard isExecuteReply else { return nil }
        let status: ExecuteReply.Status? =
            switch content["status"]?.string {
            case "error":
                .error(
                    name: content["ename"]?.string ?? "", value: content["evalue"]?.string ?? "",
                    traceback: content["traceback"]?.elements.compactMap(\.string) ?? [])
            // The protocol's older word is still in use.
            case "aborted", "abort": .aborted
            case "ok": .ok
            default: nil
            }
        guard let status else { return nil }
        let requestsShutdown = content["payload"]?.elements.contains { $0["source"]?.string == "ask_exit" } ?? false
        return ExecuteReply(status: status, count: content["execution_count"]?.int, requestsShutdown: requestsShutdown)
    }
}
