/// The bytes of a document to be written, as runs. Most runs refer to the source text.
package struct JSONText: Sendable {
    private var runs: [Run] = []
    /// The number of bytes.
    package private(set) var count = 0

    /// The number of bytes that are not in the source text.
    package var ownCount: Int { runs.reduce(0) { if case .made(let bytes) = $1 { $0 + bytes.count } else { $0 } } }

    private enum Run: Sendable {
        case read(SourceText, Range<Int>)
        case made([UInt8])
    }

    /// Shorter runs of source text between two new runs are copied, so that many small changes do not cause many small
    /// writes.
    private static let shortest = 256

    /// If the last run is at least this long, new text begins another run.
    private static let longest = 1 << 20

    /// Calls `body` with each run, in order.
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

    /// Appends the bytes that `body` adds to its array.
    mutating func make(_ body: (inout [UInt8]) -> Void) {
        var bytes = takeLastMade()
        let before = bytes.count
        body(&bytes)
        count += bytes.count - before
        runs.append(.made(bytes))
    }

    /// Removes and returns the new run at the end, together with a short source run after it. Returns an empty array if
    /// there is none.
    private mutating func takeLastMade() -> [UInt8] {
        if case .read(let source, let range)? = runs.last, range.count < Self.shortest, runs.count > 1,
            case .made = runs[runs.count - 2]
        {
            runs.removeLast()
            guard case .made(var bytes)? = runs.popLast() else { return [] }
            bytes += source.bytes[range]
            return bytes
        }
        // A long run is not extended, because that would copy it.
        if case .made(let bytes)? = runs.last, bytes.count < Self.longest {
            runs.removeLast()
            return bytes
        }
        return []
    }
}

/// Compares sources by identity, not by contents.
private func ~= (source: SourceText, other: SourceText) -> Bool { source === other }
