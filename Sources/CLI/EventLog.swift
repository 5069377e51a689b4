import Execution
import Galley
import Glibc
import JSON
import JupyterProtocol
import Reports
import Storage

/// A file that tells what happens in a run, one JSON object a line, written when it happens.
///
/// `events.schema.json` says what can stand in it.
final class EventLog: Sendable {
    private let outlet: Outlet

    /// Grows when a reader of an older form would be misled.
    private static let schema = 1

    /// Somebody who reads nothing of a pipe is kept this much.
    private static let limit = 256_000_000

    /// Opens the file and empties it; it must not be that of another run.
    init(_ path: String) throws(FileRefusal) {
        outlet = try Outlet(
            file: path, of: "--events", isNew: true, limit: Self.limit, gap: Self.gap)
    }

    /// Waits until everything is written; returns whether it was.
    func finish() async -> Bool { await outlet.finish() }

    func write(_ event: RunEvent, notebook: String) {
        switch event {
        case .started(let kernel, let user, let cells):
            write(
                "run-started",
                [
                    ("cells", .number(cells)), ("galley", .string(Galley.version)), ("kernel", .string(kernel)),
                    ("notebook", .string(notebook)), ("schema", .number(Self.schema)), ("user", .string(user)),
                ])
        case .cellStarted(let cell):
            write("cell-started", place(cell.number, cell.index, cell.id) + [("title", .string(cell.title))])
        case .output(let cell, let publication):
            guard let output = self.output(publication) else { return }
            write("output", place(cell.number, cell.index, cell.id) + output)
        case .cellFinished(let report): write("cell-finished", report.members)
        case .saved(let path): write("saved", [("path", .string(path))])
        case .warning(let text): write("warning", [("message", .string(text))])
        default: break
        }
    }

    /// Tells how the run ended.
    func end(_ status: Int32, _ report: RunReport) {
        var members: [(String, Value)] = [
            ("duration", report.duration.json), ("exit_status", .number(Int(status))),
            ("status", .string(report.outcome.status)),
        ]
        if let cell = report.failingCell { members.append(("cell", .number(cell.number))) }
        write("run-finished", members)
    }

    /// Tells why there was no run, or none that was saved.
    func end(_ status: Int32, _ problem: String) {
        write(
            "run-finished",
            [("exit_status", .number(Int(status))), ("message", .string(problem)), ("status", "failed")])
    }

    private func write(_ event: String, _ members: [(String, Value)]) { outlet.write(Self.line(event, members)) }

    private static func line(_ event: String, _ members: [(String, Value)]) -> [UInt8] {
        let time = ("time", Value.string(Timestamp.now().description))
        return Document(.object([("event", .string(event)), time] + members), style: .oneLine).text.bytes
    }

    /// What stands in the place of events that were left out.
    @Sendable private static func gap(_ count: Int) -> [UInt8] {
        line(
            "warning", [("message", .string("\(count) bytes of events are left out here: they were not read in time"))])
    }

    private func place(_ number: Int, _ index: Int, _ id: String?) -> [(String, Value)] {
        [("cell", .number(number)), ("index", .number(index))] + (id.map { [("cell_id", .string($0))] } ?? [])
    }

    private func output(_ publication: Publication) -> [(String, Value)]? {
        func display(_ kind: String, _ display: Publication.Display) -> [(String, Value)] {
            [("data", display.data), ("kind", .string(kind)), ("metadata", display.metadata)]
                + (display.id.map { [("display_id", .string($0))] } ?? [])
        }
        switch publication {
        case .stream(let name, let text):
            return [("kind", "stream"), ("name", .string(name)), ("text", .string(text))]
        case .display(let shown): return display("display", shown)
        case .result(let shown, _): return display("result", shown)
        case .update(let shown): return display("update", shown)
        case .error(let name, let value, let traceback):
            let lines = Value.array(traceback.map { .string($0) })
            return [("kind", "error"), ("name", .string(name)), ("traceback", lines), ("value", .string(value))]
        case .clear(let waits): return [("kind", "clear"), ("waits", .bool(waits))]
        default: return nil
        }
    }
}
