import Glibc

/// The right to be the only one who works on a file, which other runs respect.
///
/// It is a lock on the file itself, so that it neither needs a file of its own nor survives this process. Once the file
/// is replaced it goes over to the new one.
struct FileLock: ~Copyable {
    private let file: FileDescriptor

    /// Locks the file that a path leads to; nil where there is none, or where the file system knows no locks.
    ///
    /// - Parameter name: What messages call the path.
    static func acquire(
        _ path: String, named name: String? = nil, followsLinks: Bool = true
    ) throws(StorageError) -> FileLock? {
        let name = name ?? path
        var status = stat()
        // What is no file is not opened: a pipe would wait for somebody at its other end.
        guard unsafe stat(path, &status) == 0 else { return nil }
        guard status.st_mode & S_IFMT == S_IFREG else { throw .notAFile(path: name) }
        do throws(Errno) {
            while true {
                let file = try open(path, followsLinks ? 0 : O_NOFOLLOW)
                guard try lock(file) else { return nil }
                // Whoever held it may have replaced the file while we opened it.
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
        // A process that is being started has a copy of the descriptor for a moment: closing this one would not do.
        Self.unlock(file)
    }

    /// Unlocks an open file, also for processes that have a copy of the descriptor.
    static func unlock(_ file: borrowing FileDescriptor) { flock(file.number, LOCK_UN) }

    /// Locks a file that nobody else knows yet, to take the place of the one that is locked.
    init?(on new: borrowing FileDescriptor) throws(Errno) {
        let copy = try FileDescriptor(duplicating: new.number)
        guard try Self.lock(copy) else { return nil }
        file = copy
    }

    private init(file: consuming FileDescriptor) { self.file = file }

    /// Network file systems lock only what may be written.
    private static func open(_ path: String, _ still: Int32) throws(Errno) -> FileDescriptor {
        do throws(Errno) {
            return try FileDescriptor(path, O_RDWR | still)
        } catch  where [EACCES, EROFS, EPERM, ETXTBSY].contains(error.rawValue) {
            return try FileDescriptor(path, O_RDONLY | still)
        }
    }

    /// Returns whether the file is locked now; false where the file system knows no locks.
    static func lock(_ file: borrowing FileDescriptor) throws(Errno) -> Bool {
        let number = file.number
        do throws(Errno) {
            try throwingErrno { flock(number, LOCK_EX | LOCK_NB) }
            return true
        } catch  where [ENOLCK, EOPNOTSUPP, ENOSYS, EBADF, EINVAL].contains(error.rawValue) {
            return false
        }
    }

    /// The process that has locked a file, where the system tells.
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

/// Whether a store wants to be the only one to work on its file, and the lock that makes it so.
struct StoreFileLock: ~Copyable {
    var isWanted = false
    var lock: FileLock?
}
