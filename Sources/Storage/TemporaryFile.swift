import GalleyCLinux
import Glibc

/// A new file in a folder, which either takes the place of another or leaves nothing behind.
struct TemporaryFile: ~Copyable {
    let file: FileDescriptor
    private let folder: FileDescriptor
    /// The name that it has for now; nil where it has none at all.
    private var name: String?
    /// Whether it is tried to give it a second name.
    private let links: Bool

    /// Makes a file without a name, which a power cut or a kill while it is being written cannot leave behind, or with one
    /// on file systems that cannot do that.
    init(in path: String, mode: mode_t, unnamed: Bool = true, links: Bool = true) throws(Errno) {
        self.links = links
        let folder = FileDescriptor(owning: try checked { unsafe clinux_open_folder(path) })
        if unnamed, let number = try Self.unnamedFile(in: folder, mode: mode) {
            file = FileDescriptor(owning: number)
            name = nil
        } else {
            let name = Self.newName
            file = try FileDescriptor(name, in: folder, O_RDWR | O_CREAT | O_EXCL, mode: mode)
            self.name = name
        }
        self.folder = folder
    }

    private static func unnamedFile(in folder: borrowing FileDescriptor, mode: mode_t) throws(Errno) -> Int32? {
        let folder = folder.number
        do throws(Errno) {
            return try checked { clinux_open_unnamed(folder, mode) }
        } catch  where [EOPNOTSUPP, EISDIR, EINVAL].contains(error.rawValue) {
            return nil
        }
    }

    /// Takes the place of whatever has the name, in one step.
    mutating func take(name base: String, isFlushed: Bool = true) throws(Errno) {
        let folder = folder.number
        if name == nil {
            // A file without a name cannot replace another: it is given one for a moment.
            let temporary = Self.newName
            try link(to: temporary)
            name = temporary
        }
        if let name { try checked { unsafe renameat(folder, name, folder, base) } }
        name = nil
        if isFlushed { flushFolder() }
    }

    /// Takes a name, unless somebody has it.
    mutating func take(freeName base: String) throws(Errno) -> Bool {
        do throws(Errno) {
            do throws(Errno) {
                try link(to: base)
            } catch {
                // On a memory card, or behind a program that serves files, each file may have one name alone.
                guard let name, [EPERM, ENOTSUP, ENOSYS, EINVAL, EMLINK].contains(error.rawValue) else { throw error }
                let folder = folder.number
                try checked { unsafe clinux_rename_to_free(folder, name, base) }
                self.name = nil
            }
        } catch  where error.rawValue == EEXIST {
            return false
        }
        // A name that it had before goes with the value.
        flushFolder()
        return true
    }

    private func link(to new: String) throws(Errno) {
        if !links { throw Errno(rawValue: ENOTSUP) }
        let (folder, file) = (folder.number, file.number)
        if let name {
            try checked { unsafe linkat(folder, name, folder, new, 0) }
        } else {
            try checked { unsafe linkat(AT_FDCWD, "/proc/self/fd/\(file)", folder, new, AT_SYMLINK_FOLLOW) }
        }
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

    private static var newName: String { ".galley-" + String(UInt64.random(in: 0...UInt64.max), radix: 16) }
}
