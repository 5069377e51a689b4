import GalleyExecution
import GalleyReports
import GalleyStorage

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
