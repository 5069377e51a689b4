public import GalleyNotebook
public import GalleyStorage

extension Notebook {
    /// Reads a notebook from a file.
    ///
    ///     var notebook = try await Notebook(contentsOf: "report.ipynb")
    ///     notebook.cells.append(.markdown("Checked."))
    ///     try await notebook.write(to: "report.ipynb")
    ///
    /// - Parameter path: The path of the file.
    /// - Throws: ``StorageError`` if the file cannot be read, and ``NotebookError`` if it is not a notebook.
    public init(contentsOf path: String) async throws { self = try await Self.read(path) }

    @concurrent
    private static func read(_ path: String) async throws -> Notebook {
        try Notebook(parsing: try await LocalFile(path).read())
    }

    /// Writes the notebook to a file, completely or not at all.
    ///
    /// An existing file is replaced by an atomic rename, after the new contents are on disk. Its owner, mode and access
    /// control list stay the same. See ``LocalFile/write(_:)``.
    ///
    /// - Parameter path: The path of the file, which need not exist.
    /// - Returns: Where the notebook was saved: beside the path if another program changed the file at the same moment.
    /// - Throws: ``StorageError`` if the file cannot be written, or a run has locked it. The file is not changed then.
    @concurrent @discardableResult
    public func write(to path: String) async throws -> WriteOutcome {
        let file = LocalFile(path)
        try await file.lock()
        do {
            try await file.checkWritable()
            let place = try await file.write(text)
            await file.unlock()
            return place
        } catch {
            await file.unlock()
            throw error
        }
    }
}
