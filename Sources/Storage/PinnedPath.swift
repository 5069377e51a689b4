import Glibc

/// A folder that is held open, so that another user cannot exchange it.
final class PinnedFolder: Sendable {
    private let folder: FileDescriptor

    /// Holds the folder of the last name of a walk.
    init(_ walk: borrowing PathWalk) { folder = FileDescriptor(owning: walk.folderDescriptor()) }

    /// A path of the folder that no rename and no link changes, as long as this value lives.
    var path: String { "/proc/self/fd/\(folder.number)" }
}

/// A path to write to that no other user can lead elsewhere: where this process is root's, its folder is held open.
package final class PinnedPath: Sendable {
    private let path: String
    private let folder: PinnedFolder?
    /// The file that root has seen there; nil where there was none.
    private let seen: LocalFile.Identity?
    /// Whether it must be a file of root's without another name, because others can change where the path leads.
    private let mustBeRootOwned: Bool

    /// - Throws: `EPERM` where root would follow a link, or fill a file or a pipe, that another user can change.
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

    /// Opens it. Root follows no link here: those of root's own were followed before.
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
        // Another file, put there since, may be another user's.
        if let seen {
            let now = try file.status
            // The number of a file that is gone can be another's.
            let isRootOwnedWithOneName = now.st_uid == 0 && now.st_nlink == 1
            guard seen == LocalFile.Identity(now), !mustBeRootOwned || isRootOwnedWithOneName else {
                throw Errno(rawValue: EPERM)
            }
        }
        return try throwingErrno { fcntl(file.number, F_DUPFD_CLOEXEC, 3) }
    }
}

extension LocalFile {
    /// Whether a path leads to a file, or to where one can be made, in a folder that root alone can change, as all folders
    /// on the way.
    package static func isInRootsFolder(_ path: String) -> Bool {
        guard let walk = try? PathWalk(path) else { return false }
        return walk.control == .root && [.file, .missing].contains(walk.kind)
    }

    /// Whether a path leads to a pipe that has to be opened before it can be written to.
    package static func isNamedPipe(_ path: String) -> Bool {
        var status = stat()
        return unsafe ownDescriptor(path) == nil && stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFIFO
    }

    /// Opens what a path names that stands for a descriptor of this process, such as `/dev/stderr`; nil for all others.
    ///
    /// Such a path opens the file anew, which the user that this process has become may not do.
    package static func ownDescriptor(_ path: String) -> Int32? {
        let streams: [String: Int32] = ["/dev/stdin": 0, "/dev/stdout": 1, "/dev/stderr": 2]
        let prefixes = ["/dev/fd/", "/proc/self/fd/"]
        let number = prefixes.first(where: path.hasPrefix).flatMap { Int32(path.dropFirst($0.count)) }
        return streams[path] ?? number
    }
}
