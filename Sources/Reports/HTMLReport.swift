import GalleyExecution
package import Galley
package import GalleyJupyterProtocol
package import GalleyNotebook
import GalleyRendering

/// An HTML page about a run: the failures, a table of all notebooks, and each notebook.
///
/// The page is self-contained: it loads no external resources and contains no scripts. Active content of outputs is
/// disabled. A content security policy in the head enforces the same in the browser.
package enum HTMLReport {
    /// The maximum size of a notebook's cells on the page, in bytes.
    private static let limit = 64_000_000

    /// Calls `body` with the section of one notebook, in pieces, so that a long section is never in memory as a whole.
    ///
    /// - Parameters:
    ///   - number: The index of the notebook, counted from 0.
    ///   - notebook: The executed notebook; nil if it was not run.
    package static func forEachPiece(
        of jobReport: JobReport, _ notebook: Notebook?, number: Int, _ body: (String) -> Void
    ) {
        let notes = jobReport.failedAttempts.map { "An attempt failed: \($0)" } + jobReport.warnings
        let isOpen: HTML = jobReport.hasFailed ? " open" : ""
        let head: HTML = """
            <details\(isOpen)><summary><h3>\(jobReport.name.terminalSafe())</h3> \
            <span class="state \(look(jobReport))">\(word(jobReport))</span></summary>
            <div id="\(anchor(number))" class="notebook">

            """
        body(head.text)
        for note in notes { body(("<p class=\"note\">\(note)</p>\n" as HTML).text) }
        if let notebook {
            var rest = limit
            let cells = notebook.cells
            let reports = Dictionary(jobReport.run?.cells.map { ($0.index, $0) } ?? []) { $1 }
            let findings = Dictionary(grouping: jobReport.findings, by: \.index)
            let failing = jobReport.run?.failingCell?.index
            let look = CellRenderingOptions(scope: "n\(number)", language: notebook.wantedKernel.language)
            for (index, cell) in cells.enumerated() {
                if rest <= 0 {
                    let count = cells.count - index
                    body(
                        ("<p class=\"note\">\(count) more cells are left out here; the notebook has them.</p>\n" as HTML)
                            .text)
                    break
                }
                let html = html(
                    of: cell, at: index, look, reports[index], findings[index] ?? [], isFailing: failing == index)
                rest -= html.size
                body(html.text)
            }
        } else {
            body(("<p class=\"reason\">\(jobReport.sentence ?? "There is nothing to show.")</p>\n" as HTML).text)
        }
        body("</div></details>\n")
    }

    // MARK: What failed

    /// Returns the failure section of a notebook: the reason, the failing cells and their outputs. It is empty for a
    /// success.
    package static func failure(_ jobReport: JobReport, _ notebook: Notebook?, number: Int) -> String {
        guard let sentence = jobReport.sentence, jobReport.hasFailed else { return "" }
        var cells = HTML()
        if let notebook {
            let places =
                jobReport.run?.failingCell.map { [$0.index] } ?? Array(Set(jobReport.findings.map(\.index))).sorted()
            for place in places.prefix(10) { cells += failingCell(at: place, of: notebook, jobReport, number) }
        }
        let html: HTML = """
            <article class="failure"><h3><a href="#\(anchor(number))">\(jobReport.name.terminalSafe())</a></h3>
            <p class="reason">\(sentence)</p>
            \(lastWords(jobReport))\(cells)</article>

            """
        return html.text
    }

    /// Returns a failing cell: the lines around the failing one, the errors, and the last outputs before them.
    private static func failingCell(at index: Int, of notebook: Notebook, _ jobReport: JobReport, _ number: Int) -> HTML
    {
        guard notebook.cells.indices.contains(index) else { return HTML() }
        let cell = notebook.cells[index]
        let marked = jobReport.run?.cells.first { $0.index == index }?.error?.line
        let lines = cell.source.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        let centre = min(max(marked ?? 1, 1), max(1, lines.count))
        let range = lines.count <= 24 ? 0..<lines.count : max(0, centre - 10)..<min(lines.count, centre + 6)
        let count = cell.executionCount.map { "[\($0)]" } ?? "[ ]"
        let part =
            range.count == lines.count ? "" : " lines \(range.lowerBound + 1) to \(range.upperBound) of \(lines.count)"
        let code = HTML.code(
            lines[range].joined(separator: "\n"), language: notebook.wantedKernel.language,
            markedLine: marked.map { $0 - range.lowerBound })
        let id = "f\(number)-c\(index)"
        var outputs = HTML()
        for finding in jobReport.findings where finding.index == index { outputs += html(of: finding) }
        let all = Array(cell.outputs.enumerated())
        let errors = all.filter { $0.element.kind == .error }
        let others = all.filter { $0.element.kind != .error }
        for (place, output) in errors + others.suffix(3) { outputs += .output(output, id: "\(id)-o\(place)") }
        if others.count > 3 {
            outputs +=
                "<p class=\"note\">\(others.count - 3) more outputs are in <a href=\"#n\(number)-c\(index)\">the notebook</a>.</p>\n"
        }
        return """
            <section class="nb-cell nb-program failing" id="\(id)"><div class="nb-count">\(count)\(part)</div>\(code)\
            <div class="nb-outputs">\(outputs)</div></section>

            """
    }

    /// Returns the last lines that a dead kernel wrote.
    private static func lastWords(_ jobReport: JobReport) -> HTML {
        guard case .kernelFailed(.died(let death)) = jobReport.run?.outcome, !death.lastLines.isEmpty else {
            return HTML()
        }
        return """
            <pre class="nb-text nb-stderr">\(HTML.terminal(death.lastLines.joined(separator: "\n")))</pre>

            """
    }

    // MARK: A notebook

    private static func anchor(_ number: Int) -> String { "notebook-\(number + 1)" }

    private static func html(
        of cell: Cell, at index: Int, _ look: CellRenderingOptions, _ report: CellReport?, _ findings: [CheckFinding],
        isFailing: Bool
    ) -> HTML {
        let hasFailed = isFailing || !findings.isEmpty
        var html = HTML.cell(
            cell, at: index, look: look, state: hasFailed ? "failing" : "",
            markedLine: hasFailed ? report?.error?.line : nil)
        if let report, report.outcome.wasRun {
            html += "<p class=\"time\">\(report.duration.inWords)</p>\n"
        } else if let report, report.outcome.status == "not-reached" {
            html += "<p class=\"time\">not run</p>\n"
        }
        for finding in findings { html += self.html(of: finding) }
        return html
    }

    private static func html(of finding: CheckFinding) -> HTML {
        var lines = HTML()
        for line in finding.lines { lines += difference(line) }
        return "<p class=\"reason\">\(finding.what)</p>\n<pre class=\"nb-text difference\">\(lines)</pre>\n"
    }

    private static func difference(_ line: String) -> HTML {
        switch line.first {
        case "-": "<del>\(line)</del>\n"
        case "+": "<ins>\(line)</ins>\n"
        default: "\(line)\n"
        }
    }

    // MARK: The page

    /// Returns the beginning of the page: the head, the summary, and the start of the failures section.
    package static func head(_ report: BatchReport, began: Timestamp) -> String {
        let jobReports = report.jobs
        let failed = jobReports.count(where: \.hasFailed)
        let leftOut = jobReports.count(where: \.isLeftOut)
        let all = jobReports.count == 1 ? "1 notebook" : "\(jobReports.count) notebooks"
        let title =
            failed == 0
            ? (leftOut == 0 ? "\(all) succeeded" : "\(all): \(leftOut) not run") : "\(failed) of \(all) failed"
        let facts = [
            "\(String(began.description.prefix(16)).replacing("T", with: " ")) UTC", report.duration.inWords,
            leftOut > 0 && failed > 0 ? "\(leftOut) not run" : nil, report.stop.map { "the run \($0)" },
            "Galley \(Galley.version)",
        ].compactMap(\.self)
        let html: HTML = """
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta name="referrer" content="no-referrer">
            <title>\(title)</title>
            <style>

            """
        let body: HTML = """
            </style>
            </head>
            <body>
            <header><h1 class="\(failed > 0 ? "bad" : leftOut > 0 ? "open" : "good")">\(title)</h1>
            <p>\(facts.joined(separator: " · "))</p></header>
            <main>

            """
        return html.text + HTML.styles.text + styles + body.text
            + (failed > 0 ? "<section class=\"failures\"><h2>What failed</h2>\n" : "")
    }

    /// Returns the table of notebooks, which follows the failures.
    package static func table(_ report: BatchReport) -> String {
        let whole = max(report.duration.inSeconds, 0.001)
        var rows = HTML()
        for (number, jobReport) in report.jobs.enumerated() { rows += row(jobReport, number, of: whole) }
        let html: HTML = """
            <section><h2>Notebooks</h2>
            <table class="notebooks"><thead><tr><th>Notebook</th><th>Result</th><th>Time</th><th class="axis"><span>0 s</span><span>\(report.duration.inWords)</span></th></tr></thead>
            <tbody>
            \(rows)</tbody></table></section>
            <section class="all"><h2>Each notebook</h2>

            """
        return (report.jobs.contains(where: \.hasFailed) ? "</section>\n" : "") + html.text
    }

    /// The end of the page.
    package static let tail = "</section>\n</main>\n</body>\n</html>\n"

    private static func row(_ jobReport: JobReport, _ number: Int, of whole: Double) -> HTML {
        func percent(_ duration: Duration) -> String {
            let share = min(max(duration.inSeconds / whole, 0), 1)
            return "\((share * 10000).rounded() / 100)%"
        }
        let bar: HTML =
            jobReport.isLeftOut
            ? ""
            : """
            <span class="bar \(look(jobReport))" style="margin-left:min(\(percent(jobReport.begin + jobReport.waited)),calc(100% - 3px));width:\(percent(jobReport.span))"></span>
            """
        let attempts: HTML =
            jobReport.failedAttempts.isEmpty
            ? "" : " <span class=\"note\">attempt \(jobReport.failedAttempts.count + 1)</span>"
        let reason: HTML =
            jobReport.hasFailed
            ? "<br><span class=\"note\">\(jobReport.sentence?.terminalSafeLine(200) ?? "")</span>" : ""
        return """
            <tr><td><a href="#\(anchor(number))">\(jobReport.name.terminalSafe())</a>\(attempts)\(reason)</td>\
            <td><span class="state \(look(jobReport))">\(word(jobReport))</span></td>\
            <td class="number">\(jobReport.isLeftOut ? "" : jobReport.duration.inWords)</td><td class="axis">\(bar)</td></tr>

            """
    }

    private static func look(_ jobReport: JobReport) -> String {
        jobReport.isSuccess ? "good" : jobReport.isLeftOut ? "open" : "bad"
    }

    private static func word(_ jobReport: JobReport) -> String {
        switch jobReport.status {
        case "succeeded": "ok"
        case "raised": "error"
        case "left-out": "not run"
        case let status: status.replacing("-", with: " ")
        }
    }
}
