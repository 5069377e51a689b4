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
    private let stopping: StoppingWords
    private let advice: FailureAdvice
    private let time: RunClock
    private let state: Mutex<State>

    private struct State {
        var console: ConsoleOutput
        var running: [Int: RunningNotebook] = [:]
        var jobReports: [Int: JobReport] = [:]
        var ticker: Task<Void, Never>?
    }

    /// - Parameter terminal: The terminal to write to; nil for standard error.
    init(
        _ arguments: ExecuteArguments, concurrency: Int, _ log: RunLog?,
        clock: some Clock<Duration> = ContinuousClock(), terminal: LiveTerminal? = nil
    ) {
        tasks = arguments.tasks
        streams = arguments.streams
        (stopping, advice) = (StoppingWords(arguments), FailureAdvice(arguments))
        time = RunClock(clock, elapsed: .zero)
        state = Mutex(State(console: ConsoleOutput(arguments, log, time, terminal)))
        let ticker = ticker(for: self, time) { $0.update() }
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
                    of: tasks[job])
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
                print(state.running[job]?.endOutput() ?? [], of: job, &state)
                state.running[job] = nil
                end(job, jobReport, &state)
                showStatusIfDue(&state)
            }
        case .notice(let lines): state.withLock { $0.console.writeLine(lines) }
        case .problem(let problem): reportProblem(problem)
        case .warning(let text):
            state.withLock { state in
                state.console.reportProblem(.warning, text)
                state.console.flush()
            }
        case .stopping(let signal, let isFirst): state.withLock { report(signal, isFirst: isFirst, &$0) }
        default: break
        }
    }

    private func receive(_ event: RunEvent, of job: Int, _ state: inout State) {
        switch event {
        case .started(let start):
            state.running[job] = RunningNotebook(start)
            let cells = start.cells == 1 ? "1 cell" : "\(start.cells) cells"
            state.console.writeUnlessLive(
                "\(name(job)): \(cells), kernel \(start.kernel.terminalSafeLine())", of: tasks[job])
            showStatusIfDue(&state)
        case .cellStarted(let cell):
            state.running[job]?.start(cell, at: time.now())
            showStatusIfDue(&state)
        case .output(let cell, let iopubMessage) where streams:
            print(state.running[job]?.print(iopubMessage, of: cell) ?? [], of: job, &state)
            showStatusIfDue(&state)
        case .widgetChanged(_, let comm) where streams:
            state.running[job]?.receive(comm)
            showStatusIfDue(&state)
        case .cellFinished: print(state.running[job]?.finishCell() ?? [], of: job, &state)
        case .warning(let text):
            state.console.reportProblem(
                .warning, "\(name(job)): \(text.terminalSafeLine(1000))", of: tasks[job])
        default: break
        }
    }

    /// Prints lines that begin with the notebook's name: the lines of several notebooks alternate.
    private func print(_ lines: [RunningNotebook.Line], of job: Int, _ state: inout State) {
        for line in lines {
            switch line {
            case .title(let number, let title):
                let place = "[\(number)/\(state.running[job]?.cellCount ?? 0)]"
                state.console.writeLine(
                    "\(name(job)): \(place) \(title.terminalSafeLine(50))", of: tasks[job], cell: number)
            case .output(let number, let text):
                state.console.show(text, lead: "\(name(job)): ", of: tasks[job], cell: number)
            }
        }
    }

    /// Reports the cells that run for long, and shows the present state.
    func update() {
        state.withLock { state in
            for job in state.running.keys.sorted() {
                guard let (cell, elapsed) = state.running[job]?.takeNotice(at: time.now()),
                    let cells = state.running[job]?.cellCount
                else { continue }
                state.console.writeUnlessLive(
                    "\(name(job)): \(cell.notice(elapsed, of: cells))", of: tasks[job], cell: cell.number)
            }
            showStatus(&state)
            state.console.flush()
        }
    }

    /// Says how a signal ends the runs.
    private func report(_ signal: Int32, isFirst: Bool, _ state: inout State) {
        let count = state.running.values.count { $0.cell != nil }
        guard count > 0 else { return }
        state.console.reportProblem(
            .warning, stopping.sentence(signal, isFirst: isFirst, self.count(count), isOne: count == 1))
        state.console.flush()
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

    private func name(_ job: Int) -> String { tasks[job].title.terminalSafeLine(200) }

    private func count(_ number: Int) -> String {
        let noun = tasks.contains { !$0.parameters.isEmpty } ? "run" : "notebook"
        return number == 1 ? "1 \(noun)" : "\(number) \(noun)s"
    }

    private func end(_ job: Int, _ jobReport: JobReport, _ state: inout State) {
        state.jobReports[job] = jobReport
        if jobReport.isLeftOut { return }
        let (word, color) =
            jobReport.isSuccess ? ("ok", 32) : jobReport.isInterrupted ? ("interrupted", 33) : ("FAILED", 31)
        let padded = word + String(repeating: " ", count: max(0, "FAILED".count - word.count))
        let shownWord = state.console.hasColors ? "\u{1B}[\(color)m\(padded)\u{1B}[0m" : padded
        let digits = String(tasks.count).count
        let finished = state.jobReports.values.count { !$0.isLeftOut }
        let prefix = "[\(String(finished).padded(digits))/\(tasks.count)] "
        let attempt = jobReport.failedAttempts.isEmpty ? "" : " (attempt \(jobReport.failedAttempts.count + 1))"
        let rest =
            " \(jobReport.duration.inWords.padded(7))  \(name(job))\(attempt)"
            + (jobReport.shownSentence.map { ": \($0)" } ?? "")
        state.console.writeToLog(
            jobReport.isSuccess ? .info : .error, prefix + word + rest,
            details: Self.shortened(details(of: jobReport, withColors: false)), of: tasks[job],
            cell: jobReport.cell)
        if jobReport.isSuccess {
            state.console.sayAloud(prefix + shownWord + rest)
        } else {
            state.console.write(prefix + shownWord + rest)
        }
        guard let sentence = jobReport.sentence, let host = state.console.host else { return }
        let command = host.annotation(
            notebook: tasks[job].shownPath, line: jobReport.fileLine, title: name(job),
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
        let interrupted = jobReports.count(where: \.isInterrupted)
        explain(failed.map { ($0, jobReports[$0]) }, &state)
        let ran = jobReports.filter { !$0.isLeftOut }
        if failed.isEmpty, ran.count == interrupted, interrupted > 0 {
            // The warning below says so.
        } else if failed.isEmpty {
            state.console.writeLine("\(count(ran.count - interrupted)) in \(report.duration.inWords)")
        } else {
            let of =
                failed.count == ran.count && ran.count == 1 ? "the notebook" : "\(failed.count) of \(count(ran.count))"
            state.console.reportProblem(.error, "\(of) failed, in \(report.duration.inWords):")
            for job in failed { state.console.write("  \(name(job)): \(jobReports[job].shownSentence ?? "")") }
        }
        let leftOut = jobReports.count - ran.count
        if leftOut + interrupted > 0 {
            let reason = report.stop.map { "the run \($0)" } ?? "the limit of failures was reached"
            let parts =
                interrupted == 0
                ? "\(count(leftOut)) not run"
                : "\(count(interrupted)) interrupted" + (leftOut == 0 ? "" : " and \(leftOut) not run")
            state.console.reportProblem(.warning, "\(parts), because \(reason)")
        } else if let stop = report.stop {
            state.console.reportProblem(.warning, "the run \(stop)")
        }
        let slowest = ran.filter { $0.run != nil }.sorted { $0.duration > $1.duration }.prefix(5)
        if slowest.count > 1 {
            state.console.writeLine("Slowest:")
            for jobReport in slowest {
                state.console.writeLine(
                    "  \(jobReport.duration.inWords.padded(7))  \(jobReport.title.terminalSafeLine(200))")
            }
        }
        state.console.flush()
    }

    /// Shows the code, the traceback or the differences of each failed notebook, folded if the CI host supports it.
    private func explain(_ failed: [(job: Int, jobReport: JobReport)], _ state: inout State) {
        var isAnyExplained = false
        for (job, jobReport) in failed {
            let details = details(of: jobReport, withColors: state.console.hasColors)
            if details.isEmpty { continue }
            isAnyExplained = true
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
        if isAnyExplained, state.console.host == nil {
            state.console.write("")
        }
    }

    /// Returns the lines that explain an error, with the options that resolve it.
    private func details(of jobReport: JobReport, withColors: Bool) -> [String] {
        if case .failed(let error) = jobReport.result, let ending = advice.ending(of: error) {
            return [(jobReport.sentence ?? "").terminalSafe() + ending]
        }
        let sentence = jobReport.run.flatMap { advice.sentence(about: $0) }
        return jobReport.explanation(withColors: withColors) + (sentence.map { ["", $0] } ?? [])
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

    private func showStatusIfDue(_ state: inout State) {
        guard state.console.liveTerminal.isLive, state.console.liveTerminal.isDue else { return }
        showStatus(&state)
        state.console.liveTerminal.flush()
    }

    private func showStatus(_ state: inout State) {
        guard state.console.liveTerminal.isLive else { return }
        let (now, columns) = (time.now(), state.console.liveTerminal.columns)
        let lines = state.running.sorted { $0.key < $1.key }.flatMap { job, running -> [String] in
            guard let cell = running.cell else { return ["  \(name(job))"] }
            let time = running.elapsed(at: now).inWords.padded(7)
            let line =
                "  \(name(job)) [\(cell.number)/\(running.cellCount)] \(time)  \(cell.title.terminalSafeLine(40))"
            return [line] + running.changingLines(columns: columns - 5).map { "    " + $0 }
        }
        let failed = state.jobReports.values.count(where: \.hasFailed)
        let bar = ProgressBar.line(
            state.jobReports.count, of: tasks.count, columns: columns, failed: failed, timeLeft: timeLeft(state))
        state.console.liveTerminal.setStatus(lines + [bar])
    }

    /// Estimates the remaining time from the finished notebooks; nil while there is too little to go by.
    private func timeLeft(_ state: State) -> Duration? {
        let passed = time.now()
        guard !state.jobReports.isEmpty, tasks.count > state.jobReports.count, passed > .seconds(1) else { return nil }
        let all = tasks.indices
        let known = all.compactMap { tasks[$0].earlierDuration }
        // If all earlier durations are known, notebooks that take long count for more.
        let weights = known.count == tasks.count ? known.map { max($0.inSeconds, 0.1) } : all.map { _ in 1 }
        let done = all.reduce(0.0) { $0 + (state.jobReports[$1] == nil ? 0 : weights[$1]) }
        let rest = passed.inSeconds / done * (weights.reduce(0, +) - done)
        return .seconds(rest)
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
