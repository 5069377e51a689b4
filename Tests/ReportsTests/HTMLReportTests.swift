import GalleyExecution
import GalleyJSON
import GalleyJupyterProtocol
import GalleyNotebook
import Testing

@testable import Galley
@testable import GalleyReports

@Suite struct `The page of a report` {
    private func section(
        _ job: JobReport, _ notebook: Notebook?, stored: Notebook? = nil, isAlone: Bool = false
    ) -> String {
        var text = ""
        HTMLReportSection(of: job, notebook, stored: stored, number: 0, isAlone: isAlone).forEachPiece { text += $0 }
        return text
    }

    private func failed() throws -> (JobReport, Notebook) {
        let sources = ["one", "two", "three"]
        var executed = notebook(sources)
        executed.cells[1].outputs.append(.error(name: "ValueError", value: "bad", traceback: ["ValueError: bad"]))
        return (
            try job(.raised(error), sources, [.succeeded, .raised(error, isAllowed: false), .notReached]), executed
        )
    }

    @Test func `A page shows each failure once, open, between the folded cells around it`() throws {
        let (job, notebook) = try failed()
        let html = section(job, notebook)
        #expect(html.hasPrefix("<details class=\"notebook-frame bad\" open>"))
        #expect(html.matches(of: /ValueError: bad/).count == 1)
        #expect(html.contains("<summary>1 cell before</summary>"))
        #expect(html.contains("<summary>1 cell after, not run</summary>"))
        #expect(html.contains("<section class=\"nb-cell nb-program failing\" id=\"n0-c1\">"))
        let printed = try #require(html.firstRange(of: "out of two"))
        let error = try #require(html.firstRange(of: "ValueError: bad"))
        #expect(printed.lowerBound < error.lowerBound)
        #expect(html.contains("<div id=\"n0\""))
    }

    @Test func `A page opens a notebook that passed only if it is alone`() throws {
        let passed = try job(.succeeded, ["one"], [.succeeded])
        #expect(
            section(passed, notebook(["one"]), isAlone: true).hasPrefix("<details class=\"notebook-frame good\" open>"))
        #expect(section(passed, notebook(["one"])).hasPrefix("<details class=\"notebook-frame good\"><summary>"))
    }

    @Test func `A page counts and marks an interrupted notebook as interrupted, and shows where`() throws {
        let sources = ["one", "two"]
        let stop = StopReason.signal(2)
        let stopped = try job(.stopped(stop), sources, [.succeeded, .stopped(stop)], name: "stopped.ipynb")
        let passed = try job(.succeeded, ["one"], [.succeeded], name: "passed.ipynb")
        func head(_ jobs: [JobReport]) -> String {
            HTMLReport.head(
                BatchReport(jobs: jobs, started: moment, duration: .seconds(12), stop: stop), began: moment)
        }
        #expect(head([passed, stopped]).contains(#"<h1 class="interrupted">2 notebooks: 1 interrupted</h1>"#))
        #expect(head([stopped]).contains(#"<h1 class="interrupted">1 notebook interrupted</h1>"#))
        let (failed, _) = try failed()
        let mixed = BatchReport(
            jobs: [passed, stopped, failed], started: moment, duration: .seconds(12), stop: stop)
        let text = HTMLReport.head(mixed, began: moment)
        #expect(text.contains(#"<h1 class="bad">1 of 3 notebooks failed</h1>"#))
        #expect(text.contains(" · 1 interrupted · the run was ended by SIGINT · "))
        #expect(HTMLReport.order(mixed).failed == [2] && HTMLReport.order(mixed).others == [1, 0])
        #expect(HTMLReport.table(mixed).contains(#"<span class="state interrupted">interrupted</span>"#))
        let html = section(stopped, notebook(sources))
        #expect(html.hasPrefix("<details class=\"notebook-frame interrupted\" open>"))
        #expect(html.contains("<p class=\"reason\">the run was ended by SIGINT, in cell 2 of 2"))
        #expect(html.contains("<section class=\"nb-cell nb-program failing\" id=\"n0-c1\">"))
    }

    @Test func `A page lists the results of a notebook, with links to their cells`() throws {
        func run(_ results: String) throws -> JobReport {
            var json = try #require(try job(.succeeded, ["one", "two"], [.succeeded, .succeeded]).run).json
            json["results"] = try Document(parsing: Array(results.utf8)).root
            return JobReport("a.ipynb", .ran(try Report(json: json)))
        }
        let html = section(
            try run(
                #"""
                [{"name": "rmse", "cell": 1, "index": 0, "size": 4, "value": {"a": [0.25, "<b>"]}},
                 {"name": "<i>", "cell": 2, "index": 1, "size": 9, "value": "two\nlines"},
                 {"name": "plot", "cell": 2, "index": 1, "size": 9, "data": {"image/png": "iVBO"}},
                 {"name": "huge", "cell": 2, "index": 1, "size": 2000000}]
                """#), notebook(["one", "two"]))
        #expect(
            html.contains(
                """
                <dl class="results" aria-label="Results">
                <dt><a href="#n0-c0">rmse</a></dt><dd>{&quot;a&quot;:[0.25,&quot;&lt;b&gt;&quot;]}</dd>
                <dt><a href="#n0-c1">&lt;i&gt;</a></dt><dd>two lines</dd>
                <dt><a href="#n0-c1">plot</a></dt><dd>image/png</dd>
                <dt><a href="#n0-c1">huge</a></dt><dd>2.0 MB, in the notebook</dd>
                </dl>
                """))
        let many = (0..<150).map { #"{"name": "\#($0)", "cell": 1, "index": 0, "size": 1, "value": 1}"# }
        let long = section(try run("[\(many.joined(separator: ","))]"), notebook(["one", "two"]))
        #expect(long.matches(of: /<dt>/).count == 100 && long.contains("<p class=\"note\">50 more results</p>"))
        #expect(!section(try run("[]"), notebook(["one", "two"])).contains("<dl"))
    }

    @Test func `A page shows the stored picture beside the new one, and what the signs mean`() throws {
        var (stored, new) = (notebook(["one"]), notebook(["one"]))
        stored.cells[0].outputs = [.displayData(MimeBundle(["image/png": "iVBOold="]))]
        new.cells[0].outputs = [.displayData(MimeBundle(["image/png": "iVBOnew="]))]
        var differing = try job(.succeeded, ["one"], [.succeeded])
        differing.findings = [
            CheckFinding(
                cell: 1, index: 0, what: "image/png differs", lines: ["- 8 bytes", "+ 9 bytes"],
                parts: .init(type: "image/png", stored: 0, new: 0))
        ]
        let html = section(differing, new, stored: stored)
        let old = try #require(html.firstRange(of: "base64,iVBOold="))
        let fresh = try #require(html.firstRange(of: "base64,iVBOnew="))
        #expect(old.lowerBound < fresh.lowerBound && html.contains("<div class=\"pictures\"><figure>"))
        #expect(html.contains("<p class=\"legend\"><del>− stored</del> <ins>+ new</ins></p>"))
        #expect(html.contains("<summary>1 new output</summary>"))
        // Without the stored notebook there is nothing to show beside it.
        #expect(section(differing, new).contains("<span class=\"note\">none</span>"))
    }
}
