import GalleyExecution
import Galley
import GalleyJSON
import GalleyJupyterProtocol
import GalleyLocalKernels
import GalleyNotebook
import GalleyReports
import Synchronization

/// Tells a person, or a log, how the run of one notebook goes.
///
/// At a terminal the last line is about the cell that runs and changes with the time; elsewhere each line stands, and there
/// is one for each cell that is over.
final class Progress: ProgramSink {
    private let notebook: String
    private let ownPath: String
    private let streams: Bool
    /// Whether this process has become the user that the kernel runs as.
    private let isSwitched: Bool
    private let state: Mutex<State>

    private struct State {
        var voice: ConsoleOutput
        var cells = 0
        /// Where the result is; nil for the notebook's own place.
        var place: String?
        var running: (cell: PlannedCell, since: ContinuousClock.Instant)?
        /// What a cell prints.
        var printed = LineBuffer()
        var ticker: Task<Void, Never>?
    }

    init(_ arguments: ExecuteArguments, _ task: NotebookTask, _ log: Log?) {
        notebook = task.path == "-" ? "notebook" : task.path.shownOnOneLine(200)
        ownPath = task.path
        streams = arguments.streams
        isSwitched = arguments.localKernels.login != nil
        state = Mutex(State(voice: ConsoleOutput(arguments, log), place: arguments.resultPath(of: task)))
        let ticker = ticker(for: self) { progress in
            progress.state.withLock { state in
                state.voice.flush()
                progress.showStatus(&state)
            }
        }
        state.withLock { $0.ticker = ticker }
    }

    func receive(_ event: BatchEvent) {
        switch event {
        case .run(_, let event): state.withLock { receive(event, &$0) }
        case .retrying(_, let attempt, let reason):
            complain("\(reason); it is run again (attempt \(attempt))")
        default: break
        }
    }

    func receive(_ event: ProgramEvent) {
        switch event {
        case .judged(_, let jobReport): state.withLock { end(jobReport, &$0) }
        case .notice(let lines): state.withLock { $0.voice.say(lines) }
        case .problem(let problem): complain(problem)
        default: break
        }
    }

    private func receive(_ event: RunEvent, _ state: inout State) {
        switch event {
        case .started(let start):
            state.cells = start.cells
            let other = isSwitched ? start.user.map { " as \($0)" } ?? "" : ""
            state.voice.say("\(notebook): \(count(start.cells)), kernel \(start.kernel.shownOnOneLine())\(other)")
        case .cellStarted(let cell):
            state.running = (cell, .now)
            showStatus(&state)
        case .output(let cell, let publication):
            guard streams, let text = publication.printedText else { return }
            for line in state.printed.add(text) { state.voice.show(line, cell: cell.number) }
        case .cellFinished(let report):
            state.running = nil
            for line in state.printed.end() { state.voice.show(line, cell: report.number) }
            state.voice.say(
                line(report.number, state.cells, report.duration, report.title, report.outcome.note),
                cell: report.number)
        case .saved(let path): if path != ownPath, path != "-" { state.place = path }
        case .warning(let text): state.voice.complain(.warning, "\(notebook): \(text.shownOnOneLine(1000))")
        default: break
        }
    }

    private func complain(_ problem: String) {
        state.withLock { state in
            state.voice.complain(.error, "\(notebook): \(problem.shown())")
            state.voice.flush()
        }
    }

    func finish() async {
        if let problem = await state.withLock(\.voice).finishLog() { complain(problem) }
        _ = await state.withLock(\.voice.screen).finish()
    }

    /// Tells how the run ended, or why there was none.
    private func end(_ jobReport: JobReport, _ state: inout State) {
        state.ticker?.cancel()
        state.running = nil
        for line in state.printed.end() { state.voice.show(line) }
        state.voice.screen.clear()
        if case .failed(let error) = jobReport.result {
            let problem = (error as? NotebookError).map { "\(notebook): \($0)" } ?? "\(error)"
            let option = (error as? KernelError)?.option.map { ": \($0)" }
            state.voice.complain(.error, problem.shown() + (option ?? ""))
        }
        let run = jobReport.run
        if let run, let failure = Failure(run) {
            if let command = state.voice.host?.annotation(
                notebook: ownPath, line: run.fileLine, title: "\(notebook)", failure.sentence)
            {
                state.voice.command(command)
            }
            state.voice.complain(
                .error, "\(notebook): \(failure.sentence)",
                details: failure.details(withColours: state.voice.hasColours),
                cell: run.failingCell?.number)
        } else if jobReport.isSuccess, let run {
            let ran = run.cells.count { $0.outcome.wasRun }
            let end = ran == 0 ? "nothing to run" : "\(count(ran)) in \(run.duration.inWords)"
            state.voice.say("\(notebook): \(end)\(state.place.map { ", saved as \($0.shownOnOneLine(200))" } ?? "")")
        }
        state.voice.flush()
    }

    private func showStatus(_ state: inout State) {
        guard state.voice.screen.isLive, state.printed.isEmpty, let (cell, since) = state.running else { return }
        state.voice.screen.show([line(cell.number, state.cells, since.duration(to: .now), cell.title, nil)])
    }

    private func count(_ cells: Int) -> String { cells == 1 ? "1 cell" : "\(cells) cells" }

    private func line(_ number: Int, _ count: Int, _ time: Duration, _ title: String, _ note: String?) -> String {
        let lead = "[\(String(number).padded(String(count).count))/\(count)] \(time.inWords.padded(7))  "
        return lead + title.shownOnOneLine(50) + (note.map { "  <- \($0)" } ?? "")
    }
}

extension String {
    /// The text at the end of so many columns.
    func padded(_ width: Int) -> String { String(repeating: " ", count: max(0, width - count)) + self }
}

extension IOPubMessage {
    /// What a person sees of it who reads what cells print.
    var printedText: String? {
        switch self {
        case .stream(_, let text): text
        case .display(let display), .result(let display, _): display.data["text/plain"]?.string.map { $0 + "\n" }
        default: nil
        }
    }
}

extension CellOutcome {
    /// What stands behind the line of a cell that did not simply succeed.
    fileprivate var note: String? {
        switch self {
        case .raised(let error, let isAllowed):
            "raised \(error.name.shownOnOneLine()): \(error.value.shownOnOneLine())\(isAllowed ? " (allowed)" : "")"
        case .exited(let status): "ended the notebook with status \(status)"
        case .timedOut(let limit, _): "\(limit)"
        case .kernelFailed: "the kernel died"
        case .stopped(let reason): "the run \(reason)"
        default: nil
        }
    }
}

extension KernelError {
    /// The option that makes another choice, where that is what the error asks for.
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
