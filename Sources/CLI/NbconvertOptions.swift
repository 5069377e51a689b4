import GalleyFlags
import GalleyExecution
import Galley
import GalleyLocalKernels

/// The settings that only the command lines of nbconvert and `jupyter execute` have.
struct NbconvertOptions: Sendable {
    var format: String?
    var executes = false
    var readsStandardInput = false
    var interruptsAtLimit = false
    var folder: String?

    static let flags: [Flag<ExecuteArguments>] = [
        Flag("--execute", in: .compatibility, "Run the notebook; 'galley nbconvert' requires it") {
            $0.nbconvert.executes = true
        },
        Flag(
            "--to", takes: "FORMAT", example: "notebook", in: .compatibility,
            "Write a notebook, the only format that Galley writes"
        ) {
            arguments, value, _ in arguments.nbconvert.format = value
        },
        Flag("--stdin", in: .compatibility, "Read the notebook from standard input") {
            $0.nbconvert.readsStandardInput = true
        },
        Flag("-y", in: .compatibility, "Has no effect: Galley asks no questions") { _ in },
        Flag("--debug", in: .compatibility, "Has no effect") { _ in },
        Flag(
            "--log-level", "--Application.log_level", "--NbConvertApp.log_level", takes: "LEVEL", example: "ERROR",
            in: .compatibility, "Print only problems if the level is ERROR or above"
        ) { arguments, value, name throws(UsageError) in
            let levels: KeyValuePairs = [
                "0": false, "10": false, "20": false, "30": false, "40": true, "50": true, "DEBUG": false,
                "INFO": false, "WARN": false, "WARNING": false, "ERROR": true, "CRITICAL": true,
            ]
            arguments.isQuiet = try FlagValueParser.choice(value.uppercased(), name, levels)
        },
        Flag("--nbformat", takes: "4", example: "4", in: .compatibility, "Write this version of the format") {
            _, value, _ throws(UsageError) in
            guard value == "4" else { throw UsageError("--nbformat \(value): Galley writes only version 4") }
        },
        Flag("--coalesce-streams", in: .compatibility, "Has no effect: Galley always joins the outputs of a stream") {
            _ in
        },
        Flag(
            "--KernelManager.transport", takes: "ipc|tcp", example: "tcp", in: .compatibility,
            "Connect to the kernel by sockets in a folder, or by ports"
        ) { arguments, value, name throws(UsageError) in
            arguments.localKernels.transport = try FlagValueParser.choice(value, name, ["ipc": .ipc, "tcp": .tcp])
        },
        Flag(Options.traits("enabled"), takes: "BOOL", example: "True", in: .compatibility, "Run the notebook") {
            arguments, value, name throws(UsageError) in
            arguments.nbconvert.executes = try FlagValueParser.truth(value, name)
        },
        Flag(
            Options.traits("force_raise_errors"), takes: "BOOL", example: "True", in: .compatibility,
            "End the run at any error"
        ) { arguments, value, name throws(UsageError) in
            guard try FlagValueParser.truth(value, name) else { return }
            arguments.nbconvert.forcesErrors = true
        },
        Flag(
            Options.traits("interrupt_on_timeout"), takes: "BOOL", example: "True", in: .compatibility,
            "At a limit, interrupt the cell"
        ) { arguments, value, name throws(UsageError) in
            arguments.nbconvert.interruptsAtLimit = try FlagValueParser.truth(value, name)
        },
        Flag(
            Options.traits("coalesce_streams"), takes: "BOOL", example: "True", in: .compatibility,
            "Has no effect: Galley always joins the outputs of a stream"
        ) { _, value, name throws(UsageError) in _ = try FlagValueParser.truth(value, name) },
        Flag(
            Options.traits("shutdown_kernel"), takes: "graceful|immediate", example: "graceful", in: .compatibility,
            "At the end, ask the kernel to end, or kill it"
        ) { arguments, value, name throws(UsageError) in
            arguments.localKernels.shutdownSteps = try FlagValueParser.choice(
                value, name, ["graceful": ShutdownStep.graceful, "immediate": ShutdownStep.immediate])
        },
        Flag(
            Options.traits("ipython_hist_file"), takes: ":memory:", example: ":memory:", in: .compatibility,
            "Keep no history, which Galley never does"
        ) { _, value, name throws(UsageError) in
            guard value == ":memory:" else {
                throw UsageError("\(name): Galley keeps no history of what it runs; leave it out")
            }
        },
    ]

    /// Whether errors end the run, even if another option allows them.
    var forcesErrors = false

    /// Applies the settings of nbconvert to the arguments.
    func apply(to arguments: inout ExecuteArguments) throws(UsageError) {
        if let format, format.lowercased() != "notebook" {
            throw UsageError("--to \(format): Galley writes only notebooks")
        }
        if forcesErrors { arguments.options.allowedErrors = .nothing }
        if arguments.dialect == .nbconvert {
            guard executes else {
                throw UsageError("without --execute there is nothing to do, because Galley only runs notebooks")
            }
            guard arguments.result == .inPlace || format != nil else {
                throw UsageError("--to notebook is missing, and Galley writes only notebooks")
            }
        }
        if arguments.dialect == .nbconvert, arguments.result != .standardOutput,
            case .file(let name) = arguments.result, !name.hasSuffix(".ipynb")
        {
            arguments.result = .file(name + ".ipynb")
        }
        guard let folder else { return }
        switch arguments.result {
        case .nowhere: break
        case .beside: arguments.result = .folder(folder)
        case .file(let path) where arguments.result != .standardOutput:
            arguments.result = .file(folder.withSlash + (path.pathNames.last ?? path[...]))
        default: throw UsageError("--output-dir does not go with --inplace or --stdout")
        }
    }

    /// The path of a result of this name, which nbconvert writes beside the notebook.
    static func path(_ name: String, beside notebook: String) -> String {
        (name.isAbsolutePath ? "" : String(notebook.directory)) + name
    }
}
