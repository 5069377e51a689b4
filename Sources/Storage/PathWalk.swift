import GalleyCLinux
import Glibc

/// A path that is resolved one name at a time with descriptors, and the users who can change where it leads.
///
/// Root must not follow a path that another user can change, because the user could redirect it with a link at any
/// time. The walk follows only links that only root can have created. It opens nothing for reading or writing, so that
/// it never waits, and it changes nothing.
package struct PathWalk: ~Copyable {
    /// The folder that contains the last resolved name.
    let folder: FileDescriptor
    /// The last resolved name: a file or folder, a link that was not followed, or a missing entry.
    package let base: String
    /// The status of that entry; nil if it is missing.
    private let found: stat?
    /// The names after a link that was not followed, or after a missing entry.
    package let rest: [String]
    /// The users besides root who can change where the path leads.
    package let control: Control

    /// The users besides root who can change where a path leads.
    package enum Control: Hashable, Sendable {
        /// None.
        case root
        /// One user.
        case user(UInt32)
        /// Several users, or all.
        case others
    }

    /// The type of the entry that a path leads to.
    package enum Kind: Hashable, Sendable {
        case file, folder, link, other, missing
    }

    /// Resolves an absolute path, or a path relative to the current directory.
    ///
    /// - Throws: The system's error if a name cannot be looked up; `ELOOP` if there are more than 40 links.
    package init(_ path: String) throws(Errno) {
        guard !path.utf8.contains(0) else { throw Errno(rawValue: EINVAL) }
        var names = Self.names(in: path)
        var seen = PathControllers()
        var folder = try Self.start(path, &seen)
        var links = 0
        while true {
            guard let name = names.popLast() else {
                // A path that ends with "/" or ".." is a folder.
                let status = try folder.status
                seen.add(folder: status, entry: nil, isNamed: false)
                self.init(folder: folder, base: ".", found: status, rest: [], control: seen.control)
                return
            }
            let status = try folder.status
            let entry: FileDescriptor
            do throws(Errno) {
                let number = folder.number
                entry = FileDescriptor(owning: try throwingErrno { unsafe clinux_look_up(number, name) })
            } catch  where error.rawValue == ENOENT {
                seen.add(folder: status, entry: nil)
                self.init(folder: folder, base: name, found: nil, rest: names.reversed(), control: seen.control)
                return
            }
            let found = try entry.status
            if found.st_dev != status.st_dev { seen.add(try Self.control(ofMount: entry, found.st_dev)) }
            switch found.st_mode & S_IFMT {
            case S_IFLNK:
                let number = entry.number
                // The text of a link in /proc is not its target.
                let isMagic = clinux_is_on_pseudo_file_system(number) == 1 && name != "self"
                if isMagic { seen.add(.others) }
                let isChangeableByRootAlone =
                    !isMagic && Self.isChangeableByRootAlone(status)
                    || status.st_uid == 0 && Self.isSticky(status) && found.st_uid == 0
                if !isChangeableByRootAlone {
                    seen.add(folder: status, entry: found)
                    self.init(folder: folder, base: name, found: found, rest: names.reversed(), control: seen.control)
                    return
                }
                links += 1
                guard links <= 40 else { throw Errno(rawValue: ELOOP) }
                let target = try Self.target(of: entry)
                if target.isAbsolutePath { folder = try Self.start(target, &seen) }
                names += Self.names(in: target)
            case S_IFDIR where name == ".." || !names.isEmpty || path.endsInSlash:
                if name != ".." { seen.add(folder: status, entry: found) }
                folder = entry
            default:
                seen.add(folder: status, entry: found)
                guard names.isEmpty else { throw Errno(rawValue: ENOTDIR) }
                self.init(folder: folder, base: name, found: found, rest: [], control: seen.control)
                return
            }
        }
    }

    private init(
        folder: consuming FileDescriptor, base: String, found: stat?, rest: [String], control: Control
    ) {
        self.folder = folder
        (self.base, self.found, self.rest, self.control) = (base, found, rest, control)
    }

    /// The type of the entry that the path leads to.
    package var kind: Kind {
        switch found.map({ $0.st_mode & S_IFMT }) {
        case nil: .missing
        case S_IFREG: .file
        case S_IFDIR: .folder
        case S_IFLNK: .link
        default: .other
        }
    }

    /// Returns the identity of the entry that a path leads to, following links as root does; nil if the entry is
    /// missing or the path cannot be resolved.
    package static func identity(of path: String) -> LocalFile.Identity? { (try? PathWalk(path))?.identity ?? nil }

    /// The identity of the entry that the path leads to; nil if it is missing.
    package var identity: LocalFile.Identity? { found.map { LocalFile.Identity($0) } }

    /// The owner of the entry that the path leads to; nil if it is missing.
    package var owner: FileOwner? { found.map { FileOwner($0) } }

    /// Whether the entry belongs to root and has no other hard link.
    var isRootOwnedWithOneName: Bool { found.map { $0.st_uid == 0 && $0.st_nlink == 1 } ?? false }

    /// The owner of the folder that contains the last name.
    package var folderOwner: FileOwner? { (try? folder.status).map { FileOwner($0) } }

    /// Returns a new descriptor of the folder, which the caller closes; -1 on failure.
    package func folderDescriptor() -> Int32 { fcntl(folder.number, F_DUPFD_CLOEXEC, 3) }

    /// Creates a folder with the last name, unless it exists.
    func makeFolder() throws(Errno) {
        if unsafe mkdirat(folder.number, base, 0o777) != 0, errno != EEXIST { throw .last }
    }

    // MARK: -

    /// Opens the folder where a path begins.
    private static func start(_ path: String, _ seen: inout PathControllers) throws(Errno) -> FileDescriptor {
        let isWhole = path.isAbsolutePath
        let folder = FileDescriptor(owning: try throwingErrno { unsafe clinux_open_folder(isWhole ? "/" : ".") })
        if isWhole { return folder }
        // The current directory may itself be in a folder of another user, who can move it.
        guard let name = unsafe getcwd(nil, 0) else {
            seen.add(.others)
            return folder
        }
        defer { unsafe free(name) }
        let walk = try PathWalk(unsafe String(cString: name))
        let isThere = try walk.identity == LocalFile.Identity(folder.status)
        seen.add(isThere ? walk.control : .others)
        return folder
    }

    /// Returns who controls a file system that is mounted on the path.
    private static func control(ofMount entry: borrowing FileDescriptor, _ device: dev_t) throws(Errno) -> Control {
        let number = entry.number
        let isServed = try throwingErrno { clinux_is_on_fuse(number) } == 1
        return MountTable.current().control(of: device, isServed: isServed)
    }

    /// Returns the names in a path in reverse order.
    private static func names(in path: String) -> [String] {
        path.pathNames.reversed().map(String.init)
    }

    private static func target(of link: borrowing FileDescriptor) throws(Errno) -> String {
        var text = [CChar](repeating: 0, count: Int(PATH_MAX))
        let number = link.number
        // Safe because the array is passed with its own length.
        let length = try throwingErrno { unsafe clinux_read_link(number, &text, text.count) }
        let bytes = text.prefix(length).map { UInt8(bitPattern: $0) }
        guard let target = String(validating: bytes, as: UTF8.self) else { throw Errno(rawValue: EILSEQ) }
        return target
    }

    /// Whether only root can change the entries of a folder. The group bits also show the limits of access lists.
    static func isChangeableByRootAlone(_ folder: stat) -> Bool { folder.st_uid == 0 && folder.st_mode & 0o022 == 0 }

    /// Whether only its owner can replace an entry of a folder that other users can write to.
    private static func isSticky(_ folder: stat) -> Bool { folder.st_mode & S_ISVTX != 0 }

    /// The users found so far who can change something on the path.
    private struct PathControllers {
        private var users: Set<UInt32> = []
        private var isAnybody = false

        /// - Parameter isNamed: Whether the path leads to an entry of the folder, not to the folder itself.
        mutating func add(folder: stat, entry: stat?, isNamed: Bool = true) {
            if folder.st_uid != 0 { users.insert(folder.st_uid) }
            guard isNamed, folder.st_mode & 0o022 != 0 else { return }
            if !PathWalk.isSticky(folder) || entry == nil {
                isAnybody = true
            } else if let entry, entry.st_uid != 0 {
                users.insert(entry.st_uid)
            }
        }

        mutating func add(_ control: Control) {
            switch control {
            case .root: break
            case .user(let user): users.insert(user)
            case .others: isAnybody = true
            }
        }

        var control: Control {
            if isAnybody || users.count > 1 { return .others }
            return users.first.map { .user($0) } ?? .root
        }
    }
}
