package import GalleyExecution
import GalleyJupyterProtocol

/// The description of a failed run.
package struct FailureDescription: Sendable {
    /// The reason for the failure, with the cell, in one sentence.
    package let sentence: String
    /// The error that a cell raised; nil if the run failed for another reason.
    package let error: CellError?
    private let lastLines: [String]
    private let source: String?

    /// Creates a description of a report's failure; returns nil if the run succeeded.
    ///
    /// - Parameter namesLine: Whether the sentence names the line within the cell.
    package init?(_ report: Report, namesLine: Bool = false) {
        guard let message = report.message(namesLine: namesLine) else { return nil }
        sentence = message
        error = if case .raised(let raised) = report.outcome { raised } else { nil }
        lastLines = if case .kernelFailed(.died(let end)) = report.outcome { end.lastLines } else { [] }
        source = report.failingCell?.source
    }

    /// Returns the details: the cell's source with the failing line marked, and the traceback, or the last lines of a
    /// dead kernel.
    package func details(withColors: Bool) -> [String] {
        var lines: [String] = []
        if let error {
            if let source { lines += ["", excerpt(of: source, around: error.line)] }
            if !error.traceback.isEmpty {
                lines += ["", error.traceback.joined(separator: "\n").terminalSafe(withColors: withColors)]
            }
        }
        if !lastLines.isEmpty { lines += ["Last kernel output:"] + lastLines.map { "    " + $0.terminalSafe() } }
        return lines
    }

    /// Returns the numbered lines of a cell around the marked line.
    private func excerpt(of source: String, around marked: Int?) -> String {
        let lines = source.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).map(String.init)
        let centre = min(max(marked ?? 1, 1), lines.count)
        let range = max(1, centre - 5)...min(lines.count, centre + (marked == nil ? 9 : 5))
        let width = String(range.upperBound).count
        return range.map { number in
            let label = String(repeating: " ", count: width - String(number).count) + String(number)
            return "\(number == marked ? "  -> " : "     ")\(label)  \(lines[number - 1].terminalSafe())"
        }.joined(separator: "\n")
    }
}
