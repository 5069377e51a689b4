import Glibc

/// A folder that is kept open, so that another user cannot exchange it.
final class PinnedFolder: Sendable {
    private let folder: FileDescriptor

    /// Opens the folder that contains the last name of a walk.
    init(_ walk: borrowing PathWalk) { folder = FileDescriptor(owning: walk.folderDescriptor()) }

    /// A path of the folder that stays valid while this value lives, even if the folder is renamed.
    var path: String { "/proc/self/fd/\(folder.number)" }
}

/// A path for writing that no other user can redirect. If this process runs as root, the folder is kept open.
package final class PinnedPath: Sendable {
    private let path: String
    private let folder: PinnedFolder?
    /// The file that root found at the path; nil if there was none.
    private let seen: LocalFile.Identity?
    /// Whether the file must belong to root and have no other hard link, because other users can change where the path
    /// leads.
    private let mustBeRootOwned: Bool

    /// - Throws: `EPERM` if this process runs as root and would follow a link, or write to a file or pipe, that another
    ///   user can change.
    package init(_ path: String) throws(Errno) {
        guard geteuid() == 0 else {
            do throws(StorageError) { self.path = try ResolvedPath.resolvingLinks(path) } catch {
                throw Errno(rawValue: EACCES)
            }
            (folder, seen, mustBeRootOwned) = (nil, nil, false)
            return
        }
        let walk = try PathWalk(path)
        guard walk.rest.isEmpty else { throw Errno(rawValue: walk.kind == .missing ? ENOENT : EPERM) }
        let isSafe: Bool
        switch walk.kind {
        case .missing: isSafe = true
        case .file: isSafe = walk.control == .root || walk.isRootOwnedWithOneName
        case .folder, .other: isSafe = walk.control == .root
        case .link: isSafe = false
        }
        guard isSafe else { throw Errno(rawValue: EPERM) }
        let folder = PinnedFolder(walk)
        self.path = folder.path + "/" + walk.base
        self.folder = folder
        seen = walk.identity
        mustBeRootOwned = walk.kind == .file && walk.control != .root
    }

    /// Opens the file. Root follows no link here, because its own links are already resolved.
    ///
    /// - Returns: The descriptor, which the caller closes.
    package func open(_ flags: Int32, mode: UInt32 = 0) throws(Errno) -> Int32 {
        defer { withExtendedLifetime(folder) {} }
        guard folder != nil else {
            if ResolvedPath.foreignOwner(path) != nil { throw Errno(rawValue: EACCES) }
            return try throwingErrno { unsafe Glibc.open(path, flags | O_CLOEXEC, mode) }
        }
        let isNew = seen == nil && flags & O_CREAT != 0 ? O_EXCL : 0
        let file = FileDescriptor(
            owning: try throwingErrno { unsafe Glibc.open(path, flags | O_NOFOLLOW | isNew | O_CLOEXEC, mode) })
        // Another user may have put a different file there since.
        if let seen {
            let now = try file.status
            // A new file can have the inode number of a removed one.
            let isRootOwnedWithOneName = now.st_uid == 0 && now.st_nlink == 1
            guard seen == LocalFile.Identity(now), !mustBeRootOwned || isRootOwnedWithOneName else {
                throw Errno(rawValue: EPERM)
            }
        }
        return try throwingErrno { fcntl(file.number, F_DUPFD_CLOEXEC, 3) }
    }
}

extension LocalFile {
    /// Whether a path leads to an existing or new file, and only root can change any folder on the path.
    package static func isInRootsFolder(_ path: String) -> Bool {
        guard let walk = try? PathWalk(path) else { return false }
        return walk.control == .root && [.file, .missing].contains(walk.kind)
    }

    /// Whether a path leads to a named pipe. False for the descriptors of this process.
    package static func isNamedPipe(_ path: String) -> Bool {
        var status = stat()
        return unsafe ownDescriptor(path) == nil && stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFIFO
    }

    /// Returns the descriptor of a path such as `/dev/stderr` or `/dev/fd/3`; nil for all other paths.
    ///
    /// Opening such a path would open the file again, which this process may not be allowed to do after it has changed
    /// its user.
    package static func ownDescriptor(_ path: String) -> Int32? {
        let streams: [String: Int32] = ["/dev/stdin": 0, "/dev/stdout": 1, "/dev/stderr": 2]
        let prefixes = ["/dev/fd/", "/proc/self/fd/"]
        let number = prefixes.first(where: path.hasPrefix).flatMap { Int32(path.dropFirst($0.count)) }
        return streams[path] ?? number
    }
}
