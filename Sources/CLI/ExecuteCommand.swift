import GalleyExecution
import Galley
import Glibc
import GalleyLocalKernels
import GalleyNotebook
import GalleyReports
import GalleyStorage
import GalleySupervisor
import Synchronization

/// `galley execute`: runs notebooks, and hands what happens to the sinks that print, write and keep it.
final class ExecuteCommand: EventSink {
    private let arguments: ExecuteArguments
    private let paths: RunPaths
    private let supervisor: SupervisorLink?
    private let files: any RunFileWriter
    private let record: StatusFileSink
    private let tally: RunTally
    private let state: Mutex<State>

    private struct State {
        /// What receives the events; see ``sinks(concurrency:)`` for their order.
        var sinks: [any ProgramSink]
        /// Compares what notebooks put out; nil where that is not asked for.
        var checker: Checker?
        /// Why reports could not be written.
        var problems: [String] = []
        var end: RunSummary?
    }

    /// - Parameter attendant: The process that looks after this one; nil if there is none.
    init(_ arguments: ExecuteArguments, _ paths: RunPaths, _ supervisor: SupervisorLink?) {
        (self.arguments, self.paths, self.supervisor) = (arguments, paths, supervisor)
        files = supervisor?.files ?? LocalRunFileWriter()
        record = StatusFileSink(
            paths, notebooks: arguments.isSingle ? nil : arguments.tasks.count,
            isRequired: arguments.background.status != nil, files: files)
        tally = RunTally(arguments, paths)
        // A signal can end the process before all of them are there.
        let link = supervisor.map { SupervisorSink($0, arguments.tasks.map(\.path), paths) }
        state = Mutex(State(sinks: [tally, record] + (link.map { [$0] } ?? [])))
    }

    /// Runs them and returns the status to end with.
    func run(_ stop: StopSignal) async -> Int32 {
        if arguments.dialect == .check {
            let checker = Checker(arguments.check) { [self] in receive(.run(job: $0, .warning($1))) }
            state.withLock { $0.checker = checker }
        }
        var batch = batch()
        do {
            let sinks = try await sinks(concurrency: min(batch.concurrency, max(1, batch.jobs.count)))
            state.withLock { $0.sinks = sinks }
            try record.begin()
            try makeFolders()
        } catch {
            return endWithoutRun(
                (error as? OutputFileError).map { "\($0.option) \($0.path): \($0.reason)" } ?? "\(error)")
        }
        if let asked = arguments.batch.concurrency, batch.concurrency < min(asked, batch.jobs.count) {
            sendToSinks(
                .problem(
                    "-j \(asked): only \(batch.concurrency) at a time, because this process may open no more than \(SystemResources.openFiles) files. Raise the limit (ulimit -n)"
                ))
        }
        batch.events = [self]
        await batch.run(stop: stop)
        return state.withLock { $0.end?.status } ?? ExitStatus.success
    }

    /// Ends the program now, even if notebooks still run, and returns the status to end with.
    ///
    /// - Parameter signal: Why it ends, if the run is not over.
    func abort(by signal: Int32) -> Int32 {
        if let end = state.withLock(\.end) { return self.end(end) }
        let losses = tally.losses
        for loss in losses { Terminal.reportProblem("galley: \(loss); what was saved before is still there") }
        let cause = (["the run \(StopReason.signal(signal))"] + losses).joined(separator: "; ")
        return end(RunSummary(status: ExitStatus.signal(signal), outcome: "stopped", result: nil, message: cause))
    }

    // MARK: - What happens

    /// Hands an event of the library to each sink, and adds what the program makes of it.
    func receive(_ event: BatchEvent) {
        let (sinks, checker) = state.withLock { ($0.sinks, $0.checker) }
        for sink in sinks { sink.receive(event) }
        switch event {
        case .ended(let job, var report):
            report.findings = checker?.findings(job) ?? []
            sendToSinks(.judged(job: job, report))
        case .finished(let report):
            // Here, where a stop still counts for the run, and before a slow reader is waited for.
            let summary = tally.summary(report)
            sendToSinks(.summarized(summary))
            _ = end(tally.end(summary, problems: state.withLock(\.problems)), summary)
        default: break
        }
    }

    /// Waits until each sink has written everything.
    func finish() async { for sink in state.withLock(\.sinks) { await sink.finish() } }

    private func sendToSinks(_ event: ProgramEvent) { for sink in state.withLock(\.sinks) { sink.receive(event) } }

    /// Ends before anything is run, because something that was asked for cannot be written.
    private func endWithoutRun(_ problem: String) -> Int32 {
        if arguments.background.logsToStandardError {
            Terminal.write(
                Array(RunLog.line(arguments.background.logFormat, paths.members, .error, problem).utf8),
                to: STDERR_FILENO)
        } else {
            Terminal.reportProblem("galley: \(problem)")
        }
        return end(RunSummary(status: ExitStatus.storage, outcome: "failed", result: nil, message: problem))
    }

    /// Tells the sinks how the process ends, and returns the status to end with.
    private func end(_ end: RunSummary, _ summary: BatchSummary? = nil) -> Int32 {
        // The first to end it decides how, and the attendant knows before another thread can end the process.
        let end = state.withLock { state in
            if let end = state.end { return end }
            state.end = end
            for sink in state.sinks { sink.receive(.decided(end, summary)) }
            return end
        }
        sendToSinks(.ending(end))
        if supervisor == nil { paths.removeRecord() }
        return end.status
    }
}

// MARK: - What was asked for

extension ExecuteCommand {
    /// Makes the sinks, in the order in which they receive each event.
    ///
    /// The checker is the first, because jobReports follow from what it finds and its warnings come before the notebook is kept
    /// for reports. The event log, the reports and the record come before the attendant: the caller that learns from it that
    /// a run goes on finds it in the record. What people read is the last: when a line says that a notebook is over, all
    /// files say so, and the problems of the other sinks are printed before the last line is written. What is to be said of kept
    /// kernels follows the line of their notebook.
    private func sinks(concurrency: Int) async throws -> [any ProgramSink] {
        let (first, checker) = state.withLock { ($0.sinks, $0.checker) }
        let reportWriters = try await ReportWriters.prepare(arguments, files) { [self] problem in
            state.withLock { $0.problems.append(problem) }
            sendToSinks(.problem(problem))
        }
        let events = try arguments.events.map { path throws(OutputFileError) in
            try EventLog(path, arguments, files) { [self] in sendToSinks(.problem($0)) }
        }
        let format = arguments.background.logFormat
        let log =
            try paths.log.map { path throws(OutputFileError) in try RunLog(path, format, of: paths, files) }
            ?? (format == .json ? RunLog(format, of: paths) : nil)
        let progress: any ProgramSink =
            if arguments.isSingle, let task = arguments.tasks.first {
                NotebookProgress(arguments, task, log)
            } else {
                BatchProgress(arguments, concurrency: concurrency, log)
            }
        let sinks: [(any ProgramSink)?] = [checker, events, reportWriters]
        let kept = KeptKernelSink(arguments) { [self] in sendToSinks(.notice($0)) }
        return sinks.compactMap(\.self) + first + [progress, kept]
    }

    private func makeFolders() throws(StorageError) {
        switch arguments.result {
        case .folder: break
        case .standardOutput: return
        case .file where arguments.nbconvert.folder != nil: break
        default: return
        }
        for path in arguments.tasks.compactMap(arguments.resultPath) { try files.makeFolder(of: path) }
    }

    private func batch() -> Batch {
        var batch = Batch(arguments.tasks.map(job))
        let settings = arguments.batch
        batch.concurrency = arguments.concurrency
        batch.memoryPerKernel = settings.memoryPerKernel
        (batch.failureLimit, batch.retries, batch.order) = (settings.failureLimit, settings.retries, settings.order)
        if let checker = state.withLock(\.checker) {
            batch.accepts = { $1.outcome.isSuccess && checker.findings($0).isEmpty }
        }
        return batch
    }

    private func job(_ task: NotebookTask) -> Batch.Job {
        var options = arguments.options
        options.kernels = Rooms.kernels(for: arguments)
        options.storage = Rooms.storage + [TaskStorage(task, arguments, files)]
        // The arguments say it of many notebooks, the options of this one.
        options.result = arguments.location(ofResultOf: task).map { .file($0.text) } ?? arguments.result
        if !arguments.answers.isEmpty {
            let answers = InputAnswers(arguments.answers)
            options.answer = { _, _ in answers.next() }
        }
        if arguments.localKernels.loginEnvironment != nil { options.user = task.only == nil ? .caller : .owner }
        state.withLock(\.checker)?.prepare(&options)
        var job = Batch.Job(task.path, options)
        job.earlierDuration = task.earlierDuration
        return job
    }
}
