import Glibc

/// A notebook that comes in by standard input and leaves by standard output.
public actor StandardStreams: NotebookStore {
    /// What a command line calls it.
    public nonisolated let name = "-"
    private let thread = FileThread()

    /// Makes the store.
    public init() {}

    /// The actor runs on a thread of its own: standard input may keep it waiting.
    public nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe thread.asUnownedSerialExecutor() }

    /// Returns everything up to the end of standard input.
    public func read() throws(StorageError) -> [UInt8] {
        do throws(Errno) {
            return try FileDescriptor(duplicating: STDIN_FILENO).readToEnd(expecting: 1 << 16)
        } catch {
            throw StorageError(reading: "standard input", error)
        }
    }

    /// Writes to standard output.
    public func write(_ bytes: some ByteRuns) throws(StorageError) -> Destination {
        do throws(Errno) {
            try FileDescriptor(duplicating: STDOUT_FILENO).write(bytes)
            return .original
        } catch {
            throw StorageError(.writing, "standard output", error, needed: bytes.count)
        }
    }
}
