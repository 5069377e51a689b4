/// The bytes of a document, ready to be written: runs that mostly still lie in the text that was read.
package struct JSONText: Sendable {
    private var runs: [Run] = []
    /// The number of bytes.
    package private(set) var count = 0

    /// The number of bytes that do not lie in what was read.
    package var ownCount: Int { runs.reduce(0) { if case .made(let bytes) = $1 { $0 + bytes.count } else { $0 } } }

    private enum Run: Sendable {
        case read(SourceText, Range<Int>)
        case made([UInt8])
    }

    /// Runs of read text shorter than this are copied when made runs stand on both sides of them, so that many small
    /// changes do not end as many small writes.
    private static let shortest = 256

    /// New text goes on in another run where the last one is at least as long as this.
    private static let longest = 1 << 20

    /// Passes the bytes on, in order, without gathering them.
    package func forEachRun<Failure: Error>(_ body: (Span<UInt8>) throws(Failure) -> Void) throws(Failure) {
        for run in runs {
            switch run {
            case .read(let source, let range):
                let bytes = source.bytes
                try body(bytes.span.extracting(range))
            case .made(let bytes): try body(bytes.span)
            }
        }
    }

    /// All bytes in one array.
    package var bytes: [UInt8] {
        var all: [UInt8] = []
        all.reserveCapacity(count)
        for run in runs {
            switch run {
            case .read(let source, let range): all += source.bytes[range]
            case .made(let bytes): all += bytes
            }
        }
        return all
    }

    mutating func append(_ source: SourceText, _ range: Range<Int>) {
        guard !range.isEmpty else { return }
        switch runs.last {
        case .read(source, let last)? where last.upperBound == range.lowerBound:
            runs[runs.count - 1] = .read(source, last.lowerBound..<range.upperBound)
            count += range.count
        default:
            runs.append(.read(source, range))
            count += range.count
        }
    }

    mutating func append(_ bytes: some Collection<UInt8>) {
        make { $0 += bytes }
    }

    /// Lets `body` write new bytes at the end.
    mutating func make(_ body: (inout [UInt8]) -> Void) {
        var bytes = takeLastMade()
        let before = bytes.count
        body(&bytes)
        count += bytes.count - before
        runs.append(.made(bytes))
    }

    /// Takes off the made run at the end, with a short read one behind it, or begins a new one.
    private mutating func takeLastMade() -> [UInt8] {
        if case .read(let source, let range)? = runs.last, range.count < Self.shortest, runs.count > 1,
            case .made = runs[runs.count - 2]
        {
            runs.removeLast()
            guard case .made(var bytes)? = runs.popLast() else { return [] }
            bytes += source.bytes[range]
            return bytes
        }
        // One that has become long is left as it is: to grow it, it would have to be copied.
        if case .made(let bytes)? = runs.last, bytes.count < Self.longest {
            runs.removeLast()
            return bytes
        }
        return []
    }
}

/// Compares sources by identity: two are the same text only if they were read at once.
private func ~= (source: SourceText, other: SourceText) -> Bool { source === other }
