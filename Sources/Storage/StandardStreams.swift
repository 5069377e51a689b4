import GalleyCLinux
import Glibc

/// A notebook that comes in by standard input and leaves by standard output.
package actor StandardStreams: NotebookStore {
    /// What a command line calls it.
    package nonisolated let name = "-"
    /// What is written to a stream is gone.
    package nonisolated let canBeWrittenAgain = false
    /// They belong to this process.
    package nonisolated let isLocal = true
    private let queue = FileIOExecutor()

    /// Makes the store.
    package init() {}

    /// The actor has a queue of its own: standard input may keep it waiting.
    package nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe queue.asUnownedSerialExecutor() }

    /// Who decides what standard input brings.
    package enum Input: Hashable, Sendable {
        /// Whoever started this process: at a terminal, or with nothing to read.
        case caller
        /// The owner of a file, or the user who made a pipe.
        case user(FileOwner)
        /// The system does not tell: any user can write to the pipe, or the file is none on a disk.
        case unknown
    }

    /// Who decides what standard input brings.
    package static var input: Input { input(by: STDIN_FILENO) }

    /// Who decides what a descriptor of this process brings.
    package static func input(by descriptor: Int32) -> Input {
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else { return .caller }
        switch status.st_mode & S_IFMT {
        case S_IFREG:
            // A process decides what its files in /proc hold, and they can belong to root.
            let isOnDisk = clinux_is_on_pseudo_file_system(descriptor) == 0 && clinux_is_on_fuse(descriptor) == 0
            return isOnDisk ? .user(FileOwner(status)) : .unknown
        case S_IFIFO, S_IFSOCK:
            // The mode of a socket says nothing. That of a pipe says nothing of how private a notebook is.
            if status.st_mode & S_IFMT == S_IFIFO, status.st_mode & 0o022 != 0 { return .unknown }
            return .user(FileOwner(user: status.st_uid, group: status.st_gid))
        default: return .caller
        }
    }

    /// Returns who owns what standard input comes from; nil for a terminal.
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
    package func write(_ bytes: some ByteRuns) throws(StorageError) -> WriteOutcome {
        do throws(Errno) {
            try FileDescriptor(duplicating: STDOUT_FILENO).write(bytes)
            return .original
        } catch {
            throw StorageError(.writing, "standard output", error, needed: bytes.count)
        }
    }
}
