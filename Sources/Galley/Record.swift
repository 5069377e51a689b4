import GalleyExecution
import GalleyJSON

/// What a notebook's metadata can tell of the run that it comes from.
enum Record {
    /// The key in the metadata.
    static let key = "galley"

    /// The record of a run that is still going on, or was cut off in the middle.
    static func running(_ options: ExecutionOptions) -> Value { record("running", [], options) }

    /// The record of a run that is over.
    static func finished(_ report: Report, _ options: ExecutionOptions) -> Value {
        var more: [(String, Value)] = [("duration", .number((report.duration.inSeconds * 1000).rounded() / 1000))]
        if let cell = report.failingCell { more.append(("cell", .number(cell.number))) }
        if let user = report.user { more.append(("user", .string(user))) }
        if let limit = report.struckLimit { more.append(("limit", limit.json)) }
        return record(report.outcome.status, more, options)
    }

    private static func record(_ status: String, _ more: [(String, Value)], _ options: ExecutionOptions) -> Value {
        let limits = [
            ("cell", options.cellLimit), ("silence", options.silenceLimit), ("total", options.totalLimit),
        ].compactMap { name, limit in limit.duration.map { (name, Value.number($0.inSeconds)) } }
        return .object(
            [("limits", .object(limits)), ("status", .string(status)), ("version", .string(version))] + more)
    }
}
