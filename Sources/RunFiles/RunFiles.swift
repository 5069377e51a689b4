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

    /// The greatest number of files beside the result that are listed.
    private static let listLimit = 1_000

    private var tree: FileTree?
    /// The canonical path of the folder, by which runs that share it know it.
    private var place = ""
    /// When the files were brought.
    private var begin = ContinuousClock.now
    /// The files that were brought, as they were then.
    private var brought: [PathKey: FileTree.Entry] = [:]
    /// The contents of files whose provider only reads them.
    private var fetched: [NotebookLocation: [UInt8]] = [:]
    /// The files that other runs of this process have brought.
    private let shared: SharedFiles
    /// The versions before the run of the files that the patterns match.
    private var earlier: [PathKey: String] = [:]
    /// The versions before the run of the files beside the result; nil if the age of a file tells whether it is newer.
    private var present: [NotebookLocation: String]?
    /// The versions that this run has stored, also in an earlier attempt.
    private var stored: [NotebookLocation: String] = [:]

    /// - Parameters:
    ///   - folder: The kernel's folder; nil to make a temporary one in `temporaryFolder`.
    ///   - notebook: The notebook of the run.
    ///   - result: The location of the result; nil if there is none.
    ///   - shared: The files that runs in the same folder share.
    package init(
        _ settings: RunFilesSettings, storage: [any StorageProvider], folder: String?, temporaryFolder: String,
        notebook: NotebookLocation, result: NotebookLocation?, sharing shared: SharedFiles
    ) {
        (self.settings, self.storage, self.shared) = (settings, storage, shared)
        (self.folder, self.temporaryFolder, self.result) = (folder, temporaryFolder, result)
        notebooks = [notebook, result].compactMap(\.self)
    }

    /// Brings the files into the folder, and returns its path.
    package func prepare() async throws -> String {
        let tree = try folder.map { FileTree($0) } ?? FileTree.makeTemporaryFolder("galley-run", in: temporaryFolder)
        self.tree = tree
        place = LocalFile.canonicalPath(of: tree.folder)
        do {
            // Runs in one folder wait for each other, so that none removes what another one is about to use.
            try await shared.withExclusiveAccess(to: place) { try await bring(to: tree) }
            // The caller may have gone on without an answer.
            try Task.checkCancellation()
        } catch {
            await remove(isCollected: true)
            throw error
        }
        return tree.folder
    }

    private func bring(to tree: FileTree) async throws {
        if folder != nil, !settings.inputs.isEmpty { TransientFiles.removeLeftovers(in: tree) }
        var total = (count: 0, size: 0)
        for input in settings.inputs {
            for file in try await files(of: input) {
                (total.count, total.size) = (total.count + 1, total.size + file.size)
                guard total.count <= RunFilesSettings.maximumCount, total.size <= RunFilesSettings.maximumSize
                else { throw RunFilesError.tooMuch(option: "--input", place: input.shown) }
                try await bring(file, of: input, to: tree)
            }
        }
        for entry in try made(in: tree) { earlier[PathKey(entry.path)] = entry.version }
        if let result, !settings.patterns.isEmpty { present = await versions(beside: result) }
        begin = .now
    }

    /// Returns the versions of the files beside the result that the patterns may match; nil if they cannot be listed.
    private func versions(beside result: NotebookLocation) async -> [NotebookLocation: String]? {
        var found: [NotebookLocation: String] = [:]
        let prefixes = Set(settings.globs.map(\.literalPrefix))
        for prefix in prefixes where !prefixes.contains(where: { $0 != prefix && prefix.hasPrefix($0) }) {
            guard
                let versions = try? await provider(of: result).versions(
                    ofFilesFrom: result.sibling(named: prefix), limit: Self.listLimit)
            else { return nil }
            found.merge(versions) { $1 }
        }
        return found
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
        // The same file of two inputs is brought once.
        if brought[PathKey(path)] == nil {
            if let entry = shared.share(shared(path)) {
                brought[PathKey(path)] = entry
            } else if !tree.exists(path) {
                return try await copy(file, path, tree)
            }
        }
        // A file that is there anyway stays as it is.
        guard try await hasSameContents(file, path, tree) else {
            throw RunFilesError.exists(input: input.shown, path: tree.folder.withSlash + path)
        }
    }

    /// The key of a path among the files that runs share.
    private func shared(_ path: String) -> String { place.withSlash + path }

    private func copy(_ file: StoredFile, _ path: String, _ tree: FileTree) async throws {
        do {
            var folders: [String] = []
            // A temporary folder is removed as a whole.
            let list = folder == nil ? nil : try shared.list(in: tree, place)
            let new = try tree.newFile(at: path) { folders.append($0) }
            for folder in folders {
                shared.addFolder(shared(folder))
                try list?.addFolder(folder)
            }
            try await download(file, to: new)
            try list?.add(path, version: new.version)
            try new.finish()
        } catch {
            throw RunFilesError.failed(option: "--input", path: file.location.shown, reason: error)
        }
        guard let entry = tree.entry(path) else { return }
        brought[PathKey(path)] = entry
        shared.add(shared(path), entry)
    }

    private func download(_ file: StoredFile, to new: NewFile) async throws {
        if let bytes = fetched.removeValue(forKey: file.location) {
            new.append(bytes)
        } else {
            try await provider(of: file.location).download(file, to: new)
        }
    }

    /// Whether a file of the folder has the contents of a file to bring, which is copied aside to compare both.
    private func hasSameContents(_ file: StoredFile, _ path: String, _ tree: FileTree) async throws -> Bool {
        guard let entry = tree.entry(path), entry.size == file.size else { return false }
        do {
            let copy = try NewFile(at: temporaryFolder.withSlash + "galley-input")
            try await download(file, to: copy)
            return try copy.hasSameContents(as: path, in: tree)
        } catch {
            throw RunFilesError.failed(option: "--input", path: file.location.shown, reason: error)
        }
    }

    /// Returns the files that the patterns match, without notebooks of the run and what was brought.
    private func made(in tree: FileTree) throws -> [FileTree.Entry] {
        if settings.patterns.isEmpty { return [] }
        return try tree.files(matching: settings.globs).filter { entry in
            brought[PathKey(entry.path)]?.version != entry.version && !isNotebook(tree.folder.withSlash + entry.path)
        }
    }

    private func isNotebook(_ path: String) -> Bool {
        notebooks.contains { $0.scheme == nil && LocalFile.isSame($0.text, path) }
    }

    /// Stores the files that are new or have changed since the beginning of the run.
    package func collect() async throws -> [CollectedFile] {
        guard let tree, let result else { return [] }
        let files = try made(in: tree).filter { earlier[PathKey($0.path)] != $0.version }
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
                collected.append(try await store(file, at: location, tree))
            } catch {
                throw RunFilesError.failed(option: "--collect", path: file.path, reason: error)
            }
        }
        return collected
    }

    /// Stores a file; beside its place if another program has written a file there since the beginning of the run.
    private func store(
        _ file: FileTree.Entry, at wanted: NotebookLocation, _ tree: FileTree
    ) async throws -> CollectedFile {
        try await tree.withFile(file.path) { [self] path, size in
            // A file beside a local result is where it belongs.
            if wanted.scheme == nil, LocalFile.isSame(path, wanted.text) {
                return CollectedFile(path: file.path, location: wanted.text, size: size)
            }
            let (begin, earlier, own, source) = (begin, present, stored, shared(file.path))
            let (location, version) = try await provider(of: wanted).writeHereOrBeside(.file(path), at: wanted) {
                [shared] present in
                if own[present.location] == present.version { return true }
                if let isOwn = shared.isOwn(present.version, at: present.location, from: source) { return isOwn }
                // A file that lies beside may be the only copy of an earlier result.
                guard present.location == wanted else { return false }
                if let earlier { return earlier[present.location] == present.version }
                return present.age.map { $0 >= begin.duration(to: .now) } ?? true
            }
            stored[location] = version
            shared.addStored(version, at: location, from: source)
            return CollectedFile(
                path: file.path, location: location.text, size: size,
                conflict: location == wanted ? nil : wanted.text)
        }
    }

    /// Removes what was brought and has not changed, and a temporary folder with everything in it if that is elsewhere.
    package func remove(isCollected: Bool) async {
        guard let tree else { return }
        self.tree = nil
        // Removing goes on after a stop, once nothing arrives anymore.
        await Task { try? await shared.withExclusiveAccess(to: place) { removeBrought(from: tree, isCollected) } }.value
        (brought, earlier) = ([:], [:])
    }

    private func removeBrought(from tree: FileTree, _ isCollected: Bool) {
        for path in brought.keys {
            guard let entry = shared.release(shared(String(path.text))), folder != nil else { continue }
            tree.remove(entry.path, version: entry.version)
        }
        if folder == nil {
            if isCollected { unsafe clinux_remove_tree(tree.folder) }
        } else {
            shared.removeUnused(in: tree, place)
        }
    }
}
