import GalleyExecution
public import GalleyFlags
import GalleyJupyterProtocol
import GalleyStorage

extension Options {
    /// The flags that say how a notebook is run, as `galley execute` has them. Another program can offer them as they are:
    ///
    ///     let parser = FlagParser(Options.flags, help: "nightly --help")
    ///     var options = Options()
    ///     let notebooks = try parser.parse(["--timeout", "10m", "report.ipynb"], into: &options)
    public static let flags: [Flag<Options>] = [
        // The kernel
        Flag(
            ["--kernel", "-k", "--kernel_name", "--kernel-name"] + traits("kernel_name"), takes: "KERNEL",
            example: "python3", in: .kernel,
            "Use this kernel, or the Python environment at this path"
        ) { options, value, _ in options.kernel = value.isEmpty ? nil : value },
        Flag(
            "--kernel-fallback", in: .kernel,
            "If the kernel is not installed, use the only kernel of the notebook's language"
        ) { $0.allowsKernelFallback = true },
        Flag(
            "--cwd", takes: "DIR", example: "/tmp", in: .kernel,
            "Run the kernel in this directory, not in the notebook's"
        ) { options, value, _ in options.workingDirectory = value },
        Flag(
            "--env", takes: "NAME=VALUE", example: "MODE=full", in: .kernel,
            "Set an environment variable for the kernel; can be repeated"
        ) { options, value, name throws(UsageError) in
            let (key, value) = try FlagValueParser.variable(value, name)
            options.environment[key] = value
        },
        Flag("--as-owner", in: .kernel, "As root, run each notebook as its owner, which is the default") {
            $0.user = .owner
        },
        Flag("--as-caller", in: .kernel, "As root, run with root's rights, even the notebook of another user") {
            $0.user = .caller
        },
        Flag("--as-user", takes: "USER", example: "ann", in: .kernel, "As root, run as this user") {
            options, value, _ in
            options.user = .named(value)
        },
        Flag("--keep-kernel", in: .kernel, "Keep the kernel running after the run, and print how to use and end it") {
            $0.keepsKernel = .always
        },
        Flag("--keep-kernel-on-failure", in: .kernel, "Keep the kernel running if the run fails") {
            options in
            if options.keepsKernel == .never { options.keepsKernel = .afterFailure }
        },
        Flag("--leave-children", in: .kernel, "Do not end the processes that the notebook started") {
            $0.leavesChildren = true
        },
        Flag(
            traits("extra_arguments"), takes: "LIST", example: "['--debug']", in: .compatibility,
            "Pass these arguments to the kernel"
        ) {
            options, value, _ in options.kernelArguments += FlagValueParser.list(value)
        },
        // Time
        Flag(
            ["--timeout", "--execution-timeout"] + traits("timeout"), takes: "TIME", example: "10m", in: .time,
            "Limit the time of each cell"
        ) { options, value, name throws(UsageError) in options.timeout = try FlagValueParser.limit(value, name) },
        Flag("--total-timeout", takes: "TIME", example: "2h", in: .time, "Limit the time of the whole run") {
            options, value, name throws(UsageError) in options.totalTimeout = try FlagValueParser.limit(value, name)
        },
        Flag(
            "--idle-timeout", takes: "TIME", example: "90s", in: .time,
            "Limit the time in which a running cell has no output"
        ) {
            options, value, name throws(UsageError) in options.idleTimeout = try FlagValueParser.limit(value, name)
        },
        Flag(
            ["--startup-timeout", "--startup_timeout", "--start-timeout", "--start_timeout"]
                + traits("startup_timeout"), takes: "TIME",
            example: "60", in: .time, "Limit the time in which the kernel starts"
        ) { options, value, name throws(UsageError) in
            options.startTimeout = try FlagValueParser.startLimit(value, name)
        },
        Flag(
            "--on-timeout", takes: "stop|interrupt", example: "interrupt", in: .time,
            "At a time limit, end the run, or interrupt the cell and run the next one"
        ) { options, value, name throws(UsageError) in
            options.onTimeout = try FlagValueParser.choice(value, name, ["stop": .stop, "interrupt": .continue])
        },
        Flag(
            "--grace", takes: "TIME", example: "10s", in: .time,
            "Kill a kernel that ignores an interrupt for this long"
        ) { options, value, name throws(UsageError) in
            // Zero is a time too.
            guard value != "-1", let grace = Double(value) == 0 ? .zero : try FlagValueParser.limit(value, name) else {
                throw UsageError(
                    "\(name): '\(value)' is not a time to wait. Write 10s, or 0 to kill the kernel at once")
            }
            options.grace = grace
        },
        // The cells
        Flag("--allow-errors", in: .cells, "Continue after any error") { $0.allowedErrors.isEverything = true },
        Flag(
            "--allow-error", takes: "NAME", example: "ValueError", in: .cells,
            "Continue after errors of this name; can be repeated"
        ) {
            options, value, _ in options.allowedErrors.names.insert(value)
        },
        Flag(
            "--allow-lost-output", in: .cells,
            "Continue, with a warning, if outputs of a cell do not arrive from a server"
        ) { $0.allowsLostOutput = true },
        Flag("--start-at", takes: "CELL", example: "2", in: .cells, "Start at this cell: a number, a tag or an ID") {
            options, value, _ in options.startAt = value
        },
        Flag(
            "--stop-after", takes: "CELL", example: "plots", in: .cells,
            "Stop after this cell: a number, a tag or an ID"
        ) { options, value, _ in
            options.stopAfter = value
        },
        Flag(
            "--only", takes: "TAG", example: "smoke", in: .cells, "Run only cells with this tag; can be repeated"
        ) { options, value, _ in options.only.tags.insert(value) },
        Flag(
            "--cells", takes: "NUMBERS", example: "3,5-7", in: .cells,
            "Run only these code cells, counted from 1; can be repeated"
        ) { options, value, name throws(UsageError) in
            guard let numbers = [ClosedRange<Int>](parsingCells: value) else {
                throw UsageError("\(name): '\(value)' names no cells. Write 3 or 3,5-7; the first code cell is 1")
            }
            options.only.numbers += numbers
        },
        Flag(
            traits("skip_cells_with_tag"), takes: "TAG", example: "slow", in: .compatibility,
            "Leave out cells with this tag"
        ) { options, value, _ in options.skipTag = value },
        Flag(traits("allow_errors"), takes: "BOOL", example: "True", in: .compatibility, "Continue after any error") {
            options, value, name throws(UsageError) in
            options.allowedErrors.isEverything = try FlagValueParser.truth(value, name)
        },
        Flag(
            traits("allow_error_names"), takes: "LIST", example: "['KeyError']", in: .compatibility,
            "Continue after errors of these names"
        ) { options, value, _ in options.allowedErrors.names.formUnion(FlagValueParser.list(value)) },
        // The result
        Flag("--no-timing", in: .result, "Do not write the times at which cells ran into the notebook") {
            $0.keepsTiming = false
        },
        Flag("--record", in: .result, "Write into the notebook's metadata how the run went") {
            $0.keepsRecord = true
        },
        Flag("--collapse-progress", in: .result, "Keep only the last state of a progress bar") {
            $0.collapsesProgress = true
        },
        Flag(
            "--max-output", takes: "SIZE", example: "10MB", in: .result,
            "Keep at most this much output of each cell, and cut the rest"
        ) { options, value, name throws(UsageError) in options.outputLimit = try FlagValueParser.bytes(value, name) },
        Flag(
            traits("record_timing"), takes: "BOOL", example: "False", in: .compatibility,
            "Write the times at which cells ran into the notebook"
        ) {
            options, value, name throws(UsageError) in options.keepsTiming = try FlagValueParser.truth(value, name)
        },
        Flag(
            traits("store_widget_state"), takes: "BOOL", example: "False", in: .compatibility,
            "Keep the state of widgets"
        ) { options, value, name throws(UsageError) in options.keepsWidgets = try FlagValueParser.truth(value, name) },
    ]

    /// The names of a setting of nbclient, which is spelled with the class that it belongs to.
    package static func traits(_ name: String) -> [String] {
        ["ExecutePreprocessor", "NbClientApp", "NotebookClient"].map { "--\($0).\(name)" }
    }
}

extension FlagValueParser {
    /// Reads a limit, such as `10m`; nil for `none`. `-1` and `0` are nbconvert's words for it.
    package static func limit(_ value: String, _ name: String) throws(UsageError) -> Duration? {
        let isNegative = value.hasPrefix("-") && ![-1, 0].contains(Double(value))
        guard let limit = TimeLimit(parsing: value) else {
            throw UsageError("\(name): '\(value)' is not a time. Write 600 for seconds, or 90s, 10m, 1h30m, none")
        }
        if isNegative { throw UsageError("\(name): '\(value)' is a negative time. Write none for no limit") }
        return limit.duration
    }

    /// Reads a limit of the start of a kernel. `none` is a year, longer than any kernel takes.
    package static func startLimit(_ value: String, _ name: String) throws(UsageError) -> Duration {
        try limit(value, name) ?? .seconds(365 * 86400)
    }
}
