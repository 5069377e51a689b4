/// What is kept of a file's bytes to recognise them by.
enum Fingerprint: Sendable {
    /// The bytes themselves, which somebody else keeps anyway.
    case bytes(any ByteRuns)
    /// Their number, and a hash that nobody can foretell.
    case hash(count: Int, Int)

    /// As much as would be kept in memory for this alone.
    private static let limit = 1 << 20

    /// Keeps what it takes to recognise bytes.
    init(_ bytes: some ByteRuns) {
        let ownCount = (bytes as? any SharedByteRuns)?.ownCount ?? bytes.count
        self = ownCount <= Self.limit ? .bytes(bytes) : .hash(count: bytes.count, Self.hash(of: bytes))
    }

    /// The number of bytes.
    var count: Int {
        switch self {
        case .bytes(let bytes): bytes.count
        case .hash(let count, _): count
        }
    }

    /// Whether these are the bytes.
    func matches(_ bytes: [UInt8]) -> Bool {
        guard bytes.count == count else { return false }
        switch self {
        case .hash(_, let hash): return Self.hash(of: bytes) == hash
        case .bytes(let known):
            var at = 0
            var isSame = true
            known.forEachRun { run in
                isSame = isSame && at + run.count <= bytes.count && run.indices.allSatisfy { run[$0] == bytes[at + $0] }
                at += run.count
            }
            return isSame
        }
    }

    private static func hash(of bytes: some ByteRuns) -> Int {
        var hasher = Hasher()
        bytes.forEachRun { run in
            // Safe because the hasher has read the bytes when it returns.
            unsafe run.withUnsafeBytes { unsafe hasher.combine(bytes: $0) }
        }
        return hasher.finalize()
    }
}
