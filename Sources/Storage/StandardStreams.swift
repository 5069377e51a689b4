import Glibc

/// A notebook that comes in by standard input and leaves by standard output.
package actor StandardStreams: NotebookStore {
    /// What a command line calls it.
    package nonisolated let name = "-"
    /// What is written to a stream is gone.
    package nonisolated let canBeWrittenAgain = false
    private let queue = FileQueue()

    /// Makes the store.
    package init() {}

    /// The actor has a queue of its own: standard input may keep it waiting.
    package nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe queue.asUnownedSerialExecutor() }

    /// Who owns the file that standard input comes from; nil where it comes from a pipe or a terminal.
    package static var inputOwner: FileOwner? {
        var status = stat()
        guard unsafe fstat(STDIN_FILENO, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
        return FileOwner(status)
    }

    /// Returns who owns the file that standard input comes from.
    package func owner() -> FileOwner? { Self.inputOwner }

    /// Does nothing: the streams are this process's own.
    package func lock() {}

    /// Returns everything up to the end of standard input.
    package func read() throws(StorageError) -> [UInt8] {
        do throws(Errno) {
            return try FileDescriptor(duplicating: STDIN_FILENO).readToEnd(expecting: 1 << 16)
        } catch {
            throw StorageError(reading: "standard input", error)
        }
    }

    /// Does nothing: who reads standard output is known when it is written.
    package func checkWritable() {}

    /// Writes to standard output. What is written cannot be taken back, so it is written once, at the end.
    package func write(_ bytes: some ByteRuns) throws(StorageError) -> Destination {
        do throws(Errno) {
            try FileDescriptor(duplicating: STDOUT_FILENO).write(bytes)
            return .original
        } catch {
            throw StorageError(.writing, "standard output", error, needed: bytes.count)
        }
    }
}
