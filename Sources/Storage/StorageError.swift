import Glibc

/// The reason why a notebook could not be read or written. Its old contents still exist.
@nonexhaustive
public enum StorageError: Error, Hashable, Sendable {
    /// The file does not exist.
    case notFound(path: String)
    /// The folder does not exist, or no longer exists.
    case folderNotFound(path: String)
    /// The path leads to a folder or to something else that is not a regular file.
    case notAFile(path: String)
    /// The target of a symbolic link has a name that is not UTF-8.
    case nameNotReadable(path: String)
    /// The name of the file, or of a folder on its path, is not UTF-8.
    case nameNotUTF8(path: String)
    /// No process has read from the pipe for the given time.
    case notRead(path: String, Duration)
    /// No permission to read the file.
    case notReadable(path: String)
    /// The file is read-only: its mode forbids writing, or it belongs to another user.
    case notWritable(path: String)
    /// The folder is read-only and the file does not exist in it yet.
    case folderNotWritable(path: String)
    /// The file system is read-only.
    case readOnlyFileSystem(path: String)
    /// The disk is full, or the user's quota is exhausted.
    case diskFull(path: String, needed: Int)
    /// Another run has locked the file.
    case inUse(path: String, process: Int?)
    /// The result of another notebook has the same path.
    case taken(path: String, by: String)
    /// The file has 4 GB or more.
    case tooLong(path: String)
    /// Writing in place failed and the old contents could not be restored. They are in `copy`.
    case notRestored(path: String, copy: String, Errno)
    /// Root does not write to the file, because another user can change where its path leads.
    case changeable(path: String)
    /// Galley refused the operation for the given reason.
    case refused(path: String, reason: String)
    /// A system call failed for another reason.
    case failed(Operation, path: String, Errno)

    /// The operation that failed.
    @nonexhaustive
    public enum Operation: String, Sendable {
        /// Opening the file.
        case opening
        /// Reading the file.
        case reading
        /// Writing the file.
        case writing
        /// Flushing the file to the disk.
        case flushing
        /// Moving the new file to its path.
        case replacing
    }
}

extension StorageError {
    /// Creates an error from the error code of following a path.
    package init(following path: String, _ code: Errno) { self.init(reading: path, code) }

    /// Creates an error from the error code of reading a file.
    init(reading path: String, _ code: Errno) {
        switch code.rawValue {
        case ENOENT, ENOTDIR: self = .notFound(path: path)
        case EACCES, EPERM: self = .notReadable(path: path)
        default: self = Self.named(path, code) ?? .failed(.reading, path: path, code)
        }
    }

    /// Creates an error from the error code of writing a file of `needed` bytes.
    init(_ operation: Operation, _ path: String, _ code: Errno, needed: Int = 0) {
        switch code.rawValue {
        case ENOENT, ENOTDIR: self = .folderNotFound(path: path)
        case EACCES, EPERM: self = .notWritable(path: path)
        case EROFS: self = .readOnlyFileSystem(path: path)
        case ENOSPC, EDQUOT: self = .diskFull(path: path, needed: needed)
        // The file is larger than the process's limit or the file system's.
        case EFBIG: self = .failed(operation, path: path, code)
        default: self = Self.named(path, code) ?? .failed(operation, path: path, code)
        }
    }

    private static func named(_ path: String, _ code: Errno) -> StorageError? {
        switch code.rawValue {
        case EISDIR: .notAFile(path: path)
        case EFBIG: .tooLong(path: path)
        default: nil
        }
    }
}

/// An error code of the operating system, such as `ENOENT`.
public struct Errno: RawRepresentable, Error, Hashable, Sendable, CustomStringConvertible {
    /// The error number.
    public let rawValue: Int32

    /// Creates an error code from its number.
    public init(rawValue: Int32) { self.rawValue = rawValue }

    /// The error code of this thread's last system call.
    static var last: Errno { Errno(rawValue: errno) }

    /// The system's description of the error.
    public var description: String {
        // Safe because strerror returns a string that lives until this thread calls it again.
        unsafe String(cString: strerror(rawValue))
    }
}

extension StorageError {
    /// Whether the next attempt may succeed, because another run may end or disk space may be freed.
    public var isTransient: Bool {
        switch self {
        case .inUse, .diskFull: true
        default: false
        }
    }
}

extension StorageError: CustomStringConvertible {
    /// The failure, its reason and a remedy.
    public var description: String {
        switch self {
        case .notFound(let path): "\(path): no such file"
        case .folderNotFound(let path): "\(path): its folder does not exist; create it first"
        case .notAFile(let path): "\(path) is not a file"
        case .nameNotReadable(let path): "\(path) is a link to a file whose name is not UTF-8; rename that file"
        case .nameNotUTF8(let path):
            "\(path): this name is not UTF-8 (\\x marks the invalid bytes); rename it"
        case .notRead(let path, let duration):
            "\(path) is a pipe that no process has read for \(duration.components.seconds) s; start the reader first"
        case .notReadable(let path): "\(path): no permission to read it; run as its owner, or give read permission"
        case .notWritable(let path):
            "\(path) is read-only; give write permission, or write the result elsewhere"
        case .folderNotWritable(let path): "\(path): no permission to create files in its folder; choose another folder"
        case .readOnlyFileSystem(let path): "\(path) is on a read-only file system; write the result elsewhere"
        case .diskFull(let path, let needed):
            "\(path): no space left for \(needed) bytes; the old contents are intact. Free some space and run again"
        case .inUse(let path, process: .some(Int(getpid()))): "\(path) is already being run by this process"
        case .inUse(let path, let process):
            "\(path) is being run by another process\(process.map { " (ID \($0))" } ?? ""); wait for it, or end it"
        case .taken(let path, let other): "\(path) is already the output of \(other); choose another path"
        case .tooLong(let path): "\(path) is longer than 4 GB, which is more than a notebook can be"
        case .notRestored(let path, let copy, let code):
            "\(path): writing failed (\(code)) and the old contents could not be restored; they are in \(copy)"
        case .changeable(let path):
            "\(path): root does not write there, because another user can change where it leads; choose another path"
        case .refused(_, let reason): reason
        case .failed(let operation, let path, let code): "\(path): \(operation.rawValue) failed: \(code)"
        }
    }
}
