import GalleyCLinux
import Glibc

/// A new file in a folder, which either takes the place of another or leaves nothing behind.
///
/// It is locked as long as this process works on it, so that other runs can tell it from what a killed one has left.
struct TemporaryFile: ~Copyable {
    let file: FileDescriptor
    private let folder: FileDescriptor
    /// The name that it has for now; nil where it has none at all.
    private var name: String?
    /// Whether it is tried to give it a second name.
    private let usesHardLinks: Bool

    /// Makes a file without a name, which a power cut or a kill while it is being written cannot leave behind, or with one
    /// on file systems that cannot do that.
    init(in path: String, mode: mode_t, unnamed: Bool = true, usesHardLinks: Bool = true) throws(Errno) {
        self.usesHardLinks = usesHardLinks
        let folder = FileDescriptor(owning: try throwingErrno { unsafe clinux_open_folder(path) })
        if unnamed, let number = try Self.unnamedFile(in: folder, mode: mode) {
            file = FileDescriptor(owning: number)
            _ = try? FileLock.lock(file)
            name = nil
        } else {
            var name = ""
            file = try Self.namedFile(&name, in: folder, mode: mode)
            self.name = name
        }
        self.folder = folder
    }

    private static func unnamedFile(in folder: borrowing FileDescriptor, mode: mode_t) throws(Errno) -> Int32? {
        // It gets a name by a path that only this file system has.
        guard unsafe access("/proc/self/fd", X_OK) == 0 else { return nil }
        let folder = folder.number
        do throws(Errno) {
            return try throwingErrno { clinux_open_unnamed(folder, mode) }
        } catch  where [EOPNOTSUPP, EISDIR, EINVAL].contains(error.rawValue) {
            return nil
        }
    }

    private static func namedFile(
        _ name: inout String, in folder: borrowing FileDescriptor, mode: mode_t
    ) throws(Errno) -> FileDescriptor {
        while true {
            name = LeftoverFiles.newName
            let file = try FileDescriptor(name, in: folder, O_RDWR | O_CREAT | O_EXCL, mode: mode)
            do throws(Errno) {
                _ = try FileLock.lock(file)
                // Until it was locked another run could take it for a remnant, and remove it.
                if try file.status.st_nlink > 0 { return file }
            } catch  where error.rawValue == EWOULDBLOCK {}
            _ = unsafe unlinkat(folder.number, name, 0)
        }
    }

    /// Takes the place of whatever has the name, in one step.
    mutating func replace(_ base: String, isFlushed: Bool = true) throws(Errno) {
        let folder = folder.number
        // A file without a name cannot replace another: it is given one for a moment.
        if name == nil { try move(to: LeftoverFiles.newName) }
        if let name { try throwingErrno { unsafe renameat(folder, name, folder, base) } }
        name = nil
        if isFlushed { flushFolder() }
    }

    /// Takes the place of a file that was seen, unless another program has changed or replaced that since.
    ///
    /// - Parameter opened: Counts the programs that have opened the file and may still write to it.
    /// - Returns: Whether it has taken the place. If not, the work of another program has the name.
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
                // This file system cannot do it: what is saved in this moment is lost.
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

    /// Gives a name back to what had it, which is now where this file was.
    private mutating func giveBack(_ base: String, _ own: FileVersion) throws(Errno) {
        guard let temporary = name else { return }
        // From here on the file of the other one is at the temporary name, which must not go.
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
            // Another program has saved once more meanwhile, and the newest has the name. The one before stays hidden.
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

    /// Takes a name, unless somebody has it.
    mutating func claimName(_ base: String) throws(Errno) -> Bool {
        do throws(Errno) {
            do throws(Errno) {
                try link(to: base)
            } catch {
                // On a memory card, or behind a program that serves files, each file may have one name alone.
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

    /// Lets other runs lock it, once it has its name.
    func unlock() { FileLock.unlock(file) }

    /// Gives it another temporary name, or its first.
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

    /// Asks for the folder to be on the disk too. The contents are, and the name has been taken: a folder that cannot be
    /// listed, or a network file system that has nothing to flush, does not make a failure of that.
    private func flushFolder() {
        guard let folder = try? FileDescriptor(".", in: folder, O_RDONLY | O_DIRECTORY) else { return }
        try? folder.flush()
    }

    deinit {
        if let name { _ = unsafe unlinkat(folder.number, name, 0) }
    }
}
