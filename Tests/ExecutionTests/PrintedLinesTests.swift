import GalleyJSON
import GalleyJupyterProtocol
import GalleyTesting
import GalleyNotebook
import Testing

@testable import GalleyExecution

@Suite struct `The last lines that a cell printed` {
    private func printed(_ texts: String...) -> PrintedLines {
        texts.reversed().reduce(into: PrintedLines()) { $0.prepend($1) }
    }

    /// The messages of a kernel whose code prints and then raises an error.
    @Sendable private func failing(after steps: [ScriptedKernel.Step]) -> [ScriptedKernel.Step] {
        let failure: [ScriptedKernel.Step] = .failing("ValueError", "bad", count: 2)
        return failure.prefix(2) + steps + failure.dropFirst(2)
    }

    @Test func `The last twenty lines are kept, and those before them are counted`() {
        let text = (1...332).map { "\($0)\n" }.joined()
        #expect(printed(text).lines == (313...332).map(String.init))
        #expect(printed(text).earlierCount == 312)
        let more = printed(text, "end\nof", "all\n")
        #expect(more.lines == (316...332).map(String.init) + ["end", "of", "all"] && more.earlierCount == 315)
        #expect(printed(text, text).earlierCount == 644)
        #expect(printed("a\n\nb\n").lines == ["a", "", "b"])
    }

    @Test func `The lines are those that a terminal shows`() {
        #expect(printed("\r 1%\r 50%\r100%\nready\n").lines == ["100%", "ready"])
        #expect(printed("\u{1B}[31mred\u{1B}[0m\u{7}\n\u{1B}]0;title\u{7}x\u{8}y\u{1B}[0m\n").lines == ["red", "y"])
        #expect(printed("one\ntwo\u{1B}[A\u{1B}[Kthree\n").lines.first == "onethree")
        #expect(printed("left\u{202E}right\n").lines == ["leftright"])
    }

    @Test func `The lines of a huge text are short`() {
        let line = String(repeating: "é", count: 300_000)
        #expect(printed(line).lines.map(\.count) == [1000])
        let many = printed(String(repeating: "x\n", count: 200_000) + "end\n")
        #expect(many.lines.last == "end" && many.lines.count == 20 && many.earlierCount == 199_981)
        let bar = printed("a\n" + (0..<20_000).map { "\r\($0) of 20000" }.joined())
        #expect(bar.lines.last == "19999 of 20000" && bar.lines.count + bar.earlierCount == 2)
    }

    @Test func `A report has the lines of both streams in order, for a failed cell alone`() async throws {
        let ran = try await run(Notebook(cells: ["prints", "raises"])) { code, _ in
            code == "prints"
                ? .running(printing: "hello")
                : failing(after: [.print("out\n"), .print("err", to: "stderr"), .print("out 2\n")])
        }
        #expect(ran.cells[0].printed == nil)
        #expect(ran.cells[1].printed?.lines == ["out", "err", "out 2"])
        var report = Report(outcome: ran.outcome, cells: ran.cells, duration: .seconds(1))
        report.result = "a.ipynb"
        let cell = report.json["cells"]?[1]
        #expect(cell?["printed"]?["earlier_lines"]?.int == 0 && cell?["source"]?["line_count"]?.int == 1)
        #expect(cell?["source"]?["lines"]?[0].string == "raises")
        #expect(try Report(json: report.json).cells[1].printed == ran.cells[1].printed)
    }

    @Test func `A report has the end of output that exceeds the limit`() async throws {
        var settings = RunSettings()
        settings.outputLimit = 10
        let ran = try await run(Notebook(cells: ["raises"]), settings) { _, _ in
            failing(after: [.print("0123456789 and more\n")])
        }
        #expect(ran.cells[0].printed?.lines.first == "0123456789")
        #expect(ran.cells[0].printed?.lines.last?.hasPrefix("[galley: the output of this cell was truncated") == true)
    }

    @Test(arguments: [
        ("no data for today", "cell 1 of 1 ended the notebook with status 1: no data for today"),
        ("3", "cell 1 of 1 ended the notebook with status 3"),
    ])
    func `A report has the message of sys_exit`(value: String, sentence: String) async throws {
        let ran = try await run(Notebook(cells: ["exits"])) { _, _ in .failing("SystemExit", value) }
        let report = Report(outcome: ran.outcome, cells: ran.cells, duration: .seconds(1))
        #expect(report.message == sentence)
        #expect(try Report(json: report.json).message == sentence)
    }

    @Test(arguments: [
        ("ValueError", "bad", "raised ValueError: bad"), ("ValueError", "", "raised ValueError"),
        ("", "2", "failed with status 2"), ("", "Cell has trailing backslash", "failed: Cell has trailing backslash"),
        ("", "", "failed"),
    ])
    func `A report names an error by what the kernel has sent`(name: String, value: String, predicate: String) {
        let error = CellError(name: name, value: value, traceback: [], count: nil)
        #expect(error.predicate(upTo: 200) == predicate)
    }
}
