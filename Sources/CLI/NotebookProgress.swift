import GalleyExecution
import Galley
import GalleyJSON
import GalleyJupyterProtocol
import GalleyNotebook
import GalleyReports
import Synchronization

/// Shows the progress of one notebook on standard error and in the log.
///
/// Each finished cell gets a line, and each cell that prints something a line above its output. A terminal shows the
/// running cell and a bar instead: lines remain only for output, and for cells that failed or were slow.
final class NotebookProgress: ProgramSink {
    private let notebook: String
    private let ownPath: String
    private let streams: Bool
    private let preparesOnly: Bool
    /// Whether this process has become the user that the kernel runs as.
    private let isSwitched: Bool
    private let stopping: StoppingWords
    private let advice: FailureAdvice
    private let time: RunClock
    private let state: Mutex<State>

    private struct State {
        var console: ConsoleOutput
        /// The path of the result; nil if it is the notebook itself.
        var resultPath: String?
        /// Nil before the kernel is ready, and after the run.
        var running: RunningNotebook?
        var ticker: Task<Void, Never>?
    }

    /// A cell that took this long is slow.
    private static let slow = Duration.seconds(10)

    /// - Parameter terminal: The terminal to write to; nil for standard error.
    init(
        _ arguments: ExecuteArguments, _ task: NotebookTask, _ log: RunLog?,
        clock: some Clock<Duration> = ContinuousClock(), terminal: LiveTerminal? = nil
    ) {
        notebook = task.path == "-" ? "notebook" : task.shownPath.terminalSafeLine(200)
        ownPath = task.path
        preparesOnly = arguments.options.preparesOnly
        streams = arguments.streams
        isSwitched = arguments.localKernels.loginEnvironment != nil
        (stopping, advice) = (StoppingWords(arguments), FailureAdvice(arguments))
        time = RunClock(clock, elapsed: .zero)
        let console = ConsoleOutput(arguments, log, time, terminal)
        state = Mutex(State(console: console, resultPath: arguments.resultPath(of: task)))
        let ticker = ticker(for: self, time) { $0.update() }
        state.withLock { $0.ticker = ticker }
    }

    func receive(_ event: BatchEvent) {
        switch event {
        case .run(_, let event): state.withLock { receive(event, &$0) }
        case .retrying(_, let attempt, let reason):
            reportProblem("\(reason); retrying (attempt \(attempt))")
        default: break
        }
    }

    func receive(_ event: ProgramEvent) {
        switch event {
        case .judged(_, let jobReport): state.withLock { end(jobReport, &$0) }
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

    private func receive(_ event: RunEvent, _ state: inout State) {
        switch event {
        case .started(let start):
            state.running = RunningNotebook(start)
            let userNote = isSwitched ? start.user.map { " as \($0)" } ?? "" : ""
            state.console.writeLine(
                "\(notebook): \(count(start.cells)), kernel \(start.kernel.terminalSafeLine())\(userNote)")
        case .cellStarted(let cell):
            state.running?.start(cell, at: time.now())
            showStatusIfDue(&state)
        case .output(let cell, let iopubMessage) where streams:
            print(state.running?.print(iopubMessage, of: cell) ?? [], &state)
            showStatusIfDue(&state)
        case .widgetChanged(_, let comm) where streams:
            state.running?.receive(comm)
            showStatusIfDue(&state)
        case .cellFinished(let report):
            print(state.running?.finishCell() ?? [], &state)
            let (note, cells) = (report.outcome.note, state.running?.cellCount ?? 0)
            let line = line(report.number, cells, report.duration.inWords, report.title, note)
            if note == nil, report.duration < Self.slow {
                state.console.writeUnlessLive(line, cell: report.number)
            } else {
                state.console.writeLine(line, cell: report.number)
            }
            showStatusIfDue(&state)
        case .saved(let path): if path != ownPath, path != "-" { state.resultPath = path }
        case .warning(let text): state.console.reportProblem(.warning, "\(notebook): \(text.terminalSafeLine(1000))")
        default: break
        }
    }

    private func reportProblem(_ problem: String) {
        state.withLock { state in
            state.console.reportProblem(.error, "\(notebook): \(problem.terminalSafe())")
            state.console.flush()
        }
    }

    func finish() async {
        if let problem = await state.withLock(\.console).finishLog() { reportProblem(problem) }
        _ = await state.withLock(\.console.liveTerminal).finish()
    }

    /// Prints the end of the run, or why it could not start.
    private func end(_ jobReport: JobReport, _ state: inout State) {
        state.ticker?.cancel()
        print(state.running?.endOutput() ?? [], &state)
        state.running = nil
        state.console.liveTerminal.clear()
        if case .failed(let error) = jobReport.result {
            // The other errors name the notebook themselves.
            let problem =
                switch error {
                case let error as NotebookError: "\(notebook): \(error.withHint)"
                case is any KernelFault: "\(notebook): \(error)"
                default: "\(error)"
                }
            state.console.reportProblem(.error, problem.terminalSafe() + (advice.ending(of: error) ?? ""))
        }
        let run = jobReport.run
        if let run, let failure = FailureDescription(run) {
            if let command = state.console.host?.annotation(
                notebook: ownPath, line: run.fileLine, title: "\(notebook)",
                failure.summary(upTo: CIHost.annotationLimit))
            {
                state.console.command(command)
            }
            state.console.reportProblem(
                .error, "\(notebook): \(failure.sentence)",
                details: failure.details(withColors: state.console.hasColors),
                cell: run.failingCell?.number)
            if let sentence = advice.sentence(about: run) {
                state.console.reportProblem(.error, "\(notebook): \(sentence)", cell: run.failingCell?.number)
            }
            if case .ran = jobReport.result, let path = run.result, path != ownPath, path != "-" {
                state.console.writeLine("\(notebook): saved as \(path.terminalSafeLine(200))")
            }
        } else if jobReport.isSuccess, let run {
            let ran = run.cells.count { $0.outcome.wasRun }
            let others = run.cells.count { $0.outcome == .notSelected }
            let note = others == 0 ? "" : " (\(others) not selected)"
            let end =
                (preparesOnly ? "prepared" : ran == 0 ? "nothing to run" : "\(count(ran)) in \(run.duration.inWords)")
                + note
            state.console.writeLine(
                "\(notebook): \(end)\(state.resultPath.map { ", saved as \($0.terminalSafeLine(200))" } ?? "")")
        }
        state.console.flush()
    }

    private func print(_ lines: [RunningNotebook.Line], _ state: inout State) {
        for line in lines {
            switch line {
            case .title(let number, let title):
                let line = self.line(number, state.running?.cellCount ?? 0, "", title, nil)
                state.console.writeLine(line, cell: number)
            case .output(let number, let text): state.console.show(text, cell: number)
            }
        }
    }

    /// Reports a cell that runs for long, and shows the present state.
    func update() {
        state.withLock { state in
            if let (cell, elapsed) = state.running?.takeNotice(at: time.now()), let cells = state.running?.cellCount {
                state.console.writeUnlessLive("\(notebook): \(cell.notice(elapsed, of: cells))", cell: cell.number)
            }
            showStatus(&state)
            state.console.flush()
        }
    }

    private func showStatusIfDue(_ state: inout State) {
        guard state.console.liveTerminal.isLive, state.console.liveTerminal.isDue else { return }
        showStatus(&state)
        state.console.liveTerminal.flush()
    }

    private func showStatus(_ state: inout State) {
        guard state.console.liveTerminal.isLive, let running = state.running else { return }
        let (now, columns) = (time.now(), state.console.liveTerminal.columns)
        var lines = running.changingLines(columns: columns - 1)
        if let cell = running.cell {
            lines.append(line(cell.number, running.cellCount, running.elapsed(at: now).inWords, cell.title, nil))
        }
        lines.append(
            ProgressBar.line(
                running.finishedCount, of: running.plannedCount, columns: columns, timeLeft: running.timeLeft(at: now)))
        state.console.liveTerminal.setStatus(lines)
    }

    /// Says how a signal ends the run.
    private func report(_ signal: Int32, isFirst: Bool, _ state: inout State) {
        guard let running = state.running, let cell = running.cell else { return }
        let words = stopping.sentence(
            signal, isFirst: isFirst, "cell \(cell.number) of \(running.cellCount)", isOne: true)
        state.console.reportProblem(.warning, "\(notebook): \(words)", cell: cell.number)
        state.console.flush()
    }

    private func count(_ cells: Int) -> String { cells == 1 ? "1 cell" : "\(cells) cells" }

    private func line(_ number: Int, _ count: Int, _ time: String, _ title: String, _ note: String?) -> String {
        let prefix = "[\(String(number).padded(String(count).count))/\(count)] \(time.padded(7))  "
        return prefix + title.terminalSafeLine(50) + (note.map { "  <- \($0)" } ?? "")
    }
}

extension String {
    /// Returns the text, padded with spaces on the left.
    func padded(_ width: Int) -> String { String(repeating: " ", count: max(0, width - count)) + self }
}

extension PlannedCell {
    /// Returns a sentence that the cell still runs.
    func notice(_ elapsed: Duration, of cells: Int) -> String {
        "cell \(number) of \(cells) has run for \(elapsed.inWords): \(title.terminalSafeLine(50))"
    }
}

extension CellOutcome {
    /// The note behind the line of a cell that did not simply succeed.
    fileprivate var note: String? {
        switch self {
        case .raised(let error, let isAllowed):
            "\(error.predicate(upTo: 60))\(isAllowed ? " (allowed)" : "")"
        case .exited(let status): "ended the notebook with status \(status)"
        case .timedOut(let limit, _): "\(limit)"
        case .kernelFailed: "the kernel died"
        case .lostOutput: "outputs are lost"
        case .stopped(let reason): "the run \(reason)"
        default: nil
        }
    }
}
