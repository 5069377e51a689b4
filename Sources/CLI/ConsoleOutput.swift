import GalleyExecution
import Galley
import Glibc
import GalleyReports

/// How it is said: to a person on standard error, and the same to a log.
struct ConsoleOutput {
    var screen: LiveTerminal
    let hasColours: Bool
    let host: Host?
    /// What is told everything, also where standard error is quiet.
    private let log: Log?
    private let isQuiet: Bool
    /// Whether standard error is the log.
    private let hasLogAlone: Bool
    private let logPath: String
    /// How long the reader of a log that is a pipe is waited for.
    private let patience: Duration

    init(_ arguments: ExecuteArguments, _ log: Log?) {
        self.log = log
        isQuiet = arguments.isQuiet
        hasLogAlone = arguments.background.logsToStandardError
        (logPath, patience) = (arguments.background.log ?? "", arguments.options.grace)
        screen = LiveTerminal(isLive: Terminal.isWatched && !arguments.isQuiet && !hasLogAlone)
        hasColours = Terminal.hasColours
        host = Host.current
    }

    /// Says how it goes.
    mutating func say(_ line: String, notebook: String? = nil, cell: Int? = nil) {
        log?.write(.info, line, notebook: notebook, cell: cell)
        if !isQuiet { write(line) }
    }

    /// Says several lines at once.
    mutating func say(_ lines: [String]) {
        for line in lines { say(line) }
        flush()
    }

    /// Says how it goes, and leaves it out of the log.
    mutating func sayAloud(_ line: String) { if !isQuiet { write(line) } }

    /// Says what is wrong.
    mutating func complain(
        _ level: Log.Level, _ problem: String, details: [String] = [], notebook: String? = nil, cell: Int? = nil
    ) {
        log?.write(level, problem, details: details, notebook: notebook, cell: cell)
        for line in ["galley: " + problem] + details { write(line) }
    }

    /// Says something to the log alone.
    func note(_ level: Log.Level, _ text: String, details: [String] = [], notebook: String? = nil, cell: Int? = nil) {
        log?.write(level, text, details: details, notebook: notebook, cell: cell)
    }

    /// Shows a line that a cell has printed.
    mutating func show(_ line: String, lead: String = "", notebook: String? = nil, cell: Int? = nil) {
        let line = TerminalText.lastState(of: line)
        log?.write(.output, line, notebook: notebook, cell: cell)
        write(lead + line.shown(withColours: hasColours))
    }

    /// Writes what is for those alone who read standard error.
    mutating func write(_ text: String) {
        if hasLogAlone { return }
        for line in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline) {
            screen.write(Host.harmless(String(line)))
        }
    }

    /// Writes what the host understands, and nobody else.
    mutating func command(_ line: String) { if !hasLogAlone { screen.write(line) } }

    mutating func flush() {
        log?.flush()
        screen.flush()
    }

    /// Waits until the log is written; returns what is wrong if not all of it is.
    func finishLog() async -> String? {
        guard let log, await !log.finish(within: patience) else { return nil }
        return "not all lines could be written to \(logPath)"
    }
}
