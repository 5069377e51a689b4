package import Execution
import JupyterProtocol

/// Says what went wrong in a run.
package struct Failure: Sendable {
    /// What went wrong, in which cell.
    package let sentence: String
    /// The error that a cell raised, where it was that.
    package let error: CellError?
    private let lastLines: [String]
    private let source: String?

    /// Makes the sentence for a report; nil where nothing went wrong.
    ///
    /// - Parameter namesLine: Whether it says in which line of the cell.
    package init?(_ report: RunReport, namesLine: Bool = false) {
        let cell = report.failingCell.map { cell in
            let line = cell.error?.line.flatMap { namesLine ? ", line \($0)," : nil }
            return "cell \(cell.number) of \(report.cells.count)\(line ?? "")"
        }
        var error: CellError?
        var lastLines: [String] = []
        switch report.outcome {
        case .succeeded, .exited(status: 0): return nil
        case .raised(let raised):
            error = raised
            let value = raised.value.shownOnOneLine(200)
            sentence = "\(cell ?? "a cell") raised \(raised.name.shownOnOneLine())\(value.isEmpty ? "" : ": \(value)")"
        case .exited(let status): sentence = "\(cell ?? "a cell") ended the notebook with status \(status)"
        case .timedOut(let limit):
            let end =
                switch report.failingCell?.outcome {
                case .timedOut(_, .killed)?: "; it did not heed the interrupt, and the kernel was killed"
                case .timedOut(_, .failed(let failure))?: "; when it was interrupted, \(failure)"
                default: ""
                }
            sentence =
                cell.map { "\($0) \(limit)\(end)" }
                ?? "the limit of \(limit.duration.inWords) for the whole run was reached before \(report.kernel == nil ? "the first" : "the next") cell"
        case .kernelFailed(let failure):
            sentence = "\(failure)\(cell.map { ", in \($0)" } ?? "")"
            if case .died(let end) = failure { lastLines = end.lastLines }
        case .stopped(let reason): sentence = "the run \(reason)\(cell.map { ", in \($0)" } ?? "")"
        }
        self.error = error
        self.lastLines = lastLines
        source = report.failingCell?.source
    }

    /// The cell with the line marked that raised the error, and the traceback; or the kernel's last words.
    package func details(withColours: Bool) -> [String] {
        var lines: [String] = []
        if let error {
            if let source { lines += ["", excerpt(of: source, around: error.line)] }
            if !error.traceback.isEmpty {
                lines += ["", error.traceback.joined(separator: "\n").shown(withColours: withColours)]
            }
        }
        if !lastLines.isEmpty { lines += ["It said:"] + lastLines.map { "    " + $0.shown() } }
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
            return "\(number == marked ? "  -> " : "     ")\(label)  \(lines[number - 1].shown())"
        }.joined(separator: "\n")
    }
}
