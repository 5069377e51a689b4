import Glibc

/// An exclusive lock on a file, which other runs respect.
///
/// The file itself is locked, so that no lock file is needed and the lock ends with this process. When the file is
/// replaced, the new file is locked instead.
struct FileLock: ~Copyable {
    private let file: FileDescriptor

    /// Locks the file that a path leads to; nil if there is no file, or if the file system does not support locks.
    ///
    /// - Parameter name: The path to use in messages.
    static func acquire(
        _ path: String, named name: String? = nil, followsLinks: Bool = true
    ) throws(StorageError) -> FileLock? {
        let name = name ?? path
        var status = stat()
        // Only regular files are opened: opening a pipe would wait for the process at its other end.
        guard unsafe stat(path, &status) == 0 else { return nil }
        guard status.st_mode & S_IFMT == S_IFREG else { throw .notAFile(path: name) }
        do throws(Errno) {
            while true {
                let file = try open(path, followsLinks ? 0 : O_NOFOLLOW)
                guard try lock(file) else { return nil }
                // The previous holder of the lock may have replaced the file while it was being opened.
                if try FileVersion(ofFileAt: path)?.isOfSameFile(as: FileVersion(file.status)) == true {
                    return FileLock(file: file)
                }
            }
        } catch  where error.rawValue == EWOULDBLOCK {
            throw .inUse(path: name, process: holder(of: path))
        } catch {
            throw StorageError(reading: name, error)
        }
    }

    deinit {
        // A process that is being started has a copy of the descriptor for a moment, so that closing this one would not
        // unlock the file.
        Self.unlock(file)
    }

    /// Unlocks an open file, even if other processes have copies of the descriptor.
    static func unlock(_ file: borrowing FileDescriptor) { flock(file.number, LOCK_UN) }

    /// Locks a new file, which no other process can see yet, before it replaces the locked file.
    init?(on new: borrowing FileDescriptor) throws(Errno) {
        let copy = try FileDescriptor(duplicating: new.number)
        guard try Self.lock(copy) else { return nil }
        file = copy
    }

    private init(file: consuming FileDescriptor) { self.file = file }

    /// Network file systems lock a file exclusively only if it is open for writing.
    private static func open(_ path: String, _ still: Int32) throws(Errno) -> FileDescriptor {
        do throws(Errno) {
            return try FileDescriptor(path, O_RDWR | still)
        } catch  where [EACCES, EROFS, EPERM, ETXTBSY].contains(error.rawValue) {
            return try FileDescriptor(path, O_RDONLY | still)
        }
    }

    /// Locks a file. Returns false if the file system does not support locks.
    ///
    /// - Throws: `EWOULDBLOCK` if another process has locked the file.
    static func lock(_ file: borrowing FileDescriptor) throws(Errno) -> Bool {
        let number = file.number
        do throws(Errno) {
            try throwingErrno { flock(number, LOCK_EX | LOCK_NB) }
            return true
        } catch  where [ENOLCK, EOPNOTSUPP, ENOSYS, EBADF, EINVAL].contains(error.rawValue) {
            return false
        }
    }

    /// Returns the process that has locked a file; nil if the system does not report it.
    private static func holder(of path: String) -> Int? {
        var status = stat()
        guard unsafe stat(path, &status) == 0, let table = try? FileDescriptor("/proc/locks", O_RDONLY),
            let bytes = try? table.readToEnd(expecting: 4096)
        else { return nil }
        // 1: FLOCK  ADVISORY  WRITE 1234 08:01:131142 0 EOF
        for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n") {
            let fields = line.split(separator: " ")
            guard fields.count > 5, fields[1] == "FLOCK", fields[5].hasSuffix(":\(status.st_ino)"),
                let process = Int(fields[4]), process > 0
            else { continue }
            return process
        }
        return nil
    }
}

/// The lock of a store, and whether the store has requested one.
struct StoreFileLock: ~Copyable {
    var isWanted = false
    var lock: FileLock?
}
