import GalleyExecution
public import GalleyJSON
import GalleyJupyterProtocol

extension KernelClient {
    /// Requests completions of code at a cursor.
    ///
    ///     try await withKernel("python3") { kernel in
    ///         let completion = try await kernel.complete("import mat")
    ///         for match in completion.matches { print(completion.code(choosing: match)) }
    ///     }
    ///
    /// - Parameters:
    ///   - code: The code, which may be incomplete.
    ///   - cursor: The position to complete at; nil for the end of the code.
    ///   - limit: How long the kernel may take. Most kernels reply only after the running code has ended.
    /// - Throws: ``KernelClientError`` if the kernel does not reply in time, or replies with an error or a malformed
    ///   message; ``KernelFailure`` if it dies; `CancellationError` if the task is canceled.
    public func complete(
        _ code: String, at cursor: String.Index? = nil, limit: Duration = .seconds(30)
    ) async throws -> Completion {
        let offset = code.scalarOffset(of: cursor)
        return try Completion(
            await requestReply(within: limit) { $0.completeRequest(code, at: offset) }, code: code, cursor: offset)
    }
}

/// The possible completions of code at a cursor.
public struct Completion: Sendable {
    /// The texts that can replace ``range``, in the kernel's order of preference.
    public let matches: [String]
    /// The part of the code that a match replaces.
    public let range: Range<String.Index>
    /// The metadata of the matches, a JSON object.
    public let metadata: Value
    private let code: String

    init(_ reply: KernelReply, code: String, cursor: Int) throws(KernelClientError) {
        let content = try reply.content(of: "complete_reply")
        guard let list = content["matches"], list.kind == .array else {
            throw reply.malformed("it has no list of matches")
        }
        let matches = list.elements.compactMap(\.string)
        guard matches.count == list.elements.count else { throw reply.malformed("a match is not a string") }
        func offset(_ key: String) throws(KernelClientError) -> Int {
            if let number = content[key]?.int { return number }
            // Kernels that find no match may omit the position.
            guard matches.isEmpty else { throw reply.malformed("'\(key)' is not a number") }
            return cursor
        }
        let (start, end) = (try offset("cursor_start"), try offset("cursor_end"))
        guard start <= end, let lower = code.index(ofScalar: start), let upper = code.index(ofScalar: end) else {
            throw reply.malformed(
                "\(start) to \(end) is not a range in code of \(code.unicodeScalars.count) characters")
        }
        (self.code, self.matches, range) = (code, matches, lower..<upper)
        metadata = content["metadata"].flatMap { $0.kind == .object ? $0 : nil } ?? [:]
    }

    /// Returns the code with ``range`` replaced by a match.
    public func code(choosing match: String) -> String { code.replacingCharacters(in: range, with: match) }
}

// The protocol counts Unicode scalars.

extension String {
    /// Returns the number of scalars before an index; nil stands for the end of the text.
    func scalarOffset(of index: Index?) -> Int {
        guard let index, index < endIndex else { return unicodeScalars.count }
        return unicodeScalars.distance(from: startIndex, to: index)
    }

    /// Returns the index after `offset` scalars; nil if there are fewer.
    fileprivate func index(ofScalar offset: Int) -> Index? {
        offset < 0 ? nil : unicodeScalars.index(startIndex, offsetBy: offset, limitedBy: endIndex)
    }

    fileprivate func replacingCharacters(in range: Range<Index>, with text: String) -> String {
        String(self[..<range.lowerBound]) + text + self[range.upperBound...]
    }
}
