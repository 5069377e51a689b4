import Galley
import GalleyExecution
import GalleyFlags
import GalleyJupyterProtocol
import GalleyLocalKernels
import GalleyPapermill
import GalleyParameters
import GalleyStorage
import Glibc

/// The settings that only papermill's command line has.
struct PapermillOptions: Sendable {
    private var injectsInput = false
    private var injectsOutput = false
    private var hidesSources = false
    /// The files that receive what the notebook prints.
    private(set) var streamFiles: [(stream: String, option: String, path: String)] = []
    /// Whether the command line asks for the version.
    private(set) var wantsVersion = false
    /// The notebook, as the command line names it.
    private var input = "-"
    /// The result, as the command line names it.
    private var output = "-"

    /// Takes the operands of `papermill [IN] [OUT]`. A missing one is standard input or output.
    mutating func take(_ operands: [String], into options: inout Options) throws(UsageError) {
        guard operands.count <= 2 else {
            throw UsageError(
                "papermill takes one notebook and one result. For several notebooks, use 'galley execute --output-dir'")
        }
        // As in papermill, a pipe takes the place of the notebook, and the only operand is the result.
        let readsPipe = operands.count < 2 && Self.isStandardInput([S_IFIFO, S_IFSOCK])
        guard !operands.isEmpty || readsPipe || Self.isStandardInput([S_IFREG]) else {
            throw UsageError("which notebook? See 'galley papermill --help'")
        }
        let rest = readsPipe || operands.isEmpty ? operands[...] : operands.dropFirst()
        input = rest.count < operands.count ? operands[0] : "-"
        output = rest.first ?? "-"
        options.result = output == "-" ? .standardOutput : output.isSamePath(as: input) ? .inPlace : .output(output)
        if injectsInput { options.parameters.values["PAPERMILL_INPUT_PATH"] = .string(input) }
        if injectsOutput { options.parameters.values["PAPERMILL_OUTPUT_PATH"] = .string(output) }
    }

    /// Whether standard input is a file of one of these types.
    private static func isStandardInput(_ types: [mode_t]) -> Bool {
        var status = stat()
        // Safe because the call fills a variable of the expected type.
        return unsafe fstat(STDIN_FILENO, &status) == 0 && types.contains(status.st_mode & S_IFMT)
    }

    /// Returns the path of the notebook, which can contain names of parameters in braces.
    mutating func notebook(with parameters: ParameterMap) throws(UsageError) -> String {
        guard ResultTemplate.isTemplate(input) else { return input }
        do throws(ResultTemplateError) {
            input = try ResultTemplate(input).location(ResultNames(notebook: "", parameters))
        } catch {
            throw UsageError("\(UsageError.visible(input)): \(error)")
        }
        return input
    }

    /// Adds papermill's record, and the working folder of its kernels: that of the program.
    ///
    /// - Parameter isOnServer: Whether the kernels run on a server, which does not have this folder.
    func prepare(_ options: inout Options, isOnServer: Bool) {
        // The names in braces are replaced by now.
        let path = if case .file(let path) = options.result { path } else { output }
        let record = PapermillRecord(
            input: input, output: path, parameters: options.parameters, hidesSources: hidesSources)
        options.preparations.append(record)
        options.middleware.append(record)
        options.editors.append(record)
        guard !isOnServer, options.workingDirectory == nil, options.kernels.features.contains(.workingDirectory) else {
            return
        }
        options.workingDirectory = RunPaths.absolutePath(".")
    }

    /// Returns papermill's status for one of Galley's: all errors but a dead kernel have one status.
    static func exitStatus(for status: Int32) -> Int32 {
        switch status {
        case ExitStatus.success, ExitStatus.usage: status
        case ExitStatus.kernelDied: 138
        case ExitStatus.signal(1)...: status
        default: ExitStatus.cellError
        }
    }
}

extension PapermillOptions {
    /// The flags of papermill that `galley execute` does not have.
    static let flags: [Flag<ExecuteArguments>] = [
        Flag("--inject-input-path", in: .parameters, "Set PAPERMILL_INPUT_PATH to the path of the notebook") {
            $0.papermill.injectsInput = true
        },
        Flag("--inject-output-path", in: .parameters, "Set PAPERMILL_OUTPUT_PATH to the path of the result") {
            $0.papermill.injectsOutput = true
        },
        Flag("--inject-paths", in: .parameters, "Set both PAPERMILL_INPUT_PATH and PAPERMILL_OUTPUT_PATH") {
            ($0.papermill.injectsInput, $0.papermill.injectsOutput) = (true, true)
        },
        Flag(
            "--language", "-l", takes: "LANGUAGE", example: "python", in: .parameters,
            "Set the parameters in this language, not in the kernel's"
        ) { arguments, value, _ in arguments.options.parameters.language = value },
        Flag("--report-mode", in: .result, "Hide the source of all code cells in JupyterLab") {
            $0.papermill.hidesSources = true
        },
        Flag("--no-report-mode", in: .result, "Show the source of cells, which is the default") {
            $0.papermill.hidesSources = false
        },
        streamFile("stdout"), streamFile("stderr"),
        Flag("--log-output", in: .output, "Show what cells print") { $0.streams = true },
        Flag("--no-log-output", in: .output, "Do not show what cells print, which is the default") {
            $0.streams = false
        },
        Flag("--progress-bar", in: .output, "Show the progress, which is the default") { $0.isQuiet = false },
        Flag("--no-progress-bar", in: .output, "Print only problems") { $0.isQuiet = true },
        Flag("--version", in: .output, "Show the version") { $0.papermill.wantsVersion = true },
        Flag(
            "--engine", takes: "NAME", example: "nbclient", in: .compatibility,
            "Has no effect: Galley is the engine"
        ) { arguments, value, name throws(UsageError) in
            guard value == "nbclient" else {
                throw UsageError("\(name) \(UsageError.visible(value)): Galley is the engine; leave the option out")
            }
            arguments.notes.append("\(name) has no effect: Galley is the engine")
        },
        Flag("--request-save-on-cell-execute", in: .compatibility, "Has no effect: the result is saved during the run")
        {
            _ in
        },
        Flag(
            "--no-request-save-on-cell-execute", in: .compatibility,
            "Has no effect: the result is saved during the run"
        ) { $0.notes.append("--no-request-save-on-cell-execute has no effect: saving takes at most 5 % of the time") },
        Flag(
            "--autosave-cell-every", takes: "SECONDS", example: "30", in: .compatibility,
            "Has no effect: the result is saved during the run"
        ) { arguments, value, name throws(UsageError) in
            guard Int(value).map({ $0 >= 0 }) == true else {
                throw UsageError("\(name): '\(UsageError.visible(value))' is not a number of seconds")
            }
            arguments.notes.append("\(name) has no effect: saving takes at most 5 % of the time")
        },
        Flag("--prepare-execute", in: .compatibility, "Run the notebook, which is the default") {
            $0.options.preparesOnly = false
        },
    ]

    private static func streamFile(_ stream: String) -> Flag<ExecuteArguments> {
        Flag(
            "--\(stream)-file", takes: "FILE", example: "\(stream).txt", in: .output,
            "Write what cells print to \(stream) also to this file"
        ) { arguments, value, name in arguments.papermill.streamFiles.append((stream, name, value)) }
    }
}
