import GalleyExecution
import GalleyJSON
import GalleyNotebook
import Testing

@testable import Galley
@testable import GalleyReports

@Suite struct `The description of a failure` {
    /// Returns the report of a cell with ten lines that has printed 300 lines, read from JSON.
    private func report(_ outcome: RunOutcome, _ cell: CellOutcome, result: String? = "a.ipynb") throws -> Report {
        let source = (1...20).map { "x = \($0)" }.joined(separator: "\n")
        var report = try #require(try job(outcome, [source], [cell]).run)
        var json = report.json
        let lines = Value.array(ofStrings: (281...300).map { "line \($0)" })
        json["cells"]?[0]["printed"] = ["earlier_lines": 280, "lines": lines]
        report.cells[0].printed = try Report(json: json).cells[0].printed
        report.result = result
        return report
    }

    private static let limit = ExceededLimit(kind: .cell, duration: .seconds(9))

    @Test func `The description shows the source, the last printed lines and the traceback, in this order`() throws {
        let failure = FailureDescription(try report(.raised(error), .raised(error, isAllowed: false)))
        let text = try #require(failure).details(withColors: false).joined(separator: "\n")
        let parts = [
            "\n      2  x = 2\n", "\n  ->  7  x = 7\n", "\n     12  x = 12\n\nThe cell printed:\n",
            "    … 280 earlier lines are in the notebook\n    line 281\n", "    line 300\n\nCell In[2], line 7\n",
        ]
        var rest = text[...]
        for part in parts {
            let range = try #require(rest.firstRange(of: part), "\(part) in \(text)")
            rest = rest[range.lowerBound...].dropFirst()
        }
    }

    @Test(arguments: [
        (RunOutcome.timedOut(limit), CellOutcome.timedOut(limit, .survived)),
        (.kernelFailed(.disconnected("gone")), .kernelFailed(.disconnected("gone"))),
        (.stopped(.signal(15)), .stopped(.signal(15))), (.exited(status: 3), .exited(status: 3)),
        (.lostOutput(.rateLimit(notice: "exceeded")), .lostOutput(.rateLimit(notice: "exceeded"))),
    ])
    func `The description shows the first lines of a cell that raised no error`(
        outcome: RunOutcome, cell: CellOutcome
    ) throws {
        let failure = try #require(FailureDescription(try report(outcome, cell, result: nil)))
        let text = failure.details(withColors: false).joined(separator: "\n")
        #expect(text.hasPrefix("\n      1  x = 1\n") && text.contains("     10  x = 10\n     … 10 more lines\n\n"))
        #expect(text.contains("    … 280 earlier lines are left out\n") && text.hasSuffix("\n    line 300"))
    }

    @Test func `The summary keeps the sentence and the last lines within its limit`() throws {
        let failure = try #require(FailureDescription(try report(.raised(error), .raised(error, isAllowed: false))))
        #expect(failure.summary(upTo: 4000).hasPrefix(failure.sentence + "\n\n      2  x = 2\n"))
        let short = failure.summary(upTo: failure.sentence.utf8.count + 40)
        #expect(short.hasPrefix(failure.sentence + "\n") && short.hasSuffix("\n    line 300"))
        #expect(short.utf8.count <= failure.sentence.utf8.count + 40)
    }
}

@Suite struct `The summary in Markdown` {
    private func report(_ jobs: [JobReport]) -> BatchReport {
        BatchReport(jobs: jobs, started: moment, duration: .seconds(12), stop: nil)
    }

    @Test func `The summary is a table with the failed notebooks first`() throws {
        let summary = MarkdownSummary(
            report([
                try job(.succeeded, ["a"], [.succeeded], name: "a.ipynb"),
                try job(.raised(error), ["a"], [.raised(error, isAllowed: false)], name: "b.ipynb"),
                JobReport("c.ipynb", .leftOut),
            ]))
        #expect(
            summary.text(upTo: 1 << 20) == """
                ### Galley: 1 of 3 notebooks failed, 1 not run, 12 s

                | Result | Notebook | Time | First failing cell |
                | --- | --- | ---: | --- |
                | **raised** | <code>b.ipynb</code> | 3 s | <code>cell 1 of 1, line 7, raised ValueError&#58; no &#60;good&#62; &#38; &#34;bad&#34;</code> |
                | ok | <code>a.ipynb</code> | 3 s |  |
                | not run | <code>c.ipynb</code> |  |  |


                """)
    }

    @Test func `The summary names an interrupted notebook as such, and does not count it as failed`() throws {
        let jobs = [
            try job(.succeeded, ["a"], [.succeeded], name: "a.ipynb"),
            try job(.stopped(.signal(2)), ["a"], [.stopped(.signal(2))], name: "b.ipynb"),
        ]
        let text = MarkdownSummary(report(jobs)).text(upTo: 1 << 20)
        #expect(text.hasPrefix("### Galley: 2 notebooks, 1 interrupted, 12 s\n"))
        let row = try #require(text.split(separator: "\n").dropFirst(3).first)
        #expect(row.hasPrefix("| interrupted | <code>b.ipynb</code> | 3 s | <code>the run was ended by SIGINT"))
    }

    @Test func `The summary gives hostile text no meaning`() throws {
        let hostile = CellError(
            name: "E", value: "|<img src=x>| `a` [b](http://c) @you #1 ~d~ $x$\n| e |", traceback: [], count: nil)
        let name = "a|b\n<b>.ipynb"
        let text = MarkdownSummary(
            report([try job(.raised(hostile), ["a"], [.raised(hostile, isAllowed: false)], name: name)])
        ).text(upTo: 1 << 20)
        let row = try #require(text.split(separator: "\n").first { $0.hasPrefix("| **raised**") })
        #expect(row.count { $0 == "|" } == 5 && row.hasSuffix(" |"))
        #expect(!row.contains { "`@~$[]".contains($0) } && !row.contains("<img") && !row.contains("<b>"))
        #expect(!row.replacing("&#", with: "").contains("#"))
    }

    @Test func `The summary stays within the limit, and says what it leaves out`() throws {
        let jobs = try (0..<50).map { try job(.succeeded, ["a"], [.succeeded], name: "\($0).ipynb") }
        let summary = MarkdownSummary(report(jobs))
        let text = summary.text(upTo: 1000)
        #expect(text.utf8.count <= 1000 && text.contains("<code>0.ipynb</code>"))
        let rows = text.split(separator: "\n").count { $0.hasPrefix("| ok") }
        #expect(text.hasSuffix("\n\(50 - rows) notebooks do not fit on this page.\n\n"))
        #expect(summary.text(upTo: 100) == "")
    }
}
