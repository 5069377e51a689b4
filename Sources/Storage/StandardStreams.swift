import GalleyCLinux
import Glibc

/// A notebook that is read from standard input and written to standard output.
package actor StandardStreams: NotebookStore {
    /// The name of the streams on a command line.
    package nonisolated let name = "-"
    /// Always false: written bytes cannot be taken back.
    package nonisolated let canBeWrittenAgain = false
    /// Always true: the streams belong to this process.
    package nonisolated let isLocal = true
    private let queue = FileIOExecutor()

    /// Creates the store.
    package init() {}

    /// The queue that the actor runs on, because reading standard input may block.
    package nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe queue.asUnownedSerialExecutor() }

    /// The user who controls the data on standard input.
    package enum Input: Hashable, Sendable {
        /// The user who started this process, at a terminal or with no input.
        case caller
        /// The owner of a file, or the user who created a pipe.
        case user(FileOwner)
        /// Unknown: any user can write to the pipe, or the file is not on a disk.
        case unknown
    }

    /// The user who controls the data on standard input.
    package static var input: Input { input(by: STDIN_FILENO) }

    /// Returns the user who controls the data of a descriptor.
    package static func input(by descriptor: Int32) -> Input {
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else { return .caller }
        switch status.st_mode & S_IFMT {
        case S_IFREG:
            // Files in /proc can belong to root although another user's process controls their contents.
            let isOnDisk = clinux_is_on_pseudo_file_system(descriptor) == 0 && clinux_is_on_fuse(descriptor) == 0
            return isOnDisk ? .user(FileOwner(status)) : .unknown
        case S_IFIFO, S_IFSOCK:
            // The mode of a socket has no meaning. The mode of a pipe does not show how private a notebook is.
            if status.st_mode & S_IFMT == S_IFIFO, status.st_mode & 0o022 != 0 { return .unknown }
            return .user(FileOwner(user: status.st_uid, group: status.st_gid))
        default: return .caller
        }
    }

    /// Reads an open descriptor to its end; nil if it cannot be read, or gives more than `limit` bytes.
    package static func read(_ descriptor: Int32, limit: Int) -> [UInt8]? {
        guard let bytes = try? FileDescriptor(duplicating: descriptor).readUp(to: limit + 1), bytes.count <= limit
        else {
            return nil
        }
        return bytes
    }

    /// Returns the owner of the data on standard input; nil for a terminal.
    package func owner() -> FileOwner? {
        switch Self.input {
        case .caller: return nil
        case .user(let owner): return owner
        case .unknown:
            var owner = FileOwner(user: geteuid(), group: getegid())
            owner.isSafeForRoot = false
            return owner
        }
    }

    /// Does nothing: the streams are this process's own.
    package func lock() {}

    /// Reads standard input to its end.
    package func read() throws(StorageError) -> [UInt8] {
        do throws(Errno) {
            return try FileDescriptor(duplicating: STDIN_FILENO).readToEnd(expecting: 1 << 16)
        } catch {
            throw StorageError(reading: "standard input", error)
        }
    }

    /// Does nothing: standard output cannot be checked before it is written.
    package func checkWritable() {}

    /// Writes to standard output, once, at the end of the run, because written bytes cannot be taken back.
    package func write(_ bytes: some ByteRuns) throws(StorageError) -> WriteOutcome {
        do throws(Errno) {
            try FileDescriptor(duplicating: STDOUT_FILENO).write(bytes)
            return .original
        } catch {
            throw StorageError(.writing, "standard output", error, needed: bytes.count)
        }
    }
}
