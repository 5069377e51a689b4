import GalleyExecution
import Galley
import Glibc
import GalleyReports
import GalleyRuns
import GalleyStorage
import Synchronization

/// What the process that runs the notebook has of the others.
struct SupervisorLink: Sendable {
    /// The process that a signal to the run goes to.
    let process: ProcessIdentity
    /// The files of the run, where the supervisor writes some of them.
    let files: (any RunFileWriter)?
    private let summaryPipe: MessagePipe
    private let callerPipe: MessagePipe?
    private let background: BackgroundOptions

    static let ready = "ready"

    /// - Parameter files: The files of a process that has become another user; nil for one that has not.
    init(
        to process: ProcessIdentity, summaryPipe: MessagePipe, callerPipe: MessagePipe?,
        _ background: BackgroundOptions, files: (any RunFileWriter)?
    ) {
        (self.process, self.summaryPipe, self.callerPipe, self.background) = (
            process, summaryPipe, callerPipe, background
        )
        self.files = files
    }

    /// Tells the caller that the run is under way, and what is not as it should be.
    func begin(_ warnings: [String]) {
        callerPipe?.write(([Self.ready] + warnings.map { $0.terminalSafeLine(1000) }).joined(separator: "\n"))
    }

    /// Tells how the run ended.
    func reportEnd(_ end: RunSummary) {
        summaryPipe.write(end.text)
        callerPipe?.write(end.text)
    }

    /// Where nobody is left to do it, runs what is to be run at the end.
    func runHooksIfOrphaned(after end: RunSummary, _ paths: RunPaths) {
        // The commands are root's, and not for the process of another user to run.
        guard files == nil, !process.isAlive else { return }
        CompletionHooks(background, paths).run(after: end, end.status, output: nil) {
            Terminal.reportProblem("galley: \($0)")
        }
        paths.removeRecord()
    }
}

/// Hands on to the attendant what it and the caller wait for.
final class SupervisorSink: ProgramSink {
    private let link: SupervisorLink
    private let notebooks: [String]
    private let paths: RunPaths
    /// The warnings so far; nil once the caller knows that the run is under way, and hears no more.
    private let warnings = Mutex<[String]?>([])

    /// - Parameter notebooks: The notebooks by their jobs.
    init(_ link: SupervisorLink, _ notebooks: [String], _ paths: RunPaths) {
        (self.link, self.notebooks, self.paths) = (link, notebooks, paths)
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
        case .decided(let end, _): link.reportEnd(end)
        case .ending(let end): link.runHooksIfOrphaned(after: end, paths)
        default: break
        }
    }
}

/// How a run ended, as processes tell one another.
struct RunSummary: Sendable {
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
    func withStatus(_ status: Int32) -> RunSummary {
        RunSummary(status: status, outcome: outcome, result: result, message: message)
    }

    /// What root's commands may be told of it, where the process of another user has said it.
    ///
    /// - Parameter result: Where root expects the result, which alone is believed, or a file beside it after a conflict.
    func sanitized(from result: String?) -> RunSummary {
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
        return RunSummary(
            status: status, outcome: outcomes.contains(outcome) ? outcome : "failed",
            result: isExpected == true ? self.result : nil, message: message.terminalSafeLine(1000))
    }

    var text: String { "\(status)\n\(outcome)\n\(result ?? "")\n\(message)" }
}

/// A pipe for short messages, of which the first alone is read.
struct MessagePipe: Sendable {
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
