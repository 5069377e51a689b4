import GalleyCLinux
import Glibc

extension LocalFile {
    /// Whether two paths lead to one file.
    package static func isSame(_ one: String, _ other: String) -> Bool {
        guard let identity = identity(of: one) else { return false }
        return identity == self.identity(of: other)
    }

    /// Returns the folder part of a path; nil for a name in the current directory.
    package static func folder(of path: String) -> String? {
        guard let slash = path.lastSlash else { return nil }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    /// Returns the last component of a path.
    package static func fileName(of path: String) -> String {
        String(path.lastName)
    }

    /// Returns the absolute path without links and dots. It is the same for all paths of a file, even before the file
    /// exists.
    package static func canonicalPath(of path: String) -> String {
        if let real = unsafe realpath(path, nil) {
            defer { unsafe free(real) }
            return unsafe String(cString: real)
        }
        if path == "." { return path }
        let folder = canonicalPath(of: folder(of: path) ?? ".")
        switch fileName(of: path) {
        case "", ".": return folder
        case "..": return self.folder(of: folder) ?? folder
        case let base: return folder + "/" + base
        }
    }

    /// Returns the names in a folder, sorted; an empty array if the folder cannot be read.
    package static func names(in folder: String) -> [String] { namesIfReadable(in: folder) ?? [] }

    /// Returns the names in a folder, sorted; nil if the folder cannot be read.
    package static func namesIfReadable(in folder: String) -> [String]? {
        var held: PinnedFolder?
        if geteuid() == 0 {
            guard let walk = try? PathWalk(folder + "/"), walk.kind == .folder else { return nil }
            held = PinnedFolder(walk)
        }
        defer { withExtendedLifetime(held) {} }
        guard let open = unsafe opendir(held?.path ?? folder) else { return nil }
        defer { unsafe closedir(open) }
        var names: [String] = []
        // Safe because each name is copied before the next call.
        while let name = unsafe clinux_next_name(open) { names.append(unsafe String(cString: name)) }
        return names.sorted()
    }

    /// Creates a folder and its missing parent folders.
    package static func makeFolder(_ path: String) throws(StorageError) {
        if geteuid() == 0 { return try makeRootsFolder(path) }
        var status = stat()
        if unsafe stat(path, &status) == 0 { return }
        if let slash = path.utf8.drop(while: { $0 == UInt8(ascii: "/") }).lastIndex(of: UInt8(ascii: "/")) {
            try makeFolder(String(path[..<slash]))
        }
        if unsafe mkdir(path, 0o777) != 0, errno != EEXIST { throw StorageError(.writing, path, .last) }
    }

    /// Creates a folder that only this user can enter.
    ///
    /// - Throws: `EEXIST` if the name is taken.
    package static func makePrivateFolder(_ path: String) throws(Errno) {
        try throwingErrno { unsafe mkdir(path, 0o700) }
    }

    /// Creates a folder without following any link that another user can change.
    private static func makeRootsFolder(_ path: String) throws(StorageError) {
        do throws(Errno) {
            while true {
                let walk = try PathWalk(path + "/")
                switch walk.kind {
                case .folder: return
                case .link: throw Errno(rawValue: EPERM)
                case .file, .other: throw Errno(rawValue: ENOTDIR)
                case .missing: try walk.makeFolder()
                }
            }
        } catch {
            throw error.rawValue == EPERM ? .changeable(path: path) : StorageError(.writing, path, error)
        }
    }

    /// Opens or creates a file for appending. Does not wait for the reader of a pipe.
    ///
    /// - Returns: The descriptor, which the caller closes.
    package static func openForAppending(_ path: String, mode: UInt32 = 0o666) throws(Errno) -> Int32 {
        if let own = ownDescriptor(path) { return try throwingErrno { fcntl(own, F_DUPFD_CLOEXEC, 3) } }
        let flags = O_WRONLY | O_CREAT | O_APPEND | O_NONBLOCK
        for _ in 0..<3 {
            do throws(Errno) {
                return try PinnedPath(path).open(flags, mode: mode)
            } catch  where error.rawValue == EEXIST {
                // Another run has just created the file.
            }
        }
        return try PinnedPath(path).open(flags, mode: mode)
    }
}
