package import Galley
import GalleyExecution

/// A Markdown table of the notebooks of a run, for the page that a CI service shows.
///
/// Text of notebooks stands in `code` elements and is escaped, so that it can neither format the page nor mention
/// people.
package struct MarkdownSummary: Sendable {
    private let title: String
    /// The rows of the table, those of failed notebooks first.
    private let rows: [String]

    /// Creates the summary of a batch.
    package init(_ report: BatchReport) {
        let failed = report.jobs.filter(\.hasFailed)
        let all = report.jobs.countInWords
        let interrupted = report.jobs.filter(\.isInterrupted)
        let counts = report.jobs.unfinishedCounts.map { ", \($0)" }.joined()
        title =
            (failed.isEmpty ? all : "\(failed.count) of \(all) failed") + counts + ", \(report.duration.inWords)"
        rows =
            (failed + interrupted + report.jobs.filter { !$0.hasFailed && !$0.isInterrupted }).map(Self.row)
    }

    /// Returns the text in at most `limit` bytes; empty if not even the first row fits.
    package func text(upTo limit: Int) -> String {
        let head =
            "### Galley: \(title)\n\n| Result | Notebook | Time | First failing cell |\n| --- | --- | ---: | --- |\n"
        let reserve = 100
        var text = head
        for (index, row) in rows.enumerated() {
            guard text.utf8.count + row.utf8.count + reserve <= limit else {
                if index == 0 { return "" }
                let rest = rows.count - index
                return text + "\n\(rest == 1 ? "1 notebook does" : "\(rest) notebooks do") not fit on this page.\n\n"
            }
            text += row
        }
        return text + "\n"
    }

    private static func row(_ jobReport: JobReport) -> String {
        let result = jobReport.hasFailed ? "**\(jobReport.status)**" : jobReport.resultWord
        let time = jobReport.isLeftOut ? "" : jobReport.duration.inWords
        let sentence = jobReport.isLeftOut ? "" : jobReport.sentence.map { code($0, 500) } ?? ""
        return "| \(result) | \(code(jobReport.title, 200)) | \(time) | \(sentence) |\n"
    }

    /// Returns text as an element in which the text has no meaning in Markdown or HTML.
    private static func code(_ text: String, _ length: Int) -> String {
        let escaped = text.terminalSafeLine(length).unicodeScalars.map { scalar in
            "&<>\"'`*_[]()\\|~$#@:!".unicodeScalars.contains(scalar) ? "&#\(scalar.value);" : String(scalar)
        }
        return "<code>\(escaped.joined())</code>"
    }
}
