package import GalleyExecution
import GalleyJupyterProtocol

/// The description of a failed run for a person: a sentence, and the details of the cell that failed.
///
/// The terminal, the log, annotations of CI services and JUnit show it.
package struct FailureDescription: Sendable {
    /// The reason for the failure, with the cell, in one sentence.
    package let sentence: String
    private let cell: CellDetails?
    /// The last lines that a dead kernel wrote outside of cells.
    private let kernelLines: [String]

    /// Creates a description of a report's failure; returns nil if the run succeeded.
    ///
    /// - Parameter namesLine: Whether the sentence names the line within the cell.
    package init?(_ report: Report, namesLine: Bool = false) {
        guard let message = report.message(namesLine: namesLine) else { return nil }
        sentence = message
        cell = report.failingCell.map { CellDetails($0, isSaved: report.result != nil) }
        kernelLines = if case .kernelFailed(.died(let end)) = report.outcome { end.lastLines } else { [] }
    }

    /// Returns the details: the cell's source with the failing line marked, the last lines that the cell printed, the
    /// traceback, and the last lines of a dead kernel.
    package func details(withColors: Bool) -> [String] {
        (cell?.lines(withColors: withColors) ?? []) + kernelOutput
    }

    /// Returns the sentence and the details without the traceback, in at most `limit` bytes. The last lines count most.
    package func summary(upTo limit: Int) -> String {
        var lines = (cell?.source ?? []) + (cell?.printed ?? []) + kernelOutput
        while !lines.isEmpty, sentence.utf8.count + lines.reduce(1, { $0 + $1.utf8.count + 1 }) > limit {
            lines.removeFirst()
        }
        return ([sentence] + lines).joined(separator: "\n")
    }

    private var kernelOutput: [String] {
        kernelLines.isEmpty ? [] : ["", "Last kernel output:"] + kernelLines.map { "    " + $0.terminalSafe() }
    }
}

/// The details of a cell that failed, line by line.
struct CellDetails: Sendable {
    /// The numbered lines of the source, with the failing one marked.
    let source: [String]
    /// The last lines that the cell printed.
    let printed: [String]
    private let traceback: [String]

    /// - Parameter isSaved: Whether a notebook holds all lines that the cell printed.
    init(_ cell: CellReport, isSaved: Bool) {
        source = cell.excerpt.map { [""] + Self.lines(of: $0) } ?? []
        printed = cell.printed.map { ["", "The cell printed:"] + Self.lines(of: $0, isSaved: isSaved) } ?? []
        traceback = cell.error?.traceback ?? []
    }

    func lines(withColors: Bool) -> [String] {
        let traceback = traceback.joined(separator: "\n").terminalSafe(withColors: withColors)
        return source + printed + (traceback.isEmpty ? [] : ["", traceback])
    }

    private static func lines(of excerpt: SourceExcerpt) -> [String] {
        let last = excerpt.firstLine + excerpt.lines.count - 1
        let width = String(last).count
        let lines = zip(excerpt.firstLine..., excerpt.lines).map { number, line in
            let label = String(repeating: " ", count: width - String(number).count) + String(number)
            return "\(number == excerpt.markedLine ? "  -> " : "     ")\(label)  \(line)"
        }
        let rest = excerpt.lineCount - last
        return excerpt.markedLine == nil && rest > 0 ? lines + ["     … \(Self.count(rest, "more"))"] : lines
    }

    private static func lines(of printed: PrintedLines, isSaved: Bool) -> [String] {
        let place = isSaved ? "in the notebook" : "left out"
        let note =
            printed.earlierCount == 0
            ? []
            : ["    … \(count(printed.earlierCount, "earlier")) \(printed.earlierCount == 1 ? "is" : "are") \(place)"]
        return note + printed.lines.map { "    " + $0 }
    }

    private static func count(_ lines: Int, _ kind: String) -> String {
        lines == 1 ? "1 \(kind) line" : "\(lines) \(kind) lines"
    }
}
