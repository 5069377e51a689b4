package import GalleyStorage

/// The user whose process runs a notebook that root was asked to run.
package enum NotebookOwner: Hashable, Sendable {
    /// Root: the file is root's, and no other user can change where its path leads.
    case root
    /// The owner of the file. `controlsPath` says whether that user alone, besides root, can change where the path leads: if
    /// not, what is found there later may be another user's, and has to be looked at again.
    case user(FileOwner, controlsPath: Bool)
    /// None: the file or the link is root's, and other users can change where the path leads.
    case none

    /// Finds the owner by descriptors; nothing is opened for reading, and no link is followed that is not root's.
    package init(of path: String) {
        guard let walk = try? PathWalk(path) else {
            // Reading it will tell why it cannot be looked up.
            self = .root
            return
        }
        switch (walk.kind, walk.owner?.user, walk.control) {
        case (.missing, _, .user(let user)), (.link, 0, .user(let user)):
            // The name is free, or root's: it is up to the user who can change it.
            self = .user(FileOwner(user: user, group: walk.folderOwner?.group ?? user), controlsPath: true)
        case (.missing, _, .root): self = .root
        case (.link, let user?, let control) where user != 0:
            self = walk.owner.map { .user($0, controlsPath: control == .user(user)) } ?? .none
        case (.file, 0, .root), (.folder, 0, .root), (.other, 0, .root): self = .root
        case (.file, let user?, let control), (.folder, let user?, let control), (.other, let user?, let control):
            guard user != 0, let owner = walk.owner else {
                self = .none
                return
            }
            self = .user(owner, controlsPath: control == .user(user) || control == .root)
        default: self = .none
        }
    }

    /// Whether a path leads through a link that root does not follow.
    package static func isBehindLink(_ path: String) -> Bool { (try? PathWalk(path).kind) == .link }

    /// Finds the owner of what comes by standard input: that of a file; of a pipe, root.
    package static var ofStandardInput: NotebookOwner {
        guard let owner = StandardStreams.inputOwner, owner.user != 0 else { return .root }
        return .user(owner, controlsPath: true)
    }
}
