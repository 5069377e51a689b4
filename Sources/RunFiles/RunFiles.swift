import GalleyCLinux
import Galley
package import GalleyExecution
package import GalleyStorage
import Glibc

/// Brings files beside a notebook before its run, and stores files that the run has made beside its result.
///
/// The folder of the kernel is that of a local notebook, or a private temporary folder. Links are not followed, so that
/// a file outside the folder is neither changed nor stored.
package actor RunFiles: RunWorkspace {
    private let settings: RunFilesSettings
    private let storage: [any StorageProvider]
    /// The folder of a local notebook; nil to make a temporary one.
    private let folder: String?
    /// The folder for the temporary folder.
    private let temporaryFolder: String
    /// The places of the notebook and its result.
    private let notebooks: [NotebookLocation]
    /// The location beside which files are stored; nil if none are.
    private let result: NotebookLocation?

    private var tree: FileTree?
    /// The files that were brought, as they were then.
    private var brought: [String: FileTree.Entry] = [:]
    /// The contents of files whose provider only reads them.
    private var fetched: [NotebookLocation: [UInt8]] = [:]
    /// The files that other runs of this process have brought.
    private let shared: BroughtFiles
    /// The versions before the run of the files that the patterns match.
    private var earlier: [String: String] = [:]

    /// - Parameters:
    ///   - folder: The kernel's folder; nil to make a temporary one in `temporaryFolder`.
    ///   - notebook: The notebook of the run.
    ///   - result: The location of the result; nil if there is none.
    ///   - shared: The files that runs in the same folder share.
    package init(
        _ settings: RunFilesSettings, storage: [any StorageProvider], folder: String?, temporaryFolder: String,
        notebook: NotebookLocation, result: NotebookLocation?, sharing shared: BroughtFiles
    ) {
        (self.settings, self.storage, self.shared) = (settings, storage, shared)
        (self.folder, self.temporaryFolder, self.result) = (folder, temporaryFolder, result)
        notebooks = [notebook, result].compactMap(\.self)
    }

    /// Brings the files into the folder, and returns its path.
    package func prepare() async throws -> String {
        let tree = try folder.map { FileTree($0) } ?? FileTree.makeTemporaryFolder("galley-run", in: temporaryFolder)
        self.tree = tree
        do {
            // Runs in one folder wait for each other, so that none removes what another one is about to use.
            try await shared.withExclusiveAccess(to: tree.folder) { try await bring(to: tree) }
        } catch {
            await remove()
            throw error
        }
        return tree.folder
    }

    private func bring(to tree: FileTree) async throws {
        var total = (count: 0, size: 0)
        for input in settings.inputs {
            for file in try await files(of: input) {
                (total.count, total.size) = (total.count + 1, total.size + file.size)
                guard total.count <= RunFilesSettings.maximumCount, total.size <= RunFilesSettings.maximumSize
                else { throw RunFilesError.tooMuch(option: "--input", place: input.shown) }
                try await bring(file, of: input, to: tree)
            }
        }
        for entry in try made(in: tree) { earlier[entry.path] = entry.version }
    }

    private func provider(of location: NotebookLocation) throws -> any FileStorage {
        guard let files = try storage.provider(of: location) as? any FileStorage else {
            throw UnknownStorage(location: location)
        }
        return files
    }

    private func files(of input: NotebookLocation) async throws -> [StoredFile] {
        do {
            let provider = try storage.provider(of: input)
            guard provider is any FileStorage else {
                let bytes = try await provider.store(at: input).read()
                fetched[input] = bytes
                return [StoredFile(location: input, relativePath: input.name, size: bytes.count)]
            }
            return try await self.provider(of: input).files(in: input, limit: RunFilesSettings.maximumCount)
        } catch {
            throw RunFilesError.failed(option: "--input", path: input.shown, reason: error)
        }
    }

    private func bring(_ file: StoredFile, of input: NotebookLocation, to tree: FileTree) async throws {
        let path = file.relativePath
        guard !path.pathNames.isEmpty, !path.isAbsolutePath, !path.pathNames.contains("..") else {
            throw RunFilesError.outside(path: path)
        }
        let target = tree.folder.withSlash + path
        // The same file of two inputs is brought once.
        if brought[path] == nil {
            if let entry = shared.share(target) {
                brought[path] = entry
            } else if !LocalFile.exists(target) {
                return try await copy(file, to: target, path, tree)
            }
        }
        // A file that is there anyway stays as it is.
        guard try await hasSameContents(file, path, of: input, tree) else {
            throw RunFilesError.exists(input: input.shown, path: target)
        }
    }

    private func copy(_ file: StoredFile, to target: String, _ path: String, _ tree: FileTree) async throws {
        do {
            for folder in try tree.missingFolders(of: path) {
                try FileTree.makeFolder(folder)
                shared.addFolder(folder)
            }
            try await download(file, to: target)
        } catch {
            throw RunFilesError.failed(option: "--input", path: file.location.shown, reason: error)
        }
        guard let entry = tree.entry(path) else { return }
        brought[path] = entry
        shared.add(target, entry)
    }

    private func download(_ file: StoredFile, to path: String) async throws {
        if let bytes = fetched.removeValue(forKey: file.location) {
            try LocalStorage.createFile(bytes, at: path)
        } else {
            try await provider(of: file.location).download(file, to: path)
        }
    }

    /// Whether a file of the folder has the contents of a file to bring, which is copied aside to compare both.
    private func hasSameContents(
        _ file: StoredFile, _ path: String, of input: NotebookLocation, _ tree: FileTree
    ) async throws -> Bool {
        guard let entry = tree.entry(path), entry.size == file.size else { return false }
        let aside = try FileTree.makeTemporaryFolder("galley-input", in: temporaryFolder)
        defer { unsafe clinux_remove_tree(aside.folder) }
        do {
            try await download(file, to: aside.folder + "/file")
        } catch {
            throw RunFilesError.failed(option: "--input", path: file.location.shown, reason: error)
        }
        return try await tree.withFile(path) { present, _ in
            try LocalFile.hasSameContents(present, aside.folder + "/file")
        }
    }

    /// Returns the files that the patterns match, without notebooks of the run and what was brought.
    private func made(in tree: FileTree) throws -> [FileTree.Entry] {
        if settings.patterns.isEmpty { return [] }
        return try tree.files(matching: settings.globs).filter { entry in
            brought[entry.path]?.version != entry.version && !isNotebook(tree.folder.withSlash + entry.path)
        }
    }

    private func isNotebook(_ path: String) -> Bool {
        notebooks.contains { $0.scheme == nil && LocalFile.isSame($0.text, path) }
    }

    /// Stores the files that are new or have changed since the beginning of the run.
    package func collect() async throws -> [CollectedFile] {
        guard let tree, let result else { return [] }
        let files = try made(in: tree).filter { earlier[$0.path] != $0.version }
        guard files.count <= RunFilesSettings.maximumCount,
            files.reduce(0, { $0 + $1.size }) <= RunFilesSettings.maximumSize
        else { throw RunFilesError.tooMuch(option: "--collect", place: tree.folder) }
        var collected: [CollectedFile] = []
        for file in files {
            let location = result.sibling(named: file.path)
            guard !notebooks.contains(location) else {
                throw RunFilesError.replacesNotebook(path: file.path, location: location.text)
            }
            do {
                let size = try await tree.withFile(file.path) { [self] path, size in
                    // A file beside a local result is where it belongs.
                    if location.scheme != nil || !LocalFile.isSame(path, location.text) {
                        try await provider(of: location).upload(path, to: location)
                    }
                    return size
                }
                collected.append(CollectedFile(path: file.path, location: location.text, size: size))
            } catch {
                throw RunFilesError.failed(option: "--collect", path: file.path, reason: error)
            }
        }
        return collected
    }

    /// Removes what was brought and has not changed, and a temporary folder with everything in it.
    package func remove() async {
        guard let tree else { return }
        self.tree = nil
        if folder == nil {
            for path in brought.keys { _ = shared.release(tree.folder.withSlash + path) }
            unsafe clinux_remove_tree(tree.folder)
        } else {
            // Removing goes on after a stop.
            await Task { try? await shared.withExclusiveAccess(to: tree.folder) { removeBrought(from: tree) } }.value
        }
        (brought, earlier) = ([:], [:])
    }

    private func removeBrought(from tree: FileTree) {
        for path in brought.keys {
            if let entry = shared.release(tree.folder.withSlash + path) { tree.remove(entry) }
        }
        shared.removeEmptyFolders(below: tree.folder)
    }
}
