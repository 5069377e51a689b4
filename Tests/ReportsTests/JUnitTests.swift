import GalleyExecution
import Galley
import GalleyJSON
import GalleyJupyterProtocol
import GalleyNotebook
import GalleyParameters
import Testing

@testable import GalleyReports

@Suite struct `A JUnit suite` {
    private let sources = ["a = 1", "b <", "c"]

    @Test func `A JUnit suite is named by the parameters of its run, and has each as a property`() throws {
        var report = try job(.succeeded, sources, [.succeeded])
        report.parameters = ["days": 7, "region": "e<u", "path": "a/b.c"]
        report.distinguishingParameters = ["region", "path"]
        let lines = suite(report, sources).text.split(separator: "\n").map { $0.drop { $0 == " " } }
        #expect(lines[0].hasPrefix("<testsuite name=\"n/a.b.ipynb [region=e&lt;u, path=a/b.c]\""))
        #expect(lines.contains("<property name=\"parameter.days\" value=\"7\"/>"))
        #expect(lines.contains("<property name=\"parameter.region\" value=\"e&lt;u\"/>"))
        #expect(lines.contains { $0.contains("classname=\"n.a_b [region=e&lt;u, path=a_b_c]\"") })
    }

    @Test func `A JUnit suite has a test for each cell that was run`() throws {
        let suite = suite(try job(.raised(error), sources, [.succeeded, .raised(error, isAllowed: false)]), sources)
        #expect(
            suite.text == """
                  <testsuite name="n/a.b.ipynb" tests="3" failures="1" errors="0" skipped="1" time="3.000" timestamp="2023-11-14T22:13:20" hostname="m">
                    <properties>
                      <property name="status" value="raised"/>
                      <property name="kernel" value="python3"/>
                    </properties>
                    <testcase classname="n.a_b" name="cell 1: a = 1" time="1.500">
                      <system-out>out of a = 1
                </system-out>
                    </testcase>
                    <testcase classname="n.a_b" name="cell 2: b &lt;" time="1.500">
                      <failure message="line 7: ValueError: no &lt;good&gt; &amp; &quot;bad&quot;" type="ValueError">     1  b &lt;

                Cell In[2], line 7
                ]]&gt; x</failure>
                      <system-out>out of b &lt;
                </system-out>
                    </testcase>
                    <testcase classname="n.a_b" name="cell 3: c" time="0.000">
                      <skipped message="the run ended before the cell"/>
                    </testcase>
                  </testsuite>

                """)
        #expect(suite.counts.tests == 3 && suite.counts.failures == 1)
    }

    @Test func `A JUnit suite lists cells that did not run as skipped, with the reason`() throws {
        let job = try job(
            .raised(error), sources + ["d", ""], [.notReached, .skipped, .raised(error, isAllowed: false)])
        let suite = suite(job, sources + ["d", ""])
        let cases = suite.text.split(separator: "<testcase").dropFirst().map { $0.split(separator: "\n") }
        #expect(cases.count == 4 && suite.counts.tests == 4 && suite.counts.skipped == 3)
        let reasons = [
            "the cell is not selected", "a tag marks the cell to be skipped", nil, "the run ended before the cell",
        ]
        for (lines, reason) in zip(cases, reasons) {
            #expect(lines.contains { $0.hasSuffix("<skipped message=\"\(reason ?? "")\"/>") } == (reason != nil))
        }
    }

    @Test(arguments: [
        ("", "2", "the cell failed with status 2", "exit status 2"),
        ("", "Cell has trailing backslash", "the cell failed: Cell has trailing backslash", "error"),
        ("", "", "the cell failed", "error"), ("ERROR", "no such object", "ERROR: no such object", "ERROR"),
    ])
    func `A JUnit suite names an error for which the kernel has sent no name`(
        name: String, value: String, message: String, type: String
    ) throws {
        let error = CellError(name: name, value: value, traceback: [], count: nil)
        let suite = suite(try job(.raised(error), ["a"], [.raised(error, isAllowed: false)]), ["a"])
        #expect(suite.text.contains(#"<failure message="\#(message)" type="\#(type)">\#(message)"#), "\(suite.text)")
    }

    @Test func `A JUnit suite passes allowed errors`() throws {
        let suite = suite(try job(.succeeded, sources, [.raised(error, isAllowed: true)]), sources)
        #expect(suite.counts.failures == 0)
        #expect(!suite.text.contains("<failure"))
    }

    @Test(arguments: [
        (RunOutcome.timedOut(ExceededLimit(kind: .cell, duration: .seconds(9))), "failure", "TimeLimitReached"),
        (.kernelFailed(.disconnected("gone")), "error", "KernelDied"), (.stopped(.signal(15)), "error", "interrupted"),
        (.exited(status: 3), "failure", "SystemExit"),
        (.lostOutput(.rateLimit(notice: "exceeded")), "failure", "OutputLost"),
    ])
    func `A JUnit suite has a failure for a fault of the notebook, and an error for others`(
        outcome: RunOutcome, element: String, type: String
    ) throws {
        let cell: CellOutcome =
            switch outcome {
            case .timedOut(let limit): .timedOut(limit, .survived)
            case .kernelFailed(let failure): .kernelFailed(failure)
            case .stopped(let reason): .stopped(reason)
            case .lostOutput(let loss): .lostOutput(loss)
            default: .exited(status: 3)
            }
        let suite = suite(try job(outcome, sources, [cell]), sources)
        #expect(suite.text.contains(#"<\#(element) message="#) && suite.text.contains(#"type="\#(type)""#))
        #expect((suite.counts.failures, suite.counts.errors) == (element == "failure" ? (1, 0) : (0, 1)))
    }

    @Test func `A JUnit suite has a test of the notebook if no cell was run`() throws {
        struct Problem: Error, CustomStringConvertible { let description = "n/a.ipynb: not JSON" }
        for (result, element) in [
            (JobResult.failed(Problem()), "<error message=\"not JSON\""), (.leftOut, "<skipped message=\"not run\"/>"),
        ] {
            let suite = JUnitSuite(
                JobReport("n/a.ipynb", result), nil, began: moment, machine: "m")
            #expect(suite.text.contains("name=\"notebook\""))
            #expect(suite.text.contains(element))
            #expect(suite.counts.tests == 1)
        }
        #expect(suite(try job(.succeeded, [], []), []).counts.tests == 1)
    }

    @Test func `A JUnit suite reports a limit that was exceeded before a cell`() throws {
        let limit = ExceededLimit(kind: .total, duration: .seconds(9))
        let suite = suite(try job(.timedOut(limit), sources, [.succeeded]), sources)
        #expect((suite.counts.tests, suite.counts.errors, suite.counts.skipped) == (4, 1, 2))
    }

    @Test func `A JUnit suite reports failed attempts and warnings`() throws {
        var job = try job(.succeeded, sources, [.succeeded])
        (job.failedAttempts, job.warnings) = (["it died\nof something"], ["look"])
        let text = suite(job, sources).text
        #expect(text.contains(#"<property name="attempts" value="2"/>"#))
        #expect(text.contains(#"<property name="failed-attempt" value="it died of something"/>"#))
        #expect(text.contains(#"<property name="warning" value="look"/>"#))
    }

    @Test func `A JUnit suite fails if an output differs`() throws {
        let finding = CheckFinding(cell: 1, index: 0, what: "stdout differs", lines: ["- a", "+ b"])
        let suite = suite(try job(.succeeded, sources, [.succeeded]), sources, findings: [finding])
        #expect(
            suite.text.contains(
                "<failure message=\"stdout differs\" type=\"differs\">stdout differs:\n- a\n+ b</failure>"))
        #expect(suite.counts.failures == 1)
    }

    @Test func `A JUnit suite keeps the beginning and the end of a long text`() throws {
        let text = String(repeating: "x", count: 1_000_000)
        var notebook = notebook(["a"])
        notebook.cells[0].outputs[0] = .stream(.stderr, "<begin>" + text + "<end>")
        let suite = JUnitSuite(try job(.succeeded, ["a"], [.succeeded]), notebook, began: moment, machine: "m")
        #expect(suite.text.utf8.count < 70_000)
        #expect(suite.text.contains("<system-err>&lt;begin&gt;x") && suite.text.contains("x&lt;end&gt;</system-err>"))
        #expect(suite.text.contains("934476 bytes are left out here"))
    }

    @Test func `A JUnit suite of many cells stays small enough for a CI server`() throws {
        let sources = (0..<200).map(String.init)
        var notebook = notebook(sources)
        for index in sources.indices {
            notebook.cells[index].outputs[0] = .stream(.stdout, String(repeating: "x", count: 65_000))
        }
        let job = try job(.succeeded, sources, sources.map { _ in .succeeded })
        let suite = JUnitSuite(job, notebook, began: moment, machine: "m")
        #expect(suite.counts.tests == 200)
        #expect((4_000_000..<5_000_000).contains(suite.text.utf8.count))
        #expect(suite.text.contains("omitted here because of its size"))
    }

    @Test func `A JUnit suite has no characters that are invalid in XML`() {
        let all =
            String(String.UnicodeScalarView((0...0xA0).compactMap { Unicode.Scalar(UInt32($0)) })) + "\u{FFFE}\u{FFFF}é"
        let escaped = XML.escaped(all)
        #expect(escaped.hasPrefix("\t\n&#13; !&quot;#$%&amp;'()"))
        #expect(escaped.hasSuffix("~\u{85}\u{A0}é"))
    }
}

@Suite struct `The sentence about a notebook` {
    @Test func `The sentence about a notebook names cell and line`() throws {
        let jobReport = try job(.raised(error), ["a", "b"], [.succeeded, .raised(error, isAllowed: false)])
        #expect(jobReport.sentence == "cell 2 of 2, line 7, raised ValueError: no <good> & \"bad\"")
        #expect(jobReport.status == "raised")
        #expect(!jobReport.isSuccess)
    }

    @Test func `The sentence about a successful notebook is empty`() throws {
        #expect(try job(.succeeded, ["a"], [.succeeded]).isSuccess)
        #expect(try job(.exited(status: 0), ["a"], [.exited(status: 0)]).isSuccess)
    }

    @Test(arguments: [
        ([(1, "stdout differs")], "cell 1: stdout differs"),
        ([(1, "stdout differs"), (1, "image/png is new")], "cell 1: stdout differs, and 1 more"),
        ([(1, "stdout differs"), (3, "image/png is new")], "cells 1, 3 differ from the stored outputs"),
    ])
    func `The sentence about a notebook names what differs`(found: [(Int, String)], sentence: String) throws {
        let findings = found.map { CheckFinding(cell: $0.0, index: $0.0 - 1, what: $0.1, lines: []) }
        var jobReport = try job(.succeeded, ["a"], [.succeeded])
        jobReport.findings = findings
        #expect(jobReport.sentence == sentence)
        #expect(jobReport.status == "differs")
    }

    @Test func `The sentence about a notebook names it once, for any name`() {
        struct Problem: Error, CustomStringConvertible { let description = "donn\u{E9}\u{E9}s.ipynb: no such file" }
        let jobReport = JobReport("donn\u{E9}\u{E9}s.ipynb", .failed(Problem()))
        #expect(jobReport.sentence == "no such file")
    }
}
