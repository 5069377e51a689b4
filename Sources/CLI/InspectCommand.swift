import GalleyExecution
import GalleyFlags
import GalleyJSON
import GalleyNotebook
import GalleyParameters
import GalleyStorage

/// The command `galley inspect`, which lists the parameters that notebooks declare.
struct InspectCommand: Sendable {
    private var notebooks = OwnedNotebooks([])
    private var form = Form.table
    /// Whether each list needs the name of its notebook.
    private var namesNotebooks = false

    private enum Form: Sendable {
        case table
        case json
        /// The page of papermill's `--help-notebook`, after a line on how to use the program.
        case papermill(usage: String)
    }

    static let command = Command<InspectCommand>(
        CommandDescription(
            "inspect", "List the parameters that notebooks declare", usage: ["[--json] NOTEBOOK ..."],
            details: [
                "The parameters are the assignments in the first cell with the tag `parameters`. The list has their "
                    + "names, types, default values and comments. No cell runs. Standard input is `-`.",
                "With `--json`, each notebook is one line: an array of objects with `name`, `type`, `default`, `help` "
                    + "and `notebook`. A type or comment that is missing is null.",
            ],
            operand: .notebook,
            examples: [("galley inspect report.ipynb", "list what a run of the notebook takes")],
            exitStatus: "0 if every notebook could be read, even one without parameters; otherwise 3."),
        of: "galley", [Flag("--json", in: .output, "Print the lists as JSON") { $0.form = .json }])

    /// Parses a command line; returns nil if it asks for help.
    init?(_ arguments: [String]) throws(UsageError) {
        guard let paths = try Self.command.parse(arguments, into: &self) else { return nil }
        guard !paths.isEmpty else { throw UsageError("which notebook? See 'galley inspect --help'") }
        notebooks = OwnedNotebooks(paths)
        try notebooks.checkLocations()
        namesNotebooks = paths.count > 1
    }

    /// Shows a notebook's parameters as papermill's `--help-notebook` does.
    ///
    /// - Parameter usage: A line on how to use the program.
    init(papermillPageOf path: String, usage: String) {
        (notebooks, form) = (OwnedNotebooks([path]), .papermill(usage: usage))
    }

    private init() {}

    /// Starts a process for each owner, if this process is root's, and returns in each of them with the owner's
    /// notebooks.
    ///
    /// - Important: The process must have only one thread.
    func forkPerOwner() -> InspectCommand {
        var part = self
        part.notebooks = notebooks.forkPerOwner()
        return part
    }

    /// Prints the lists, and returns the exit status.
    func run() async -> Int32 {
        var hasParametersCell = true
        let status = await notebooks.forEach { path in
            let source = try notebooks.store(path)
            let notebook = try Notebook(parsing: try await source.read())
            for warning in await source.takeWarnings() { Terminal.reportProblem("galley: \(warning)") }
            if notebook.parametersCell == nil { hasParametersCell = false }
            show(notebook, path)
        }
        // As papermill's page, the page of a notebook without such a cell is an error.
        if case .papermill = form, status == ExitStatus.success, !hasParametersCell { return ExitStatus.cellError }
        return status
    }

    private func show(_ notebook: Notebook, _ path: String) {
        switch form {
        case .json: Terminal.print(Self.json(notebook.parameters(), path))
        case .papermill(let usage): Terminal.print(PapermillHelp(of: notebook, at: path, usage: usage).text)
        case .table:
            if namesNotebooks {
                Terminal.print(CIHost.neutralized("\(NotebookLocation(path).shown.terminalSafeLine(1000)):"))
            }
            let parameters = notebook.parameters()
            if parameters.isEmpty {
                Terminal.print(Self.reasonForNone(in: notebook))
            } else {
                Self.showTable(parameters)
            }
            if namesNotebooks { Terminal.print("") }
        }
    }

    static func json(_ parameters: [DeclaredParameter], _ path: String) -> String {
        let list = Value.array(
            parameters.map { parameter in
                [
                    "default": .string(parameter.defaultValue), "help": .text(parameter.help),
                    "name": .string(parameter.name), "notebook": .string(path), "type": .text(parameter.type),
                ]
            })
        return String(decoding: Document(list, style: .oneLine).text.bytes.dropLast(), as: UTF8.self)
    }

    private static func showTable(_ parameters: [DeclaredParameter]) {
        ConsoleTable(
            head: ["NAME", "TYPE", "DEFAULT", "HELP"],
            rows: parameters.map { parameter in
                [
                    parameter.name.terminalSafeLine(), parameter.type?.terminalSafeLine() ?? "",
                    parameter.defaultValue.terminalSafeLine(), parameter.help?.terminalSafeLine(1000) ?? "",
                ]
            }
        ).show()
    }

    /// Why a notebook has no parameters, and what to do.
    static func reasonForNone(in notebook: Notebook) -> String {
        if notebook.parametersCell != nil {
            return "The cell with the tag 'parameters' has no assignment that Galley can read."
        }
        return """
            No cell has the tag 'parameters'. Add it to the cell that assigns the default values:
            in JupyterLab, select the cell and use "Common Tools" of the property inspector (the gears);
            in VS Code, choose "Mark Cell as Parameters" from the menu of the cell.
            """
    }
}

/// The page that papermill prints for `--help-notebook`.
struct PapermillHelp {
    let text: String

    /// - Parameter usage: The line on how to use the program.
    init(of notebook: Notebook, at path: String, usage: String) {
        var lines = [usage, "", "Parameters inferred for notebook '\(path.terminalSafeLine(1000))':"]
        let parameters = notebook.parameters()
        if notebook.parametersCell == nil {
            lines += ["", "  No cell tagged 'parameters'"]
        } else if parameters.isEmpty {
            lines += [
                "",
                "  Can't infer anything about this notebook's parameters. It may not have any parameter defined.",
            ]
        }
        lines += parameters.flatMap(Self.lines)
        text = lines.map { CIHost.neutralized($0) }.joined(separator: "\n")
    }

    /// The comment is in its column, or in a line of its own after a long definition.
    private static func lines(_ parameter: DeclaredParameter) -> [String] {
        let type = parameter.type ?? "Unknown type"
        let definition = "  \(parameter.name): \(type) (default \(parameter.defaultValue))".terminalSafeLine(1000)
        let help = parameter.help?.terminalSafeLine(1000) ?? ""
        let length = definition.unicodeScalars.count
        let margin = String(repeating: " ", count: 34)
        if length <= 30 { return [definition + margin.dropFirst(length) + help] }
        return help.isEmpty ? [definition] : [definition, margin + help]
    }
}
