import GalleyExecution
import Galley
import Glibc
import GalleyJSON
import GalleyJupyterProtocol
import GalleyReports
import GalleyStorage

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
    init(_ path: String, _ files: any RunFiles) throws(FileRefusal) {
        outlet = try Outlet(file: path, of: "--events", files, isNew: true, limit: Self.limit, gap: Self.gap)
    }

    /// Waits until everything is written, or nothing has read it for so long; returns whether it was.
    func finish(within patience: Duration) async -> Bool { await outlet.finish(within: patience) }

    func write(_ event: RunEvent, of notebook: String) {
        switch event {
        case .started(let start):
            write(
                "run-started", of: notebook,
                [
                    ("cells", .number(start.cells)), ("galley", .string(Galley.version)),
                    ("kernel", .string(start.kernel)),
                    ("schema", .number(Self.schema)), ("user", .text(start.user)),
                ])
        case .cellStarted(let cell):
            write(
                "cell-started", of: notebook, place(cell.number, cell.index, cell.id) + [("title", .string(cell.title))]
            )
        case .output(let cell, let publication):
            guard let output = self.output(publication) else { return }
            write("output", of: notebook, place(cell.number, cell.index, cell.id) + output)
        case .cellFinished(let report): write("cell-finished", of: notebook, report.members)
        case .saved(let path): write("saved", of: notebook, [("path", .string(path))])
        case .kernelKept(let kernel): write("kernel-kept", of: notebook, kernel.members)
        case .warning(let text): write("warning", of: notebook, [("message", .string(text))])
        default: break
        }
    }

    /// Tells that a notebook is run again.
    func retry(_ notebook: String, attempt: Int, _ reason: String) {
        write("run-retried", of: notebook, [("attempt", .number(attempt)), ("message", .string(reason))])
    }

    /// Tells what became of a notebook.
    func end(_ notebook: String, _ status: Int32, _ verdict: Verdict) {
        var members: [(String, Value)] = [("exit_status", .number(Int(status))), ("status", .string(verdict.status))]
        if let run = verdict.job.run { members.append(("duration", run.duration.json)) }
        if let cell = verdict.cell { members.append(("cell", .number(cell))) }
        switch verdict.job.result {
        case .ran where verdict.findings.isEmpty: break
        case .failed(let error): members.append(("message", .string("\(error)")))
        default: if let sentence = verdict.sentence { members.append(("message", .string(sentence))) }
        }
        write("run-finished", of: notebook, members)
    }

    /// Tells what became of several notebooks.
    func end(_ status: Int32, _ verdicts: [Verdict], duration: Duration) {
        let leftOut = verdicts.count(where: \.isLeftOut)
        let good = verdicts.count(where: \.isGood)
        write(
            "batch-finished",
            [
                ("duration", duration.json), ("exit_status", .number(Int(status))),
                ("failed", .number(verdicts.count - good - leftOut)), ("left_out", .number(leftOut)),
                ("succeeded", .number(good)),
            ])
    }

    private func write(_ event: String, of notebook: String, _ members: [(String, Value)]) {
        write(event, members + [("notebook", .string(notebook))])
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
            let lines = Value.array(ofStrings: traceback)
            return [("kind", "error"), ("name", .string(name)), ("traceback", lines), ("value", .string(value))]
        case .clear(let waits): return [("kind", "clear"), ("waits", .bool(waits))]
        default: return nil
        }
    }
}
