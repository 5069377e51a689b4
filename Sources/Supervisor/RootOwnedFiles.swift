package import GalleyStorage

/// The files that a supervisor writes for the process of another user: those whose folders are root's all the way down.
///
/// They are named before that process begins, which says by number which of them it means.
package final class RootOwnedFiles: Sendable {
    /// What a file is for.
    package enum Use: Hashable, Sendable {
        /// It is replaced whole: a report, or what keeps the state of a run. It gets these rights, or fewer.
        case document(mode: UInt32, group: UInt32?)
        /// It is the result of the notebook of this owner.
        case notebook(FileOwner)
        /// Lines are added to it; `isNew` empties it first, and keeps other runs away. A new file gets these rights.
        case lines(isNew: Bool, mode: UInt32)
    }

    /// A file.
    struct File: Sendable {
        let path: String
        let use: Use
    }

    let files: [File]

    /// Takes those of the files that are in folders of root's; all others are for the process itself to write.
    package init(_ files: [(path: String, use: Use)]) {
        var paths: Set<PathKey> = []
        self.files = files.filter { LocalFile.isInRootsFolder($0.path) && paths.insert(PathKey($0.path)).inserted }
            .map { File(path: $0.path, use: $0.use) }
    }

    /// The number of the place of a path; nil where the supervisor does not write it.
    func number(of path: String) -> Int? { files.firstIndex { $0.path.isSamePath(as: path) } }
}
