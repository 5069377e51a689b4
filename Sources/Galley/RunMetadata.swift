import GalleyExecution
import GalleyJSON

/// What a notebook's metadata can tell of the run that it comes from.
enum RunMetadata {
    /// The key in the metadata.
    static let key = "galley"

    /// The record of a run that is still going on, or was cut off in the middle.
    static func running(_ settings: RunSettings) -> Value { record("running", [], settings) }

    /// The record of a run that is over.
    static func finished(_ report: Report, _ settings: RunSettings) -> Value {
        var more: [(String, Value)] = [("duration", .number((report.duration.inSeconds * 1000).rounded() / 1000))]
        if let cell = report.failingCell { more.append(("cell", .number(cell.number))) }
        if let user = report.user { more.append(("user", .string(user))) }
        if let limit = report.exceededLimit { more.append(("limit", limit.json)) }
        return record(report.outcome.status, more, settings)
    }

    private static func record(_ status: String, _ more: [(String, Value)], _ settings: RunSettings) -> Value {
        let limits = [
            ("cell", settings.cellLimit), ("silence", settings.idleLimit), ("total", settings.totalLimit),
        ].compactMap { name, limit in limit.duration.map { (name, Value.number($0.inSeconds)) } }
        return .object(
            [("limits", .object(limits)), ("status", .string(status)), ("version", .string(version))] + more)
    }
}
