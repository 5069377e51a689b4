import GalleyCLinux
import Glibc

/// A new file in a folder. It either replaces another file or leaves nothing behind.
///
/// It is locked while this process uses it, so that other runs can tell it from a leftover of a killed run.
struct TemporaryFile: ~Copyable {
    let file: FileDescriptor
    private let folder: FileDescriptor
    /// The current name; nil if the file has no name.
    private var name: String?
    /// Whether to try hard links and exchanges of names.
    private let usesHardLinks: Bool

    /// Creates an unnamed file, which a power failure or a kill cannot leave behind. On file systems without unnamed
    /// files, the file has a temporary name.
    init(in path: String, mode: mode_t, unnamed: Bool = true, usesHardLinks: Bool = true) throws(Errno) {
        let folder = FileDescriptor(owning: try throwingErrno { unsafe clinux_open_folder(path) })
        try self.init(in: folder, mode: mode, unnamed: unnamed, usesHardLinks: usesHardLinks)
    }

    /// Creates a file in an open folder.
    init(
        in folder: consuming FileDescriptor, mode: mode_t, unnamed: Bool = true, usesHardLinks: Bool = true
    ) throws(Errno) {
        self.usesHardLinks = usesHardLinks
        if unnamed, let number = try Self.unnamedFile(in: folder, mode: mode) {
            file = FileDescriptor(owning: number)
            _ = try? FileLock.lock(file)
            name = nil
        } else {
            var name = ""
            file = try Self.namedFile(&name, LeftoverFiles.new, in: folder, mode: mode)
            self.name = name
        }
        self.folder = folder
    }

    private static func unnamedFile(in folder: borrowing FileDescriptor, mode: mode_t) throws(Errno) -> Int32? {
        // An unnamed file gets its name through this path.
        guard unsafe access("/proc/self/fd", X_OK) == 0 else { return nil }
        let folder = folder.number
        do throws(Errno) {
            return try throwingErrno { clinux_open_unnamed(folder, mode) }
        } catch  where [EOPNOTSUPP, EISDIR, EINVAL].contains(error.rawValue) {
            return nil
        }
    }

    /// Creates and locks a file whose name begins with `prefix`.
    static func namedFile(
        _ name: inout String, _ prefix: String, in folder: borrowing FileDescriptor, mode: mode_t
    ) throws(Errno) -> FileDescriptor {
        while true {
            name = prefix + LeftoverFiles.random
            let file = try FileDescriptor(name, in: folder, O_RDWR | O_CREAT | O_EXCL, mode: mode)
            do throws(Errno) {
                _ = try FileLock.lock(file)
                // Until the file was locked, another run could remove it as a leftover.
                if try file.status.st_nlink > 0 { return file }
            } catch  where error.rawValue == EWOULDBLOCK {}
            _ = unsafe unlinkat(folder.number, name, 0)
        }
    }

    /// Replaces the file named `base`, if there is one, in one step.
    mutating func replace(_ base: String, isFlushed: Bool = true) throws(Errno) {
        let folder = folder.number
        // An unnamed file cannot replace another file, so that it needs a temporary name first.
        if name == nil { try move(to: LeftoverFiles.newName) }
        if let name { try throwingErrno { unsafe renameat(folder, name, folder, base) } }
        name = nil
        if isFlushed { flushFolder() }
    }

    /// Replaces a file, unless another program has changed or replaced it since `seen`.
    ///
    /// - Parameter opened: Counts the programs that have the file open and may still write to it.
    /// - Returns: Whether the file was replaced. If not, `base` still names the other program's file.
    mutating func replace(_ base: String, expecting seen: FileVersion, watchedBy opened: FileOpenWatcher? = nil)
        throws(Errno)
        -> Bool
    {
        let own = FileVersion(try file.status)
        let temporary = LeftoverFiles.exchangeName(of: own, for: seen)
        try move(to: temporary)
        do throws(Errno) {
            try exchange(with: base)
        } catch {
            switch error.rawValue {
            case ENOENT: return try claimName(base)
            case EINVAL, ENOSYS, ENOTSUP, EPERM:
                // This file system cannot exchange names, so that a change made at this moment is lost.
                try replace(base)
                return true
            default: throw error
            }
        }
        opened?.waitUntilClosed()
        guard let old = FileVersion(of: temporary, in: folder), !old.hasSameContents(as: seen) else {
            removeName()
            flushFolder()
            return true
        }
        try giveBack(base, own)
        flushFolder()
        return false
    }

    /// Gives `base` back to the file that had it, which now has this file's temporary name.
    private mutating func giveBack(_ base: String, _ own: FileVersion) throws(Errno) {
        guard let temporary = name else { return }
        // The other program's file now has the temporary name and must not be removed.
        name = nil
        do throws(Errno) {
            try exchange(temporary, with: base)
        } catch  where error.rawValue == ENOENT {
            let folder = folder.number
            try throwingErrno { unsafe clinux_rename_to_free(folder, temporary, base) }
            return
        }
        if FileVersion(of: temporary, in: folder)?.hasSameContents(as: own) == true {
            name = temporary
        } else {
            // Another program has saved again meanwhile. Its newest file keeps the name; the previous one stays hidden.
            try exchange(temporary, with: base)
        }
    }

    private func exchange(with base: String) throws(Errno) {
        if let name { try exchange(name, with: base) }
    }

    private func exchange(_ name: String, with base: String) throws(Errno) {
        let folder = folder.number
        if !usesHardLinks { throw Errno(rawValue: ENOTSUP) }
        try throwingErrno { unsafe clinux_exchange(folder, name, base) }
    }

    /// Takes a name. Returns false if the name is taken.
    mutating func claimName(_ base: String) throws(Errno) -> Bool {
        do throws(Errno) {
            do throws(Errno) {
                try link(to: base)
            } catch {
                // Some file systems, such as those of memory cards and FUSE, do not support hard links.
                guard let name, [EPERM, ENOTSUP, ENOSYS, EINVAL, EMLINK].contains(error.rawValue) else { throw error }
                let folder = folder.number
                try throwingErrno { unsafe clinux_rename_to_free(folder, name, base) }
                self.name = nil
            }
        } catch  where error.rawValue == EEXIST {
            return false
        }
        removeName()
        flushFolder()
        return true
    }

    /// Unlocks the file for other runs after it has its name.
    func unlock() { FileLock.unlock(file) }

    /// Gives the file another temporary name, or its first.
    private mutating func move(to temporary: String) throws(Errno) {
        let folder = folder.number
        if let name {
            try throwingErrno { unsafe renameat(folder, name, folder, temporary) }
        } else {
            try link(to: temporary)
        }
        name = temporary
    }

    private func link(to new: String) throws(Errno) {
        if !usesHardLinks { throw Errno(rawValue: ENOTSUP) }
        let (folder, file) = (folder.number, file.number)
        if let name {
            try throwingErrno { unsafe linkat(folder, name, folder, new, 0) }
        } else {
            try throwingErrno { unsafe linkat(AT_FDCWD, "/proc/self/fd/\(file)", folder, new, AT_SYMLINK_FOLLOW) }
        }
    }

    private mutating func removeName() {
        if let name { _ = unsafe unlinkat(folder.number, name, 0) }
        name = nil
    }

    /// Flushes the folder to the disk. Errors are ignored: the contents are on the disk and the name is taken, but some
    /// folders cannot be listed and some network file systems cannot flush.
    private func flushFolder() {
        guard let folder = try? FileDescriptor(".", in: folder, O_RDONLY | O_DIRECTORY) else { return }
        try? folder.flush()
    }

    deinit {
        if let name { _ = unsafe unlinkat(folder.number, name, 0) }
    }
}
