/// The data by which a file's contents are recognized.
enum Fingerprint: Sendable {
    /// The bytes themselves, if they are small or are kept in memory anyway.
    case bytes(any ByteRuns)
    /// The byte count and a randomly seeded hash.
    case hash(count: Int, Int)

    /// The largest number of bytes kept in memory only for the comparison.
    private static let limit = 1 << 20

    /// Makes the fingerprint of `bytes`.
    init(_ bytes: some ByteRuns) {
        let ownCount = (bytes as? any SharedByteRuns)?.ownCount ?? bytes.count
        self = ownCount <= Self.limit ? .bytes(bytes) : .hash(count: bytes.count, Self.hash(of: bytes))
    }

    var count: Int {
        switch self {
        case .bytes(let bytes): bytes.count
        case .hash(let count, _): count
        }
    }

    /// Whether `bytes` are the same contents.
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
            // Safe because the hasher has read the bytes when the call returns.
            unsafe run.withUnsafeBytes { unsafe hasher.combine(bytes: $0) }
        }
        return hasher.finalize()
    }
}
