import Glibc
import Synchronization

/// Temporary storage for text, in an unnamed file that takes no memory and disappears with this process.
package final class ScratchFile: Sendable {
    private let file: FileDescriptor
    private let end = Mutex(0)

    /// Creates the file in a folder for temporary files.
    package init(in folder: String) throws(StorageError) {
        do throws(Errno) {
            let new = try TemporaryFile(in: folder, mode: 0o600)
            let number = new.file.number
            file = try FileDescriptor(duplicating: number)
            // Keeps `new` open up to this point.
            _ = consume new
        } catch {
            throw StorageError(.writing, folder, error)
        }
    }

    /// Appends text and returns its position.
    package func add(_ text: String) throws(StorageError) -> Range<Int> {
        try end.withLock { end throws(StorageError) in
            let start = end
            do throws(Errno) {
                // Other threads may read meanwhile with `pread`, but only this code writes.
                try throwingErrno { Int(lseek(file.number, start, SEEK_SET)) }
                try file.write(Array(text.utf8).span)
            } catch {
                throw StorageError(.writing, "temporary data of the report", error, needed: text.utf8.count)
            }
            end += text.utf8.count
            return start..<end
        }
    }

    /// Calls `body` with the stored bytes; with fewer bytes if they cannot be read.
    fileprivate func forEachRun<Failure: Error>(
        in range: Range<Int>, _ body: (Span<UInt8>) throws(Failure) -> Void
    ) throws(Failure) {
        var at = range.lowerBound
        var bytes = [UInt8](repeating: 0, count: min(1 << 20, range.count))
        while at < range.upperBound {
            // Safe because at most the array's length is passed.
            let count = unsafe pread(file.number, &bytes, min(bytes.count, range.upperBound - at), at)
            guard count > 0 else { return }
            try body(bytes.span.extracting(..<count))
            at += count
        }
    }
}

/// Text made of pieces, some of which may be in a scratch file.
package struct ConcatenatedBytes: ByteRuns {
    private enum Piece: Sendable {
        case text([UInt8])
        case spooled(ScratchFile, Range<Int>)
    }

    private var pieces: [Piece] = []
    /// The number of bytes.
    package private(set) var count = 0

    /// Creates an empty text.
    package init() {}

    /// Appends text.
    package mutating func append(_ text: String) {
        pieces.append(.text(Array(text.utf8)))
        count += text.utf8.count
    }

    /// Appends a part of a scratch file.
    package mutating func append(_ range: Range<Int>, of spool: ScratchFile) {
        pieces.append(.spooled(spool, range))
        count += range.count
    }

    /// Calls `body` with each piece, in order.
    package func forEachRun<Failure: Error>(_ body: (Span<UInt8>) throws(Failure) -> Void) throws(Failure) {
        for piece in pieces {
            switch piece {
            case .text(let bytes): try body(bytes.span)
            case .spooled(let spool, let range): try spool.forEachRun(in: range, body)
            }
        }
    }
}
