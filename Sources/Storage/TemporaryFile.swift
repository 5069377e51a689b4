import CLinux
import Glibc

/// A new file in a folder, which either takes the place of another or leaves nothing behind.
struct TemporaryFile: ~Copyable {
    let file: FileDescriptor
    private let folder: FileDescriptor
    /// The name that it has for now; nil where it has none at all.
    private var name: String?

    /// Makes a file without a name, so that not even a power cut leaves it behind, or with one on file systems that
    /// cannot do that.
    init(in path: String, mode: mode_t, unnamed: Bool = true) throws(Errno) {
        let folder = try FileDescriptor(path, O_RDONLY | O_DIRECTORY)
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

    /// Takes the place of whatever has the name, in one step, and waits until the folder is on the disk.
    mutating func take(name base: String) throws(Errno) {
        let (folder, file) = (folder.number, file.number)
        let temporary: String
        if let name {
            temporary = name
        } else {
            // A file without a name cannot replace another: it is given one for a moment.
            temporary = Self.newName
            try checked { unsafe linkat(AT_FDCWD, "/proc/self/fd/\(file)", folder, temporary, AT_SYMLINK_FOLLOW) }
            name = temporary
        }
        try checked { unsafe renameat(folder, temporary, folder, base) }
        name = nil
        do throws(Errno) {
            try self.folder.flush()
        } catch  where error.rawValue == EINVAL {
            // Some network file systems have nothing to flush in a folder.
        }
    }

    deinit {
        if let name { _ = unsafe unlinkat(folder.number, name, 0) }
    }

    private static var newName: String { ".galley-" + String(UInt64.random(in: 0...UInt64.max), radix: 16) }
}
