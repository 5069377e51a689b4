package import GalleyExecution
import GalleyJupyterProtocol

/// Says what went wrong in a run.
package struct FailureDescription: Sendable {
    /// What went wrong, in which cell.
    package let sentence: String
    /// The error that a cell raised, where it was that.
    package let error: CellError?
    private let lastLines: [String]
    private let source: String?

    /// Looks at a report; nil where nothing went wrong.
    ///
    /// - Parameter namesLine: Whether the sentence says in which line of the cell.
    package init?(_ report: Report, namesLine: Bool = false) {
        guard let message = report.message(namesLine: namesLine) else { return nil }
        sentence = message
        error = if case .raised(let raised) = report.outcome { raised } else { nil }
        lastLines = if case .kernelFailed(.died(let end)) = report.outcome { end.lastLines } else { [] }
        source = report.failingCell?.source
    }

    /// The cell with the line marked that raised the error, and the traceback; or the kernel's last words.
    package func details(withColors: Bool) -> [String] {
        var lines: [String] = []
        if let error {
            if let source { lines += ["", excerpt(of: source, around: error.line)] }
            if !error.traceback.isEmpty {
                lines += ["", error.traceback.joined(separator: "\n").terminalSafe(withColors: withColors)]
            }
        }
        if !lastLines.isEmpty { lines += ["It said:"] + lastLines.map { "    " + $0.terminalSafe() } }
        return lines
    }

    /// A few lines of a cell, numbered.
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
