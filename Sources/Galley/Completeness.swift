import GalleyExecution
import GalleyJSON
import GalleyJupyterProtocol

extension KernelClient {
    /// Requests whether code is ready to run, or continues on the next line.
    ///
    ///     try await withKernel("python3") { kernel in
    ///         if case .incomplete(let indent) = try await kernel.isComplete("for n in range(3):") {
    ///             print("goes on with \(indent.count) spaces")
    ///         }
    ///     }
    ///
    /// - Parameters:
    ///   - code: The code.
    ///   - limit: How long the kernel may take. Most kernels reply only after the running code has ended.
    /// - Throws: ``KernelClientError`` if the kernel does not reply in time, or replies with an error or a malformed
    ///   message; ``KernelFailure`` if it dies; `CancellationError` if the task is canceled.
    public func isComplete(_ code: String, limit: Duration = .seconds(30)) async throws -> Completeness {
        try Completeness(await requestReply(within: limit) { $0.isCompleteRequest(code) })
    }
}

/// The kernel's judgment whether code is ready to run.
@nonexhaustive
public enum Completeness: Hashable, Sendable {
    /// The code can run.
    case complete
    /// The code continues, and its next line begins with this indentation.
    case incomplete(indent: String)
    /// The code is invalid, and no continuation can make it valid.
    case invalid
    /// The kernel cannot decide.
    case unknown

    init(_ reply: KernelReply) throws(KernelClientError) {
        let content = try reply.content(of: "is_complete_reply")
        switch content["status"]?.string {
        case "complete": self = .complete
        case "incomplete": self = .incomplete(indent: content["indent"]?.string ?? "")
        case "invalid": self = .invalid
        case "unknown": self = .unknown
        case let status: throw reply.malformed("its status '\(status ?? "")' is not defined by the protocol")
        }
    }
}
