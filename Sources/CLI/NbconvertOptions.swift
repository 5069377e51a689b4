import GalleyFlags
import GalleyExecution
import Galley
import GalleyLocalKernels

/// What the command lines of nbconvert and `jupyter execute` can say and Galley's own cannot.
struct NbconvertOptions: Sendable {
    var format: String?
    var executes = false
    var readsStandardInput = false
    var interruptsAtLimit = false
    var folder: String?

    static let flags: [Flag<ExecuteArguments>] = [
        Flag("--execute", in: .compatibility, "Run the notebook, which galley nbconvert has to be told") {
            $0.nbconvert.executes = true
        },
        Flag("--to", takes: "FORMAT", example: "notebook", in: .compatibility, "Write a notebook, and nothing else") {
            arguments, value, _ in arguments.nbconvert.format = value
        },
        Flag("--stdin", in: .compatibility, "Read the notebook from standard input") {
            $0.nbconvert.readsStandardInput = true
        },
        Flag("-y", in: .compatibility, "Does nothing: Galley asks nothing") { _ in },
        Flag("--debug", in: .compatibility, "Does nothing") { _ in },
        Flag(
            "--log-level", "--Application.log_level", "--NbConvertApp.log_level", takes: "LEVEL", example: "ERROR",
            in: .compatibility, "From ERROR on, say only what is wrong"
        ) { arguments, value, name throws(UsageError) in
            let levels: KeyValuePairs = [
                "0": false, "10": false, "20": false, "30": false, "40": true, "50": true, "DEBUG": false,
                "INFO": false, "WARN": false, "WARNING": false, "ERROR": true, "CRITICAL": true,
            ]
            arguments.isQuiet = try FlagValueParser.choice(value.uppercased(), name, levels)
        },
        Flag("--nbformat", takes: "4", example: "4", in: .compatibility, "Write this version of the format") {
            _, value, _ throws(UsageError) in
            guard value == "4" else { throw UsageError("--nbformat \(value): Galley writes version 4 and no other") }
        },
        Flag("--coalesce-streams", in: .compatibility, "Does nothing: outputs of one stream come joined") { _ in },
        Flag(
            "--KernelManager.transport", takes: "ipc|tcp", example: "tcp", in: .compatibility,
            "Reach the kernel by sockets in a folder, or by ports"
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
            "Does nothing: outputs of one stream come joined"
        ) { _, value, name throws(UsageError) in _ = try FlagValueParser.truth(value, name) },
        Flag(
            Options.traits("shutdown_kernel"), takes: "graceful|immediate", example: "graceful", in: .compatibility,
            "Ask the kernel to end, or kill it"
        ) { arguments, value, name throws(UsageError) in
            arguments.localKernels.shutdownSteps = try FlagValueParser.choice(
                value, name, ["graceful": ShutdownStep.graceful, "immediate": ShutdownStep.immediate])
        },
        Flag(
            Options.traits("ipython_hist_file"), takes: ":memory:", example: ":memory:", in: .compatibility,
            "Keep no history, as Galley does anyway"
        ) { _, value, name throws(UsageError) in
            guard value == ":memory:" else {
                throw UsageError("\(name): Galley keeps no history of what it runs; leave it out")
            }
        },
    ]

    /// Whether errors end the run whatever else allows them.
    var forcesErrors = false

    /// Options of theirs that mean something Galley does not do.
    static let refused: [String: String] = {
        let waiting = "Galley waits for all output for as long as the kernel lives, and loses none; leave it out"
        var refused = [
            "--clear-output": "Galley runs notebooks and does not clear them",
            "--config": "Galley reads no configuration files; put the settings on the command line",
            "--post": "Galley has no servers; --then runs a command afterwards",
            "--KernelManager.shutdown_wait_time": "Galley's own patience is 2.5 s and one second more; leave it out",
        ]
        for name in [
            "--template", "--template-file", "--theme", "--no-input", "--no-prompt", "--embed-images",
            "--sanitize-html",
            "--writer", "--show-input", "--allow-chromium-download", "--disable-chromium-sandbox", "--reveal-prefix",
            "--nbconvert-format",
        ] {
            refused[name] = "Galley writes notebooks alone; leave it out"
        }
        for name in ["--show-config", "--show-config-json", "--generate-config", "--help-all"] {
            refused[name] = "Galley has no configuration; see 'galley execute --help'"
        }
        for trait in ["iopub_timeout", "raise_on_iopub_timeout"] {
            for owner in ["ExecutePreprocessor", "NbClientApp", "NotebookClient"] {
                refused["--\(owner).\(trait)"] = waiting
            }
        }
        return refused
    }()

    /// Makes of it what it means.
    func apply(to arguments: inout ExecuteArguments) throws(UsageError) {
        if let format, format.lowercased() != "notebook" {
            throw UsageError("--to \(format): Galley writes notebooks alone")
        }
        if forcesErrors { arguments.options.allowedErrors = .nothing }
        if arguments.dialect == .nbconvert {
            guard executes else { throw UsageError("without --execute there is nothing to do: Galley runs notebooks") }
            guard arguments.result == .inPlace || format != nil else {
                throw UsageError("--to notebook is missing: Galley writes notebooks alone")
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
        case .beside where arguments.dialect == .check:
            throw UsageError("galley check writes no notebooks; leave --output-dir out")
        case .beside: arguments.result = .folder(folder)
        case .file(let path) where arguments.result != .standardOutput:
            arguments.result = .file(folder.withSlash + (path.pathNames.last ?? path[...]))
        default: throw UsageError("--output-dir does not go with --inplace or --stdout")
        }
    }

    /// Where nbconvert puts a result of a name: beside the notebook.
    static func path(_ name: String, beside notebook: String) -> String {
        (name.isAbsolutePath ? "" : String(notebook.directory)) + name
    }
}
