import GalleyExport
import GalleyNotebook
import GalleyStorage

/// The store of a result that is converted whenever it is saved.
///
/// Everything but writing is left to the store of the document: the notebook's own file for a result in place.
actor ConvertedResult: StoreWrapper {
    /// The store of the converted notebook, named by its path.
    nonisolated let wrapped: any NotebookStore
    private let format: ExportFormat
    private let options: ExportOptions
    private let files: any RunFileWriter
    /// The provider of the attached files; nil if they are local.
    private let attachments: (any FileStorage)?
    /// The notebook, whose permissions also apply to attached files; nil for standard input.
    private let notebook: String?
    private var warnings: [String] = []
    private var knownWarnings: Set<String> = []

    init(
        _ document: any NotebookStore, _ format: ExportFormat, _ options: ExportOptions, of notebook: String?,
        _ files: any RunFileWriter, attachments: (any FileStorage)?
    ) {
        (wrapped, self.format, self.options) = (document, format, options)
        (self.notebook, self.files, self.attachments) = (notebook, files, attachments)
    }

    func takeWarnings() async -> [String] {
        defer { warnings = [] }
        return await wrapped.takeWarnings() + warnings
    }

    /// Converts the notebook, and writes the attached files before the document that links to them.
    func write(_ bytes: some ByteRuns) async throws -> WriteOutcome {
        let path = name
        let converted = try ExportedDocument(
            of: Notebook(parsing: bytes.bytes), as: format, name: LocalFile.stem(of: path == "-" ? "notebook" : path),
            options: options)
        warnings += converted.warnings.filter { knownWarnings.insert($0).inserted }
        if let attachments {
            try await attachments.writeAttachedFiles(of: converted, beside: NotebookLocation(path))
        } else if path != "-" {
            let mode = NewFileMode.ofFile(showing: notebook.map { [$0] } ?? [])
            try files.writeAttachedFiles(of: converted, beside: path, mode: mode)
        }
        return try await wrapped.write(converted.bytes)
    }
}

extension RunFileWriter {
    /// Writes the files that a converted notebook links to.
    func writeAttachedFiles(
        of document: ExportedDocument, beside path: String, mode: UInt32
    ) throws(StorageError) {
        for file in document.files {
            let place = String(path.directory) + file.path
            try makeFolder(of: place)
            try write(file.bytes, to: place, mode: mode, group: nil)
        }
    }
}

extension FileStorage {
    /// Writes the files that a converted notebook links to.
    func writeAttachedFiles(of document: ExportedDocument, beside location: NotebookLocation) async throws {
        for file in document.files {
            let place = location.sibling(named: file.path)
            try await writeFile(file.bytes, at: place, mediaType: MediaType.of(file.path))
        }
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
