package import GalleyStorage

/// The user as whom root runs a notebook.
package enum NotebookOwner: Hashable, Sendable {
    /// The file is root's, and no other user can change where its path leads.
    case root
    /// The owner of the file. If other users can change where the path leads, the process must find exactly the file
    /// `only`.
    case user(FileOwner, only: LocalFile.Identity?)
    /// No user: other users can change where the path leads, and the file or link is root's, or the link is a user's
    /// among the files of others.
    case none
    /// No user: root cannot follow the path.
    case unreachable(Errno)

    /// Finds the owner with descriptors. Opens no file for reading and follows only root's links.
    package init(of path: String) {
        if let descriptor = LocalFile.ownDescriptor(path) {
            self = Self.owner(StandardStreams.input(by: descriptor))
            return
        }
        do throws(Errno) {
            let walk = try PathWalk(path)
            self = Self.owner(walk)
        } catch {
            self = .unreachable(error)
        }
    }

    private static func owner(_ walk: borrowing PathWalk) -> NotebookOwner {
        // The target of a link or a missing file may be private.
        var owner = walk.owner
        if [.link, .missing].contains(walk.kind) { owner?.mode = 0o600 }
        func owning(_ user: UInt32) -> FileOwner {
            FileOwner(user: user, group: walk.folderOwner?.group ?? user, mode: 0o600)
        }
        switch (walk.kind, walk.control) {
        case (.missing, .root): return .root
        case (.missing, .user(let user)): return .user(owning(user), only: nil)
        case (.link, .user(let user)) where owner?.user == 0:
            // The link is root's, but it is among the files of a user who can replace it.
            return .user(owning(user), only: nil)
        case (.link, .user(let user)) where owner?.user == user: return owner.map { .user($0, only: nil) } ?? .none
        case (.file, .root) where owner?.user == 0, (.folder, .root) where owner?.user == 0,
            (.other, .root) where owner?.user == 0:
            return .root
        case (.file, let control), (.folder, let control), (.other, let control):
            guard let owner, owner.user != 0 else { return .none }
            let isControlled = control == .root || control == .user(owner.user)
            return .user(owner, only: isControlled ? nil : walk.identity)
        default: return .none
        }
    }

    /// Returns whether a path leads through a link that root does not follow.
    package static func isBehindLink(_ path: String) -> Bool { (try? PathWalk(path).kind) == .link }

    /// The owner of standard input: of its file, or the user who created its pipe.
    package static var ofStandardInput: NotebookOwner { owner(StandardStreams.input) }

    private static func owner(_ input: StandardStreams.Input) -> NotebookOwner {
        switch input {
        case .caller: .root
        case .user(let owner): owner.user == 0 ? .root : .user(owner, only: nil)
        case .unknown: .none
        }
    }

    /// Returns whether a path leads through a link that a third user controls, neither root nor `user`.
    package static func isBehindLink(_ path: String, ofOthersThan user: UInt32) -> Bool {
        guard let walk = try? PathWalk(path), walk.kind == .link else { return false }
        return ![0, user].contains(walk.owner?.user) || ![.root, .user(user)].contains(walk.control)
    }

    /// Returns the only file that a user may read at a path. Returns nil if no third user can change where the path
    /// leads, or if it leads through a link, which only the user can follow.
    package static func pin(_ path: String, for user: UInt32) -> LocalFile.Identity? {
        guard let walk = try? PathWalk(path), walk.kind != .link, ![.root, .user(user)].contains(walk.control) else {
            return nil
        }
        return walk.identity
    }
}
