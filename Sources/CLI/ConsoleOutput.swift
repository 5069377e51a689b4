import GalleyExecution
import Galley
import Glibc
import GalleyReports

/// Prints the lines of a run on standard error and writes them to the log.
struct ConsoleOutput {
    var liveTerminal: LiveTerminal
    let hasColors: Bool
    let host: CIHost?
    /// Receives all lines, even if standard error is quiet.
    private let log: RunLog?
    private let isQuiet: Bool
    /// Whether standard error is the log.
    private let hasLogAlone: Bool
    private let logPath: String
    /// How long to wait for the reader of a log that is a pipe.
    private let readerTimeout: Duration

    /// - Parameter terminal: The terminal to write to; nil for standard error.
    init(_ arguments: ExecuteArguments, _ log: RunLog?, _ time: RunClock, _ terminal: LiveTerminal? = nil) {
        self.log = log
        isQuiet = arguments.isQuiet
        hasLogAlone = arguments.background.logsToStandardError
        (logPath, readerTimeout) = (arguments.background.log ?? "", arguments.options.grace)
        let isLive = Terminal.isInteractive && !arguments.isQuiet && !hasLogAlone
        liveTerminal = terminal ?? LiveTerminal(isLive: isLive, time: time)
        hasColors = Terminal.hasColors
        host = CIHost.current
    }

    /// Writes a line of progress.
    mutating func writeLine(_ line: String, of task: NotebookTask? = nil, cell: Int? = nil) {
        log?.write(.info, line, of: task, cell: cell)
        if !isQuiet { write(line) }
    }

    /// Writes a line of progress that a live terminal shows as its status instead.
    mutating func writeUnlessLive(_ line: String, of task: NotebookTask? = nil, cell: Int? = nil) {
        log?.write(.info, line, of: task, cell: cell)
        if !isQuiet, !liveTerminal.isLive { write(line) }
    }

    /// Writes several lines of progress at once.
    mutating func writeLine(_ lines: [String]) {
        for line in lines { writeLine(line) }
        flush()
    }

    /// Prints a line of progress, but leaves it out of the log.
    mutating func sayAloud(_ line: String) { if !isQuiet { write(line) } }

    /// Reports a problem, even if standard error is quiet.
    mutating func reportProblem(
        _ level: RunLog.Level, _ problem: String, details: [String] = [], of task: NotebookTask? = nil, cell: Int? = nil
    ) {
        log?.write(level, problem, details: details, of: task, cell: cell)
        for line in ["galley: " + problem] + details { write(line) }
    }

    /// Writes an entry to the log only.
    func writeToLog(
        _ level: RunLog.Level, _ text: String, details: [String] = [], of task: NotebookTask? = nil, cell: Int? = nil
    ) {
        log?.write(level, text, details: details, of: task, cell: cell)
    }

    /// Shows a line that a cell has printed.
    mutating func show(_ line: String, lead: String = "", of task: NotebookTask? = nil, cell: Int? = nil) {
        log?.write(.output, line, of: task, cell: cell)
        write(lead + line.terminalSafe(withColors: hasColors))
    }

    /// Prints text on standard error, but leaves it out of the log. The CI host must not take it for a command.
    mutating func write(_ text: String) {
        if hasLogAlone { return }
        for line in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline) {
            liveTerminal.write(CIHost.neutralized(String(line)))
        }
    }

    /// Prints a command for the CI host.
    mutating func command(_ line: String) { if !hasLogAlone { liveTerminal.write(line) } }

    mutating func flush() {
        log?.flush()
        liveTerminal.flush()
    }

    /// Waits until the log is written; returns the problem if some of it could not be written.
    func finishLog() async -> String? {
        guard let log, await !log.finish(within: readerTimeout) else { return nil }
        return "not all lines could be written to \(logPath)"
    }
}
