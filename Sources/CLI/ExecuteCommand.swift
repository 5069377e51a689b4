import GalleyExecution
import Galley
import Glibc
import GalleyJupyterProtocol
import GalleyLocalKernels
import GalleyNotebook
import GalleyParameters
import GalleyReports
import GalleyStorage
import GalleySupervisor
import Synchronization

/// `galley execute`: runs notebooks and passes the events to the sinks that print and write them.
final class ExecuteCommand: EventSink {
    private let arguments: ExecuteArguments
    private let paths: RunPaths
    private let supervisor: SupervisorLink?
    private let files: any RunFileWriter
    /// The providers of notebooks, results and reports that are not local.
    private let storage: [any StorageProvider]
    private let record: StatusFileSink
    private let tally: RunTally
    private let state: Mutex<State>

    private struct State {
        /// The receivers of the events; see ``sinks(concurrency:)`` for their order.
        var sinks: [any ProgramSink]
        /// Compares the outputs of notebooks; nil except in `galley check`.
        var checker: Checker?
        /// The reasons why reports could not be written.
        var problems: [String] = []
        /// The answers to the questions of each notebook.
        var answers: [InputAnswers] = []
        var end: RunSummary?
        /// Writes the reports; nil until the run is set up.
        var reportWriters: ReportWriters?
        /// The end of the batch, while reports are still written to stores.
        var summary: BatchSummary?
    }

    /// - Parameter supervisor: The link to the supervisor of this process; nil if there is none.
    init(_ arguments: ExecuteArguments, _ paths: RunPaths, _ supervisor: SupervisorLink?) {
        (self.arguments, self.paths, self.supervisor) = (arguments, paths, supervisor)
        files = supervisor?.files ?? LocalRunFileWriter()
        storage = Rooms.storage(for: arguments)
        record = StatusFileSink(
            paths, notebooks: arguments.isSingle ? nil : arguments.tasks.count,
            isRequired: arguments.background.status != nil, files: files)
        tally = RunTally(arguments, paths)
        // These sinks exist from the start, because a signal can end the process before the others are created.
        let link = supervisor.map { SupervisorSink($0, arguments.tasks.map(\.title), paths) }
        state = Mutex(State(sinks: [tally, record] + (link.map { [$0] } ?? [])))
    }

    /// Runs the notebooks and returns the exit status.
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
            try await makeFolders()
            try recordResults()
        } catch {
            let problem = (error as? OutputFileError).map { "\($0.option) \($0.path): \($0.reason)" } ?? "\(error)"
            return endWithoutRun(problem, ExitStatus.storage)
        }
        do {
            try await checkKernel()
        } catch {
            await closeServer()
            return endWithoutRun("--kernel \(arguments.options.kernel ?? ""): \(error)", ExitStatus.noKernel)
        }
        if let asked = arguments.batch.concurrency, batch.concurrency < min(asked, batch.jobs.count) {
            sendToSinks(
                .problem(
                    "-j \(asked): only \(batch.concurrency) at a time, because this process may open no more than \(SystemResources.openFiles) files. Raise the limit (ulimit -n)"
                ))
        }
        if !arguments.notices.isEmpty { sendToSinks(.notice(arguments.notices)) }
        batch.events = [self]
        await batch.run(stop: stop)
        await uploadReports()
        await closeServer()
        return state.withLock { $0.end?.status } ?? ExitStatus.success
    }

    /// Ends what the run has started on a server, and warns if that fails.
    private func closeServer() async {
        if let problem = await arguments.server.close() { Terminal.reportProblem("galley: \(problem)") }
    }

    /// Says how the run ends after a signal.
    func reportStop(by signal: Int32, isFirst: Bool) {
        guard isUploadingReports else { return sendToSinks(.stopping(signal: signal, isFirst: isFirst)) }
        if isFirst { sendToSinks(.notice(["writing the reports to the store; a second signal ends that"])) }
    }

    /// Whether the notebooks have ended, and the reports are on their way to stores.
    var isUploadingReports: Bool { state.withLock { $0.summary != nil && $0.end == nil } }

    /// Ends the program immediately, even if notebooks still run, and returns the exit status.
    ///
    /// - Parameter signal: The cause, if the run is not over yet.
    func abort(by signal: Int32) -> Int32 {
        if let end = state.withLock(\.end) { return self.end(end) }
        if let summary = state.withLock(\.summary) {
            let problem = "the run ended before its reports were written to the store"
            Terminal.reportProblem("galley: \(problem)")
            return end(tally.end(summary, problems: state.withLock(\.problems) + [problem]), summary)
        }
        let problems = tally.unfinishedProblems
        for problem in problems { Terminal.reportProblem("galley: \(problem); the file holds what was saved before") }
        let cause = (["the run \(StopReason.signal(signal))"] + problems).joined(separator: "; ")
        return end(RunSummary(status: ExitStatus.signal(signal), outcome: "stopped", result: nil, message: cause))
    }

    // MARK: - Events

    /// Passes an event of the library to each sink, and adds the program's own events that follow from it.
    func receive(_ event: BatchEvent) {
        let (sinks, checker) = state.withLock { ($0.sinks, $0.checker) }
        for sink in sinks { sink.receive(event) }
        switch event {
        case .run(let job, .saved(let path)):
            guard let checker else { break }
            sendToSinks(.notice([checker.notice(ofUpdate: job, path)]))
        case .ended(let job, var report):
            report.findings = checker?.findings(job) ?? []
            sendToSinks(.judged(job: job, report))
        case .finished(let report):
            // Decide now, while a stop still counts for the run and before waiting for a slow reader.
            let summary = tally.summary(report)
            sendToSinks(.summarized(summary))
            if report.isSuccess { reportUnusedAnswers() }
            let isOver = state.withLock { state in
                guard state.reportWriters?.hasUploads == true else { return true }
                state.summary = summary
                return false
            }
            if !isOver { break }
            _ = end(tally.end(summary, problems: state.withLock(\.problems)), summary)
        default: break
        }
    }

    /// Writes the reports that go to stores, and then ends the run.
    private func uploadReports() async {
        guard case (let summary?, let writers?) = state.withLock({ ($0.summary, $0.reportWriters) }) else { return }
        for problem in await writers.upload(warn: { sendToSinks(.warning($0)) }) {
            state.withLock { $0.problems.append(problem) }
            sendToSinks(.problem(problem))
        }
        _ = end(tally.end(summary, problems: state.withLock(\.problems)), summary)
    }

    /// Warns about answers for which no notebook has asked.
    private func reportUnusedAnswers() {
        let (rest, count) = (state.withLock { $0.answers.map(\.restCount).min() ?? 0 }, arguments.answers.count)
        guard rest > 0 else { return }
        sendToSinks(.warning("--answer: \(rest) of \(count) answers \(rest == 1 ? "was" : "were") not used"))
    }

    /// Waits until each sink has written everything.
    func finish() async { for sink in state.withLock(\.sinks) { await sink.finish() } }

    private func sendToSinks(_ event: ProgramEvent) { for sink in state.withLock(\.sinks) { sink.receive(event) } }

    /// Ends before any notebook runs, because an output file cannot be written or there is no kernel.
    private func endWithoutRun(_ problem: String, _ status: Int32) -> Int32 {
        if arguments.background.logsToStandardError {
            Terminal.write(
                Array(RunLog.line(arguments.background.logFormat, paths.members, .error, problem).utf8),
                to: STDERR_FILENO)
        } else {
            Terminal.reportProblem("galley: \(problem)")
        }
        return end(RunSummary(status: status, outcome: "failed", result: nil, message: problem))
    }

    /// Sends the end of the run to the sinks, and returns the exit status.
    private func end(_ end: RunSummary, _ summary: BatchSummary? = nil) -> Int32 {
        let status = arguments.dialect == .papermill ? PapermillOptions.exitStatus(for: end.status) : end.status
        // The first caller decides the end. The supervisor learns it before another thread can end the process.
        let end = state.withLock { state in
            if let end = state.end { return end }
            let end = end.withStatus(status)
            state.end = end
            for sink in state.sinks { sink.receive(.decided(end, summary)) }
            return end
        }
        sendToSinks(.ending(end))
        if supervisor == nil { paths.removeRecord() }
        return end.status
    }
}

// MARK: - Setup

extension ExecuteCommand {
    /// Creates the sinks, in the order in which they receive each event.
    ///
    /// - The checker is first: job reports depend on its findings, and its warnings precede the notebook in the
    ///   reports.
    /// - The event log, the reports and the status file precede the supervisor: a caller that learns of the start finds
    ///   the run in the status file.
    /// - The progress is next to last: when it prints that a notebook is finished, all files say so, and the problems
    ///   of the other sinks precede its last line.
    /// - The lines about a kept kernel and collected files follow the line of their notebook.
    private func sinks(concurrency: Int) async throws -> [any ProgramSink] {
        let (first, checker) = state.withLock { ($0.sinks, $0.checker) }
        let reportWriters = try await ReportWriters.prepare(arguments, files, storage) { [self] problem in
            state.withLock { $0.problems.append(problem) }
            sendToSinks(.problem(problem))
        }
        state.withLock { $0.reportWriters = reportWriters }
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
        let stepSummary = StepSummarySink(files) { [self] in sendToSinks(.problem($0)) }
        let streams = try arguments.papermill.streamFiles.map { file throws(OutputFileError) in
            try StreamFileSink(
                file.stream, of: file.option, to: file.path, readerTimeout: arguments.options.grace, files
            ) { [self] in sendToSinks(.problem($0)) }
        }
        let sinks: [(any ProgramSink)?] = [checker, events, reportWriters, stepSummary] + streams
        let kept = KeptKernelSink(arguments) { [self] in sendToSinks(.notice($0)) }
        let collected = CollectedFilesSink { [self] in sendToSinks(.notice($0)) }
        // The process of another user does not write among the caller's records.
        let last = arguments.localKernels.loginEnvironment == nil ? [LastRunSink(arguments)] : []
        return sinks.compactMap(\.self) + first + last + [progress, kept, collected]
    }

    /// Looks for a kernel that the command line names for many notebooks: without it, each of them would fail.
    private func checkKernel() async throws(KernelError) {
        // Root may find the kernel in the folders of a notebook's owner.
        let dependsOnOwner = arguments.options.user == .caller && geteuid() == 0
        let kernels = arguments.localKernels
        guard !arguments.isSingle, !dependsOnOwner, Rooms.kernels(for: arguments).name == kernels.name
        else { return }
        try await kernels.checkInstalled(KernelRequest(arguments.options.settings, for: WantedKernel()))
    }

    private func makeFolders() async throws {
        switch arguments.result {
        case .folder, .template: break
        case .standardOutput: return
        case .file where arguments.nbconvert.folder != nil: break
        default: return
        }
        var made: Set<PathKey> = []
        for path in arguments.tasks.compactMap(arguments.resultPath) where made.insert(PathKey(path.directory)).inserted
        {
            let location = NotebookLocation(path)
            if location.isRemote {
                try await storage.provider(of: location).makeFolder(of: location)
            } else {
                try files.makeFolder(of: path)
            }
        }
    }

    /// Records the results in their folder, so that a search for notebooks leaves them out.
    private func recordResults() throws(StorageError) {
        guard case .folder(let folder) = arguments.result, !NotebookLocation(folder).isRemote else { return }
        let results = arguments.tasks.compactMap(arguments.resultPath).map {
            $0.pathNames.dropFirst(folder.pathNames.count).joined(separator: "/")
        }
        guard let bytes = ResultsRecord(of: folder).bytes(adding: results) else { return }
        do throws(StorageError) {
            try files.write(
                bytes, to: ResultsRecord.path(in: folder), mode: NewFileMode.ofFile(showing: []), group: nil)
        } catch {
            // In a folder of root's, the supervisor writes only the results.
            if !arguments.isUserRun { throw error }
        }
    }

    private func batch() -> Batch {
        var batch = Batch(arguments.tasks.enumerated().map(job))
        let settings = arguments.batch
        batch.concurrency = arguments.concurrency
        batch.memoryPerKernel = settings.memoryPerKernel
        (batch.failureLimit, batch.retries, batch.order) = (settings.failureLimit, settings.retries, settings.order)
        if let checker = state.withLock(\.checker) {
            batch.accepts = { $1.outcome.isSuccess && checker.findings($0).isEmpty }
        }
        return batch
    }

    private func job(_ number: Int, _ task: NotebookTask) -> Batch.Job {
        var options = arguments.options
        options.kernels = Rooms.kernels(for: arguments)
        let checker = state.withLock(\.checker)
        options.storage = [
            TaskStorage(task, arguments, files, remote: storage) { checker?.accepted(number) }
        ]
        // The arguments apply to all notebooks, the options to this one.
        options.result = arguments.location(ofResultOf: task).map { .file($0.text) } ?? arguments.result
        options.parameters.values.merge(task.parameters)
        if !arguments.answers.isEmpty {
            let answers = InputAnswers(arguments.answers)
            state.withLock { $0.answers.append(answers) }
            options.answer = { _, _ in answers.next() }
        }
        if arguments.localKernels.loginEnvironment != nil { options.user = task.only == nil ? .caller : .owner }
        if arguments.dialect == .papermill {
            arguments.papermill.prepare(&options, isOnServer: arguments.server.isGiven)
        }
        checker?.prepare(&options)
        options.workspace = arguments.files.workspace(of: task, in: options.workingDirectory, arguments, storage)
        var job = Batch.Job(task.path, options)
        job.name = task.shownPath
        (job.earlierDuration, job.distinguishingParameters) = (task.earlierDuration, task.parameters.names)
        return job
    }
}
