import GalleyExecution
package import Galley
import GalleyJupyterProtocol
package import GalleyNotebook
import GalleyParameters
import GalleyRendering

/// The section of one notebook on the HTML page.
///
/// A notebook that failed is open and shows its failing cells; the cells between them are folded.
package struct HTMLReportSection {
    private let job: JobReport
    private let notebook: Notebook?
    private let stored: Notebook?
    private let number: Int
    private let isAlone: Bool
    private let reports: [Int: CellReport]
    private let findings: [Int: [CheckFinding]]

    /// Whether the notebook failed or was interrupted.
    private var hasProblem: Bool { job.hasFailed || job.isInterrupted }

    /// The maximum size of a notebook's cells on the page, in bytes. Failing cells get as much again.
    private static let limit = 64_000_000

    /// The maximum number of results in the list.
    private static let mostResults = 100

    /// Creates the section of a notebook.
    ///
    /// - Parameters:
    ///   - notebook: The executed notebook; nil if it was not run.
    ///   - stored: The notebook before the run.
    ///   - number: The index of the notebook, counted from 0.
    ///   - isAlone: Whether the page has no other notebook.
    package init(
        of job: JobReport, _ notebook: Notebook?, stored: Notebook? = nil, number: Int, isAlone: Bool = false
    ) {
        (self.job, self.notebook, self.stored, self.number, self.isAlone) = (job, notebook, stored, number, isAlone)
        reports = Dictionary(job.run?.cells.map { ($0.index, $0) } ?? []) { $1 }
        findings = Dictionary(grouping: job.findings, by: \.index)
    }

    /// Calls `body` with the section in pieces, so that a long section is never in memory as a whole.
    package func forEachPiece(_ body: (String) -> Void) {
        let isOpen: HTML = hasProblem || isAlone ? " open" : ""
        let head: HTML = """
            <details class="notebook-frame \(job.styleClass)"\(isOpen)><summary><h3>\(job.title.terminalSafe())</h3> \
            <span class="state \(job.styleClass)">\(job.resultWord)</span></summary>
            <div id="\(HTMLReport.id(number))" class="notebook">
            \(notes)\(results)
            """
        body(head.text)
        if let notebook { cells(of: notebook, body) }
        body("</div></details>\n")
    }

    private var notes: HTML {
        var html = HTML()
        if !job.parameters.isEmpty {
            let items = job.parameters.members.map { "\($0.name)=\($0.value.text)".terminalSafeLine(300) }
            html += "<p class=\"note\">Parameters: \(items.joined(separator: ", "))</p>\n"
        }
        for note in job.failedAttempts.map({ "An attempt failed: \($0)" }) + job.warnings {
            html += "<p class=\"note\">\(note)</p>\n"
        }
        html += files
        if hasProblem || notebook == nil {
            html += "<p class=\"reason\">\(job.sentence ?? "There is nothing to show.")</p>\n"
        }
        if case .kernelFailed(.died(let death)) = job.run?.outcome, !death.lastLines.isEmpty {
            let lines = HTML.terminal(death.lastLines.joined(separator: "\n"))
            html +=
                "<p class=\"note\">The last lines of the kernel:</p>\n<pre class=\"nb-text nb-stderr\">\(lines)</pre>\n"
        }
        return html
    }

    /// The files that were stored beside the result; empty if there are none.
    private var files: HTML {
        guard let files = job.run?.files, !files.isEmpty else { return HTML() }
        var items = HTML()
        for file in files.prefix(Self.mostResults) {
            items += "<li>\(file.location.terminalSafeLine(300)) (\("\(file.size)") bytes)</li>\n"
        }
        let rest = files.count - Self.mostResults
        let note: HTML = rest > 0 ? "<p class=\"note\">\(rest) more files</p>\n" : ""
        return "<p class=\"note\">Files of the run:</p>\n<ul class=\"files\">\n\(items)</ul>\n\(note)"
    }

    /// The results that cells handed back, with links to their cells; empty if there are none.
    private var results: HTML {
        guard let results = job.run?.results, !results.isEmpty else { return HTML() }
        var rows = HTML()
        for result in results.prefix(Self.mostResults) {
            let target = "\(HTMLReport.id(number))-c\(result.index)"
            rows +=
                "<dt><a href=\"#\(target)\">\(result.name.terminalSafeLine(100))</a></dt><dd>\(result.shortText)</dd>\n"
        }
        let rest = results.count - Self.mostResults
        let note: HTML = rest > 0 ? "<p class=\"note\">\(rest) more results</p>\n" : ""
        return "<dl class=\"results\" aria-label=\"Results\">\n\(rows)</dl>\n\(note)"
    }

    // MARK: Cells

    private func isFailing(_ index: Int) -> Bool { job.run?.failingCell?.index == index || findings[index] != nil }

    private func cells(of notebook: Notebook, _ body: (String) -> Void) {
        let cells = notebook.cells
        let failing = hasProblem ? cells.indices.filter(isFailing) : []
        let options = CellRenderingOptions(
            scope: HTMLReport.id(number), language: notebook.wantedKernel.language)
        var rest = Self.limit
        var start = 0
        for end in failing + [cells.count] {
            if start < end {
                if hasProblem { body(fold(start..<end, of: cells.count).text) }
                write(start..<end, of: cells, options, &rest, body)
                if hasProblem { body("</details>\n") }
            }
            if end < cells.count, rest > -Self.limit {
                let html = failingCell(cells[end], at: end, options)
                rest -= html.size
                body(html.text)
            }
            start = end + 1
        }
    }

    /// Returns the start of the element that folds the cells around failing ones.
    private func fold(_ range: Range<Int>, of count: Int) -> HTML {
        let cells = range.count == 1 ? "1 cell" : "\(range.count) cells"
        let place =
            range.count == count
            ? "" : range.lowerBound == 0 ? " before" : range.upperBound == count ? " after" : " between"
        let isReached = range.contains { reports[$0].map { $0.outcome.status != "not-reached" } ?? false }
        let suffix = place == " after" && !isReached ? ", not run" : ""
        return "<details class=\"nb-fold\"><summary>\(cells)\(place)\(suffix)</summary>\n"
    }

    private func write(
        _ range: Range<Int>, of cells: some Collection<Cell>, _ options: CellRenderingOptions, _ rest: inout Int,
        _ body: (String) -> Void
    ) {
        for (index, cell) in zip(range, cells.dropFirst(range.lowerBound)) {
            if rest <= 0 {
                let note: HTML =
                    "<p class=\"note\">\(range.upperBound - index) more cells are left out here; the notebook has them.</p>\n"
                return body(note.text)
            }
            let html: HTML = "\(.cell(cell, at: index, look: options))\(time(of: index))"
            rest -= html.size
            body(html.text)
        }
    }

    private func time(of index: Int) -> HTML {
        guard let report = reports[index] else { return HTML() }
        if report.outcome.wasRun { return "<p class=\"time\">\(report.duration.inWords)</p>\n" }
        return report.outcome.status == "not-reached" ? "<p class=\"time\">not run</p>\n" : HTML()
    }

    private func failingCell(_ cell: Cell, at index: Int, _ options: CellRenderingOptions) -> HTML {
        let error = reports[index]?.error
        // An unexpected error is a finding of the check, and an output of the cell.
        let isShown = error != nil && cell.outputs.contains { $0.kind == .error }
        var differences = HTML()
        if !isShown, let found = findings[index] {
            for finding in found { differences += difference(finding, of: cell, index) }
            if !found.allSatisfy(\.lines.isEmpty) {
                differences = "<p class=\"legend\"><del>− stored</del> <ins>+ new</ins></p>\n\(differences)"
            }
        }
        let html = HTML.failingCell(
            cell, at: index, options: options, markedLine: error?.line, findings: differences)
        return "\(html)\(time(of: index))"
    }

    // MARK: Differences

    private func difference(_ finding: CheckFinding, of cell: Cell, _ index: Int) -> HTML {
        var lines = HTML()
        for line in finding.lines { lines += difference(line) }
        let text: HTML = finding.lines.isEmpty ? "" : "<pre class=\"nb-text difference\">\(lines)</pre>\n"
        return "<p class=\"reason\">\(finding.what)</p>\n\(pictures(finding, of: cell, index))\(text)"
    }

    private func difference(_ line: String) -> HTML {
        switch line.first {
        case "-": "<del>\(line)</del>\n"
        case "+": "<ins>\(line)</ins>\n"
        default: "\(line)\n"
        }
    }

    /// Returns the stored picture beside the new one; empty if the finding is not about pictures.
    private func pictures(_ finding: CheckFinding, of cell: Cell, _ index: Int) -> HTML {
        guard let parts = finding.parts else { return HTML() }
        let old = stored.flatMap { $0.cells.indices.contains(index) ? $0.cells[index] : nil }
        let picture = { (cell: Cell?, output: Int?) -> HTML? in
            guard let cell, let output, cell.outputs.indices.contains(output) else { return nil }
            return .picture(parts.type, of: cell.outputs[output])
        }
        let (before, after) = (picture(old, parts.stored), picture(cell, parts.new))
        if before == nil, after == nil { return HTML() }
        let absent: HTML = "<span class=\"note\">none</span>"
        return """
            <div class="pictures"><figure><figcaption><del>− stored</del></figcaption>\(before ?? absent)</figure>\
            <figure><figcaption><ins>+ new</ins></figcaption>\(after ?? absent)</figure></div>

            """
    }
}
