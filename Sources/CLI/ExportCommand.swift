import GalleyExecution
import GalleyExport
import GalleyFlags
import GalleyLocalKernels
import GalleyNotebook
import GalleyParameters
import GalleyStorage
import Glibc

/// The command `galley export`, and `galley nbconvert` without `--execute`: converts notebooks to other formats.
struct ExportCommand: Sendable {
    private var paths: [String] = []
    private var settings = ExportSettings()
    private var format = ExportFormat.html
    private var places = Places.own(OwnPlaces())
    private var notebooks = OwnedNotebooks([])
    /// The notebooks by their paths.
    private var tasks: [PathKey: NotebookTask] = [:]

    /// The rules for the places of results.
    private enum Places {
        case own(OwnPlaces)
        case nbconvert(ExecuteArguments)
    }

    /// The places that the options of `galley export` name.
    private struct OwnPlaces {
        var output: String?
        var folder: String?
        var isStandardOutput = false
        var readsStandardInput = false
    }

    static let command = Command<ExportCommand>(
        CommandDescription(
            "export", "Convert notebooks to pages, Markdown or scripts",
            usage: ["--to FORMAT [options] NOTEBOOK|FOLDER|'PATTERN' ..."],
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
            ) { command, value, _ in command.own.output = value },
            Flag("--output-dir", takes: "DIR", example: "out", in: .result, "Write the results into this folder") {
                command, value, _ in command.own.folder = value
            },
            Flag("--stdout", in: .result, "Write the result to standard output") { $0.own.isStandardOutput = true },
            Flag("--stdin", in: .compatibility, "Read the notebook from standard input") {
                $0.own.readsStandardInput = true
            },
        ])

    private var own: OwnPlaces {
        get {
            guard case .own(let places) = places else { return OwnPlaces() }
            return places
        }
        set { places = .own(newValue) }
    }

    /// Parses a command line; returns nil if it asks for help.
    init?(_ arguments: [String]) throws(UsageError) {
        guard var paths = try Self.command.parse(arguments, into: &self) else { return nil }
        if own.readsStandardInput, !paths.contains("-") { paths.append("-") }
        guard !paths.isEmpty else { throw UsageError("which notebook? See 'galley export --help'") }
        guard let format = settings.format else { throw .noFormat }
        (self.paths, self.format) = (paths, format)
        if own.isStandardOutput, own.output != nil || own.folder != nil {
            throw UsageError("--stdout does not go with --output and --output-dir")
        }
        if own.output == "-", own.folder != nil {
            throw UsageError("--output - is standard output; leave it or --output-dir out")
        }
        do throws(ExportError) {
            try settings.exportOptions.validate()
        } catch {
            throw UsageError("\(error)")
        }
    }

    /// Converts the notebooks of a command line of nbconvert, which does not run them.
    init(_ arguments: ExecuteArguments) {
        (paths, places) = (arguments.paths, .nbconvert(arguments))
        (settings, format) = (arguments.nbconvert.conversion, arguments.nbconvert.format)
    }

    private init() {}

    /// Finds the notebooks.
    ///
    /// - Throws: `UsageError`, and any error of a store that cannot list a folder.
    mutating func resolve() throws {
        let list = try list(paths)
        var tasks = list.tasks
        let remote = list.deferred.filter { NotebookLocation($0.argument).isRemote }
        if !remote.isEmpty {
            // Root's process must have a single thread until it has divided into those of the owners.
            guard geteuid() != 0 || paths.allSatisfy({ NotebookLocation($0).isRemote }) else {
                throw UsageError(
                    "\(remote[0].argument): root converts folders of stores and local notebooks separately; use two commands"
                )
            }
            let stores = Rooms.stores(currentEnvironment())
            let listed = try remote.reduce(into: [:]) {
                $0[PathKey($1.argument)] = try stores.notebooks(of: $1.argument)
            }
            tasks += try self.list(remote.map(\.argument), listed).tasks
        }
        if let deferred = list.deferred.first(where: { !NotebookLocation($0.argument).isRemote }) {
            throw UsageError(
                "\(deferred.argument): root does not search what other users can change; name the notebooks")
        }
        if let place = nbconvert?.result ?? own.output.map(ResultPlace.output) {
            try tasks.resolveResults(place, ParameterMap())
        }
        notebooks = OwnedNotebooks(tasks.map(\.path))
        self.tasks = Dictionary(tasks.map { (PathKey($0.path), $0) }) { $1 }
        if tasks.count > 1 { try checkPlaces(tasks) }
    }

    /// The command line of nbconvert, if the command is one.
    private var nbconvert: ExecuteArguments? { if case .nbconvert(let arguments) = places { arguments } else { nil } }

    /// Returns the notebooks that operands name.
    ///
    /// - Parameter listed: The notebooks of folders of stores; other such folders are deferred.
    private func list(
        _ operands: [String], _ listed: [PathKey: [NotebookLocation]] = [:]
    ) throws(UsageError) -> TaskList {
        try TaskList(
            operands, excluding: nbconvert?.batch.excluded ?? [], output: nbconvert?.nbconvert.folder ?? own.folder,
            root: nil, nbconvert?.dialect ?? .execute, assignsUsers: geteuid() == 0, isUserRun: false, listed: listed
        ) { location throws(UsageError) in
            try Rooms.check(location, hasServer: false)
        }
    }

    /// Refuses results of several notebooks at one place.
    private func checkPlaces(_ tasks: [NotebookTask]) throws(UsageError) {
        var places: [PathKey: String] = [:]
        for task in tasks {
            guard let place = place(of: task, ".*") else {
                throw UsageError("several notebooks cannot be written to standard output; use --output-dir")
            }
            if let other = places.updateValue(task.path, forKey: PathKey(place)) {
                throw UsageError(
                    "\(other) and \(task.path) would have the same result; use --output-dir, or --output with "
                        + "{notebook_name} in it")
            }
        }
    }

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
        let source = try notebooks.store(path)
        let isInPlace = if case .nbconvert(let arguments) = places { arguments.result == .inPlace } else { false }
        if isInPlace { try await source.lock() }
        let bytes = try await source.read()
        let notebook = try Notebook(parsing: bytes)
        for warning in await source.takeWarnings() { Terminal.reportProblem("galley: \(warning)") }
        let place = place(of: tasks[PathKey(path)] ?? NotebookTask(path: path), format.fileExtension(of: notebook))
        let name = LocalFile.stem(of: place ?? (path == "-" ? "notebook" : path))
        let document = try ExportedDocument(of: notebook, as: format, name: name, options: settings.exportOptions)
        for warning in document.warnings { Terminal.reportProblem("galley: \(path): \(warning)") }
        guard let place else {
            if !document.files.isEmpty {
                Terminal.reportProblem(
                    "galley: \(path): standard output has no pictures; use --embed-images to put them into the text")
            }
            _ = try await StandardStreams().write(document.bytes)
            return
        }
        if isInPlace {
            // A notebook that stays the same is not written.
            guard document.bytes != bytes else { return }
            if case .conflict(let other) = try await source.write(document.bytes) {
                Terminal.reportProblem(
                    "galley: another program has changed \(path) meanwhile; the result is in \(other)")
            }
            return
        }
        if path != "-", LocalFile.isSame(place, path) {
            throw ExportRefusal(problem: "the result would replace the notebook; choose another --output")
        }
        if NotebookLocation(place).isRemote { return try await upload(document, to: NotebookLocation(place)) }
        try write(document, to: place, showing: path)
    }

    /// Writes the attached files before the document that links to them.
    private func write(_ document: ExportedDocument, to place: String, showing notebook: String) throws(StorageError) {
        let mode = NewFileMode.ofFile(showing: notebook == "-" ? [] : [notebook])
        let files = LocalRunFileWriter()
        try files.makeFolder(of: place)
        try files.writeAttachedFiles(of: document, beside: place, mode: mode)
        try files.writeDocument(place, with: document.bytes, mode: mode, within: .seconds(10))
    }

    /// Writes the attached files and the document into a store.
    private func upload(_ document: ExportedDocument, to place: NotebookLocation) async throws {
        let files = try notebooks.files(at: place)
        try await files.writeAttachedFiles(of: document, beside: place)
        try await files.writeFile(document.bytes, at: place, mediaType: MediaType.of(place.name))
    }

    /// Returns the path of a notebook's result; nil for standard output.
    private func place(of task: NotebookTask, _ fileExtension: String) -> String? {
        switch places {
        case .nbconvert(let arguments):
            var task = task
            task.scriptExtension = fileExtension
            return arguments.outputPath(of: task)
        case .own(let places):
            if places.isStandardOutput || places.output == "-" { return nil }
            if task.path == "-", places.output == nil, places.folder == nil { return nil }
            let base = task.path == "-" ? "notebook" : LocalFile.stem(of: task.path)
            if let output = places.output {
                let file = task.result?.output ?? output
                return places.folder.map { $0.withSlash + LocalFile.fileName(of: file) } ?? file
            }
            guard let folder = places.folder else {
                return String(task.path.directory) + base + (format == .notebook ? ".nbconvert" : "") + fileExtension
            }
            return folder.withSlash + String(task.relativePath.directory) + base + fileExtension
        }
    }
}

/// The reason why a result is not written.
private struct ExportRefusal: Error, CustomStringConvertible {
    let problem: String
    var description: String { problem }
}
