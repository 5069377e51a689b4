import GalleyExecution
import Galley
import GalleyLocalKernels

/// What the command lines of nbconvert and `jupyter execute` can say and Galley's own cannot.
struct Nbconvert: Sendable {
    var format: String?
    var executes = false
    var readsStandardInput = false
    var interruptsAtLimit = false
    var folder: String?

    static let flags = [
        Flag("--execute") { $0.nbconvert.executes = true },
        Flag("--to") { arguments, value, _ in arguments.nbconvert.format = value },
        Flag("--stdin") { $0.nbconvert.readsStandardInput = true },
        Flag("-y") { _ in },
        Flag("--debug") { _ in },
        Flag("--log-level", "--Application.log_level", "--NbConvertApp.log_level") {
            arguments, value, name throws(UsageError) in
            let levels: KeyValuePairs = [
                "0": false, "10": false, "20": false, "30": false, "40": true, "50": true, "DEBUG": false,
                "INFO": false, "WARN": false, "WARNING": false, "ERROR": true, "CRITICAL": true,
            ]
            arguments.isQuiet = try Reading.choice(value.uppercased(), name, levels)
        },
        Flag("--nbformat") { _, value, _ throws(UsageError) in
            guard value == "4" else { throw UsageError("--nbformat \(value): Galley writes version 4 and no other") }
        },
        // The outputs of a run come joined, with or without it.
        Flag("--coalesce-streams") { _ in },
        Flag("--KernelManager.transport") { arguments, value, name throws(UsageError) in
            arguments.localKernels.transport = try Reading.choice(value, name, ["ipc": .ipc, "tcp": .tcp])
        },
        Flag(trait: "enabled") { arguments, value, name throws(UsageError) in
            arguments.nbconvert.executes = try Reading.truth(value, name)
        },
        Flag(trait: "allow_errors") { arguments, value, name throws(UsageError) in
            arguments.options.allowedErrors.isEverything = try Reading.truth(value, name)
        },
        Flag(trait: "allow_error_names") { arguments, value, _ in
            arguments.options.allowedErrors.names.formUnion(Reading.list(value))
        },
        Flag(trait: "force_raise_errors") { arguments, value, name throws(UsageError) in
            guard try Reading.truth(value, name) else { return }
            arguments.nbconvert.forcesErrors = true
        },
        Flag(trait: "interrupt_on_timeout") { arguments, value, name throws(UsageError) in
            arguments.nbconvert.interruptsAtLimit = try Reading.truth(value, name)
        },
        Flag(trait: "record_timing") { arguments, value, name throws(UsageError) in
            arguments.options.keepsTiming = try Reading.truth(value, name)
        },
        Flag(trait: "store_widget_state") { arguments, value, name throws(UsageError) in
            arguments.options.keepsWidgets = try Reading.truth(value, name)
        },
        Flag(trait: "coalesce_streams") { _, value, name throws(UsageError) in _ = try Reading.truth(value, name) },
        Flag(trait: "shutdown_kernel") { arguments, value, name throws(UsageError) in
            arguments.localKernels.ending = try Reading.choice(
                value, name, ["graceful": EndingStep.patient, "immediate": EndingStep.immediate])
        },
        Flag(trait: "skip_cells_with_tag") { arguments, value, _ in arguments.options.skipTag = value },
        Flag(trait: "extra_arguments") { arguments, value, _ in
            arguments.options.kernelArguments += Reading.list(value)
        },
        Flag(trait: "ipython_hist_file") { _, value, name throws(UsageError) in
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
    func settle(_ arguments: inout ExecuteArguments) throws(UsageError) {
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
    static func place(_ name: String, beside notebook: String) -> String {
        (name.isAbsolutePath ? "" : String(notebook.directory)) + name
    }
}
