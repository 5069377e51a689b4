import GalleyExecution
import Galley
import Glibc
import GalleyReports
import GalleyRuns
import GalleyStorage
import Synchronization

/// What the process that runs the notebook has of the others.
struct AttendantLink: Sendable {
    /// The process that a signal to the run goes to.
    let process: ProcessMark
    /// The files of the run, where the supervisor writes some of them.
    let files: (any RunFiles)?
    private let verdict: Pipe
    private let news: Pipe?
    private let background: Background

    static let ready = "ready"

    /// - Parameter files: The files of a process that has become another user; nil for one that has not.
    init(to process: ProcessMark, verdict: Pipe, news: Pipe?, _ background: Background, files: (any RunFiles)?) {
        (self.process, self.verdict, self.news, self.background) = (process, verdict, news, background)
        self.files = files
    }

    /// Tells the caller that the run is under way, and what is not as it should be.
    func begin(_ warnings: [String]) {
        news?.write(([Self.ready] + warnings.map { $0.shownOnOneLine(1000) }).joined(separator: "\n"))
    }

    /// Tells how the run ended.
    func tell(_ end: End) {
        verdict.write(end.text)
        news?.write(end.text)
    }

    /// Where nobody is left to do it, runs what is to be run at the end.
    func standIn(after end: End, _ place: RunPlace) {
        // The commands are root's, and not for the process of another user to run.
        guard files == nil, !process.isAlive else { return }
        Commands(background, place).run(after: end, end.status, output: nil) {
            Terminal.complain("galley: \($0)")
        }
        place.leave()
    }
}

/// Hands on to the attendant what it and the caller wait for.
final class AttendantSink: ProgramSink {
    private let link: AttendantLink
    private let notebooks: [String]
    private let place: RunPlace
    /// The warnings so far; nil once the caller knows that the run is under way, and hears no more.
    private let warnings = Mutex<[String]?>([])

    /// - Parameter notebooks: The notebooks by their jobs.
    init(_ link: AttendantLink, _ notebooks: [String], _ place: RunPlace) {
        (self.link, self.notebooks, self.place) = (link, notebooks, place)
    }

    func receive(_ event: BatchEvent) {
        switch event {
        case .run(let job, .warning(let text)): warnings.withLock { $0?.append("\(notebooks[job]): \(text)") }
        case .run(_, .started): if let warnings = warnings.withLock({ $0.take() }) { link.begin(warnings) }
        default: break
        }
    }

    func receive(_ event: ProgramEvent) {
        switch event {
        case .decided(let end, _): link.tell(end)
        case .ending(let end): link.standIn(after: end, place)
        default: break
        }
    }
}

/// How a run ended, as processes tell one another.
struct End: Sendable {
    let status: Int32
    /// The outcome in one word.
    let outcome: String
    /// Where the notebook was saved, where that is a file.
    let result: String?
    /// What went wrong; empty where nothing did.
    let message: String

    init(status: Int32, outcome: String, result: String?, message: String) {
        (self.status, self.outcome, self.result, self.message) = (status, outcome, result, message)
    }

    init?(_ text: String) {
        let parts = text.split(separator: "\n", maxSplits: 3, omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 4, let status = Int32(parts[0]) else { return nil }
        self.init(status: status, outcome: parts[1], result: parts[2].isEmpty ? nil : parts[2], message: parts[3])
    }

    /// The same, with the status that a process has really ended with.
    func ending(with status: Int32) -> End {
        End(status: status, outcome: outcome, result: result, message: message)
    }

    /// What root's commands may be told of it, where the process of another user has said it.
    ///
    /// - Parameter result: Where root expects the result, which alone is believed, or a file beside it after a conflict.
    func trusted(from result: String?) -> End {
        let outcomes: Set = [
            "succeeded", "raised", "exited", "timed-out", "kernel-died", "stopped", "failed", "killed", "left-out",
            "differs",
        ]
        let isExpected = result.map { expected in
            let stem = expected.hasSuffix(".ipynb") ? String(expected.dropLast(6)) : expected
            let told = self.result ?? ""
            let beside = (stem + ".galley-conflict").utf8
            return told.isSamePath(as: expected)
                || told.utf8.starts(with: beside) && !told.utf8.dropFirst(beside.count).contains(UInt8(ascii: "/"))
        }
        return End(
            status: status, outcome: outcomes.contains(outcome) ? outcome : "failed",
            result: isExpected == true ? self.result : nil, message: message.shownOnOneLine(1000))
    }

    var text: String { "\(status)\n\(outcome)\n\(result ?? "")\n\(message)" }
}

/// A pipe for short messages, of which the first alone is read.
struct Pipe: Sendable {
    private let reading: Int32
    private let writing: Int32

    init() throws(Errno) {
        var ends: [Int32] = [-1, -1]
        guard unsafe pipe(&ends) == 0 else { throw Errno(rawValue: errno) }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        (reading, writing) = (ends[0], ends[1])
    }

    var ends: [Int32] { [reading, writing] }

    /// As long as it can be written to, the end is not seen.
    func closeWriting() { close(writing) }

    /// Leaves it to another process.
    func closeReading() { close(reading) }

    /// Writes as much of a message as is written in one piece.
    func write(_ text: String) { Terminal.write(Array(text.utf8.prefix(4000)) + [0], to: writing) }

    /// The message of a process that has ended; empty where it sent none. What holds the pipe open is not waited for.
    func readNow() -> String {
        _ = fcntl(reading, F_SETFL, O_NONBLOCK)
        return read()
    }

    /// Waits for a message; empty where there will be none.
    func read() -> String {
        var bytes = [UInt8](repeating: 0, count: 4096)
        while true {
            // Safe because the array is passed with its own length.
            let count = unsafe Glibc.read(reading, &bytes, bytes.count)
            if count >= 0 { return String(decoding: bytes[..<count].prefix { $0 != 0 }, as: UTF8.self) }
            if errno != EINTR { return "" }
        }
    }
}
