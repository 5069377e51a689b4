import GalleyCLinux
package import Galley
import GalleyExecution
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
    private static let listLimit = 10_000
    /// How often a file is stored that changes all the time.
    private static let attemptLimit = 5

    private var tree: FileTree?
    /// The canonical path of the folder, by which runs that share it know it.
    private var place = ""
    /// When the first attempt began.
    private var begin: ContinuousClock.Instant?
    /// The versions of the files beside the result at that time, as far as they can be listed.
    private var besideResult: [NotebookLocation: String] = [:]
    /// The files that were brought, as they were then.
    private var brought: [PathKey: FileTree.Entry] = [:]
    /// The contents of files whose provider only reads them.
    private var fetched: [NotebookLocation: [UInt8]] = [:]
    /// The files that other runs of this process have brought.
    private let shared: SharedFiles
    /// The versions before the run of the files that the patterns match.
    private var earlier: [PathKey: String] = [:]
    /// The versions that this run has stored, also in an earlier attempt.
    private var stored: [NotebookLocation: String] = [:]
    /// A queue that may wait for slow disks.
    private let queue = FileIOExecutor()

    /// The executor of the actor.
    package nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe queue.asUnownedSerialExecutor() }

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
        if begin == nil {
            begin = .now
            besideResult = await versionsBesideResult(tree)
        }
        if folder != nil, !settings.inputs.isEmpty { TransientFiles.removeLeftovers(in: tree) }
        var (count, rest) = (0, RunFilesSettings.maximumSize)
        for input in settings.inputs {
            for file in try await files(of: input) {
                count += 1
                guard count <= RunFilesSettings.maximumCount, file.size <= rest else {
                    throw RunFilesError.tooMuch(option: "--input", place: input.shown)
                }
                rest -= file.size
                try await bring(file, of: input, to: tree)
            }
        }
        fetched = [:]
        for entry in try made(in: tree) { earlier[PathKey(entry.path)] = entry.version }
    }

    /// Returns the versions of the files beside the result that the patterns match, as far as they can be listed.
    private func versionsBesideResult(_ tree: FileTree) async -> [NotebookLocation: String] {
        guard let result, !settings.patterns.isEmpty,
            // The files of the kernel's own folder are where they belong.
            result.scheme != nil || !LocalFile.isSame(LocalFile.folder(of: result.text) ?? ".", tree.folder)
        else { return [:] }
        let versions = try? await provider(of: result).versions(
            matching: settings.globs, beside: result, limit: Self.listLimit)
        return (versions ?? nil) ?? [:]
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
            if let entry = shared.share(key(of: path)) {
                brought[PathKey(path)] = entry
            } else if !tree.exists(path), try await isCopied(file, path, tree) {
                return
            }
        }
        // A file that is there anyway stays as it is.
        guard try await hasSameContents(file, path, tree) else {
            throw RunFilesError.exists(input: input.shown, path: tree.folder.withSlash + path)
        }
        try useFileOfOtherProcess(path, tree)
    }

    /// Returns the name of a path among the files that runs share.
    private func key(of path: String) -> String { place.withSlash + path }

    /// Copies a file; returns false if another program has just made a file with the path.
    private func isCopied(_ file: StoredFile, _ path: String, _ tree: FileTree) async throws -> Bool {
        do {
            // A temporary folder is removed as a whole.
            let list = folder == nil ? nil : try shared.list(in: tree, place)
            let new = try tree.newFile(at: path) { folder in
                shared.addFolder(key(of: folder))
                try? list?.addFolder(folder)
            }
            try await download(file, to: new)
            let entry = FileTree.Entry(path: path, size: file.size, version: new.version)
            try list?.add(path, version: entry.version)
            do throws(StorageError) { try new.finish() } catch {
                if case .failed(_, _, let code) = error, code.rawValue == EEXIST { return false }
                throw error
            }
            add(entry)
            return true
        } catch StorageError.notWritable, StorageError.folderNotWritable, StorageError.readOnlyFileSystem {
            throw RunFilesError.readOnly(folder: tree.folder)
        } catch {
            throw RunFilesError.failed(option: "--input", path: file.location.shown, reason: error)
        }
    }

    private func add(_ entry: FileTree.Entry) {
        brought[PathKey(entry.path)] = entry
        shared.add(key(of: entry.path), entry)
    }

    /// Lists a file that another process has brought, so that the process does not remove it under this run.
    private func useFileOfOtherProcess(_ path: String, _ tree: FileTree) throws {
        guard folder != nil, brought[PathKey(path)] == nil, let entry = tree.entry(path),
            TransientFiles.listed(in: tree, exceptIn: nil)[PathKey(path)]?.contains(entry.version) == true
        else { return }
        try shared.list(in: tree, place).add(path, version: entry.version)
        add(entry)
    }

    private func download(_ file: StoredFile, to new: NewFile) async throws {
        if let bytes = fetched[file.location] {
            new.append(bytes)
        } else {
            try await provider(of: file.location).download(file, to: new)
        }
    }

    /// Whether a file of the folder has the contents of a file to bring, which is copied aside to compare both.
    private func hasSameContents(_ file: StoredFile, _ path: String, _ tree: FileTree) async throws -> Bool {
        guard let entry = tree.entry(path), entry.size == file.size else { return false }
        do {
            let copy = try NewFile(unnamedIn: temporaryFolder)
            try await download(file, to: copy)
            return try copy.hasSameContents(as: path, in: tree)
        } catch {
            throw RunFilesError.failed(option: "--input", path: file.location.shown, reason: error)
        }
    }

    /// Returns the files that the patterns match, without notebooks of the run and what was brought.
    ///
    /// - Parameter skip: Receives what cannot be listed.
    private func made(in tree: FileTree, skip: (String) -> Void = { _ in }) throws -> [FileTree.Entry] {
        if settings.patterns.isEmpty { return [] }
        return try tree.files(matching: settings.globs, skip: skip).filter { entry in
            brought[PathKey(entry.path)]?.version != entry.version
                && !isNotebook(NotebookLocation(tree.folder.withSlash + entry.path))
        }
    }

    private func isNotebook(_ location: NotebookLocation) -> Bool {
        notebooks.contains { notebook in
            if notebook.scheme == nil, location.scheme == nil { return LocalFile.isSame(notebook.text, location.text) }
            return PathKey(identity(of: notebook)) == PathKey(identity(of: location))
        }
    }

    private func identity(of location: NotebookLocation) -> String {
        (try? storage.provider(of: location).identity(of: location)) ?? location.text
    }

    /// Stores the files that are new or have changed since the beginning of the run.
    package func collect() async throws -> CollectedFiles {
        guard let tree, let result else { return CollectedFiles() }
        var skipped: [String] = []
        let files = try made(in: tree) { skipped.append($0) }.filter { earlier[PathKey($0.path)] != $0.version }
        var rest = RunFilesSettings.maximumSize
        let isTooMuch = files.contains { file in
            guard file.size <= rest else { return true }
            rest -= file.size
            return false
        }
        guard files.count <= RunFilesSettings.maximumCount, !isTooMuch else {
            throw RunFilesError.tooMuch(option: "--collect", place: tree.folder)
        }
        var collected = CollectedFiles()
        // All that is in a temporary folder is of the run, and would be lost with it.
        var failures = folder == nil ? skipped.filter { !isLink($0, to: files, tree) }.map(RunFilesError.unlisted) : []
        var count = failures.count
        for (number, file) in files.enumerated() {
            let location = result.sibling(named: file.path)
            do {
                guard !isNotebook(location) else {
                    throw RunFilesError.replacesNotebook(path: file.path, location: location.text)
                }
                collected.files.append(try await store(file.path, at: location, tree))
            } catch {
                // A program may have removed or renamed the file meanwhile.
                guard Task.isCancelled || tree.exists(file.path) else { continue }
                failures.append(error as? RunFilesError ?? .failed(option: "--collect", path: file.path, reason: error))
                // The next file would not fare better.
                let isLast = Task.isCancelled || (error as? any StorageFault)?.isTransient == true
                count += isLast ? files.count - number : 1
                if Task.isCancelled { failures = [.stopped(count: count)] }
                if isLast { break }
            }
        }
        if let first = failures.first { collected.failure = count > 1 ? .incomplete(first, count: count) : first }
        return collected
    }

    /// Whether a path is a link to one of the files, or to a folder with some of them.
    private func isLink(_ path: String, to files: [FileTree.Entry], _ tree: FileTree) -> Bool {
        let link = tree.folder.withSlash + path
        let target = LocalFile.canonicalPath(of: link)
        return LocalFile.isLink(link)
            && files.contains { file in
                let own = key(of: file.path)
                return own.isSamePath(as: target) || own.utf8.starts(with: target.withSlash.utf8)
            }
    }

    /// Stores a file; beside its place if another program has written a file there since the beginning of the run.
    private func store(
        _ path: String, at wanted: NotebookLocation, _ tree: FileTree
    ) async throws -> CollectedFile {
        // The places that stores report have their schemes in lowercase.
        let wanted = wanted.scheme == nil ? wanted : NotebookLocation(identity(of: wanted))
        for _ in 1..<Self.attemptLimit {
            let (file, version) = try await storeOnce(path, at: wanted, tree)
            // Another notebook of the folder may still have written the file.
            if tree.entry(path).map({ $0.version == version }) ?? true { return file }
        }
        return try await storeOnce(path, at: wanted, tree).file
    }

    private func storeOnce(
        _ path: String, at wanted: NotebookLocation, _ tree: FileTree
    ) async throws -> (file: CollectedFile, version: String) {
        try await tree.withFile(path) { [self] open, entry in
            // A file beside a local result is where it belongs.
            if wanted.scheme == nil, LocalFile.isSame(open, wanted.text) {
                return (CollectedFile(path: path, location: wanted.text, size: entry.size), entry.version)
            }
            let (begin, besideResult, own, source) = (begin ?? .now, besideResult, stored, key(of: path))
            let (location, version) = try await provider(of: wanted).writeHereOrBeside(.file(open), at: wanted) {
                [shared] present in
                if own[present.location] == present.version { return true }
                if let isOwn = shared.isOwn(present.version, at: present.location, from: source) { return isOwn }
                // A file that lies beside may be the only copy of an earlier result.
                guard present.location == wanted else { return false }
                if let version = besideResult[wanted] { return version == present.version }
                return present.age.map { $0 >= begin.duration(to: .now) } ?? false
            }
            stored[location] = version
            shared.addStored(version, at: location, from: source)
            let file = CollectedFile(
                path: path, location: location.text, size: entry.size,
                conflict: location == wanted ? nil : wanted.text)
            return (file, entry.version)
        }
    }

    /// Removes what was brought and has not changed, and a temporary folder if its files are stored.
    package func remove(isCollected: Bool) async {
        guard let tree else { return }
        self.tree = nil
        // Removing goes on after a stop, once nothing arrives anymore.
        await Task { try? await shared.withExclusiveAccess(to: place) { removeBrought(from: tree, isCollected) } }.value
        (brought, earlier) = ([:], [:])
    }

    private func removeBrought(from tree: FileTree, _ isCollected: Bool) {
        if folder == nil {
            for path in brought.keys { _ = shared.release(key(of: String(path.text))) }
            if isCollected { unsafe clinux_remove_tree(tree.folder) }
            return
        }
        let list = brought.isEmpty ? nil : try? shared.list(in: tree, place)
        let others = brought.isEmpty ? [:] : TransientFiles.listed(in: tree, exceptIn: list)
        for path in brought.keys {
            guard let entry = shared.release(key(of: String(path.text))) else { continue }
            // The last process that uses the file removes it.
            if others[path]?.contains(entry.version) == true { continue }
            tree.remove(entry.path, version: entry.version)
        }
        shared.removeUnused(in: tree, place)
    }
}
