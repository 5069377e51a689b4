public import GalleyNotebook
public import GalleyStorage

extension Notebook {
    /// Reads the notebook in a file.
    ///
    ///     var notebook = try await Notebook(contentsOf: "report.ipynb")
    ///     notebook.cells.append(.markdown("Checked."))
    ///     try await notebook.write(to: "report.ipynb")
    ///
    /// - Parameter path: The path of the file.
    /// - Throws: ``StorageError`` if the file cannot be read, and ``NotebookError`` if it is no notebook.
    public init(contentsOf path: String) async throws { self = try await Self.read(path) }

    @concurrent
    private static func read(_ path: String) async throws -> Notebook {
        try Notebook(parsing: try await LocalFile(path).read())
    }

    /// Writes the notebook to a file: wholly, or not at all.
    ///
    /// A file that is there is replaced. The new contents are complete and on the disk before they take its name; owner,
    /// mode and access list stay. See ``LocalFile/write(_:)``.
    ///
    /// - Parameter path: The path of the file, which need not be there.
    /// - Returns: Where the notebook is: beside the path if another program writes the file in the same moment.
    /// - Throws: ``StorageError`` if the file cannot be written, or a run works on it. The file is as it was.
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
