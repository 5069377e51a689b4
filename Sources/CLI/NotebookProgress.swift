import GalleyExecution
import Galley
import GalleyJSON
import GalleyJupyterProtocol
import GalleyLocalKernels
import GalleyNotebook
import GalleyReports
import Synchronization

/// Shows the progress of one notebook on standard error and in the log.
///
/// Each finished cell gets a line. A terminal also shows a line for the running cell.
final class NotebookProgress: ProgramSink {
    private let notebook: String
    private let ownPath: String
    private let streams: Bool
    /// Whether this process has become the user that the kernel runs as.
    private let isSwitched: Bool
    private let state: Mutex<State>

    private struct State {
        var console: ConsoleOutput
        var cells = 0
        /// The path of the result; nil if it is the notebook itself.
        var resultPath: String?
        var running: (cell: PlannedCell, since: ContinuousClock.Instant)?
        /// The text that the running cell prints.
        var printed = LineBuffer()
        var ticker: Task<Void, Never>?
    }

    init(_ arguments: ExecuteArguments, _ task: NotebookTask, _ log: RunLog?) {
        notebook = task.path == "-" ? "notebook" : task.path.terminalSafeLine(200)
        ownPath = task.path
        streams = arguments.streams
        isSwitched = arguments.localKernels.loginEnvironment != nil
        state = Mutex(State(console: ConsoleOutput(arguments, log), resultPath: arguments.resultPath(of: task)))
        let ticker = ticker(for: self) { progress in
            progress.state.withLock { state in
                state.console.flush()
                progress.showStatus(&state)
            }
        }
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
        default: break
        }
    }

    private func receive(_ event: RunEvent, _ state: inout State) {
        switch event {
        case .started(let start):
            state.cells = start.cells
            let userNote = isSwitched ? start.user.map { " as \($0)" } ?? "" : ""
            state.console.writeLine(
                "\(notebook): \(count(start.cells)), kernel \(start.kernel.terminalSafeLine())\(userNote)")
        case .cellStarted(let cell):
            state.running = (cell, .now)
            showStatus(&state)
        case .output(let cell, let iopubMessage):
            guard streams, let text = iopubMessage.printedText else { return }
            for line in state.printed.add(text) { state.console.show(line, cell: cell.number) }
        case .cellFinished(let report):
            state.running = nil
            for line in state.printed.end() { state.console.show(line, cell: report.number) }
            state.console.writeLine(
                line(report.number, state.cells, report.duration, report.title, report.outcome.note),
                cell: report.number)
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
        state.running = nil
        for line in state.printed.end() { state.console.show(line) }
        state.console.liveTerminal.clear()
        if case .failed(let error) = jobReport.result {
            let problem = (error as? NotebookError).map { "\(notebook): \($0)" } ?? "\(error)"
            let option = (error as? KernelError)?.option.map { ": \($0)" }
            state.console.reportProblem(.error, problem.terminalSafe() + (option ?? ""))
        }
        let run = jobReport.run
        if let run, let failure = FailureDescription(run) {
            if let command = state.console.host?.annotation(
                notebook: ownPath, line: run.fileLine, title: "\(notebook)", failure.sentence)
            {
                state.console.command(command)
            }
            state.console.reportProblem(
                .error, "\(notebook): \(failure.sentence)",
                details: failure.details(withColors: state.console.hasColors),
                cell: run.failingCell?.number)
        } else if jobReport.isSuccess, let run {
            let ran = run.cells.count { $0.outcome.wasRun }
            let others = run.cells.count { $0.outcome == .notSelected }
            let note = others == 0 ? "" : " (\(others) not selected)"
            let end = (ran == 0 ? "nothing to run" : "\(count(ran)) in \(run.duration.inWords)") + note
            state.console.writeLine(
                "\(notebook): \(end)\(state.resultPath.map { ", saved as \($0.terminalSafeLine(200))" } ?? "")")
        }
        state.console.flush()
    }

    private func showStatus(_ state: inout State) {
        guard state.console.liveTerminal.isLive, state.printed.isEmpty, let (cell, since) = state.running else {
            return
        }
        state.console.liveTerminal.show([line(cell.number, state.cells, since.duration(to: .now), cell.title, nil)])
    }

    private func count(_ cells: Int) -> String { cells == 1 ? "1 cell" : "\(cells) cells" }

    private func line(_ number: Int, _ count: Int, _ time: Duration, _ title: String, _ note: String?) -> String {
        let prefix = "[\(String(number).padded(String(count).count))/\(count)] \(time.inWords.padded(7))  "
        return prefix + title.terminalSafeLine(50) + (note.map { "  <- \($0)" } ?? "")
    }
}

extension String {
    /// Returns the text, padded with spaces on the left.
    func padded(_ width: Int) -> String { String(repeating: " ", count: max(0, width - count)) + self }
}

extension IOPubMessage {
    /// The text that `--stream` shows for the message; nil if none.
    var printedText: String? {
        switch self {
        case .stream(_, let text): text
        case .display(let display), .result(let display, _): display.data["text/plain"]?.string.map { $0 + "\n" }
        default: nil
        }
    }
}

extension CellOutcome {
    /// The note behind the line of a cell that did not simply succeed.
    fileprivate var note: String? {
        switch self {
        case .raised(let error, let isAllowed):
            "raised \(error.name.terminalSafeLine()): \(error.value.terminalSafeLine())\(isAllowed ? " (allowed)" : "")"
        case .exited(let status): "ended the notebook with status \(status)"
        case .timedOut(let limit, _): "\(limit)"
        case .kernelFailed: "the kernel died"
        case .stopped(let reason): "the run \(reason)"
        default: nil
        }
    }
}

extension KernelError {
    /// The option that resolves the error; nil if there is none.
    fileprivate var option: String? {
        switch self {
        case .nameless: "--kernel python3"
        case .noOwner: "--as-user NAME"
        case .outOfReach, .ownedByAnother: "--as-caller"
        case .changeable: "--as-user NAME, --as-caller"
        default: nil
        }
    }
}
