import GalleyStorage

/// A notebook on a Jupyter server.
///
/// The server writes a file without a condition, so the store compares the hash of the contents before each write. If
/// another client has changed the notebook, the result goes beside it.
actor ServerNotebook: NotebookStore {
    /// The location of the notebook.
    nonisolated let name: String
    /// Always true.
    nonisolated let canBeWrittenAgain = true
    /// The folder on the server, as a location; a provider of kernels on a server starts the kernel there.
    nonisolated let workingDirectory: String?

    private let files: ServerFiles
    private let original: String
    /// The path to write to, which differs from the original one after a conflict.
    private var path: String
    private var known = Known.unseen
    /// The contents of a write that failed, which may have arrived all the same.
    private var unconfirmed: String?

    /// What the store knows about the contents at ``path``.
    private enum Known {
        case unseen
        case missing
        case version(ServerFiles.Version)
        /// Another client has changed the contents.
        case changed
    }

    /// The maximum number of names that are tried for a result beside the notebook.
    private static let nameLimit = 1000

    init(_ name: String, _ path: String, _ files: ServerFiles) {
        (self.name, self.original, self.path, self.files) = (name, path, path, files)
        let folder = path.split(separator: "/").dropLast().joined(separator: "/")
        workingDirectory = NotebookLocation(serverPath: folder).text
    }

    /// Remembers the contents, so that a later change is recognized. A server has no locks.
    func lock() async throws {
        known = try await files.status(of: path).map { .version($0.version) } ?? .missing
    }

    /// Returns the contents, byte for byte.
    func read() async throws -> [UInt8] {
        let (bytes, version) = try await files.read(path, named: name)
        known = .version(version)
        return bytes
    }

    /// Checks that the server would write the notebook.
    func checkWritable() async throws {
        if let status = try await files.status(of: path) {
            guard !status.isFolder else { throw ServerContentsError.notAFile(name) }
            guard status.isWritable else { throw ServerContentsError.notWritable(name) }
            return
        }
        let folder = path.split(separator: "/").dropLast().joined(separator: "/")
        guard let status = try await files.status(of: folder), status.isFolder else {
            throw ServerContentsError.folderNotFound(name)
        }
        guard status.isWritable else { throw ServerContentsError.notWritable(name) }
    }

    /// Writes the notebook, or a file beside it if another client has changed the notebook.
    func write(_ bytes: some ByteRuns) async throws -> WriteOutcome {
        guard let text = String(validating: bytes.bytes, as: UTF8.self) else { throw ServerContentsError.notUTF8(name) }
        if try await !isUnchanged() { try await moveBeside() }
        do {
            known = try await files.write(text, to: path, named: name).map { .version($0) } ?? .changed
            unconfirmed = nil
        } catch {
            unconfirmed = text
            throw error
        }
        return path == original ? .original : .conflict(NotebookLocation(serverPath: path).text)
    }

    /// Whether the contents are those that the store has read or written.
    private func isUnchanged() async throws -> Bool {
        switch known {
        case .unseen: return true
        case .changed: return false
        case .missing:
            if try await files.status(of: path) == nil { return true }
            return try await isUnconfirmedWrite()
        // A notebook that another client has removed or renamed is changed as well.
        case .version(let version):
            guard let now = try await files.status(of: path) else { return false }
            if now.version.isSame(as: version) { return true }
            return try await isUnconfirmedWrite()
        }
    }

    /// Whether the contents are those of the write that failed. Then they are known.
    private func isUnconfirmedWrite() async throws -> Bool {
        guard let unconfirmed else { return false }
        let bytes: [UInt8]
        let version: ServerFiles.Version
        do throws(ServerContentsError) {
            (bytes, version) = try await files.read(path, named: name)
        } catch .notFound, .notAFile, .notUTF8 {
            return false
        }
        guard bytes.elementsEqual(unconfirmed.utf8) else { return false }
        known = .version(version)
        return true
    }

    /// Chooses the first free name beside the notebook.
    private func moveBeside() async throws {
        for number in 1...Self.nameLimit {
            let candidate = LocalFile.conflictPath(beside: original, number)
            if try await files.status(of: candidate) == nil {
                path = candidate
                known = .missing
                unconfirmed = nil
                return
            }
        }
        throw ServerContentsError.noFreeName(name)
    }
}
