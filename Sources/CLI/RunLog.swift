import GalleyExecution
import Glibc
import GalleyJSON
import GalleyJupyterProtocol
import GalleyReports
import GalleyStorage
import Synchronization

/// A file, or standard error, that is told line by line how a run goes.
final class RunLog: Sendable {
    /// How lines are written.
    enum Format: Sendable {
        /// The time, then the text.
        case plain
        /// One JSON object a line.
        case json
    }

    enum Level: String, Sendable {
        case info, warning, error
        /// What a cell prints.
        case output
    }

    private let writer: BackgroundWriter
    private let format: Format
    private let run: [(String, Value)]
    private let waiting = Mutex("")

    private static let limit = 64_000_000

    /// Appends to a file, which other runs may do as well.
    init(_ path: String, _ format: Format, of run: RunPaths, _ files: any RunFileWriter) throws(OutputFileError) {
        self.format = format
        self.run = run.members
        writer = try BackgroundWriter(
            file: path, of: "--log", files, limit: Self.limit, gap: Self.gap(format, run.members))
    }

    /// Writes to standard error.
    init(_ format: Format, of run: RunPaths) {
        self.format = format
        self.run = run.members
        writer = BackgroundWriter(STDERR_FILENO, limit: Self.limit, gap: Self.gap(format, run.members))
    }

    /// Adds a line, or several; it is written with the next ``flush()``.
    func write(_ level: Level, _ text: String, details: [String] = [], notebook: String? = nil, cell: Int? = nil) {
        var run = run
        // Of several, the one that it is about.
        if notebook != nil { run.removeAll { $0.0 == "notebook" } }
        if let notebook { run.append(("notebook", .string(RunPaths.absolutePath(notebook)))) }
        let line = Self.line(format, run, level, text, details: details, cell: cell)
        let isMuch = waiting.withLock { waiting in
            waiting += line
            return waiting.utf8.count > 4096
        }
        if isMuch { flush() }
    }

    func flush() {
        // Within the lock, so that lines keep their order.
        waiting.withLock { waiting in
            if !waiting.isEmpty { writer.write(waiting.utf8) }
            waiting = ""
        }
    }

    /// Waits until everything is written, or nothing has read it for so long; returns whether it was.
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

extension JSONStyle {
    /// Everything on one line, without a space.
    static let oneLine: JSONStyle = {
        var style = JSONStyle.canonical
        style.indentation = nil
        style.keySeparator = ":"
        return style
    }()
}
