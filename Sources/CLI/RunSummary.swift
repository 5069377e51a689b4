import GalleyExecution
import GalleyReports
import GalleyStorage

/// The end of a run, in the form in which processes pass it on.
struct RunSummary: Sendable {
    let status: Int32
    /// The outcome in one word.
    let outcome: String
    /// The file with the result; nil if there is none.
    let result: String?
    /// The error; empty if there is none.
    let message: String

    init(status: Int32, outcome: String, result: String?, message: String) {
        (self.status, self.outcome, self.result, self.message) = (status, outcome, result, message)
    }

    init?(_ text: String) {
        let parts = text.split(separator: "\n", maxSplits: 3, omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 4, let status = Int32(parts[0]) else { return nil }
        self.init(status: status, outcome: parts[1], result: parts[2].isEmpty ? nil : parts[2], message: parts[3])
    }

    /// Returns the same summary with the actual exit status of the process.
    func withStatus(_ status: Int32) -> RunSummary {
        RunSummary(status: status, outcome: outcome, result: result, message: message)
    }

    /// Returns what root's commands may receive of a summary that the process of another user has sent.
    ///
    /// - Parameter result: The path where root expects the result. Any other path is dropped, except a conflict copy
    ///   beside it.
    func sanitized(from result: String?) -> RunSummary {
        let outcomes: Set = [
            "succeeded", "raised", "exited", "timed-out", "kernel-died", "output-lost", "stopped", "failed", "killed",
            "left-out", "differs",
        ]
        let isExpected = result.map { expected in
            let stem = expected.hasSuffix(".ipynb") ? String(expected.dropLast(6)) : expected
            let reported = self.result ?? ""
            let conflictCopy = (stem + ".galley-conflict").utf8
            return reported.isSamePath(as: expected)
                || reported.utf8.starts(with: conflictCopy)
                    && !reported.utf8.dropFirst(conflictCopy.count).contains(UInt8(ascii: "/"))
        }
        return RunSummary(
            status: status, outcome: outcomes.contains(outcome) ? outcome : "failed",
            result: isExpected == true ? self.result : nil, message: message.terminalSafeLine(1000))
    }

    var text: String { "\(status)\n\(outcome)\n\(result ?? "")\n\(message)" }
}
