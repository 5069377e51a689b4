import GalleyExecution
package import Galley
package import GalleyJupyterProtocol
package import GalleyNotebook
import GalleyParameters

/// The JUnit XML test suite of one notebook, for CI servers: a test case for each cell with code.
package struct JUnitSuite: Sendable {
    /// The number of test cases by result.
    package struct Counts: Sendable {
        var tests = 0
        var failures = 0
        var errors = 0
        var skipped = 0

        static func + (one: Counts, other: Counts) -> Counts {
            Counts(
                tests: one.tests + other.tests, failures: one.failures + other.failures,
                errors: one.errors + other.errors, skipped: one.skipped + other.skipped)
        }

        /// The attributes of both `testsuites` and `testsuite` elements.
        fileprivate var common: [(String, String)] {
            [("tests", "\(tests)"), ("failures", "\(failures)"), ("errors", "\(errors)")]
        }
        fileprivate var attributes: [(String, String)] { common + [("skipped", "\(skipped)")] }
    }

    /// The XML of one notebook's suite.
    package let text: String
    /// The number of test cases in the suite.
    package let counts: Counts

    /// The maximum number of bytes of a cell's text: its beginning and its end. The notebook contains all of it.
    private static let limit = 65_536

    /// Creates the suite of a notebook.
    ///
    /// - Parameters:
    ///   - notebook: The executed notebook; nil if it was not run.
    ///   - began: The start of its last attempt.
    ///   - machine: The host name.
    package init(_ jobReport: JobReport, _ notebook: Notebook?, began: Timestamp, machine: String) {
        var suite = SuiteBuilder(jobReport: jobReport, notebook: notebook)
        let cases = suite.makeCases()
        counts = cases.reduce(Counts()) { $0 + $1.counts }
        let attributes =
            [("name", jobReport.title)] + counts.attributes + [
                ("time", Self.seconds(jobReport.span)),
                ("timestamp", String(began.description.prefix(19))), ("hostname", machine),
            ]
        let lines =
            ["  <testsuite\(attributes.map { XML.attribute($0.0, $0.1) }.joined())>"] + suite.properties
            + cases.map(\.text) + ["  </testsuite>"]
        text = lines.joined(separator: "\n") + "\n"
    }

    /// Returns the beginning of the file that contains the suites.
    package static func head(_ counts: [Counts], duration: Duration) -> String {
        let attributes = [("name", "galley")] + counts.reduce(Counts(), +).common + [("time", seconds(duration))]
        return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
            + "<testsuites\(attributes.map { XML.attribute($0.0, $0.1) }.joined())>\n"
    }

    /// The end of the file.
    package static let tail = "</testsuites>\n"

    fileprivate static func seconds(_ duration: Duration) -> String {
        let milliseconds = max(0, Int((duration.inSeconds * 1000).rounded()))
        let fraction = String(milliseconds % 1000)
        return "\(milliseconds / 1000).\(String(repeating: "0", count: 3 - fraction.count))\(fraction)"
    }

    /// Returns text without escape sequences, shortened to the limit.
    fileprivate static func plain(_ text: String) -> String {
        guard text.utf8.count > limit else { return text.withoutEscapes }
        let (head, tail) = (text.utf8.prefix(limit / 4), text.utf8.suffix(limit / 4 * 3))
        let gap = "\n... \(text.utf8.count - limit / 4 * 4) bytes are left out here; the notebook has them ...\n"
        return String(decoding: head, as: UTF8.self).withoutEscapes + gap
            + String(decoding: tail, as: UTF8.self).withoutEscapes
    }
}

/// Builds the test cases of one notebook.
private struct SuiteBuilder {
    let jobReport: JobReport
    let notebook: Notebook?
    /// The number of bytes that the cells' printed text may still take. Servers read the whole file into memory.
    private var remainingSize = 4_000_000

    init(jobReport: JobReport, notebook: Notebook?) { (self.jobReport, self.notebook) = (jobReport, notebook) }

    struct Case {
        let text: String
        let counts: JUnitSuite.Counts
    }

    var properties: [String] {
        var properties: [(String, String)] = [("status", jobReport.status)]
        if let kernel = jobReport.run?.kernel { properties.append(("kernel", kernel)) }
        properties += jobReport.parameters.members.map { ("parameter.\($0.name)", $0.value.text) }
        if !jobReport.failedAttempts.isEmpty {
            properties.append(("attempts", "\(jobReport.failedAttempts.count + 1)"))
        }
        properties += jobReport.failedAttempts.map { ("failed-attempt", $0) }
        properties += jobReport.warnings.map { ("warning", $0) }
        let lines = properties.map {
            "      <property\(XML.attribute("name", $0.0))\(XML.attribute("value", $0.1.terminalSafeLine(1000)))/>"
        }
        return ["    <properties>"] + lines + ["    </properties>"]
    }

    /// Returns a test case for each cell that is not blank.
    ///
    /// The notebook gets one too if it was not run, failed outside its cells, or has no such cell.
    mutating func makeCases() -> [Case] {
        let cells = jobReport.run?.cells ?? []
        let end = cells.last(where: \.outcome.wasRun)?.index ?? -1
        var cases: [Case] = []
        for cell in cells {
            switch cell.outcome {
            case .blank: break
            case .skipped: cases.append(skipped(cell, "a tag marks the cell to be skipped"))
            case .notReached:
                let isSelected = cell.index > end && jobReport.run?.outcome != .succeeded
                cases.append(skipped(cell, isSelected ? "the run ended before the cell" : "the cell is not selected"))
            default: cases.append(testCase(cell))
            }
        }
        let hasFailedCell = cases.contains { $0.counts.failures + $0.counts.errors > 0 }
        if jobReport.isLeftOut {
            cases.append(
                notebookCase(
                    "<skipped\(XML.attribute("message", "not run"))/>", JUnitSuite.Counts(tests: 1, skipped: 1)))
        } else if !jobReport.isSuccess && !hasFailedCell || jobReport.failedOutsideCells {
            let error = XML.element(
                "error",
                [
                    ("message", jobReport.sentence ?? ""),
                    ("type", jobReport.isInterrupted ? "interrupted" : jobReport.status),
                ],
                text: jobReport.sentence ?? "")
            cases.append(notebookCase(error, JUnitSuite.Counts(tests: 1, errors: 1)))
        } else if cases.isEmpty {
            cases.append(notebookCase("", JUnitSuite.Counts(tests: 1)))
        }
        return cases
    }

    /// The notebook's path and the parameters of its run as a class name: Jenkins shows the folders as packages.
    private var classname: String {
        let path = jobReport.name.hasSuffix(".ipynb") ? String(jobReport.name.dropLast(6)) : jobReport.name
        let name = path + jobReport.title.dropFirst(jobReport.name.count).replacing("/", with: "_")
        return name.split(separator: "/").filter { $0 != "." && $0 != ".." }
            .map { $0.replacing(".", with: "_") }.joined(separator: ".")
    }

    private func notebookCase(_ content: String, _ counts: JUnitSuite.Counts) -> Case {
        makeCase("notebook", jobReport.span, content.isEmpty ? [] : [content], counts)
    }

    private func skipped(_ cell: CellReport, _ reason: String) -> Case {
        makeCase(
            name(cell), .zero, ["<skipped\(XML.attribute("message", reason))/>"],
            JUnitSuite.Counts(tests: 1, skipped: 1))
    }

    private func name(_ cell: CellReport) -> String {
        let title = cell.title.terminalSafeLine(80)
        return "cell \(cell.number)\(title.isEmpty ? "" : ": \(title)")"
    }

    private func makeCase(_ name: String, _ time: Duration, _ content: [String], _ counts: JUnitSuite.Counts) -> Case {
        let attributes = [("classname", classname), ("name", name), ("time", JUnitSuite.seconds(time))]
        let head = "    <testcase\(attributes.map { XML.attribute($0.0, $0.1) }.joined())"
        let lines = content.map { "      \($0)\n" }.joined()
        return Case(text: content.isEmpty ? head + "/>" : "\(head)>\n\(lines)    </testcase>", counts: counts)
    }

    private mutating func testCase(_ cell: CellReport) -> Case {
        var counts = JUnitSuite.Counts(tests: 1)
        var content: [String] = []
        let findings = jobReport.findings.filter { $0.index == cell.index }
        if let (element, attributes, text) = problem(cell) {
            content.append(XML.element(element, attributes, text: text))
            if element == "error" { counts.errors = 1 } else { counts.failures = 1 }
        } else if let first = findings.first {
            let printed = cell.error == nil ? [] : CellDetails(cell, isSaved: false).printed
            let texts = findings.map { ([$0.what + ":"] + $0.lines).joined(separator: "\n") }
            let text = texts.joined(separator: "\n\n") + printed.map { "\n" + $0 }.joined()
            content.append(
                XML.element("failure", [("message", first.what), ("type", "differs")], text: JUnitSuite.plain(text)))
            counts.failures = 1
        }
        for (element, text) in [
            ("system-out", printed(cell, isError: false)), ("system-err", printed(cell, isError: true)),
        ]
        where !text.isEmpty {
            content.append(
                XML.element(
                    element,
                    text: remainingSize > 0 ? text : "omitted here because of its size; the notebook contains it"))
            remainingSize -= text.utf8.count
        }
        return makeCase(name(cell), cell.duration, content, counts)
    }

    /// Returns the failure or error of a cell; nil if there is none.
    private func problem(_ cell: CellReport) -> (element: String, attributes: [(String, String)], text: String)? {
        switch cell.outcome {
        case .raised(let error, isAllowed: false):
            let value = error.value.isEmpty ? "" : ": \(error.value)"
            let sentence = error.name.isEmpty ? "the cell \(error.predicate(upTo: 500))" : error.name + value
            let line = error.line.map { "line \($0): " } ?? ""
            // The last line of a traceback is the sentence.
            let text =
                error.traceback.isEmpty ? sentence + details(cell) : String(details(cell).drop(while: \.isNewline))
            return ("failure", [("message", (line + sentence).terminalSafeLine(500)), ("type", error.kind)], text)
        case .timedOut(let limit, _):
            let sentence = "the cell \(limit)"
            return (
                "failure", [("message", sentence), ("type", "TimeLimitReached")],
                sentence + details(cell) + interruption(cell)
            )
        case .exited(let status) where status != 0:
            let message = cell.exitMessage.map { ": \($0.terminalSafeLine(500))" } ?? ""
            let sentence = "the cell ended the notebook with status \(status)\(message)"
            return ("failure", [("message", sentence), ("type", "SystemExit")], sentence + details(cell))
        case .kernelFailed(let failure):
            let text = (["\(failure)"] + (jobReport.failure?.details(withColors: false) ?? [])).joined(separator: "\n")
            return (
                "error", [("message", "\(failure)".terminalSafeLine(500)), ("type", "KernelDied")],
                JUnitSuite.plain(text)
            )
        case .lostOutput(let loss):
            return (
                "failure", [("message", "\(loss)"), ("type", "OutputLost")],
                "\(loss)" + (loss.remedy.map { ". \($0)" } ?? "") + details(cell)
            )
        case .stopped(let reason):
            let sentence = "the run \(reason)"
            return ("error", [("message", sentence), ("type", "interrupted")], sentence + details(cell))
        default: return nil
        }
    }

    /// Returns the source, the last printed lines and the traceback of a cell, as a terminal shows them.
    private func details(_ cell: CellReport) -> String {
        let lines = CellDetails(cell, isSaved: jobReport.run?.result != nil).lines(withColors: false)
        return JUnitSuite.plain(lines.map { "\n" + $0 }.joined())
    }

    /// Returns the traceback of an interrupted cell, if the kernel sent one.
    private func interruption(_ cell: CellReport) -> String {
        guard let notebook, notebook.cells.indices.contains(cell.index) else { return "" }
        let tracebacks = notebook.cells[cell.index].outputs.compactMap(\.traceback).filter { $0.count > 1 }
        return tracebacks.last.map { "\n\n" + JUnitSuite.plain($0.joined(separator: "\n")) } ?? ""
    }

    /// Returns the text that a cell has printed or displayed.
    private func printed(_ cell: CellReport, isError: Bool) -> String {
        guard let notebook, notebook.cells.indices.contains(cell.index) else { return "" }
        let texts = notebook.cells[cell.index].outputs.compactMap { output -> String? in
            switch output.kind {
            case .stream(.stderr): isError ? output.text : nil
            case .stream: isError ? nil : output.text
            case .displayData, .executeResult: isError ? nil : output.data?.text("text/plain").map { $0 + "\n" }
            default: nil
            }
        }
        return JUnitSuite.plain(texts.joined())
    }
}

extension JobReport {
    /// Whether the notebook could not run, or its result could not be saved.
    fileprivate var failedOutsideCells: Bool { if case .failed = result { true } else { false } }
}
