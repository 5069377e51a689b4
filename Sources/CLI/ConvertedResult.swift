import GalleyExport
import GalleyNotebook
import GalleyStorage

/// The store of a result that is converted whenever it is saved.
///
/// Everything but writing is left to the store of the document: the notebook's own file for a result in place.
actor ConvertedResult: NotebookStore {
    private let document: any NotebookStore
    private let format: ExportFormat
    private let options: ExportOptions
    private let files: any RunFileWriter
    /// The notebook, whose permissions also apply to attached files; nil for standard input.
    private let notebook: String?
    private var warnings: [String] = []
    private var knownWarnings: Set<String> = []

    /// - Parameter document: The store of the converted notebook, named by its path.
    init(
        _ document: any NotebookStore, _ format: ExportFormat, _ options: ExportOptions, of notebook: String?,
        _ files: any RunFileWriter
    ) {
        (self.document, self.format, self.options) = (document, format, options)
        (self.notebook, self.files) = (notebook, files)
    }

    nonisolated var name: String { document.name }
    nonisolated var canBeWrittenAgain: Bool { document.canBeWrittenAgain }
    nonisolated var workingDirectory: String? { document.workingDirectory }
    nonisolated var isLocal: Bool { document.isLocal }

    func lock() async throws { try await document.lock() }
    func unlock() async { await document.unlock() }
    func read() async throws -> [UInt8] { try await document.read() }
    func owner() async -> FileOwner? { await document.owner() }
    func setOwner(_ owner: FileOwner) async { await document.setOwner(owner) }
    func checkWritable() async throws { try await document.checkWritable() }

    func takeWarnings() async -> [String] {
        defer { warnings = [] }
        return await document.takeWarnings() + warnings
    }

    /// Converts the notebook, and writes the attached files before the document that links to them.
    func write(_ bytes: some ByteRuns) async throws -> WriteOutcome {
        let path = document.name
        let converted = try ExportedDocument(
            of: Notebook(parsing: bytes.bytes), as: format, name: LocalFile.stem(of: path == "-" ? "notebook" : path),
            options: options)
        warnings += converted.warnings.filter { knownWarnings.insert($0).inserted }
        if path != "-" {
            let mode = NewFileMode.ofFile(showing: notebook.map { [$0] } ?? [])
            for file in converted.files {
                let place = String(path.directory) + file.path
                try files.makeFolder(of: place)
                try files.write(file.bytes, to: place, mode: mode, group: nil)
            }
        }
        return try await document.write(converted.bytes)
    }
}

extension LocalFile {
    /// Returns the name of a file without its folder and its extension.
    static func stem(of path: String) -> String {
        let name = fileName(of: path)
        guard let dot = name.lastIndex(of: "."), dot != name.startIndex else { return name }
        return String(name[..<dot])
    }
}
