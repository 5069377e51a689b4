import GalleyExecution
import GalleyJSON
import GalleyJupyterProtocol

extension KernelClient {
    /// Asks the kernel whether code is ready to be run, or goes on in the next line.
    ///
    ///     try await withKernel("python3") { kernel in
    ///         if case .incomplete(let indent) = try await kernel.isComplete("for n in range(3):") {
    ///             print("goes on with \(indent.count) spaces")
    ///         }
    ///     }
    ///
    /// - Parameters:
    ///   - code: The code.
    ///   - limit: How long the kernel may take. Most kernels answer when the code that runs is over.
    /// - Throws: ``KernelClientError`` if the kernel does not answer in time, or answers with an error or something malformed;
    ///   ``KernelFailure`` if it dies; `CancellationError` if the task is cancelled.
    public func isComplete(_ code: String, limit: Duration = .seconds(30)) async throws -> Completeness {
        try Completeness(await requestReply(within: limit) { $0.isCompleteRequest(code) })
    }
}

/// Whether code is ready to be run.
@nonexhaustive
public enum Completeness: Hashable, Sendable {
    /// It can be run.
    case complete
    /// It goes on; the next line begins with this indentation.
    case incomplete(indent: String)
    /// It is an error, however it goes on.
    case invalid
    /// The kernel cannot tell.
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
