import GalleyConcurrency
import GalleyStorage

/// The files that the runs of one process have brought into folders that they share, and stored from there. The last
/// run that uses a file removes it.
package final class SharedFiles: Sendable {
    private let state = AsyncState(State())

    private struct State: Sendable {
        var files: [PathKey: (count: Int, entry: FileTree.Entry)] = [:]
        /// The folders that were made for the files.
        var folders: Set<PathKey> = []
        /// The folders in which a run brings or removes files.
        var busyFolders: Set<PathKey> = []
        /// The lists of the folders that have such files.
        var lists: [PathKey: TransientFiles] = [:]
        /// The versions that were stored, and the files they come from.
        var stored: [NotebookLocation: (version: String, path: PathKey)] = [:]
    }

    /// Creates a list without files.
    package init() {}

    /// Calls `body` while no other run brings or removes files in a folder.
    ///
    /// - Throws: The error of `body`; `CancellationError` if the task is canceled before.
    func withExclusiveAccess<Result: Sendable>(
        to folder: String, _ body: () async throws -> Result
    ) async throws -> Result {
        let key = PathKey(folder)
        guard await state.first({ $0.busyFolders.insert(key).inserted ? true : nil }) == true else {
            throw CancellationError()
        }
        defer { state.change { _ = $0.busyFolders.remove(key) } }
        return try await body()
    }

    /// Adds a file that a run has brought.
    func add(_ path: String, _ entry: FileTree.Entry) { state.change { $0.files[PathKey(path)] = (1, entry) } }

    /// Adds a folder that was made for a file.
    func addFolder(_ path: String) { state.change { _ = $0.folders.insert(PathKey(path)) } }

    /// Returns the list of the files in a folder that a later process removes if this one is killed.
    func list(in tree: FileTree, _ place: String) throws(StorageError) -> TransientFiles {
        let key = PathKey(place)
        if let list = state.look({ $0.lists[key] }) { return list }
        let list = try TransientFiles(in: tree)
        state.change { $0.lists[key] = list }
        return list
    }

    /// Removes the folders of a tree that were made for files and are empty, and the list of a tree without files.
    ///
    /// - Parameter place: The canonical path of the folder.
    func removeUnused(in tree: FileTree, _ place: String) {
        let prefix = place.withSlash
        let made = state.look { state in state.folders.map { String($0.text) } }
        // The inner ones come first.
        for path in made.sorted(by: { $0.utf8.count > $1.utf8.count }) where path.utf8.starts(with: prefix.utf8) {
            if tree.removeEmptyFolder(String(decoding: path.utf8.dropFirst(prefix.utf8.count), as: UTF8.self)) {
                state.change { _ = $0.folders.remove(PathKey(path)) }
            }
        }
        state.change { state in
            guard !state.files.keys.contains(where: { $0.text.utf8.starts(with: prefix.utf8) }) else { return }
            state.lists[PathKey(place)] = nil
        }
    }

    /// Whether a run of this process has stored this version from the same path; nil if none has stored it.
    func isOwn(_ version: String, at location: NotebookLocation, from path: String) -> Bool? {
        state.look { state in
            guard let stored = state.stored[location], stored.version == version else { return nil }
            return stored.path == PathKey(path)
        }
    }

    /// Remembers the version that a run has stored.
    func addStored(_ version: String, at location: NotebookLocation, from path: String) {
        state.change { $0.stored[location] = (version, PathKey(path)) }
    }

    /// Returns the file at a path if another run has brought it, and counts this run as its user.
    func share(_ path: String) -> FileTree.Entry? {
        state.change { state in
            state.files[PathKey(path)]?.count += 1
            return state.files[PathKey(path)]?.entry
        }
    }

    /// Ends the use of a file by a run; returns the file if no other run uses it.
    func release(_ path: String) -> FileTree.Entry? {
        state.change { state in
            guard let (count, entry) = state.files[PathKey(path)] else { return nil }
            state.files[PathKey(path)] = count > 1 ? (count - 1, entry) : nil
            return count > 1 ? nil : entry
        }
    }
}
