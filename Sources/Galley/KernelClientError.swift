import GalleyExecution

/// Says why a ``KernelClient`` has no answer.
@nonexhaustive
public enum KernelClientError: Error, Hashable, Sendable {
    /// The kernel was restarted before it had answered.
    case restarted
    /// The client has no kernel, because its restart failed for this reason.
    case notRestarted(reason: String)
    /// The provider leaves its kernels running, so it has no fresh one.
    case cannotRestart(provider: String)
    /// The body of ``withKernel(_:_:_:)`` was left, and the kernel has ended.
    case ended
    /// The kernel has not answered a request of this name in time.
    case noReply(request: String, limit: Duration)
    /// The kernel has answered with an error.
    case refused(request: String, reason: String)
    /// The kernel has answered with something that the protocol does not know.
    case malformedReply(request: String, reason: String)
}

extension KernelClientError: CustomStringConvertible {
    /// What failed, and what to do.
    public var description: String {
        switch self {
        case .restarted: "The kernel was restarted before it had answered. Send the code again"
        case .notRestarted(let reason):
            "The client has no kernel, because its restart failed: \(reason). Call restart() again"
        case .cannotRestart(let provider):
            "Kernels of the provider '\(provider)' go on running, so a restart gives no fresh one. "
                + "Restart the kernel in the program that has started it"
        case .ended: "The kernel of this client has ended. Use the client inside the body of withKernel"
        case .noReply(let request, let limit):
            "The kernel has not answered '\(request)' within \(limit.inWords). It is busy with other code, or it does not "
                + "know this request"
        case .refused(let request, let reason): "The kernel has answered '\(request)' with an error: \(reason)"
        case .malformedReply(let request, let reason):
            "The kernel's reply to '\(request)' is malformed: \(reason). Report this to the authors of the kernel"
        }
    }
}
