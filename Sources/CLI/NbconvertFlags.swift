import Galley
import GalleyExecution
import GalleyFlags
import GalleyLocalKernels

extension NbconvertOptions {
    /// The flags that the commands which run notebooks have besides Galley's own.
    static let flags: [Flag<ExecuteArguments>] = [
        Flag("--execute", in: .compatibility, "Run the notebook; 'galley nbconvert' only converts it without") {
            $0.nbconvert.executes = true
        },
        Flag(
            "--to", takes: "notebook", example: "notebook", in: .compatibility,
            "Write a notebook; 'galley nbconvert' also writes other formats"
        ) { _, value, name throws(UsageError) in
            guard value.lowercased() != "notebook" else { return }
            throw UsageError(
                "\(name) \(UsageError.visible(value)): this command writes notebooks. To run a notebook and convert it, "
                    + "use 'galley nbconvert --execute \(name) \(UsageError.visible(value))'")
        },
        Flag("--stdin", in: .compatibility, "Read the notebook from standard input") {
            $0.nbconvert.readsStandardInput = true
        },
        Flag("--debug", in: .compatibility, "Has no effect") { _ in },
        Flag(
            "--log-level", "--Application.log_level", "--NbConvertApp.log_level", takes: "LEVEL", example: "ERROR",
            in: .compatibility, "Print only problems if the level is ERROR or above"
        ) { arguments, value, name throws(UsageError) in
            let levels: KeyValuePairs = [
                "NOTSET": false, "0": false, "10": false, "20": false, "30": false, "40": true, "50": true,
                "DEBUG": false,
                "INFO": false, "WARN": false, "WARNING": false, "ERROR": true, "CRITICAL": true,
            ]
            arguments.isQuiet = try FlagValueParser.choice(value.uppercased(), name, levels)
        },
        Flag(
            "--nbformat", "--NotebookExporter.nbformat_version", takes: "4", example: "4", in: .compatibility,
            "Write this version of the format"
        ) { _, value, name throws(UsageError) in
            guard value == "4" else { throw UsageError("\(name) \(value): Galley writes only version 4") }
        },
        Flag("--coalesce-streams", in: .compatibility, "Has no effect: a run always joins the outputs of a stream") {
            $0.nbconvert.joinsStreams = true
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
            "Has no effect: a run always joins the outputs of a stream"
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
        ignored(
            Options.traits("iopub_timeout"), takes: "TIME", example: "4",
            "Galley waits for all output while the kernel lives"),
        ignored(
            Options.traits("raise_on_iopub_timeout"), takes: "BOOL", example: "True",
            "Galley waits for all output while the kernel lives"),
        ignored(
            ["--KernelManager.shutdown_wait_time"], takes: "TIME", example: "5",
            "Galley waits 2.5 s for the kernel to end, and 1 s more after that"),
    ]

    /// The flags that only `galley nbconvert` has.
    static let conversionFlags: [Flag<ExecuteArguments>] =
        ExportSettings.flags.map { $0.inside(\.nbconvert.conversion) }
        + [
            ParameterOptions.yamlFlag(["--parameters-yaml"]),
            Flag("-y", in: .compatibility, "Has no effect: Galley asks no questions") { _ in },
            Flag(
                "--config", takes: "FILE", example: "jupyter_nbconvert_config.py", in: .compatibility,
                "Read settings from this file, in JSON or with lines such as c.Exporter.name = 5"
            ) { arguments, value, _ in arguments.nbconvert.configuration = value },
            Flag(
                "--NbConvertApp.output_base", takes: "FILE", example: "page", in: .compatibility,
                "Write the result to this file"
            ) { arguments, value, _ throws(UsageError) in
                if value != "{notebook_name}" { try arguments.setResult(.output(value)) }
            },
            Flag(
                "--FilesWriter.build_directory", takes: "DIR", example: "out", in: .compatibility,
                "Write the results into this folder"
            ) { arguments, value, _ in arguments.nbconvert.folder = value.isEmpty ? nil : value },
            Flag("--sanitize-html", in: .compatibility, "Has no effect: Galley always removes what could harm a reader")
            {
                _ in
            },
            Flag("--show-input", in: .compatibility, "Has no effect: code is shown unless another option hides it") {
                _ in
            },
            ignored(
                ["--HTMLExporter.sanitize_html"], takes: "BOOL", example: "True",
                "Galley always removes what could harm a reader"),
            ignored(
                ["--HTMLExporter.theme", "--theme"], takes: "NAME", example: "dark",
                "a page follows the light or dark mode of its reader"),
        ]

    /// A flag that has no effect, which a note says.
    private static func ignored(
        _ names: [String], takes value: String, example: String, _ reason: String
    ) -> Flag<ExecuteArguments> {
        Flag(names, takes: value, example: example, in: .compatibility, "Has no effect: \(reason)") {
            arguments, _, name in arguments.notes.append("\(name) has no effect: \(reason)")
        }
    }
}
