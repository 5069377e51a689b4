package import GalleyStorage

/// The user whose process runs a notebook that root was asked to run.
package enum NotebookOwner: Hashable, Sendable {
    /// Root: the file is root's, and no other user can change where its path leads.
    case root
    /// The owner of the file. Where other users can change where the path leads, the process must find this very file.
    case user(FileOwner, only: LocalFile.Identity?)
    /// None: the file or the link is root's, or a user's link lies among the files of others, and other users can change
    /// where the path leads.
    case none
    /// None: root cannot follow the path.
    case unreachable(Errno)

    /// Finds the owner by descriptors; nothing is opened for reading, and no link is followed that is not root's.
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
        // What is behind a link, or not there yet, may be as private as can be.
        var owner = walk.owner
        if [.link, .missing].contains(walk.kind) { owner?.mode = 0o600 }
        func owning(_ user: UInt32) -> FileOwner {
            FileOwner(user: user, group: walk.folderOwner?.group ?? user, mode: 0o600)
        }
        switch (walk.kind, walk.control) {
        case (.missing, .root): return .root
        case (.missing, .user(let user)): return .user(owning(user), only: nil)
        case (.link, .user(let user)) where owner?.user == 0:
            // The link is root's, among the files of a user who can exchange it.
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

    /// Whether a path leads through a link that root does not follow.
    package static func isBehindLink(_ path: String) -> Bool { (try? PathWalk(path).kind) == .link }

    /// Finds the owner of what comes by standard input: that of a file, or the user who made a pipe.
    package static var ofStandardInput: NotebookOwner { owner(StandardStreams.input) }

    private static func owner(_ input: StandardStreams.Input) -> NotebookOwner {
        switch input {
        case .caller: .root
        case .user(let owner): owner.user == 0 ? .root : .user(owner, only: nil)
        case .unknown: .none
        }
    }

    /// Whether a path leads through a link that neither root nor a user has made: the third user chooses what is behind it.
    package static func isBehindLink(_ path: String, ofOthersThan user: UInt32) -> Bool {
        guard let walk = try? PathWalk(path), walk.kind == .link else { return false }
        return ![0, user].contains(walk.owner?.user) || ![.root, .user(user)].contains(walk.control)
    }

    /// The only file that a user may read at a path; nil if no third user can change where the path leads, or if the path
    /// leads through a link, which only the user can follow.
    package static func pin(_ path: String, for user: UInt32) -> LocalFile.Identity? {
        guard let walk = try? PathWalk(path), walk.kind != .link, ![.root, .user(user)].contains(walk.control) else {
            return nil
        }
        return walk.identity
    }
}
