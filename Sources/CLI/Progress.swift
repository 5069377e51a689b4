import Execution
import Galley
import Glibc
import JSON
import JupyterProtocol
import LocalKernels
import Reports
import Synchronization

/// Tells a person, or a log, how a run goes.
///
/// At a terminal the last line is about the cell that runs and changes with the time; elsewhere each line stands, and there
/// is one for each cell that is over.
final class Progress: Sendable {
    private let notebook: String
    private let ownPath: String
    private let isQuiet: Bool
    private let streams: Bool
    private let isLive: Bool
    private let hasColours: Bool
    /// Whoever reads what is said must not keep the run waiting.
    private let outlet = Outlet(STDERR_FILENO, limit: 64_000_000) {
        Array("galley: \($0) bytes are left out here, because they were not read in time\n".utf8)
    }
    /// What is told the same as whoever reads standard error, and everything where that one is quiet.
    private let log: Log?
    /// Whether standard error is the log.
    private let hasLogAlone: Bool
    private let state = Mutex(State())

    private struct State {
        var cells = 0
        /// Where the result is; nil for the notebook's own place.
        var place: String?
        var running: (cell: PlannedCell, since: ContinuousClock.Instant)?
        /// Whether the last line on the terminal is about the cell that runs.
        var hasStatus = false
        /// Text of a cell whose line end has not come.
        var unended = ""
        /// Lines that are going to be written together.
        var waiting = ""
        var ticker: Task<Void, Never>?
    }

    init(_ arguments: ExecuteArguments, _ log: Log?) {
        self.log = log
        hasLogAlone = arguments.background.logsToStandardError
        notebook = arguments.notebook == "-" ? "notebook" : arguments.notebook.shownOnOneLine(200)
        ownPath = arguments.notebook
        state.withLock { $0.place = arguments.resultPath }
        isQuiet = arguments.isQuiet
        streams = arguments.streams
        isLive = Terminal.isWatched && !arguments.isQuiet && !hasLogAlone
        hasColours = Terminal.hasColours
        let ticker = Task { [weak self] in
            while (try? await Task.sleep(for: .milliseconds(200))) != nil {
                guard let self else { return }
                self.log?.flush()
                self.state.withLock { state in
                    self.flush(&state)
                    self.showStatus(&state)
                }
            }
        }
        state.withLock { $0.ticker = ticker }
    }

    /// Takes note of what happens.
    func receive(_ event: RunEvent) {
        state.withLock { state in
            switch event {
            case .started(let kernel, let user, let cells):
                state.cells = cells
                let other = user == Account.current?.name ? "" : " as \(user)"
                say("\(notebook): \(count(cells)), kernel \(kernel.shownOnOneLine())\(other)", &state)
            case .cellStarted(let cell):
                state.running = (cell, .now)
                showStatus(&state)
            case .output(let cell, let publication): if streams { show(publication, &state, cell: cell.number) }
            case .cellFinished(let report):
                state.running = nil
                endText(&state, cell: report.number)
                say(
                    line(report.number, state.cells, report.duration, report.title, report.outcome.note), &state,
                    cell: report.number)
            case .saved(let path): if path != ownPath, path != "-" { state.place = path }
            case .warning(let text): complain(.warning, text.shownOnOneLine(1000), &state)
            default: break
            }
        }
    }

    /// Says what is wrong when all else is said.
    func complain(_ problem: String) {
        state.withLock { state in
            complain(.error, problem, &state)
            flush(&state)
        }
    }

    /// Waits until somebody has read everything.
    func finish() async { _ = await outlet.finish() }

    /// Tells how the run ended.
    func end(_ report: RunReport) {
        state.withLock { state in
            finish(&state)
            guard let failure = Failure(report) else {
                let ran = report.cells.filter { $0.outcome.wasRun }.count
                let end = ran == 0 ? "nothing to run" : "\(count(ran)) in \(report.duration.inWords)"
                say("\(notebook): \(end)\(state.place.map { ", saved as \($0.shownOnOneLine(200))" } ?? "")", &state)
                return flush(&state)
            }
            complain(
                .error, failure.sentence, details: failure.details(withColours: hasColours), &state,
                cell: report.failingCell?.number)
            flush(&state)
        }
    }

    /// Tells why there is no run, or none that was saved.
    func end(_ problem: String, _ report: RunReport?) {
        state.withLock { state in
            finish(&state)
            complain(.error, problem, &state, isAboutNotebook: false)
            if let failure = report.flatMap({ Failure($0) }) { complain(.error, failure.sentence, &state) }
            flush(&state)
        }
    }

    private func finish(_ state: inout State) {
        state.ticker?.cancel()
        state.running = nil
        endText(&state)
        flush(&state)
        clearStatus(&state)
    }

    private func count(_ cells: Int) -> String { cells == 1 ? "1 cell" : "\(cells) cells" }

    private func line(_ number: Int, _ count: Int, _ time: Duration, _ title: String, _ note: String?) -> String {
        let digits = String(count).count
        func padded(_ text: String, _ width: Int) -> String {
            String(repeating: " ", count: max(0, width - text.count)) + text
        }
        let lead = "[\(padded(String(number), digits))/\(count)] \(padded(time.inWords, 7))  "
        return lead + title.shownOnOneLine(50) + (note.map { "  <- \($0)" } ?? "")
    }
}

// MARK: - Lines

extension Progress {
    private func say(_ line: String, _ state: inout State, cell: Int? = nil) {
        log?.write(.info, line, cell: cell)
        if !isQuiet { write(line, &state) }
    }

    private func complain(
        _ level: Log.Level, _ problem: String, details: [String] = [], _ state: inout State, cell: Int? = nil,
        isAboutNotebook: Bool = true
    ) {
        let problem = (isAboutNotebook ? "\(notebook): " : "") + problem.shown()
        log?.write(level, problem, details: details, cell: cell)
        for line in ["galley: " + problem] + details { write(line, &state) }
    }

    private func write(_ line: String, _ state: inout State) {
        if hasLogAlone { return }
        state.waiting += line + "\n"
        // Somebody who watches sees each line at once. A reader that is woken for each would take the kernel's time.
        if isLive || state.waiting.utf8.count > 4096 { flush(&state) }
    }

    private func flush(_ state: inout State) {
        guard !state.waiting.isEmpty else { return }
        clearStatus(&state)
        outlet.write(state.waiting.utf8)
        state.waiting = ""
    }

    private func clearStatus(_ state: inout State) {
        if state.hasStatus { outlet.write("\r\u{1B}[K".utf8) }
        state.hasStatus = false
    }

    private func showStatus(_ state: inout State) {
        guard isLive, state.unended.isEmpty, let (cell, since) = state.running else { return }
        let line = line(cell.number, state.cells, since.duration(to: .now), cell.title, nil)
        outlet.write(("\r\u{1B}[K" + line.prefix(columns: Terminal.width - 1)).utf8)
        state.hasStatus = true
    }

    /// Shows what a cell prints.
    private func show(_ publication: Publication, _ state: inout State, cell: Int) {
        let text: String
        switch publication {
        case .stream(_, let written): text = written
        case .display(let display), .result(let display, _):
            guard let plain = display.data["text/plain"]?.string else { return }
            text = plain + "\n"
        default: return
        }
        // A line is shown when it is complete: a progress bar that writes over itself is shown once, as it ends.
        guard let last = text.lastIndex(where: \.isNewlineOfText) else {
            state.unended += text
            if state.unended.utf8.count > 100_000 { endText(&state, cell: cell) }
            return
        }
        let lines = (state.unended + text[..<last]).split(
            omittingEmptySubsequences: false, whereSeparator: \.isNewlineOfText)
        state.unended = String(text[text.index(after: last)...])
        for line in lines { show(String(line), &state, cell: cell) }
    }

    private func show(_ line: String, _ state: inout State, cell: Int?) {
        let line = TerminalText.lastState(of: line)
        log?.write(.output, line, cell: cell)
        write(line.shown(withColours: hasColours), &state)
    }

    private func endText(_ state: inout State, cell: Int? = nil) {
        guard !state.unended.isEmpty else { return }
        show(state.unended, &state, cell: cell)
        state.unended = ""
    }
}

extension Character {
    /// Whether a terminal goes on to the next line.
    fileprivate var isNewlineOfText: Bool { self == "\n" || self == "\r\n" }
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
