import Glibc

/// Says why a notebook could not be read or written. What was there before is still there.
@nonexhaustive
public enum StorageError: Error, Hashable, Sendable {
    /// There is no such file.
    case notFound(path: String)
    /// There is no such folder, any more or at all.
    case folderNotFound(path: String)
    /// A folder, or something else that is not a file, has the name.
    case notAFile(path: String)
    /// A symbolic link leads to a name that is not UTF-8.
    case nameNotReadable(path: String)
    /// A file, or a folder that it is in, has a name that is not UTF-8.
    case nameNotUTF8(path: String)
    /// Nothing has read from a pipe for so long.
    case notRead(path: String, Duration)
    /// The file may not be read.
    case notReadable(path: String)
    /// The file is read-only: its mode says so, or it belongs to somebody else.
    case notWritable(path: String)
    /// The folder is read-only and the file does not exist there yet.
    case folderNotWritable(path: String)
    /// The file system is read-only.
    case readOnlyFileSystem(path: String)
    /// There is no space left on the disk, or within the user's quota.
    case diskFull(path: String, needed: Int)
    /// Another run works on the file.
    case inUse(path: String, process: Int?)
    /// The result of another notebook goes there.
    case taken(path: String, by: String)
    /// The file is longer than four gigabytes.
    case tooLong(path: String)
    /// Writing in place broke off and the old contents could not be put back; they are in `copy`.
    case notRestored(path: String, copy: String, Errno)
    /// Root does not write to a file, because another user can change where its path leads.
    case changeable(path: String)
    /// The process of root's that writes it refused, for this reason.
    case refused(path: String, reason: String)
    /// The operating system refused something else.
    case failed(Operation, path: String, Errno)

    /// What the operating system was asked for.
    @nonexhaustive
    public enum Operation: String, Sendable {
        /// To open the file.
        case opening
        /// To read it.
        case reading
        /// To write it.
        case writing
        /// To have it on the disk.
        case flushing
        /// To let the new file take its name.
        case replacing
    }
}

extension StorageError {
    /// Makes an error of what the operating system answered when a path was followed.
    package init(following path: String, _ code: Errno) { self.init(reading: path, code) }

    /// Makes an error of what the operating system answered when a file was read.
    init(reading path: String, _ code: Errno) {
        switch code.rawValue {
        case ENOENT, ENOTDIR: self = .notFound(path: path)
        case EACCES, EPERM: self = .notReadable(path: path)
        default: self = Self.named(path, code) ?? .failed(.reading, path: path, code)
        }
    }

    /// Makes an error of what the operating system answered when a file of `needed` bytes was to be written.
    init(_ operation: Operation, _ path: String, _ code: Errno, needed: Int = 0) {
        switch code.rawValue {
        case ENOENT, ENOTDIR: self = .folderNotFound(path: path)
        case EACCES, EPERM: self = .notWritable(path: path)
        case EROFS: self = .readOnlyFileSystem(path: path)
        case ENOSPC, EDQUOT: self = .diskFull(path: path, needed: needed)
        // More than the process may write, or than the file system can hold.
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

/// A code of the operating system, such as `ENOENT`.
public struct Errno: RawRepresentable, Error, Hashable, Sendable, CustomStringConvertible {
    /// The number.
    public let rawValue: Int32

    /// Makes a code of its number.
    public init(rawValue: Int32) { self.rawValue = rawValue }

    /// The code that the last system call of this thread left.
    static var last: Errno { Errno(rawValue: errno) }

    /// What the system calls it.
    public var description: String {
        // Safe because strerror returns a string that lives until this thread calls it again.
        unsafe String(cString: strerror(rawValue))
    }
}

extension StorageError {
    /// Whether it may be gone the next time: another run comes to its end, and somebody makes room.
    public var isTransient: Bool {
        switch self {
        case .inUse, .diskFull: true
        default: false
        }
    }
}

extension StorageError: CustomStringConvertible {
    /// What failed, why, and what to do next.
    public var description: String {
        switch self {
        case .notFound(let path): "\(path): no such file"
        case .folderNotFound(let path): "\(path): its folder does not exist; make it first"
        case .notAFile(let path): "\(path) is not a file"
        case .nameNotReadable(let path): "\(path) is a link to a name that is not UTF-8; rename what it leads to"
        case .nameNotUTF8(let path):
            "\(path): this name is not UTF-8, and \\x stands for the bytes that are not; rename it"
        case .notRead(let path, let duration):
            "\(path) is a pipe, and nothing has read it for \(duration.components.seconds) s; start what reads it first"
        case .notReadable(let path): "\(path): not allowed to read it; run as its owner, or give read permission"
        case .notWritable(let path):
            "\(path) is read-only; give write permission (chmod u+w), or write the result elsewhere"
        case .folderNotWritable(let path): "\(path): not allowed to make files in its folder; choose another folder"
        case .readOnlyFileSystem(let path): "\(path) is on a read-only file system; write the result elsewhere"
        case .diskFull(let path, let needed):
            "\(path): no space left for \(needed) bytes; what was there is untouched. Free some space and run again"
        case .inUse(let path, process: .some(Int(getpid()))): "\(path) is being run by this process already"
        case .inUse(let path, let process):
            "\(path) is being run by another galley\(process.map { " (process \($0))" } ?? ""); wait for its end, or end it"
        case .taken(let path, let other): "\(path) is where the result of \(other) goes; name another place"
        case .tooLong(let path): "\(path) is longer than 4 GB, which is more than a notebook can be"
        case .notRestored(let path, let copy, let code):
            "\(path): writing broke off (\(code)) and the old contents could not be put back; they are in \(copy)"
        case .changeable(let path):
            "\(path): root does not write there, because another user can change where that leads; name another place"
        case .refused(_, let reason): reason
        case .failed(let operation, let path, let code): "\(path): \(operation.rawValue) failed: \(code)"
        }
    }
}
