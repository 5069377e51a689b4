import GalleyExecution
import Galley
import Glibc
import GalleyLocalKernels
import GalleyNotebook
import GalleyReports
import GalleyStorage
import GalleySupervisor
import Synchronization

/// `galley execute`: notebooks are run.
final class ExecuteCommand: Sendable {
    private let arguments: ExecuteArguments
    private let place: RunPlace
    private let attendant: AttendantLink?
    private let files: any RunFiles
    private let record: RunRecord
    /// Who compares what notebooks put out; nil where nobody does.
    private let checker: Checker?
    private let kept: KeptKernels
    private let state = Mutex(State())

    private struct State {
        var end: End?
        /// What is said of notebooks that are over.
        var verdicts: [Int: Verdict] = [:]
        /// Where notebooks are saved, where that is not the place that was meant.
        var places: [Int: String] = [:]
        var warnings: [String] = []
        /// The notebooks whose cells have begun to run and that are not over.
        var unsaved: Set<Int> = []
    }

    /// - Parameter attendant: Whoever looks after this process; nil where nobody does.
    init(_ arguments: ExecuteArguments, _ place: RunPlace, _ attendant: AttendantLink?) {
        self.arguments = arguments
        self.place = place
        self.attendant = attendant
        kept = KeptKernels(arguments)
        checker = arguments.dialect == .check ? Checker(arguments.check) : nil
        files = attendant?.files ?? LocalFiles()
        record = RunRecord(place, notebooks: arguments.isSingle ? nil : arguments.tasks.count, files: files)
    }

    /// Tells everybody that the program ends now, whatever still goes on, and returns the status to end with.
    ///
    /// - Parameter signal: Why it ends, if the run is not over.
    func cutOff(by signal: Int32) -> Int32 {
        if let end = state.withLock(\.end) { return self.end(end) }
        var cause = "the run \(StopReason.signal(signal))"
        for job in state.withLock({ $0.unsaved.sorted() }) {
            let problem = "\(arguments.tasks[job].path): the result could not be saved in time"
            Terminal.complain("galley: \(problem); what was saved before is still there")
            cause += "; \(problem)"
        }
        return end(End(status: ExitStatus.signal(signal), outcome: "stopped", result: nil, message: cause))
    }

    /// Who hears of a run.
    private struct Listeners: Sendable {
        let narrator: any Narrator
        let reporting: Reporting
        let events: EventLog?
        let log: Log?
    }

    /// Runs them and returns the status to end with.
    func run(_ stop: StopSwitch) async -> Int32 {
        let listeners: Listeners
        var batch = batch()
        do {
            listeners = try await self.listeners(concurrency: min(batch.concurrency, max(1, batch.jobs.count)))
            try record.begin(mustBe: arguments.background.status != nil)
            try makeFolders()
        } catch {
            return refuse((error as? FileRefusal).map { "\($0.option) \($0.path): \($0.reason)" } ?? "\(error)")
        }
        if let asked = arguments.batch.concurrency, batch.concurrency < min(asked, batch.jobs.count) {
            listeners.narrator.complain(
                "-j \(asked): only \(batch.concurrency) at a time, because this process may open no more than \(Machine.openFiles) files. Raise the limit (ulimit -n)"
            )
        }
        batch.receive = { [self] job, new, old in
            for warning in checker?.compare(new, with: old, job) ?? [] {
                tell(.run(job: job, .warning(warning)), listeners)
            }
            listeners.reporting.receive(new, of: job)
        }
        let status = Mutex(ExitStatus.success)
        await batch.run(stop: stop) { [self] event in
            tell(event, listeners)
            // Here, where a stop still counts for the run.
            if case .finished(let report) = event { status.withLock { $0 = finish(report, listeners) } }
        }
        let patience = arguments.options.grace
        if let events = listeners.events, await !events.finish(within: patience) {
            listeners.narrator.complain("not all events could be written to \(arguments.events ?? "")")
        }
        if let log = listeners.log, await !log.finish(within: patience) {
            listeners.narrator.complain("not all lines could be written to \(arguments.background.log ?? "")")
        }
        await listeners.narrator.finish()
        return status.withLock(\.self)
    }

    /// Ends before anything is run, because something that was asked for cannot be written.
    private func refuse(_ problem: String) -> Int32 {
        if arguments.background.logsToStandardError {
            Terminal.write(
                Array(Log.line(arguments.background.logFormat, place.members, .error, problem).utf8), to: STDERR_FILENO)
        } else {
            Terminal.complain("galley: \(problem)")
        }
        let end = End(status: ExitStatus.storage, outcome: "failed", result: nil, message: problem)
        return self.end(end, isQuiet: true)
    }

    /// Tells everybody what happens.
    private func tell(_ event: BatchEvent, _ listeners: Listeners) {
        if let checker, case .run(let job, let event) = event { checker.receive(event, of: job) }
        note(event, listeners)
        listeners.narrator.receive(event)
        kept.receive(event, listeners.narrator)
    }

    private func note(_ event: BatchEvent, _ listeners: Listeners) {
        switch event {
        case .run(let job, let event):
            let name = arguments.tasks[job].path
            listeners.events?.write(event, of: name)
            record.receive(event)
            switch event {
            case .warning(let text): state.withLock { $0.warnings.append("\(name): \(text)") }
            case .started:
                state.withLock { _ = $0.unsaved.insert(job) }
                attendant?.begin(state.withLock(\.warnings))
            case .saved(let path): state.withLock { $0.places[job] = path }
            default: break
            }
        case .retrying(let job, let attempt, let reason):
            listeners.events?.retry(arguments.tasks[job].path, attempt: attempt, reason)
            listeners.reporting.forget(job)
            checker?.forget(job)
        case .ended(let job, let report):
            state.withLock { _ = $0.unsaved.remove(job) }
            let verdict = judge(job, report)
            if !verdict.isLeftOut {
                listeners.events?.end(arguments.tasks[job].path, ExitStatus.of(verdict), verdict)
            }
            listeners.reporting.end(job, verdict)
            record.end(of: verdict)
        default: break
        }
    }

    /// What is said of a notebook, which is thought over once.
    private func verdict(of job: Int, _ report: JobReport) -> Verdict {
        state.withLock { $0.verdicts[job] } ?? judge(job, report)
    }

    private func judge(_ job: Int, _ report: JobReport) -> Verdict {
        let verdict = Verdict(report, findings: checker?.findings(job) ?? [])
        state.withLock { $0.verdicts[job] = verdict }
        return verdict
    }

    /// Tells the end of everything, and returns the status to end with.
    private func finish(_ report: BatchReport, _ listeners: Listeners) -> Int32 {
        let verdicts = report.jobs.indices.map { verdict(of: $0, report.jobs[$0]) }
        let places = state.withLock(\.places)
        let status = ExitStatus.of(verdicts, stop: arguments.isSingle ? nil : report.stop)
        let told = verdicts.indices.map { job in
            (verdicts[job], ExitStatus.of(verdicts[job]), result(of: job, verdicts[job], places))
        }
        let problems = listeners.reporting.finish(report, told, status)
        for problem in problems { listeners.narrator.complain(problem) }
        let end = End(
            status: status == ExitStatus.success && !problems.isEmpty ? ExitStatus.storage : status,
            outcome: outcome(verdicts, report.stop), result: arguments.isSingle ? told.first?.2 : place.result,
            message: message(verdicts, report.stop) ?? problems.first ?? "")
        if !arguments.isSingle { listeners.events?.end(end.status, verdicts, duration: report.duration) }
        // Before anybody is waited for who reads slowly.
        return self.end(end)
    }

    /// Where a notebook's result is; nil where there is none, or where that is no file.
    private func result(of job: Int, _ verdict: Verdict, _ places: [Int: String]) -> String? {
        switch verdict.job.result {
        case .ran:
            let task = arguments.tasks[job]
            return arguments.place(ofResultOf: task).map { RunPlace.whole(places[job] ?? $0) }
        case .failed(let error): return (error as? UnsavedRun)?.rescue
        default: return nil
        }
    }

    private func outcome(_ verdicts: [Verdict], _ stop: StopReason?) -> String {
        if !arguments.isSingle, stop != nil { return "stopped" }
        let worst = ExitStatus.of(verdicts, stop: nil)
        return verdicts.first { !$0.isGood && ExitStatus.of($0) == worst }?.status ?? "succeeded"
    }

    private func message(_ verdicts: [Verdict], _ stop: StopReason?) -> String? {
        guard !arguments.isSingle else {
            guard let verdict = verdicts.first else { return nil }
            if case .failed(let error) = verdict.job.result {
                return (error as? NotebookError).map { "\(verdict.job.name): \($0)" } ?? "\(error)"
            }
            return verdict.job.run.flatMap { Failure($0)?.sentence } ?? verdict.sentence
        }
        let failed = verdicts.count(where: \.hasFailed)
        let parts = [
            failed == 0 ? nil : "\(failed) of \(verdicts.count) notebooks failed", stop.map { "the run \($0)" },
        ]
        let sentence = parts.compactMap(\.self).joined(separator: "; ")
        return sentence.isEmpty ? nil : sentence
    }

    /// Tells everybody the end.
    private func end(_ end: End, isQuiet: Bool = false) -> Int32 {
        // The first to end it says how, before anybody else can end the process.
        let end = state.withLock { state in
            if state.end == nil { attendant?.tell(end) }
            state.end = state.end ?? end
            return state.end ?? end
        }
        if let problem = record.end(end), arguments.background.status != nil, !isQuiet {
            Terminal.complain("galley: \(problem)")
        }
        if let attendant { attendant.standIn(after: end, place) } else { place.leave() }
        return end.status
    }
}

// MARK: - What was asked for

extension ExecuteCommand {
    private func listeners(concurrency: Int) async throws -> Listeners {
        let reporting = try await Reporting(arguments, files)
        let events = try arguments.events.map { path throws(FileRefusal) in try EventLog(path, files) }
        let format = arguments.background.logFormat
        let log =
            try place.log.map { path throws(FileRefusal) in try Log(path, format, of: place, files) }
            ?? (format == .json ? Log(format, of: place) : nil)
        let narrator: any Narrator =
            if arguments.isSingle, let task = arguments.tasks.first {
                Progress(arguments, task, log)
            } else {
                BatchProgress(arguments, concurrency: concurrency, log) { [self] in verdict(of: $0, $1) }
            }
        return Listeners(narrator: narrator, reporting: reporting, events: events, log: log)
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
        if let checker { batch.accepts = { $1.outcome.isSuccess && checker.findings($0).isEmpty } }
        return batch
    }

    private func job(_ task: NotebookTask) -> Batch.Job {
        var options = arguments.options
        options.kernels = Rooms.kernels(for: arguments)
        options.storage = [TaskStorage(task, arguments, files)]
        // The arguments say it of many notebooks, the options of this one.
        options.result = arguments.location(ofResultOf: task).map { .file($0.text) } ?? arguments.result
        if !arguments.answers.isEmpty {
            let answers = Answers(arguments.answers)
            options.answer = { _, _ in answers.next() }
        }
        if arguments.localKernels.login != nil { options.user = task.only == nil ? .caller : .owner }
        checker?.prepare(&options)
        var job = Batch.Job(task.path, options)
        job.earlierDuration = task.earlierDuration
        return job
    }
}
