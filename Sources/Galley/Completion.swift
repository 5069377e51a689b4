import GalleyExecution
public import GalleyJSON
import GalleyJupyterProtocol

extension KernelClient {
    /// Asks the kernel how code can go on at a cursor.
    ///
    ///     try await withKernel("python3") { kernel in
    ///         let completion = try await kernel.complete("import mat")
    ///         for match in completion.matches { print(completion.code(choosing: match)) }
    ///     }
    ///
    /// - Parameters:
    ///   - code: The code, of which a part may be missing.
    ///   - cursor: Where it goes on; nil for its end.
    ///   - limit: How long the kernel may take. Most kernels answer when the code that runs is over.
    /// - Throws: ``KernelClientError`` if the kernel does not answer in time, or answers with an error or something malformed;
    ///   ``KernelFailure`` if it dies; `CancellationError` if the task is cancelled.
    public func complete(
        _ code: String, at cursor: String.Index? = nil, limit: Duration = .seconds(30)
    ) async throws -> Completion {
        let offset = code.scalarOffset(of: cursor)
        return try Completion(
            await requestReply(within: limit) { $0.completeRequest(code, at: offset) }, code: code, cursor: offset)
    }
}

/// How code can go on at a cursor.
public struct Completion: Sendable {
    /// The texts that can stand there, in the order in which the kernel prefers them.
    public let matches: [String]
    /// The part of the code that a match replaces.
    public let range: Range<String.Index>
    /// What else the kernel says of the matches, an object.
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
            // Kernels that find nothing may leave out where it is.
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

    /// Returns the code with a match in its place.
    public func code(choosing match: String) -> String { code.replacingCharacters(in: range, with: match) }
}

// The protocol counts Unicode scalars.

extension String {
    /// The number of scalars before an index of this text; nil stands for its end.
    func scalarOffset(of index: Index?) -> Int {
        guard let index, index < endIndex else { return unicodeScalars.count }
        return unicodeScalars.distance(from: startIndex, to: index)
    }

    /// The index behind so many scalars; nil if there are fewer.
    fileprivate func index(ofScalar offset: Int) -> Index? {
        offset < 0 ? nil : unicodeScalars.index(startIndex, offsetBy: offset, limitedBy: endIndex)
    }

    fileprivate func replacingCharacters(in range: Range<Index>, with text: String) -> String {
        String(self[..<range.lowerBound]) + text + self[range.upperBound...]
    }
}
