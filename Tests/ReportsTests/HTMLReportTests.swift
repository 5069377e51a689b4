import Galley
import GalleyExecution
import GalleyJSON
import GalleyJupyterProtocol
import GalleyNotebook
import GalleyParameters
import Testing

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

    @Test func `A page names a run by the parameters that tell it from others, and lists all of them`() throws {
        var (job, notebook) = try failed()
        job.parameters = ["days": 7, "region": "<eu>"]
        job.distinguishingParameters = ["region"]
        let html = section(job, notebook)
        #expect(html.contains("<h3>n/a.b.ipynb [region=&lt;eu&gt;]</h3>"))
        #expect(html.contains("<p class=\"note\">Parameters: days=7, region=&lt;eu&gt;</p>"))
    }

    @Test func `A page opens a notebook that passed only if it is alone`() throws {
        let passed = try job(.succeeded, ["one"], [.succeeded])
        #expect(
            section(passed, notebook(["one"]), isAlone: true).hasPrefix("<details class=\"notebook-frame good\" open>"))
        #expect(section(passed, notebook(["one"])).hasPrefix("<details class=\"notebook-frame good\"><summary>"))
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
