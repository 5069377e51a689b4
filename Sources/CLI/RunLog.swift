import GalleyExecution
import Glibc
import GalleyJSON
import GalleyJupyterProtocol
import GalleyParameters
import GalleyReports
import GalleyStorage
import Synchronization

/// The log of a run, a file or standard error.
final class RunLog: Sendable {
    enum Format: Sendable {
        /// The time, then the text.
        case plain
        /// One JSON object per line.
        case json
    }

    enum Level: String, Sendable {
        case info, warning, error
        /// Text that a cell has printed.
        case output
    }

    private let writer: BackgroundWriter
    private let format: Format
    private let run: [(String, Value)]
    /// Whether the log goes to standard error, which a CI host reads.
    private let isStandardError: Bool
    private let waiting = Mutex("")

    private static let limit = 64_000_000

    /// Appends to a file. Other runs may append to it at the same time.
    init(_ path: String, _ format: Format, of run: RunPaths, _ files: any RunFileWriter) throws(OutputFileError) {
        self.format = format
        self.run = run.members
        isStandardError = false
        writer = try BackgroundWriter(
            file: path, of: "--log", files, limit: Self.limit, gap: Self.gap(format, run.members))
    }

    /// Writes to standard error.
    init(_ format: Format, of run: RunPaths) {
        self.format = format
        self.run = run.members
        isStandardError = true
        writer = BackgroundWriter(STDERR_FILENO, limit: Self.limit, gap: Self.gap(format, run.members))
    }

    /// Adds an entry, which is written with the next ``flush()``.
    func write(_ level: Level, _ text: String, details: [String] = [], of task: NotebookTask? = nil, cell: Int? = nil) {
        var run = run
        // In a run of many notebooks, the entry names the one that it is about.
        if let task {
            run.removeAll { $0.0 == "notebook" }
            run.append(("notebook", .string(RunPaths.absolutePath(task.shownPath))))
            if !task.parameters.isEmpty { run.append(("parameters", task.parameters.reported)) }
        }
        let line = Self.line(format, run, level, text, details: details, cell: cell)
        let isFull = waiting.withLock { waiting in
            waiting += isStandardError ? CIHost.neutralized(line) : line
            return waiting.utf8.count > 4096
        }
        if isFull { flush() }
    }

    func flush() {
        // The lock keeps the lines in order.
        waiting.withLock { waiting in
            if !waiting.isEmpty { writer.write(waiting.utf8) }
            waiting = ""
        }
    }

    /// Waits until everything is written, but for a reader of a pipe at most `readerTimeout`; returns whether it was.
    func finish(within readerTimeout: Duration) async -> Bool {
        flush()
        return await writer.finish(within: readerTimeout)
    }

    static func line(
        _ format: Format, _ run: [(String, Value)], _ level: Level, _ text: String, details: [String] = [],
        cell: Int? = nil
    ) -> String {
        let time = Timestamp.now().description
        switch format {
        case .plain:
            let lines = ([text] + details).flatMap {
                $0.terminalSafe().split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
            }
            return lines.map { "\(time) \($0)\n" }.joined()
        case .json:
            var members: [(String, Value)] = [
                ("level", .string(level.rawValue)), ("message", .string(text.terminalSafe())), ("time", .string(time)),
            ]
            if let cell { members.append(("cell", .number(cell))) }
            if !details.isEmpty { members.append(("details", .string(details.joined(separator: "\n").terminalSafe()))) }
            return String(decoding: Document(.object(run + members), style: .oneLine).text.bytes, as: UTF8.self)
        }
    }

    private static func gap(_ format: Format, _ run: [(String, Value)]) -> @Sendable (Int) -> [UInt8] {
        { Array(line(format, run, .warning, "\($0) bytes are left out here: they could not be written in time").utf8) }
    }
}
