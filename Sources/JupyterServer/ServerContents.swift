package import GalleyStorage

/// The notebooks on a Jupyter server, at locations such as `jupyter:work/report.ipynb`.
package struct ServerContents: StorageProvider {
    /// The name of the provider in messages.
    package let name = "Jupyter server"
    private let files: ServerFiles

    /// The limits of a search.
    private static let (entryLimit, depthLimit) = (100_000, 20)

    /// Creates storage on a server. The closure is called for each operation, and returns the same connection each
    /// time.
    package init(_ connect: @escaping @Sendable () async throws(ServerError) -> ServerConnection) {
        files = ServerFiles(connect: connect)
    }

    /// Whether the location begins with `jupyter:`.
    package func opens(_ location: NotebookLocation) -> Bool { location.scheme == "jupyter" }

    /// Creates a store for a notebook. Does no I/O.
    ///
    /// - Throws: ``ServerContentsError/invalidLocation(_:)`` if the location does not name a file.
    package func store(at location: NotebookLocation) throws -> any NotebookStore {
        ServerNotebook(location.text, try Self.path(of: location, isFolder: false), files)
    }

    /// Returns the sorted locations of the notebooks in a folder and its subfolders, without hidden files and the
    /// results that lie beside their notebooks.
    ///
    /// - Throws: ``ServerContentsError`` if the folder cannot be listed or has too many entries.
    package func notebooks(in folder: NotebookLocation) async throws -> [NotebookLocation] {
        let root = try Self.path(of: folder, isFolder: true)
        var found: [String] = []
        // A folder can link to one of its parents, which the server follows.
        var waiting = [(path: root, depth: 0)]
        var count = 0
        while let next = waiting.popLast() {
            guard next.depth <= Self.depthLimit else { throw ServerContentsError.tooManyEntries(folder.text) }
            for entry in try await files.list(next.path, named: folder.text) where !entry.name.hasPrefix(".") {
                count += 1
                guard count <= Self.entryLimit else { throw ServerContentsError.tooManyEntries(folder.text) }
                let path = next.path.isEmpty ? entry.name : "\(next.path)/\(entry.name)"
                if entry.isFolder {
                    waiting.append((path, next.depth + 1))
                } else if entry.name.hasSuffix(".ipynb") {
                    found.append(path)
                }
            }
        }
        let all = Set(found.map { PathKey($0) })
        return found.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
            .filter { NotebookSearch.source(ofResult: $0, exists: { all.contains(PathKey($0)) }) == nil }
            .map { NotebookLocation(serverPath: $0) }
    }

    /// Creates the folder of a file and its missing parent folders.
    package func makeFolder(of location: NotebookLocation) async throws {
        let names = try Self.path(of: location, isFolder: false).split(separator: "/").dropLast()
        guard !names.isEmpty else { return }
        // Most often the folder exists.
        if try await files.status(of: names.joined(separator: "/"))?.isFolder == true { return }
        for end in names.indices.map({ $0 + 1 }) {
            try await files.makeFolder(names[..<end].joined(separator: "/"))
        }
    }

    /// Returns the path from the server's root, without empty names and dots.
    package func identity(of location: NotebookLocation) -> String {
        (try? Self.path(of: location, isFolder: true)).map { NotebookLocation(serverPath: $0).text } ?? location.text
    }

    /// Returns the folder of a notebook on the server, from the server's root; nil if `place` is not
    /// ``NotebookStore/workingDirectory`` of such a notebook.
    package static func folder(of place: String) -> String? { NotebookLocation(place).serverPath }

    /// Returns the path of a location, from the server's root.
    private static func path(of location: NotebookLocation, isFolder: Bool) throws(ServerContentsError) -> String {
        guard let text = location.serverPath, !text.utf8.contains(0) else { throw .invalidLocation(location.text) }
        let names = text.pathNames
        // The server refuses such a path; here the reason is known.
        guard !names.contains(".."), isFolder || !names.isEmpty && !text.endsInSlash else {
            throw .invalidLocation(location.text)
        }
        return names.joined(separator: "/")
    }
}
