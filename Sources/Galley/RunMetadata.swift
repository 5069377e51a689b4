import GalleyExecution
import GalleyJSON

/// The record of a run in the notebook's metadata.
enum RunMetadata {
    /// The metadata key of the record.
    static let key = "galley"

    /// Returns the record of a run that has not ended, or was cut off.
    static func running(_ settings: RunSettings) -> Value { record("running", [], settings) }

    /// Returns the record of a run that has ended.
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
