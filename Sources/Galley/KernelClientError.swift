import GalleyExecution

/// An error that keeps a ``KernelClient`` from returning a result.
@nonexhaustive
public enum KernelClientError: Error, Hashable, Sendable {
    /// The kernel was restarted before it replied.
    case restarted
    /// The client has no kernel, because its restart failed for this reason.
    case notRestarted(reason: String)
    /// The provider leaves its kernels running, so the client cannot restart them.
    case cannotRestart(provider: String)
    /// The body of ``withKernel(_:_:_:)`` has returned, and the kernel has ended.
    case ended
    /// The kernel did not reply to a request of this type in time.
    case noReply(request: String, limit: Duration)
    /// The kernel replied with an error.
    case refused(request: String, reason: String)
    /// The kernel's reply does not follow the protocol.
    case malformedReply(request: String, reason: String)
}

extension KernelClientError: CustomStringConvertible {
    /// The failure, and a way to fix it if there is one.
    public var description: String {
        switch self {
        case .restarted: "The kernel was restarted before it replied. Send the code again"
        case .notRestarted(let reason):
            "The client has no kernel, because its restart failed: \(reason). Call restart() again"
        case .cannotRestart(let provider):
            "The provider '\(provider)' leaves its kernels running, so the client cannot restart them. "
                + "Restart the kernel in the program that started it"
        case .ended: "The kernel of this client has ended. Use the client only inside the body of withKernel"
        case .noReply(let request, let limit):
            "The kernel did not reply to '\(request)' within \(limit.inWords). It is busy with other code, or does not "
                + "support this request"
        case .refused(let request, let reason): "The kernel replied to '\(request)' with an error: \(reason)"
        case .malformedReply(let request, let reason):
            "The kernel's reply to '\(request)' is malformed: \(reason). Report this to the authors of the kernel"
        }
    }
}
