import GalleyFlags
import Galley

/// The options about many notebooks: which of them run, how many at a time, when the batch stops, and its reports.
struct BatchSettings: Sendable {
    /// The number of notebooks that run at a time; nil for one per processor.
    var concurrency: Int?
    var memoryPerKernel: Int?
    var failureLimit: Int?
    var retries = 0
    /// The part of the notebooks to run, and the number of parts.
    var shard: (number: Int, count: Int)?
    var order = Batch.Order.asGiven
    /// The patterns of notebooks to leave out.
    var excluded: [String] = []
    /// The reports to write.
    var reports: [(kind: ReportKind, path: String)] = []

    enum ReportKind: String, CaseIterable, Sendable {
        case junit = "--junit"
        case html = "--html"
        case json = "--json"

        /// The name of a file of this kind.
        var example: String { self == .junit ? "report.xml" : "report." + rawValue.dropFirst(2) }

        /// The media type of the report.
        var mediaType: String { MediaType.of(example) }

        /// Its readers, for help.
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
            Flag(
                "--jobs", "-j", takes: "N", example: "4", in: .many,
                "Run N notebooks at a time, by default one per processor"
            ) {
                arguments, value, name throws(UsageError) in
                arguments.batch.concurrency = try FlagValueParser.number(value, name, from: 1)
            },
            Flag(
                "--memory-per-kernel", takes: "SIZE", example: "2GB", in: .many,
                "Start a kernel only if this much memory is free; the default is what earlier kernels used"
            ) { arguments, value, name throws(UsageError) in
                arguments.batch.memoryPerKernel = try FlagValueParser.bytes(value, name)
            },
            Flag("--fail-fast", in: .many, "Start no further notebook after a failure") { $0.batch.failureLimit = 1 },
            Flag(
                "--max-failures", takes: "N", example: "3", in: .many, "Start no further notebook after N failures"
            ) { arguments, value, name throws(UsageError) in
                arguments.batch.failureLimit = try FlagValueParser.number(value, name, from: 1)
            },
            Flag(
                "--retries", takes: "N", example: "2", in: .many,
                "Run a notebook again, up to N times, if its kernel did not start or died"
            ) { arguments, value, name throws(UsageError) in
                arguments.batch.retries = try FlagValueParser.number(value, name, from: 0)
            },
            Flag(
                "--shard", takes: "M/N", example: "2/5", in: .many,
                "Run part M of N parts of about equal duration"
            ) { arguments, value, name throws(UsageError) in
                let numbers = value.split(separator: "/", omittingEmptySubsequences: false).map { Int($0) }
                guard numbers.count == 2, let number = numbers[0], let count = numbers[1], (1...99_999).contains(count),
                    (1...count).contains(number)
                else { throw UsageError("\(name): '\(value)' is not a part. Write 2/5 for the second of five") }
                arguments.batch.shard = (number, count)
            },
            Flag(
                "--order", takes: "as-given|slowest-first", example: "slowest-first", in: .many,
                "Run notebooks in the given order, or first those that took longest in earlier runs"
            ) { arguments, value, name throws(UsageError) in
                arguments.batch.order = try FlagValueParser.choice(
                    value, name, ["as-given": .asGiven, "slowest-first": .slowestFirst])
            },
            Flag(
                "--exclude", takes: "PATTERN", example: "old/*.ipynb", in: .many,
                "Leave out notebooks whose name or path matches; can be repeated"
            ) { arguments, value, _ in arguments.batch.excluded.append(value) },
        ]
        + ReportKind.allCases.map { kind in
            Flag(
                kind.rawValue, takes: "FILE", example: kind.example, in: .many,
                "Write a report for \(kind.reader)"
            ) { arguments, value, _ in arguments.batch.reports.append((kind, value)) }
        }
}
