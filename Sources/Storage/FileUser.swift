import GalleyCLinux
import Glibc

/// A user of this machine whose rights to files root can use instead of its own.
///
/// Where a user may put links, root would follow them anywhere. What root does to such files it does as that user, who
/// then gets nothing that way that the user could not have done alone. It also works where a network file system trusts
/// its users and not root.
struct FileUser: Hashable {
    let id: UInt32
    private let groups: [UInt32]

    /// A user; a number that the machine knows nobody by will do. What group a file has says nothing of its owner, who
    /// need not be in it.
    private init(_ status: stat) {
        id = status.st_uid
        let nobodys: UInt32 = 65534
        let group = status.st_gid == id ? id : nobodys
        var groups = [UInt32](repeating: group, count: 4096)
        // Safe because the array is passed with its own length.
        let count = unsafe clinux_find_groups(id, group, &groups, groups.count)
        self.groups = Array(groups.prefix(count))
    }

    /// Does something to files as a user, or as this process where that is nobody or cannot be.
    ///
    /// Nothing in it may lead to a new thread, which would keep the user's rights.
    static func acting<Result: ~Copyable, Failure: Error>(
        as user: FileUser?, _ body: () throws(Failure) -> Result
    ) throws(Failure) -> Result {
        guard let user else { return try body() }
        var before = clinux_groups()
        // Safe because the array outlives the call.
        let code = unsafe user.groups.withUnsafeBufferPointer { groups -> Int32 in
            guard let start = groups.baseAddress else { return -1 }
            var user = unsafe clinux_user(user: user.id, group: start.pointee, groups: start, group_count: groups.count)
            return unsafe clinux_use_files_as(&user, &before)
        }
        guard code == 0 else { return try body() }
        defer { unsafe clinux_use_files_as_before(&before) }
        return try body()
    }

    /// The user who decides what a path leads to: the owner of the first folder or link on the way that is not root's.
    ///
    /// - Parameter sparesOthers: Whether a file of somebody else's among the user's files is root's business still, unless
    ///   a link leads to it: the user may not be able to write it, and the other one not to get there.
    /// - Returns: Nil where root decides, and where this process is not root, who has no choice.
    static func deciding(on path: String, sparesOthers: Bool = false) -> FileUser? {
        guard geteuid() == 0 else { return nil }
        var rest = parts(of: path.hasPrefix("/") ? path : "\(currentFolder)/\(path)")
        var place = ""
        var decider: FileUser?
        /// The folder of the one who decides, as long as nothing in it has been passed.
        var border: String?
        var links = 0
        while let part = rest.popLast() {
            if part == "." { continue }
            if part == ".." {
                if place == border { decider = nil }
                place = place.lastIndex(of: "/").map { String(place[..<$0]) } ?? ""
                continue
            }
            if place == border { border = nil }
            var status = stat()
            guard unsafe lstat("\(place)/\(part)", &status) == 0 else { return decider }
            let isLink = status.st_mode & S_IFMT == S_IFLNK
            if isLink, status.st_uid != 0 { return decider ?? FileUser(status) }
            if isLink {
                links += 1
                guard links < 40,
                    let target = Place.link(at: "\(place)/\(part)").map({ String(decoding: $0, as: UTF8.self) })
                else { return decider }
                if target.hasPrefix("/") { place = "" }
                rest += parts(of: target)
                continue
            }
            if rest.isEmpty {
                let isOthers = status.st_mode & S_IFMT == S_IFREG && status.st_uid != decider?.id
                return sparesOthers && isOthers ? nil : decider
            }
            place += "/\(part)"
            if status.st_uid != 0, decider == nil { (decider, border) = (FileUser(status), place) }
        }
        return decider
    }

    /// The parts of a path, the first one last.
    private static func parts(of path: String) -> [Substring] { path.split(separator: "/").reversed() }

    private static var currentFolder: String {
        guard let folder = unsafe getcwd(nil, 0) else { return "" }
        defer { unsafe free(folder) }
        return unsafe String(cString: folder)
    }
}
