import GalleyFlags
import Galley

/// What was asked of a run of several notebooks, and what is reported of it.
struct BatchSettings: Sendable {
    /// How many run at a time; nil for as many as there are processors.
    var concurrency: Int?
    var memoryPerKernel: Int?
    var failureLimit: Int?
    var retries = 0
    /// The part of the notebooks that is run: this one of so many.
    var shard: (number: Int, count: Int)?
    var order = Batch.Order.asGiven
    /// Patterns of notebooks that are left out.
    var excluded: [String] = []
    /// The files that tell how it went.
    var reports: [(kind: ReportKind, path: String)] = []

    enum ReportKind: String, CaseIterable, Sendable {
        case junit = "--junit"
        case html = "--html"
        case json = "--json"

        /// The name of a file of this kind.
        var example: String { self == .junit ? "report.xml" : "report." + rawValue.dropFirst(2) }

        /// Who reads it.
        var reader: String {
            switch self {
            case .junit: "CI servers"
            case .html: "people"
            case .json: "programs"
            }
        }
    }

    static let flags: [Flag<ExecuteArguments>] =
        [
            Flag("--jobs", "-j", takes: "N", example: "4", in: .many, "Run so many at a time; as many as processors") {
                arguments, value, name throws(UsageError) in
                arguments.batch.concurrency = try FlagValueParser.number(value, name, from: 1)
            },
            Flag(
                "--memory-per-kernel", takes: "SIZE", example: "2GB", in: .many,
                "Start no kernel where less memory is left; else what others take"
            ) { arguments, value, name throws(UsageError) in
                arguments.batch.memoryPerKernel = try FlagValueParser.bytes(value, name)
            },
            Flag("--fail-fast", in: .many, "Begin no other notebook after a failure") { $0.batch.failureLimit = 1 },
            Flag(
                "--max-failures", takes: "N", example: "3", in: .many, "Begin no other notebook after so many failures"
            ) { arguments, value, name throws(UsageError) in
                arguments.batch.failureLimit = try FlagValueParser.number(value, name, from: 1)
            },
            Flag(
                "--retries", takes: "N", example: "2", in: .many,
                "Run a notebook again if its kernel did not start, or died"
            ) { arguments, value, name throws(UsageError) in
                arguments.batch.retries = try FlagValueParser.number(value, name, from: 0)
            },
            Flag(
                "--shard", takes: "M/N", example: "2/5", in: .many,
                "Run one of several parts that take about as long, here the second of five"
            ) { arguments, value, name throws(UsageError) in
                let numbers = value.split(separator: "/", omittingEmptySubsequences: false).map { Int($0) }
                guard numbers.count == 2, let number = numbers[0], let count = numbers[1], (1...99_999).contains(count),
                    (1...count).contains(number)
                else { throw UsageError("\(name): '\(value)' is no part. Write 2/5 for the second of five") }
                arguments.batch.shard = (number, count)
            },
            Flag(
                "--order", takes: "as-given|slowest-first", example: "slowest-first", in: .many,
                "Begin with those that took longest, as their files tell"
            ) { arguments, value, name throws(UsageError) in
                arguments.batch.order = try FlagValueParser.choice(
                    value, name, ["as-given": .asGiven, "slowest-first": .slowestFirst])
            },
            Flag(
                "--exclude", takes: "PATTERN", example: "old/*.ipynb", in: .many,
                "Leave out notebooks, by name or by path; may be given again"
            ) { arguments, value, _ in arguments.batch.excluded.append(value) },
        ]
        + ReportKind.allCases.map { kind in
            Flag(
                kind.rawValue, takes: "FILE", example: kind.example, in: .many,
                "Write how it went, for \(kind.reader)"
            ) { arguments, value, _ in arguments.batch.reports.append((kind, value)) }
        }

    static let help = """
        Usage: galley execute [options] NOTEBOOK|FOLDER|'PATTERN'|@LIST ...

          FOLDER means all notebooks in it but hidden ones, @LIST the lines of a file,
          @- those of standard input. One notebook's end is nothing to the others.

          -j N                   how many run at a time; as many as there are processors
          --exclude PATTERN      leave out: drafts, 'old/*.ipynb'; may be given again
          --shard 2/5            the second of five parts that take about as long
          --order slowest-first  by what earlier runs have left in the files
          --fail-fast, --max-failures N
                                 after so many failures begin no other; what runs
                                 by then is run to its end
          --retries N            again, when the kernel did not start, or died
          --memory-per-kernel SIZE
                                 start none where less is left; else what others take
          --output-dir DIR       a result for each, in folders as the notebooks are
          --junit FILE, --json FILE, --html FILE
                                 how it went: for CI servers, for programs, for people

        Exit status: that of the worst end, from better to worse: usage (2), a file that
        cannot be read (3), no kernel (4), a cell's error (1), a limit (124), a dead
        kernel (5), a result that is lost (3), a signal (128+n).
        """
}
