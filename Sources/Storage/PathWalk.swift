import GalleyCLinux
import Glibc

/// A path, followed one name at a time by descriptors, with what was seen of the users who can change where it leads.
///
/// Root must not follow a path that another user can change: a link put there a moment later would lead root anywhere. The
/// walk follows only links that root alone can have put there. It opens nothing for reading or writing, so it never
/// waits, and it changes nothing.
package struct PathWalk: ~Copyable {
    /// The folder of the last name that was looked up.
    let folder: FileDescriptor
    /// The last name that was looked up: that of a file or folder, of a link that was not followed, or of what is missing.
    package let base: String
    /// The entry of that name; nil if there is none.
    private let found: stat?
    /// The names that come after a link that was not followed, or after what is missing.
    package let rest: [String]
    /// Who can change where the path leads, besides root.
    package let control: Control

    /// Who can change where a path leads, besides root.
    package enum Control: Hashable, Sendable {
        /// Nobody.
        case root
        /// One user.
        case user(UInt32)
        /// Several users, or any.
        case others
    }

    /// What a path leads to.
    package enum Kind: Hashable, Sendable {
        case file, folder, link, other, missing
    }

    /// Follows a path from the root of the file system, or from the folder that this process works in.
    ///
    /// - Throws: What the system answers where a name cannot be looked up; `ELOOP` for links that lead in a circle.
    package init(_ path: String) throws(Errno) {
        guard !path.utf8.contains(0) else { throw Errno(rawValue: EINVAL) }
        var names = Self.names(in: path)
        var seen = PathControllers()
        var folder = try Self.start(path, &seen)
        var links = 0
        while true {
            guard let name = names.popLast() else {
                // What ends with "/" or ".." is a folder.
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
                // The text of a link in /proc is not where it leads.
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

    /// What the path leads to.
    package var kind: Kind {
        switch found.map({ $0.st_mode & S_IFMT }) {
        case nil: .missing
        case S_IFREG: .file
        case S_IFDIR: .folder
        case S_IFLNK: .link
        default: .other
        }
    }

    /// What a path leads to as root follows it; nil where there is nothing, or where it cannot be followed.
    package static func identity(of path: String) -> LocalFile.Identity? { (try? PathWalk(path))?.identity ?? nil }

    /// What the path leads to, as it is told from all other files; nil where there is nothing.
    package var identity: LocalFile.Identity? { found.map { LocalFile.Identity($0) } }

    /// Who owns what the path leads to; nil where there is nothing.
    package var owner: FileOwner? { found.map { FileOwner($0) } }

    /// Whether it is a file of root's that has no other name.
    var isRootOwnedWithOneName: Bool { found.map { $0.st_uid == 0 && $0.st_nlink == 1 } ?? false }

    /// Who owns the folder that the last name is in.
    package var folderOwner: FileOwner? { (try? folder.status).map { FileOwner($0) } }

    /// A descriptor of the folder, for its owner to close; -1 where there is none to be had.
    package func folderDescriptor() -> Int32 { fcntl(folder.number, F_DUPFD_CLOEXEC, 3) }

    /// Makes a folder of the last name, unless there is one by now.
    func makeFolder() throws(Errno) {
        if unsafe mkdirat(folder.number, base, 0o777) != 0, errno != EEXIST { throw .last }
    }

    // MARK: -

    /// Opens the folder that a path begins in.
    private static func start(_ path: String, _ seen: inout PathControllers) throws(Errno) -> FileDescriptor {
        let isWhole = path.isAbsolutePath
        let folder = FileDescriptor(owning: try throwingErrno { unsafe clinux_open_folder(isWhole ? "/" : ".") })
        if isWhole { return folder }
        // The folder of this process may itself be among those of another user, who can move it.
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

    /// Who decides what a file system shows that is mounted on the way.
    private static func control(ofMount entry: borrowing FileDescriptor, _ device: dev_t) throws(Errno) -> Control {
        let number = entry.number
        let isServed = try throwingErrno { clinux_is_on_fuse(number) } == 1
        return MountTable.current().control(of: device, isServed: isServed)
    }

    /// The names in a path, the last one first.
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

    /// Whether root alone can change what is in a folder. Access lists show in the bits of the group.
    static func isChangeableByRootAlone(_ folder: stat) -> Bool { folder.st_uid == 0 && folder.st_mode & 0o022 == 0 }

    /// Whether an entry of a folder that others may write to belongs to its own owner.
    private static func isSticky(_ folder: stat) -> Bool { folder.st_mode & S_ISVTX != 0 }

    /// Those who were seen to be able to change something on the way.
    private struct PathControllers {
        private var users: Set<UInt32> = []
        private var isAnybody = false

        /// - Parameter isNamed: Whether it is about a name in the folder, and not the folder itself.
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
