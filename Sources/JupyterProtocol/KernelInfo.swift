public import GalleyJSON

/// Whether a kernel is working.
@nonexhaustive
public enum ExecutionState: Hashable, Sendable {
    /// It does not listen yet.
    case starting
    /// It works on a request.
    case busy
    /// It waits for requests.
    case idle
    /// It begins anew, and forgets everything.
    case restarting
    /// It is gone.
    case dead
    /// A state that the protocol does not know.
    case other(String)
}

extension Message {
    /// The state that a `status` message tells; nil of any other.
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
    /// What the kernel said of itself, where this is its reply to that question.
    package var kernelInfo: KernelInfo? { type == "kernel_info_reply" ? KernelInfo(json: content) : nil }

    /// What the code asks the person, where this is such a question.
    package var question: (prompt: String, isPassword: Bool)? {
        guard type == "input_request" else { return nil }
        return (content["prompt"]?.string ?? "", content["password"]?.bool ?? false)
    }

    /// Whether it merely says that what is published is going to be heard from now on.
    package var isWelcome: Bool { type == "iopub_welcome" }
}

/// What a kernel says of itself.
public struct KernelInfo: Sendable {
    /// The whole reply.
    public let json: Value

    /// Takes the content of a `kernel_info_reply`.
    public init(json: Value) { self.json = json }

    /// The version of the protocol that it speaks.
    public var protocolVersion: String? { json["protocol_version"]?.string }
    /// What the kernel is called, such as `ipython`.
    public var implementation: String? { json["implementation"]?.string }
    /// The version of the kernel.
    public var implementationVersion: String? { json["implementation_version"]?.string }
    /// The language, as notebooks keep it in their metadata; nil where the kernel does not tell.
    public var language: Value? { json["language_info"] }
    /// The name of the language.
    public var languageName: String? { language?["name"]?.string }
}
