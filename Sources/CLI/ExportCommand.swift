import GalleyExport
import GalleyFlags
import GalleyNotebook
import GalleyStorage

/// The command `galley export`, which converts notebooks to other formats.
struct ExportCommand: Sendable {
    private var notebooks = OwnedNotebooks([])
    private var settings = ExportSettings()
    private var format = ExportFormat.html
    private var output: String?
    private var folder: String?
    private var writesStandardOutput = false
    private var readsStandardInput = false

    static let command = Command<ExportCommand>(
        CommandDescription(
            "export", "Convert notebooks to pages, Markdown or scripts",
            usage: ["--to FORMAT [options] NOTEBOOK ..."],
            details: [
                "The result is beside the notebook: `report.html`, `report.md` with its pictures in `report_files`, "
                    + "`report.py`, `report.nbconvert.ipynb`. No cell runs. Standard input is `-`."
            ],
            highlights: ["--to", "--output", "--output-dir", "--no-input", "--embed-images", "--remove-cells"],
            listsOtherFlags: true, operand: .notebook,
            examples: [("galley export --to html report.ipynb", "write report.html")],
            exitStatus: "0 if every notebook is converted; 2 for a wrong option; 3 if a notebook could not be "
                + "converted, or a result not be written."),
        of: "galley",
        ExportSettings.flags.map { $0.inside(\.settings) } + [
            Flag(
                "--output", "-o", takes: "FILE", example: "page.html", in: .result, "Write the result to this file"
            ) { command, value, _ in command.output = value },
            Flag("--output-dir", takes: "DIR", example: "out", in: .result, "Write the results into this folder") {
                command, value, _ in command.folder = value
            },
            Flag("--stdout", in: .result, "Write the result to standard output") { $0.writesStandardOutput = true },
            Flag("--stdin", in: .compatibility, "Read the notebook from standard input") {
                $0.readsStandardInput = true
            },
        ])

    /// Parses a command line; returns nil if it asks for help.
    init?(_ arguments: [String]) throws(UsageError) {
        guard var paths = try Self.command.parse(arguments, into: &self) else { return nil }
        if readsStandardInput, !paths.contains("-") { paths.append("-") }
        guard !paths.isEmpty else { throw UsageError("which notebook? See 'galley export --help'") }
        guard let format = settings.format else {
            let all = ExportFormat.allCases.map(\.rawValue).joined(separator: ", ")
            throw UsageError("to which format? Use --to with one of \(all)")
        }
        self.format = format
        notebooks = OwnedNotebooks(paths)
        if writesStandardOutput, output != nil || folder != nil {
            throw UsageError("--stdout does not go with --output and --output-dir")
        }
        if writesStandardOutput, paths.count > 1 {
            throw UsageError("several notebooks cannot be written to standard output; use --output-dir")
        }
        if paths.count > 1, let output, !output.contains("{notebook_name}") {
            throw UsageError("several notebooks cannot be written to one file; write {notebook_name} in --output")
        }
        do throws(ExportError) {
            try settings.exportOptions.validate()
        } catch {
            throw UsageError("\(error)")
        }
        var places: [String: String] = [:]
        for path in paths {
            guard let place = place(of: path, ".*") else { continue }
            if let other = places.updateValue(path, forKey: place), other != path {
                throw UsageError("\(other) and \(path) would have the same result; use --output '{notebook_name}…'")
            }
        }
    }

    private init() {}

    /// Starts a process for each owner, if this process is root's, and returns in each of them with the owner's
    /// notebooks.
    ///
    /// - Important: The process must have only one thread.
    func forkPerOwner() -> ExportCommand {
        var part = self
        part.notebooks = notebooks.forkPerOwner()
        return part
    }

    /// Converts the notebooks, and returns the exit status.
    func run() async -> Int32 { await notebooks.forEach { try await export($0) } }

    private func export(_ path: String) async throws {
        let source: any NotebookStore = path == "-" ? StandardStreams() : notebooks.file(path)
        let notebook = try Notebook(parsing: await source.read())
        for warning in await source.takeWarnings() { Terminal.reportProblem("galley: \(warning)") }
        let name = Self.name(of: place(of: path, "") ?? path)
        let document = try ExportedDocument(of: notebook, as: format, name: name, options: settings.exportOptions)
        for warning in document.warnings { Terminal.reportProblem("galley: \(path): \(warning)") }
        guard let place = place(of: path, document.fileExtension) else {
            if !document.files.isEmpty {
                Terminal.reportProblem(
                    "galley: \(path): standard output has no pictures; use --embed-images to put them into the text")
            }
            _ = try await StandardStreams().write(document.bytes)
            return
        }
        if path != "-", LocalFile.isSame(place, path) {
            throw ExportRefusal(problem: "the result would replace the notebook; choose another --output")
        }
        try write(document, to: place, showing: path)
    }

    /// Writes the attached files before the document that links to them.
    private func write(_ document: ExportedDocument, to place: String, showing notebook: String) throws(StorageError) {
        let mode = NewFileMode.ofFile(showing: notebook == "-" ? [] : [notebook])
        let folder = LocalFile.folder(of: place)
        if let folder { try LocalFile.makeFolder(folder) }
        for file in document.files {
            let path = (folder.map(\.withSlash) ?? "") + file.path
            if let folder = LocalFile.folder(of: path) { try LocalFile.makeFolder(folder) }
            try LocalFile.replaceSmallFile(file.bytes, at: path, mode: mode)
        }
        try LocalFile.writeDocument(place, with: document.bytes, mode: mode, within: .seconds(10))
    }

    // MARK: Places of results

    /// Returns the path of a notebook's result; nil for standard output.
    private func place(of path: String, _ fileExtension: String) -> String? {
        if writesStandardOutput || path == "-" && output == nil && folder == nil { return nil }
        let base = path == "-" ? "notebook" : Self.name(of: path)
        if let output {
            let file = output.replacing("{notebook_name}", with: base)
            return folder.map { $0.withSlash + LocalFile.fileName(of: file) } ?? file
        }
        let suffix = format == .notebook && folder == nil ? ".nbconvert" : ""
        let place = folder ?? LocalFile.folder(of: path)
        return (place.map(\.withSlash) ?? "") + base + suffix + fileExtension
    }

    /// Returns the name of a file without its extension.
    private static func name(of path: String) -> String {
        let name = LocalFile.fileName(of: path)
        guard let dot = name.lastIndex(of: "."), dot != name.startIndex else { return name }
        return String(name[..<dot])
    }
}

/// The reason why a result is not written.
private struct ExportRefusal: Error, CustomStringConvertible {
    let problem: String
    var description: String { problem }
}
