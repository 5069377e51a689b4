import GalleyExecution
import Galley
import GalleyNotebook
import GalleyReports
import Synchronization

/// Shows the progress of many notebooks on standard error and in the log.
///
/// Each finished notebook gets a line. A terminal also shows a line for each running notebook and a progress bar. The
/// end lists the failures and the slowest notebooks.
final class BatchProgress: ProgramSink {
    private let tasks: [NotebookTask]
    private let streams: Bool
    private let state: Mutex<State>
    private let begin = ContinuousClock.now

    private struct State {
        var console: ConsoleOutput
        var running: [Int: RunningNotebook] = [:]
        var jobReports: [Int: JobReport] = [:]
        var ticker: Task<Void, Never>?
    }

    private struct RunningNotebook {
        var cell: PlannedCell?
        var cells = 0
        var since = ContinuousClock.now
        var printed = LineBuffer()
    }

    init(_ arguments: ExecuteArguments, concurrency: Int, _ log: RunLog?) {
        tasks = arguments.tasks
        streams = arguments.streams
        state = Mutex(State(console: ConsoleOutput(arguments, log)))
        let ticker = ticker(for: self) { progress in
            progress.state.withLock { state in
                state.console.flush()
                progress.showStatus(&state)
            }
        }
        state.withLock { state in
            state.ticker = ticker
            let part = arguments.batch.shard.map { ", part \($0.number) of \($0.count)" } ?? ""
            let pace = tasks.isEmpty ? "" : ", \(concurrency == 1 ? "one" : "\(concurrency)") at a time"
            state.console.writeLine("\(count(tasks.count))\(part)\(pace)")
        }
    }

    func receive(_ event: BatchEvent) {
        state.withLock { state in
            switch event {
            case .run(let job, let event): receive(event, of: job, &state)
            case .retrying(let job, let attempt, let reason):
                state.running[job] = nil
                state.console.reportProblem(
                    .warning, "\(name(job)): \(reason.terminalSafeLine(300)); retrying (attempt \(attempt))",
                    notebook: tasks[job].path)
            case .waitingForMemory(let available, let needed):
                state.console.reportProblem(
                    .warning,
                    "waiting for memory: \(available / 1_000_000) MB are available, "
                        + "and a kernel needs about \(needed / 1_000_000) MB"
                )
            case .finished(let report): finish(report, &state)
            default: break
            }
        }
    }

    func receive(_ event: ProgramEvent) {
        switch event {
        case .judged(let job, let jobReport):
            state.withLock { state in
                state.running[job] = nil
                end(job, jobReport, &state)
                showStatus(&state)
            }
        case .notice(let lines): state.withLock { $0.console.writeLine(lines) }
        case .problem(let problem): reportProblem(problem)
        default: break
        }
    }

    private func receive(_ event: RunEvent, of job: Int, _ state: inout State) {
        switch event {
        case .started(let start): state.running[job] = RunningNotebook(cells: start.cells)
        case .cellStarted(let cell):
            state.running[job]?.cell = cell
            state.running[job]?.since = .now
        case .output(let cell, let iopubMessage):
            guard streams, let text = iopubMessage.printedText else { return }
            for line in state.running[job]?.printed.add(text) ?? [] {
                state.console.show(line, lead: "\(name(job)): ", notebook: tasks[job].path, cell: cell.number)
            }
        case .cellFinished(let report):
            for line in state.running[job]?.printed.end() ?? [] {
                state.console.show(line, lead: "\(name(job)): ", notebook: tasks[job].path, cell: report.number)
            }
        case .warning(let text):
            state.console.reportProblem(
                .warning, "\(name(job)): \(text.terminalSafeLine(1000))", notebook: tasks[job].path)
        default: break
        }
    }

    private func reportProblem(_ problem: String) {
        state.withLock { state in
            state.console.reportProblem(.error, problem.terminalSafe())
            state.console.flush()
        }
    }

    func finish() async {
        if let problem = await state.withLock(\.console).finishLog() { reportProblem(problem) }
        _ = await state.withLock(\.console.liveTerminal).finish()
    }

    // MARK: Lines

    private func name(_ job: Int) -> String { tasks[job].path.terminalSafeLine(200) }

    private func count(_ notebooks: Int) -> String { notebooks == 1 ? "1 notebook" : "\(notebooks) notebooks" }

    private func end(_ job: Int, _ jobReport: JobReport, _ state: inout State) {
        state.jobReports[job] = jobReport
        if jobReport.isLeftOut { return }
        let color = state.console.hasColors ? (jobReport.isSuccess ? "\u{1B}[32m" : "\u{1B}[31m") : ""
        let word = color + (jobReport.isSuccess ? "ok    " : "FAILED") + (color.isEmpty ? "" : "\u{1B}[0m")
        let digits = String(tasks.count).count
        let finished = state.jobReports.values.count { !$0.isLeftOut }
        let prefix = "[\(String(finished).padded(digits))/\(tasks.count)] "
        let attempt = jobReport.failedAttempts.isEmpty ? "" : " (attempt \(jobReport.failedAttempts.count + 1))"
        let rest =
            " \(jobReport.duration.inWords.padded(7))  \(name(job))\(attempt)"
            + (jobReport.shownSentence.map { ": \($0)" } ?? "")
        state.console.writeToLog(
            jobReport.isSuccess ? .info : .error, prefix + (jobReport.isSuccess ? "ok" : "FAILED") + rest,
            details: Self.shortened(jobReport.explanation(withColors: false)), notebook: tasks[job].path,
            cell: jobReport.cell)
        if jobReport.isSuccess {
            state.console.sayAloud(prefix + word + rest)
        } else {
            state.console.write(prefix + word + rest)
        }
        guard let sentence = jobReport.sentence, let host = state.console.host else { return }
        let command = host.annotation(
            notebook: tasks[job].path, line: jobReport.fileLine, title: name(job),
            jobReport.failure?.summary(upTo: CIHost.annotationLimit) ?? sentence.terminalSafe())
        if let command { state.console.command(command) }
    }

    /// Prints the failures, the totals and the slowest notebooks.
    private func finish(_ report: BatchReport, _ state: inout State) {
        state.ticker?.cancel()
        state.running = [:]
        state.console.liveTerminal.clear()
        let jobReports = report.jobs.indices.map { state.jobReports[$0] ?? report.jobs[$0] }
        let failed = jobReports.indices.filter { jobReports[$0].hasFailed }
        explain(failed.map { ($0, jobReports[$0]) }, &state)
        let ran = jobReports.filter { !$0.isLeftOut }
        if failed.isEmpty {
            state.console.writeLine("\(count(ran.count)) in \(report.duration.inWords)")
        } else {
            let of =
                failed.count == ran.count && ran.count == 1 ? "the notebook" : "\(failed.count) of \(count(ran.count))"
            state.console.reportProblem(.error, "\(of) failed, in \(report.duration.inWords):")
            for job in failed { state.console.write("  \(name(job)): \(jobReports[job].shownSentence ?? "")") }
        }
        let leftOut = jobReports.count - ran.count
        if leftOut > 0 {
            let reason = report.stop.map { "the run \($0)" } ?? "the limit of failures was reached"
            state.console.reportProblem(.warning, "\(count(leftOut)) not run, because \(reason)")
        } else if let stop = report.stop {
            state.console.reportProblem(.warning, "the run \(stop)")
        }
        let slowest = ran.filter { $0.run != nil }.sorted { $0.duration > $1.duration }.prefix(5)
        if slowest.count > 1 {
            state.console.writeLine("Slowest:")
            for jobReport in slowest {
                state.console.writeLine(
                    "  \(jobReport.duration.inWords.padded(7))  \(jobReport.name.terminalSafeLine(200))")
            }
        }
        state.console.flush()
    }

    /// Shows the code, the traceback or the differences of each failed notebook, folded if the CI host supports it.
    private func explain(_ failed: [(job: Int, jobReport: JobReport)], _ state: inout State) {
        for (job, jobReport) in failed {
            let details = jobReport.explanation(withColors: state.console.hasColors)
            if details.isEmpty { continue }
            let fold = state.console.host?.fold("\(name(job)): \(jobReport.shownSentence ?? "")", number: job)
            if let fold {
                state.console.command(fold.begin)
            } else {
                state.console.write("")
                state.console.write("--- \(name(job)): \(jobReport.shownSentence ?? "")")
            }
            for line in Self.shortened(details) { state.console.write(line) }
            if let fold { state.console.command(fold.end) }
        }
        if state.console.host == nil, failed.contains(where: { !$0.jobReport.explanation(withColors: false).isEmpty }) {
            state.console.write("")
        }
    }

    /// Returns the first and last lines of long details. The notebook has the others.
    private static func shortened(_ details: [String]) -> [String] {
        let lines = details.flatMap { $0.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline) }
            .map { $0.utf8.count > 4000 ? $0.prefix(1000) + "…" : String($0) }
        return lines.count <= 150
            ? lines
            : lines.prefix(50) + ["... \(lines.count - 150) lines are left out here; the notebook has them ..."]
                + lines.suffix(100)
    }

    // MARK: Status at a terminal

    private func showStatus(_ state: inout State) {
        guard state.console.liveTerminal.isLive else { return }
        let lines = state.running.sorted { $0.key < $1.key }.compactMap { job, running -> String? in
            guard let cell = running.cell else { return "  \(name(job))" }
            let time = running.since.duration(to: .now).inWords.padded(7)
            return "  \(name(job)) [\(cell.number)/\(running.cells)] \(time)  \(cell.title.terminalSafeLine(40))"
        }
        state.console.liveTerminal.show(lines + [bar(state)])
    }

    private func bar(_ state: State) -> String {
        let width = 24
        let finished = state.jobReports.count
        let failed = state.jobReports.values.count(where: \.hasFailed)
        let full = finished * width / max(1, tasks.count)
        let bar = String(repeating: "█", count: full) + String(repeating: "░", count: width - full)
        let rest = timeLeft(state).map { ", about \($0.inWords) left" } ?? ""
        return "\(bar) \(finished)/\(tasks.count)\(failed > 0 ? ", \(failed) failed" : "")\(rest)"
    }

    /// Estimates the remaining time from the finished notebooks; nil while there is too little to go by.
    private func timeLeft(_ state: State) -> Duration? {
        let passed = begin.duration(to: .now)
        guard !state.jobReports.isEmpty, tasks.count > state.jobReports.count, passed > .seconds(1) else { return nil }
        let all = tasks.indices
        let known = all.compactMap { tasks[$0].earlierDuration }
        // If all earlier durations are known, notebooks that take long count for more.
        let weights = known.count == tasks.count ? known.map { max($0.inSeconds, 0.1) } : all.map { _ in 1 }
        let done = all.reduce(0.0) { $0 + (state.jobReports[$1] == nil ? 0 : weights[$1]) }
        let rest = passed.inSeconds / done * (weights.reduce(0, +) - done)
        return .seconds(max(1, Int(rest.rounded())))
    }
}

extension JobReport {
    /// The error on one line.
    fileprivate var shownSentence: String? {
        // The path of the rescued result stands at the end.
        if case .failed(let error) = result, error is UnsavedRun { return sentence?.terminalSafeLine(1000) }
        if case .failed(let error as NotebookError) = result { return error.withHint.terminalSafeLine(160) }
        return sentence?.terminalSafeLine(160)
    }

    /// The lines that explain the error.
    fileprivate func explanation(withColors: Bool) -> [String] {
        let details = details(withColors: withColors)
        if details.isEmpty, let sentence, sentence.count > 160 { return [sentence.terminalSafe()] }
        return details
    }
}
