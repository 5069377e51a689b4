import GalleyExecution
public import GalleyJSON
import GalleyJupyterProtocol
public import GalleyNotebook

extension KernelClient {
    /// Requests information about the name at a cursor.
    ///
    ///     try await withKernel("python3") { kernel in
    ///         let inspection = try await kernel.inspect("print")
    ///         print(inspection?.text?.hasPrefix("Signature: print(") ?? false)
    ///     }
    ///
    /// - Parameters:
    ///   - code: The code.
    ///   - cursor: The position of the name, or of the parenthesis after it; nil for the end of the code.
    ///   - detail: How much information to request.
    ///   - limit: How long the kernel may take. Most kernels reply only after the running code has ended.
    /// - Returns: The information; nil if the kernel finds none.
    /// - Throws: ``KernelClientError`` if the kernel does not reply in time, or replies with an error or a malformed
    ///   message; ``KernelFailure`` if it dies; `CancellationError` if the task is canceled.
    public func inspect(
        _ code: String, at cursor: String.Index? = nil, detail: InspectionDetail = .usual,
        limit: Duration = .seconds(30)
    ) async throws -> Inspection? {
        let offset = code.scalarOffset(of: cursor)
        return try Inspection.found(
            in: await requestReply(within: limit) { $0.inspectRequest(code, at: offset, detail: detail.level) })
    }
}

/// How much information a kernel returns about a name.
@nonexhaustive
public enum InspectionDetail: Hashable, Sendable {
    /// The most useful information, such as how to call a function.
    case usual
    /// All information, such as the source of a function.
    case full

    /// The detail level of the protocol.
    var level: Int { self == .full ? 1 : 0 }
}

/// The information that a kernel returns about a name.
public struct Inspection: Sendable {
    /// The description by MIME type.
    public let data: MimeBundle
    /// The metadata of the description, a JSON object.
    public let metadata: Value

    /// The description as plain text, without color codes; nil if there is none.
    public var text: String? { data.text("text/plain")?.withoutEscapes }

    /// Parses a reply; returns nil if the kernel found nothing.
    static func found(in reply: KernelReply) throws(KernelClientError) -> Inspection? {
        let content = try reply.content(of: "inspect_reply")
        guard let isFound = content["found"]?.bool else { throw reply.malformed("'found' is neither true nor false") }
        guard isFound else { return nil }
        guard let data = content["data"], data.kind == .object else { throw reply.malformed("'data' is not an object") }
        let metadata = content["metadata"].flatMap { $0.kind == .object ? $0 : nil } ?? [:]
        return Inspection(data: MimeBundle(sent: data), metadata: metadata)
    }
}
