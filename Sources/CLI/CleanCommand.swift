import GalleyFlags
import GalleyJSON
import GalleyNotebook
import GalleyStorage

/// The command `galley clean`, which removes outputs from notebooks.
struct CleanCommand: Sendable {
    private var notebooks = OwnedNotebooks([])
    private var isInPlace = false
    private var lists = false
    private var remains = UnvalidatedNotebook.RunTraces.outputs

    static let command = Command<CleanCommand>(
        CommandDescription(
            "clean", "Remove the outputs and execution counts of notebooks",
            usage: ["[--all] NOTEBOOK", "[--all] --inplace|--list NOTEBOOK ..."],
            details: [
                "Nothing else changes. The result goes to standard output unless you use "
                    + "`--inplace`. Standard input is `-`.",
                "To keep outputs out of a git repository, use it as a filter:",
                """
                    git config filter.galley.clean "galley clean -"
                    git config filter.galley.required true
                    echo '*.ipynb filter=galley' >> .gitattributes
                """,
            ],
            operand: .notebook,
            examples: [("galley clean --inplace report.ipynb", "remove the outputs from a notebook")],
            exitStatus: "0 if all went well; 3 if a notebook could not be read or written.", topics: ["git"]),
        of: "galley",
        [
            Flag("--inplace", in: .result, "Write the clean notebook into the file") { $0.isInPlace = true },
            Flag(
                "--all", in: .result,
                "Also remove times, the state of widgets, and what --record has written"
            ) { $0.remains = .everything },
            NotebookList.flag(in: .result, "changed", "write nothing") { $0.lists = true },
        ])

    /// Parses a command line; returns nil if it asks for help.
    init?(_ arguments: [String]) throws(UsageError) {
        guard let paths = try Self.command.parse(arguments, into: &self) else { return nil }
        notebooks = OwnedNotebooks(paths)
        guard !paths.isEmpty else { throw UsageError("which notebook? See 'galley clean --help'") }
        try notebooks.checkLocations()
        guard isInPlace || lists || paths.count == 1 else {
            throw UsageError("several notebooks cannot be written to standard output; use --inplace")
        }
        guard !isInPlace || lists || !paths.contains("-") else {
            throw UsageError("standard input cannot be written in place; leave --inplace out")
        }
    }

    private init() {}

    /// Starts a process for each owner, if this process is root's, and returns in each of them with the owner's
    /// notebooks.
    ///
    /// - Important: The process must have only one thread.
    func forkPerOwner() -> CleanCommand {
        var part = self
        part.notebooks = notebooks.forkPerOwner()
        return part
    }

    /// Cleans or lists the notebooks, and returns the exit status.
    func run() async -> Int32 {
        if !lists { return await notebooks.forEach { try await clean($0) } }
        var rows: [NotebookList.Row] = []
        let status = await notebooks.forEach { rows.append(try await row($0)) }
        if !rows.isEmpty { NotebookList(ofChanges: rows).show() }
        return status
    }

    /// Returns a notebook's line of the list.
    private func row(_ path: String) async throws -> NotebookList.Row {
        let bytes = try await read(path).bytes
        if bytes.isEmpty { return NotebookList.Row(path: path, isIncluded: false, reason: "empty file") }
        let notebook = try UnvalidatedNotebook(parsing: bytes)
        let isChanged = try notebook.removing(remains).bytes.elementsEqual(bytes) == false
        let traces = notebook.traces(remains)
        return NotebookList.Row(
            path: path, isIncluded: isChanged,
            reason: traces.isEmpty ? "clean" : traces.joined(separator: ", "))
    }

    private func read(_ path: String) async throws -> (bytes: [UInt8], source: any NotebookStore) {
        let source = try notebooks.store(path)
        if isInPlace, !lists { try await source.lock() }
        let bytes = try await source.read()
        for warning in await source.takeWarnings() { Terminal.reportProblem("galley: \(warning)") }
        return (bytes, source)
    }

    private func clean(_ path: String) async throws {
        let (bytes, source) = try await read(path)
        // Git also filters empty files, which have no outputs.
        if bytes.isEmpty { return }
        let text = try UnvalidatedNotebook(parsing: bytes).removing(remains)
        if !isInPlace { return _ = try await StandardStreams().write(text) }
        // A clean file is not written.
        guard text.count != bytes.count || Array(text.bytes) != bytes else { return }
        if case .conflict(let other) = try await source.write(text) {
            Terminal.reportProblem(
                "galley: another program has changed \(path) meanwhile; the clean notebook is in \(other)")
        }
    }
}
