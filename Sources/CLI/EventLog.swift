import GalleyExecution
import Galley
import Glibc
import GalleyJSON
import GalleyJupyterProtocol
import GalleyParameters
import GalleyReports
import GalleyStorage

/// Writes the events of a run to a file as they happen, one JSON object per line.
///
/// `events.schema.json` describes the objects.
final class EventLog: ProgramSink {
    private let writer: BackgroundWriter
    private let path: String
    /// The notebooks by their jobs.
    private let tasks: [NotebookTask]
    /// Whether this is a run of one notebook. Its end is the end of the run.
    private let isSingle: Bool
    /// How long to wait at the end for the reader of a pipe.
    private let readerTimeout: Duration
    private let reportProblem: @Sendable (String) -> Void

    /// Grows when a reader of the older form would misread the file.
    private static let schema = 1

    /// How many bytes wait in memory for a slow reader.
    private static let limit = 256_000_000

    /// Opens the file and empties it. Fails if another run writes to it.
    ///
    /// - Parameter reportProblem: Receives the problem at the end if some events could not be written.
    init(
        _ path: String, _ arguments: ExecuteArguments, _ files: any RunFileWriter,
        reportProblem: @escaping @Sendable (String) -> Void
    ) throws(OutputFileError) {
        writer = try BackgroundWriter(file: path, of: "--events", files, isNew: true, limit: Self.limit, gap: Self.gap)
        (self.path, self.reportProblem) = (path, reportProblem)
        (tasks, isSingle) = (arguments.tasks, arguments.isSingle)
        readerTimeout = arguments.options.grace
    }

    func receive(_ event: BatchEvent) {
        switch event {
        case .run(let job, let event): write(event, of: tasks[job])
        case .retrying(let job, let attempt, let reason):
            let members: [(String, Value)] = [("attempt", .number(attempt)), ("message", .string(reason))]
            write("run-retried", of: tasks[job], members)
        default: break
        }
    }

    func receive(_ event: ProgramEvent) {
        switch event {
        case .judged(let job, let jobReport) where !jobReport.isLeftOut: write(jobReport, of: tasks[job])
        case .decided(let end, let summary?) where !isSingle: write(summary, end)
        default: break
        }
    }

    /// Waits until everything is written, but for a reader of a pipe only as long as the grace period.
    func finish() async {
        if await !writer.finish(within: readerTimeout) { reportProblem("not all events could be written to \(path)") }
    }

    private func write(_ event: RunEvent, of task: NotebookTask) {
        switch event {
        case .started(let start):
            write(
                "run-started", of: task,
                [
                    ("cells", .number(start.cells)), ("galley", .string(Galley.version)),
                    ("kernel", .string(start.kernel)),
                    ("schema", .number(Self.schema)), ("user", .text(start.user)),
                ])
        case .cellStarted(let cell):
            write(
                "cell-started", of: task,
                cellMembers(cell.number, cell.index, cell.id) + [("title", .string(cell.title))]
            )
        case .output(let cell, let iopubMessage):
            guard let output = self.output(iopubMessage) else { return }
            write("output", of: task, cellMembers(cell.number, cell.index, cell.id) + output)
        case .cellFinished(let report): write("cell-finished", of: task, report.members)
        case .result(let result): write("result", of: task, result.members)
        case .saved(let path): write("saved", of: task, [("path", .string(path))])
        case .kernelKept(let kernel): write("kernel-kept", of: task, kernel.members)
        case .warning(let text): write("warning", of: task, [("message", .string(text))])
        default: break
        }
    }

    /// Writes the result of a notebook.
    private func write(_ jobReport: JobReport, of task: NotebookTask) {
        var members: [(String, Value)] = [
            ("exit_status", .number(Int(ExitStatus.of(jobReport)))), ("status", .string(jobReport.status)),
        ]
        if let run = jobReport.run { members.append(("duration", run.duration.json)) }
        if let cell = jobReport.cell { members.append(("cell", .number(cell))) }
        switch jobReport.result {
        case .ran where jobReport.findings.isEmpty: break
        case .failed(let error): members.append(("message", .string("\(error)")))
        default: if let sentence = jobReport.sentence { members.append(("message", .string(sentence))) }
        }
        write("run-finished", of: task, members)
    }

    /// Writes the result of a run of many notebooks.
    private func write(_ summary: BatchSummary, _ end: RunSummary) {
        let jobReports = summary.report.jobs
        write(
            "batch-finished",
            [
                ("duration", summary.report.duration.json), ("exit_status", .number(Int(end.status))),
                ("failed", .number(jobReports.count(where: \.hasFailed))),
                ("interrupted", .number(jobReports.count(where: \.isInterrupted))),
                ("left_out", .number(jobReports.count(where: \.isLeftOut))),
                ("succeeded", .number(jobReports.count(where: \.isSuccess))),
            ])
    }

    private func write(_ event: String, of task: NotebookTask, _ members: [(String, Value)]) {
        let parameters = task.parameters.isEmpty ? [] : [("parameters", task.parameters.reported)]
        write(event, members + [("notebook", .string(task.shownPath))] + parameters)
    }

    private func write(_ event: String, _ members: [(String, Value)]) { writer.write(Self.line(event, members)) }

    private static func line(_ event: String, _ members: [(String, Value)]) -> [UInt8] {
        let time = ("time", Value.string(Timestamp.now().description))
        return Document(.object([("event", .string(event)), time] + members), style: .oneLine).text.bytes
    }

    /// The event that replaces events that were left out.
    @Sendable private static func gap(_ count: Int) -> [UInt8] {
        line(
            "warning", [("message", .string("\(count) bytes of events are left out here: they were not read in time"))])
    }

    private func cellMembers(_ number: Int, _ index: Int, _ id: String?) -> [(String, Value)] {
        [("cell", .number(number)), ("index", .number(index))] + (id.map { [("cell_id", .string($0))] } ?? [])
    }

    private func output(_ iopubMessage: IOPubMessage) -> [(String, Value)]? {
        func display(_ kind: String, _ display: IOPubMessage.Display) -> [(String, Value)] {
            [("data", display.data), ("kind", .string(kind)), ("metadata", display.metadata)]
                + (display.id.map { [("display_id", .string($0))] } ?? [])
        }
        switch iopubMessage {
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
