import GalleyConcurrency
import GalleyStorage

/// The files that the runs of one process have brought into folders that they share. The last run that uses a file
/// removes it.
package final class BroughtFiles: Sendable {
    private let state = AsyncState(State())

    private struct State: Sendable {
        var files: [PathKey: (count: Int, entry: FileTree.Entry)] = [:]
        /// The folders that were made for the files.
        var folders: Set<PathKey> = []
        /// The folders in which a run brings or removes files.
        var busyFolders: Set<PathKey> = []
    }

    /// Creates a list without files.
    package init() {}

    /// Calls `body` while no other run brings or removes files in a folder.
    ///
    /// - Throws: The error of `body`; `CancellationError` if the task is canceled before.
    func withExclusiveAccess<Result: Sendable>(
        to folder: String, _ body: () async throws -> Result
    ) async throws -> Result {
        let key = PathKey(LocalFile.canonicalPath(of: folder))
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

    /// Removes the folders below another that were made for files and are empty.
    func removeEmptyFolders(below folder: String) {
        let made = state.look { state in state.folders.map { String($0.text) } }
        // The inner ones come first.
        for path in made.sorted(by: { $0.utf8.count > $1.utf8.count }) where path.hasPrefix(folder.withSlash) {
            if FileTree.removeEmptyFolder(path) { state.change { _ = $0.folders.remove(PathKey(path)) } }
        }
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
