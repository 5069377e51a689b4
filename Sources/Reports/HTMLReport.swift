import GalleyExecution
package import Galley
package import GalleyJupyterProtocol
import GalleyRendering

/// An HTML page about a run: links to the failures, the notebooks that failed, a table of all notebooks, and the others.
///
/// Each failing cell stands once on the page, at its place in its notebook. In sight are the code around the failing
/// line, the last four outputs, and the last 20 lines of each text or traceback; the rest is folded.
///
/// The page is self-contained: it loads no external resources and contains no scripts. Active content of outputs is
/// disabled. A content security policy in the head enforces the same in the browser.
package enum HTMLReport {
    /// The maximum number of links to failures.
    private static let mostLinks = 200

    /// Returns the element identifier of a notebook, which those of its cells begin with.
    ///
    /// - Parameter number: The index of the notebook, counted from 0.
    static func id(_ number: Int) -> String { "n\(number)" }

    /// Returns the indices of the notebooks that failed and of the others, in the order of the page.
    ///
    /// Notebooks with a failing cell come before those that failed without one, and interrupted notebooks before those
    /// that succeeded.
    package static func order(_ report: BatchReport) -> (failed: [Int], others: [Int]) {
        let failed = report.jobs.indices.filter { report.jobs[$0].hasFailed }
        return (
            failed.filter { report.jobs[$0].cell != nil } + failed.filter { report.jobs[$0].cell == nil },
            report.jobs.indices.filter { report.jobs[$0].isInterrupted }
                + report.jobs.indices.filter { !report.jobs[$0].hasFailed && !report.jobs[$0].isInterrupted }
        )
    }

    // MARK: Links to failures

    /// Returns links to the failing cells; empty if there is only one.
    private static func links(_ report: BatchReport) -> HTML {
        let links = order(report).failed.flatMap { Self.links(to: report.jobs[$0], $0) }
        if links.count < 2 { return HTML() }
        var items = HTML()
        for link in links.prefix(mostLinks) { items += link }
        if links.count > mostLinks { items += "<li class=\"note\">\(links.count - mostLinks) more</li>\n" }
        return "<nav class=\"links\" aria-label=\"Failures\"><ul>\n\(items)</ul></nav>\n"
    }

    private static func links(to job: JobReport, _ number: Int) -> [HTML] {
        let name = job.title.terminalSafe()
        let link = { (target: String, sentence: String) -> HTML in
            "<li><a href=\"#\(target)\">\(name)</a> <span class=\"note\">\(sentence.terminalSafeLine(200))</span></li>\n"
        }
        if job.run?.failingCell == nil, !job.findings.isEmpty {
            let cells = Dictionary(grouping: job.findings, by: \.index).sorted { $0.key < $1.key }
            return cells.map { index, findings in
                link("\(id(number))-c\(index)", "cell \(findings[0].cell): \(findings[0].what)")
            }
        }
        let target = job.run?.failingCell.map { "\(id(number))-c\($0.index)" } ?? id(number)
        return [link(target, job.sentence ?? "")]
    }

    /// Returns the choice between all notebooks and those that failed; empty if there is nothing to choose.
    private static func filter(_ report: BatchReport) -> HTML {
        let failed = report.jobs.count(where: \.hasFailed)
        if failed == 0 || failed == report.jobs.count { return HTML() }
        return """
            <fieldset class="filter"><legend>Show</legend>
            <label><input type="radio" name="show" id="show-all" checked> all \(report.jobs.count)</label>
            <label><input type="radio" name="show" id="show-failed"> failed \(failed)</label></fieldset>

            """
    }

    // MARK: The page

    /// Returns the beginning of the page: the head, the summary, and the start of the failures section.
    package static func head(_ report: BatchReport, began: Timestamp) -> String {
        let jobReports = report.jobs
        let failed = jobReports.count(where: \.hasFailed)
        let unfinished = jobReports.unfinishedCounts
        let all = jobReports.countInWords
        let title =
            if failed > 0 {
                "\(failed) of \(all) failed"
            } else if jobReports.count == 1 {
                "\(all) \(jobReports[0].isSuccess ? "succeeded" : jobReports[0].resultWord)"
            } else {
                unfinished.isEmpty ? "\(all) succeeded" : "\(all): \(unfinished.joined(separator: ", "))"
            }
        let decisive =
            jobReports.first(where: \.hasFailed) ?? jobReports.first(where: \.isInterrupted)
            ?? jobReports.first(where: \.isLeftOut)
        let facts = [
            "\(String(began.description.prefix(16)).replacing("T", with: " ")) UTC", report.duration.inWords,
            failed > 0 && !unfinished.isEmpty ? unfinished.joined(separator: ", ") : nil,
            report.stop.map { "the run \($0)" }, "Galley \(Galley.version)",
        ].compactMap(\.self)
        let body: HTML = """
            </style>
            </head>
            <body>
            <header><h1 class="\(decisive?.styleClass ?? "good")">\(title)</h1>
            <p>\(facts.joined(separator: " · "))</p>
            \(filter(report))\(links(report))</header>
            <main>

            """
        return HTML.pageStart(title: title, language: "en").text + HTML.styles.text + styles + body.text
            + (failed > 0 ? "<section class=\"failures\"><h2>Failures</h2>\n" : "")
    }

    /// Returns the table of notebooks, which follows the failures.
    package static func table(_ report: BatchReport) -> String {
        let whole = max(report.duration.inSeconds, 0.001)
        var rows = HTML()
        for (number, job) in report.jobs.enumerated() { rows += row(job, number, of: whole) }
        let hasFailed = report.jobs.contains(where: \.hasFailed)
        let title = hasFailed ? "Other notebooks" : "Each notebook"
        let others = order(report).others.isEmpty ? HTML() : "<h2 class=\"others\">\(title)</h2>\n" as HTML
        let html: HTML = """
            <section><h2>Notebooks</h2>
            <table class="notebooks"><thead><tr><th>Notebook</th><th>Result</th><th class="number">Time</th><th class="axis"><span>0 s</span><span>\(report.duration.inWords)</span></th></tr></thead>
            <tbody>
            \(rows)</tbody></table></section>
            <section class="all">\(others)

            """
        return (hasFailed ? "</section>\n" : "") + html.text
    }

    /// The end of the page.
    package static let tail = "</section>\n</main>\n</body>\n</html>\n"

    private static func row(_ job: JobReport, _ number: Int, of whole: Double) -> HTML {
        func percent(_ duration: Duration) -> String {
            let share = min(max(duration.inSeconds / whole, 0), 1)
            return "\((share * 10000).rounded() / 100)%"
        }
        let bar: HTML =
            job.isLeftOut
            ? ""
            : """
            <span class="bar \(job.styleClass)" style="margin-left:min(\(percent(job.begin + job.waited)),calc(100% - 3px));width:\(percent(job.span))"></span>
            """
        let attempts: HTML =
            job.failedAttempts.isEmpty
            ? "" : " <span class=\"note\">attempt \(job.failedAttempts.count + 1)</span>"
        return """
            <tr class="\(job.styleClass)"><td><a href="#\(id(number))">\(job.title.terminalSafe())</a>\(attempts)</td>\
            <td><span class="state \(job.styleClass)">\(job.resultWord)</span></td>\
            <td class="number">\(job.isLeftOut ? "" : job.duration.inWords)</td><td class="axis">\(bar)</td></tr>

            """
    }
}
