public import GalleyJSON

/// The execution state of a kernel.
@nonexhaustive
public enum ExecutionState: Hashable, Sendable {
    /// The kernel is starting and does not accept requests yet.
    case starting
    /// The kernel is processing a request.
    case busy
    /// The kernel is ready for requests.
    case idle
    /// The kernel is restarting and loses its state.
    case restarting
    /// The kernel has ended.
    case dead
    /// A state that the protocol does not define.
    case other(String)
}

extension Message {
    /// The state in a `status` message; nil for other messages.
    package var executionState: ExecutionState? {
        guard type == "status", let state = content["execution_state"]?.string else { return nil }
        switch state {
        case "starting": return .starting
        case "busy": return .busy
        case "idle": return .idle
        case "restarting": return .restarting
        case "dead": return .dead
        default: return .other(state)
        }
    }
}

extension Message {
    /// The content of a `kernel_info_reply`; nil for other messages.
    package var kernelInfo: KernelInfo? { type == "kernel_info_reply" ? KernelInfo(json: content) : nil }

    /// The prompt of an `input_request`, and whether it asks for a password; nil for other messages.
    package var question: (prompt: String, isPassword: Bool)? {
        guard type == "input_request" else { return nil }
        return (content["prompt"]?.string ?? "", content["password"]?.bool ?? false)
    }

    /// Whether the message only confirms the subscription to the IOPub channel.
    package var isWelcome: Bool { type == "iopub_welcome" }
}

/// The content of a kernel info reply.
public struct KernelInfo: Sendable {
    /// The whole content.
    public let json: Value

    /// Creates the info from the content of a `kernel_info_reply`.
    public init(json: Value) { self.json = json }

    /// The version of the messaging protocol.
    public var protocolVersion: String? { json["protocol_version"]?.string }
    /// The name of the implementation, such as `ipython`.
    public var implementation: String? { json["implementation"]?.string }
    /// The version of the implementation.
    public var implementationVersion: String? { json["implementation_version"]?.string }
    /// The language, in the form of notebook metadata; nil if the kernel sent none.
    public var language: Value? { json["language_info"] }
    /// The name of the language.
    public var languageName: String? { language?["name"]?.string }
}
