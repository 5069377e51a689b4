import GalleyExecution
public import GalleyJSON
import GalleyJupyterProtocol
public import GalleyNotebook

extension KernelClient {
    /// Asks the kernel what it knows of the name at a cursor.
    ///
    ///     try await withKernel("python3") { kernel in
    ///         let inspection = try await kernel.inspect("print")
    ///         print(inspection?.text?.hasPrefix("Signature: print(") ?? false)
    ///     }
    ///
    /// - Parameters:
    ///   - code: The code.
    ///   - cursor: Where the name is, or the parenthesis behind it; nil for the end of the code.
    ///   - detail: How much the kernel tells.
    ///   - limit: How long the kernel may take. Most kernels answer when the code that runs is over.
    /// - Returns: Nil if the kernel knows nothing of it.
    /// - Throws: ``KernelClientError`` if the kernel does not answer in time, or answers with an error or something malformed;
    ///   ``KernelFailure`` if it dies; `CancellationError` if the task is cancelled.
    public func inspect(
        _ code: String, at cursor: String.Index? = nil, detail: InspectionDetail = .usual,
        limit: Duration = .seconds(30)
    ) async throws -> Inspection? {
        let offset = code.scalarOffset(of: cursor)
        return try Inspection.found(
            in: await requestReply(within: limit) { $0.inspectRequest(code, at: offset, detail: detail.level) })
    }
}

/// How much a kernel tells of a name.
@nonexhaustive
public enum InspectionDetail: Hashable, Sendable {
    /// What a person wants to know at first, such as how to call a function.
    case usual
    /// All that there is, such as the source of a function.
    case full

    /// The number that the protocol has for it.
    var level: Int { self == .full ? 1 : 0 }
}

/// What a kernel knows of a name.
public struct Inspection: Sendable {
    /// The description, in its representations.
    public let data: MimeBundle
    /// What else is known of the representations, an object.
    public let metadata: Value

    /// The description as plain text, without colors; nil if there is none.
    public var text: String? { data.text("text/plain")?.withoutEscapes }

    /// Reads a reply; returns nil if it says that nothing was found.
    static func found(in reply: KernelReply) throws(KernelClientError) -> Inspection? {
        let content = try reply.content(of: "inspect_reply")
        guard let isFound = content["found"]?.bool else { throw reply.malformed("'found' is neither true nor false") }
        guard isFound else { return nil }
        guard let data = content["data"], data.kind == .object else { throw reply.malformed("'data' is no object") }
        let metadata = content["metadata"].flatMap { $0.kind == .object ? $0 : nil } ?? [:]
        return Inspection(data: MimeBundle(sent: data), metadata: metadata)
    }
}
