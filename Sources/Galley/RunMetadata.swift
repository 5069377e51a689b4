package import GalleyExecution
import GalleyJSON
package import GalleyNotebook

/// Changes the notebook each time before it is saved, for example to record the run in it.
package protocol ResultEditor: Sendable {
    /// Changes the copy that is saved.
    ///
    /// - Parameter report: The report of the run; nil until its last cell has ended.
    func edit(_ notebook: inout Notebook, _ report: Report?)
}

/// The record of a run in the notebook's metadata. Without one, the record of an earlier run is removed.
struct RunMetadata: ResultEditor {
    let settings: RunSettings

    /// The metadata key of the record.
    private static let key = "galley"

    func edit(_ notebook: inout Notebook, _ report: Report?) {
        guard settings.keepsRecord else {
            if notebook.metadata[Self.key] != nil { notebook.metadata[Self.key] = nil }
            return
        }
        notebook.metadata[Self.key] = report.map { Self.finished($0, settings) } ?? Self.record("running", [], settings)
    }

    /// Returns the record of a run that has ended.
    private static func finished(_ report: Report, _ settings: RunSettings) -> Value {
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
