package import GalleyStorage

/// The files that a supervisor writes for a process of another user. All folders on their paths are root's.
///
/// They are set before that process starts. The process names them by number.
package final class RootOwnedFiles: Sendable {
    /// The use of a file.
    package enum Use: Hashable, Sendable {
        /// A file that is replaced as a whole, such as a report or a run's status, with at most these permissions.
        case document(mode: UInt32, group: UInt32?)
        /// The result of a notebook of this owner.
        case notebook(FileOwner)
        /// A file to append lines to. `isNew` empties it first and locks out other runs. A new file gets these
        /// permissions.
        case lines(isNew: Bool, mode: UInt32)
    }

    /// A file and its use.
    struct File: Sendable {
        let path: String
        let use: Use
    }

    let files: [File]

    /// Selects the files in root's folders. The process writes all others itself.
    package init(_ files: [(path: String, use: Use)]) {
        var paths: Set<PathKey> = []
        self.files = files.filter { LocalFile.isInRootsFolder($0.path) && paths.insert(PathKey($0.path)).inserted }
            .map { File(path: $0.path, use: $0.use) }
    }

    /// Returns the number of the file at a path; nil if the supervisor does not write it.
    func number(of path: String) -> Int? { files.firstIndex { $0.path.isSamePath(as: path) } }
}
