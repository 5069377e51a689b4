import Galley
import GalleyExecution
import GalleyFlags
import GalleySpelling

/// The flags of `galley execute`, `galley check` and `galley nbconvert`, by Galley's names and by those of other programs.
enum ExecuteFlags {
    /// The flags of all three commands.
    static let all: [Flag<ExecuteArguments>] =
        Rooms.flags + ParameterOptions.flags + own + RunFilesOptions.flags + MatrixSettings.flags
        + BatchSettings.flags + LastFailed.flags
        + NotebookList.flags + BackgroundOptions.flags
        + NbconvertOptions.flags

    static let execute = command(
        CommandDescription(
            "execute", "Run notebooks and save their outputs",
            usage: ["[options] NOTEBOOK|FOLDER|'PATTERN'|@LIST ..."],
            details: [
                "The result of `report.ipynb` is `report.executed.ipynb`, or as the options say. Standard input is `-`."
            ],
            highlights: ["--inplace", "--output", "--kernel", "--timeout", "--jobs"], listsOtherFlags: true,
            categoriesOfTopics: [.background, .server], operand: .notebook,
            topics: ["options", "batch", "background", "servers", "exit-statuses", "limits"]), all)

    static let check = command(
        CommandDescription(
            "check", "Run notebooks and compare their outputs with the stored ones",
            usage: ["[options] NOTEBOOK|FOLDER|'PATTERN'|@LIST ..."],
            details: [
                "Text must be equal, and PNG images must have equal pixels. Only `--update` writes notebooks.",
                """
                To change how a cell is checked, give it a tag of nbval, or write a comment on a line of its own,
                such as `# NBVAL_IGNORE_OUTPUT`. The tags are `nbval-ignore-output`, `nbval-check-output`,
                `nbval-raises-exception` and `nbval-skip`.
                """,
                "All options of `galley execute` work, except those for the result.",
            ],
            highlights: ["--update", "--lax", "--sanitize-with", "--help"], operand: .notebook,
            examples: [("galley check notebooks/ --junit junit.xml", "check a folder, and write a report")],
            exitStatus:
                "0 if nothing differs, or `--update` succeeds; 1 if outputs differ or a cell raises an error that "
                + "it may not raise; otherwise, as for `galley execute`.",
            topics: ["options", "batch", "exit-statuses"]),
        all.filter { Set($0.names).isDisjoint(with: resultPlaces + severalRuns + withoutRun) } + CheckSettings.flags
    ) { name in
        if severalRuns.contains(name) {
            return
                "galley check compares a notebook with its own outputs, which are those of one run; leave \(name) out"
        }
        if withoutRun.contains(name) { return "galley check runs notebooks; leave \(name) out" }
        guard resultPlaces.contains(name) else { return refusal(of: name) }
        return "galley check writes no results; leave \(name) out, or use --update or galley execute"
    }

    /// The flags for the place of the result.
    private static let resultPlaces = ["--inplace", "--output", "-o", "--output-dir", "--stdout"]

    /// The flags with which no cell runs.
    private static let withoutRun = ["--prepare-only", "--help-notebook"]

    /// The flags for several runs of a notebook.
    private static let severalRuns = ["--matrix", "--each"]

    static let nbconvert = command(
        CommandDescription(
            "nbconvert", "Run and convert notebooks with the command line of nbconvert",
            usage: ["--to FORMAT [--execute] [options] NOTEBOOK ...", "--execute --inplace [options] NOTEBOOK ..."],
            details: [
                "The result of `report.ipynb` is `report.nbconvert.ipynb`, or `report.html` and the like. Notebooks run "
                    + "one after the other. All options of `galley execute` and `galley export` work."
            ],
            highlights: ["--to", "--execute", "--inplace", "--output", "--output-dir", "--stdout", "--help"],
            operand: .notebook,
            examples: [
                ("galley nbconvert --to notebook --execute --inplace report.ipynb", "run a notebook in place"),
                ("galley nbconvert --to html --execute report.ipynb", "run it, and write report.html"),
            ], topics: ["options", "exit-statuses"]),
        all.filter { Set($0.names).isDisjoint(with: ["--to", "-y", "--help-notebook"]) }
            + NbconvertOptions.conversionFlags)

    static let papermill = command(
        CommandDescription(
            "papermill", "Run a notebook with the command line of papermill",
            usage: ["[options] NOTEBOOK [RESULT]"],
            details: [
                """
                The kernel runs in the current directory. Standard input and output are `-`, and take the place of a
                notebook or a result that is missing. The result has papermill's metadata. All options of
                `galley execute` work, except those for the result.
                """
            ],
            highlights: ["-p", "-f", "--kernel", "--prepare-only", "--report-mode", "--log-output", "--help"],
            operand: .notebook,
            examples: [("galley papermill in.ipynb out.ipynb -p days 7", "run a notebook with a parameter")],
            exitStatus: "0 success, 1 failure, 2 wrong usage, 138 the kernel died, 128+n ended by signal n.",
            topics: ["options", "parameters", "exit-statuses"]),
        all.filter { Set($0.names).isDisjoint(with: resultPlaces) } + PapermillOptions.flags
    ) { name in
        guard resultPlaces.contains(name) else { return refusal(of: name) }
        return "papermill's result is the second operand; leave \(name) out"
    }

    private static func command(
        _ description: CommandDescription, _ flags: [Flag<ExecuteArguments>],
        refusal: @escaping @Sendable (String) -> String? = refusal(of:)
    ) -> Command<ExecuteArguments> {
        Command(description, of: "galley", flags, reference: "galley help options", refusal: refusal)
    }

    /// The command of a dialect.
    static func command(of dialect: ExecuteArguments.Dialect) -> Command<ExecuteArguments> {
        switch dialect {
        case .execute: execute
        case .nbconvert: nbconvert
        case .papermill: papermill
        case .check: check
        }
    }

    private static let own: [Flag<ExecuteArguments>] = [
        Flag("--inplace", in: .result, "Write the result into the notebook, saved during the run") {
            arguments throws(UsageError) in try arguments.setResult(.inPlace)
        },
        Flag(
            "--output", "-o", takes: "FILE", example: "result.ipynb", in: .result,
            "Write the result to this file, or to an s3:// object"
        ) { arguments, value, _ throws(UsageError) in try arguments.setResult(.output(value)) },
        Flag("--output-dir", takes: "DIR", example: "out", in: .result, "Write the results into this folder") {
            arguments, value, _ in arguments.nbconvert.folder = value
        },
        Flag("--stdout", in: .result, "Write the result to standard output") { arguments throws(UsageError) in
            try arguments.setResult(.standardOutput)
        },
        Flag("--answer", takes: "TEXT", example: "yes", in: .kernel, "Answer input() with this line; can be repeated") {
            arguments, value, _ in arguments.answers.append(value)
        },
        Flag("--stream", in: .output, "Show what cells print") { $0.streams = true },
        Flag("--quiet", "-q", in: .output, "Print only problems") { $0.isQuiet = true },
        Flag(
            "--events", takes: "FILE", example: "events.jsonl", in: .output, "Write the events of the run as JSON lines"
        ) {
            arguments, value, _ in arguments.events = value
        },
    ]

    /// Returns the reason why a name that other programs have is not a flag; nil if it is unknown.
    @Sendable private static func refusal(of name: String) -> String? {
        if let refusal = OtherPrograms.refusal(ofOption: name) { return refusal }
        guard name.contains("."), name.hasPrefix("--") else { return nil }
        let owner = name.prefix { $0 != "." } + "."
        let known = all.flatMap(\.names).filter { $0.hasPrefix(owner) }
        if let near = Spelling.nearest(to: name, in: known).first {
            return "'\(name)' is not an option. Did you mean '\(near)'?"
        }
        return "'\(name)' is a setting that Galley does not have; leave it out if the run does not need it"
    }
}
