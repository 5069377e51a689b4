import GalleyExecution
import GalleyJSON
import GalleyJupyterProtocol
import GalleyNotebook
import GalleyTestSupport
import GalleyTesting
import Testing

@Suite struct `The outputs of a cell` {
    /// Runs one cell with these outputs.
    private func outputs(_ steps: ScriptedKernel.Step..., options: RunSettings = RunSettings()) async throws
        -> [String]
    {
        try await run(Notebook(cells: ["x"]), options) { _, _ in .running(steps) }.outputs(0)
    }

    @Test func `Successive texts of one stream are one output`() async throws {
        let found = try await outputs(
            .print("a"), .print("b\n"), .print("!", to: "stderr"), .print("c"), .print("d"), .display("x"), .print("e"))
        #expect(found == ["stdout: ab\n", "stderr: !", "stdout: cd", "display: x", "stdout: e"])
    }

    @Test func `Displays, results with their count, and errors with their traceback are kept`() async throws {
        let ran = try await run(Notebook(cells: ["x"])) { _, _ in
            .running(
                [
                    .display("shown"),
                    .say(
                        "execute_result", on: .iopub,
                        content: [
                            "data": ["image/png": "iVBO\n", "text/html": "<b>\n</b>", "text/plain": "6"],
                            "execution_count": 4, "metadata": ["image/png": ["width": 3]],
                        ]),
                ], count: 4)
        }
        #expect(ran.notebook.cells[0].executionCount == 4)
        let result = ran.notebook.cells[0].outputs[1]
        #expect(
            String(decoding: result.json.canonicalText.bytes, as: UTF8.self) == """
                {
                 "data": {
                  "image/png": "iVBO\\n",
                  "text/html": [
                   "<b>\\n",
                   "</b>"
                  ],
                  "text/plain": [
                   "6"
                  ]
                 },
                 "execution_count": 4,
                 "metadata": {
                  "image/png": {
                   "width": 3
                  }
                 },
                 "output_type": "execute_result"
                }

                """)
    }

    @Test func `Outputs are cleared at once, or by the next output`() async throws {
        #expect(try await outputs(.print("a"), .clear(waits: false), .print("b")) == ["stdout: b"])
        #expect(try await outputs(.print("a"), .clear(waits: true), .print("b")) == ["stdout: b"])
        #expect(try await outputs(.print("a"), .clear(waits: true)) == ["stdout: a"])
        // A delayed clear takes effect once.
        #expect(try await outputs(.clear(waits: true), .print("a"), .display("b")) == ["stdout: a", "display: b"])
    }

    @Test func `Displays are updated wherever they are shown, in earlier cells too`() async throws {
        let ran = try await run(Notebook(cells: ["one", "two", "three"])) { code, _ in
            switch code {
            case "one": .running([.display("1", id: "a"), .print("x"), .display("1", id: "a")])
            case "two": .running([.display("2", id: "a"), .display("b", id: "b"), .clear(waits: false), .display("c")])
            default:
                .running([
                    .display("3", id: "a", type: "update_display_data"),
                    .display("?", id: "b", type: "update_display_data"),
                    .display("?", id: "never seen", type: "update_display_data"),
                ])
            }
        }
        #expect(ran.outputs(0) == ["display: 3", "stdout: x", "display: 3"])
        // A cleared display does not share the index of a later output.
        #expect(ran.outputs(1) == ["display: c"])
        #expect(ran.outputs(2) == [])
    }

    @Test func `Late outputs go to the cell that they belong to`() async throws {
        let ran = try await run(Notebook(cells: ["one", "two"])) { code, _ in
            switch code {
            case "one": .running(printing: "first\n")
            default:
                [.print("late\n", about: .code(before: 1))]
                    + .running([.print("second\n"), .print("whose?\n", about: .nothing)])
                    + [.print("later\n", about: .code(before: 1)), .print("last\n")]
            }
        }
        #expect(ran.outputs(0) == ["stdout: first\nlate\nlater\n"])
        #expect(ran.outputs(1) == ["stdout: second\nwhose?\nlast\n"])
    }

    @Test func `Outputs of other runs are ignored`() async throws {
        var notebook = Notebook(cells: ["one", "  \n", "skipped", "fails", "after"])
        notebook.cells[2].tags = ["skip-execution"]
        let ran = try await run(notebook) { code, _ in
            code == "fails" ? .failing("E", "v") : .running(printing: "new")
        }
        #expect(ran.outputs(0) == ["stdout: new"])
        #expect(ran.outputs(1) == [])
        #expect(ran.outputs(2) == ["stdout: old\n"])
        #expect(ran.notebook.cells[2].executionCount == 99)
        #expect(ran.outputs(4) == [])
        #expect(ran.notebook.cells[4].executionCount == nil)
    }

    @Test func `A cell that is not selected keeps its outputs and is no failure`() async throws {
        var options = RunSettings()
        options.only.numbers = [2...2]
        let ran = try await run(Notebook(cells: ["one", "two", "  \n"]), options) { code, _ in .running(printing: code)
        }
        #expect(ran.cells.map(\.outcome.status) == ["not-selected", "succeeded", "not-selected"])
        #expect(ran.cells.allSatisfy(\.isSuccess) && ran.outcome.isSuccess)
        #expect(ran.outputs(0) == ["stdout: old\n"] && ran.outputs(2) == ["stdout: old\n"])
        #expect(ran.notebook.cells[0].executionCount == 99)
        #expect(ran.outputs(1) == ["stdout: two"])
    }

    @Test func `Outputs are what a terminal shows, on request`() async throws {
        var options = RunSettings()
        options.collapsesProgress = true
        #expect(
            try await outputs(
                .print(" 10%"), .print("\r 50%\r"), .print("100% \u{8}!"), .print("\ndone\n"), options: options)
                == ["stdout: 100%!\ndone\n"])
        #expect(try await outputs(.print("1\r2\n")) == ["stdout: 1\r2\n"])
    }

    @Test func `Outputs end at their limit, with a line that says how much was cut`() async throws {
        var options = RunSettings()
        options.outputLimit = 10
        let line = "stderr: [galley: the output of this cell was truncated here. The limit is 10 bytes;"
        let found = try await outputs(
            .print("12345678"), .print("é9é"), .print("more"), .display("big"),
            .say("error", on: .iopub, content: ["ename": "E", "evalue": "", "traceback": []]), options: options)
        #expect(found.first == "stdout: 12345678é")
        #expect(found.dropFirst().first == "error: E")
        #expect(found.last?.hasPrefix(line) == true)
        #expect(found.count == 3)
        // Three bytes of the text, four of the next, and the display as it would stand in the file.
        let shown = Output.displayData(MimeBundle(["text/plain": "big"])).json
        #expect(found.last?.hasSuffix("\(3 + 4 + shown.size) bytes more were discarded]\n") == true)
        #expect(try await outputs(.print("1234567890"), options: options) == ["stdout: 1234567890"])
        #expect(
            try await outputs(.print("12345678901"), .clear(waits: false), .print("x"), options: options) == [
                "stdout: x"
            ])
    }
}

@Suite struct `An output limit` {
    private func outputs(_ limit: Int, collapses: Bool = false, _ steps: [ScriptedKernel.Step]) async throws -> [String]
    {
        var options = RunSettings()
        options.outputLimit = limit
        options.collapsesProgress = collapses
        return try await run(Notebook(cells: ["x"]), options) { _, _ in .running(steps) }.outputs(0)
    }

    @Test func `An output limit counts the current display, and not earlier ones`() async throws {
        let updates = (0..<30).map {
            ScriptedKernel.Step.display(
                "\($0)" + String(repeating: "x", count: 400), id: "a", type: "update_display_data")
        }
        let found = try await outputs(1000, [.display("first", id: "a")] + updates)
        #expect(found == ["display: 29" + String(repeating: "x", count: 400)])
    }

    @Test func `An output limit applies to a flood of errors`() async throws {
        let text = Value.string(String(repeating: "x", count: 100_000))
        let flood = (0..<50).map { _ in
            ScriptedKernel.Step.say("error", on: .iopub, content: ["ename": "E", "evalue": text, "traceback": []])
        }
        let found = try await outputs(1000, flood)
        #expect(found.count == 10)
        #expect(found.last?.contains("was truncated here") == true)
    }

    @Test func `An output limit counts what a terminal shows, and not overwritten text`() async throws {
        let bars = (0..<500).map { ScriptedKernel.Step.print("\r\($0) " + String(repeating: "#", count: 60)) }
        let found = try await outputs(200, collapses: true, bars + [.print("\ndone\n")])
        #expect(found == ["stdout: 499 " + String(repeating: "#", count: 60) + "\ndone\n"])
    }

    @Test func `An output limit counts colors, even without a following character`() async throws {
        let colors = String(repeating: "\u{1B}[31m", count: 2000)
        for text in [colors, "x" + colors, "x" + colors + "\n"] {
            let found = try await outputs(1000, collapses: true, [.print(text)])
            #expect(found.count == 2 && found[0].utf8.count <= 1000 + "stdout: ".count)
            #expect(found.last?.hasPrefix("stderr: [galley: the output of this cell was truncated here.") == true)
        }
    }

    @Test func `An output limit keeps escape sequences whole that arrive in parts`() async throws {
        let parts = ["\u{1B}[3", "1m", "red", "\u{1B}[0m plain"].map { ScriptedKernel.Step.print($0) }
        #expect(try await outputs(1000, collapses: true, parts) == ["stdout: \u{1B}[31mred\u{1B}[0m plain"])
    }

    @Test func `An output limit applies to outputs captured by widgets`() async throws {
        var options = RunSettings()
        options.outputLimit = 1000
        let ran = try await run(Notebook(cells: ["x"]), options) { _, request in
            .running(
                [
                    .opening(
                        "out",
                        ["_model_module": "@jupyter-widgets/output", "_model_name": "OutputModel", "outputs": []]),
                    .comm("out", ["msg_id": .string(request.header.id)]),
                ] + (0..<100).map { _ in .print(String(repeating: "x", count: 100)) })
        }
        let states = ran.notebook.metadata["widgets"]?["application/vnd.jupyter.widget-state+json"]?["state"]
        let caught = states?["out"]?["state"]?["outputs"]?.elements.compactMap { $0["text"]?.string } ?? []
        #expect(caught.first?.count == 1000)
        #expect(caught.last?.hasPrefix("[galley: the output of this cell was truncated here.") == true)
    }
}

@Suite struct `The text that a terminal shows` {
    @Test(
        arguments: [
            ("plain\ntext", "plain\ntext"), ("a\rb", "b"), ("abc\rx", "xbc"), ("abc\u{8}\u{8}x", "axc"),
            ("a\r\nb", "a\nb"),
            ("50%\u{1B}[K\r\u{1B}[K100%", "100%"), ("abc\r\u{1B}[2Kx", "x"),
            ("\u{1B}[31mred\u{1B}[0m", "\u{1B}[31mred\u{1B}[0m"),
            ("one\ntwo\u{1B}[A!", "one!\ntwo"), ("a\nb\n\u{1B}[2Ax\ny", "x\ny\n"), ("\u{8}\u{8}a", "a"),
            ("é\u{301}x\ry", "yx"),
            ("x\u{1B}]8;;http://a\u{7}link\u{1B}]8;;\u{7}", "x\u{1B}]8;;http://a\u{7}link\u{1B}]8;;\u{7}"),
            ("x\u{1B}]0;title\u{1B}\\y", "xy"), ("\u{1B}(Bx\u{1B}=y", "xy"), ("a\u{1B}[\u{7}b", "a\u{7}b"),
            ("ab\u{1B}[1D?", "a?"), ("\u{1B}[3Cx", "   x"), ("a\u{1B}[Jb", "ab"), ("a\nb\u{1B}[A\u{1B}[Jc", "ac"),
            ("abcd\u{1B}[2D\u{1B}[1K\u{1B}[1K", "   d"), ("abcd\u{1B}[1K\r\u{1B}[Cx\u{1B}[1K!", "  ! "),
            ("ab\u{1B}[1K\u{1B}[Kcd\u{1B}[1K", "    "), ("ab\u{1B}[1K\u{8}\u{301}x", " \u{301}x"),
        ] as [(HostileText, HostileText)])
    func `Text with cursor movements becomes the text that a terminal shows`(text: HostileText, expected: HostileText) {
        #expect(TerminalText.lastState(of: text.text) == expected.text)
        // The result is the same in parts of one scalar.
        var terminal = TerminalText()
        for scalar in text.text.unicodeScalars {
            terminal.write(String(scalar))
            #expect(terminal.size == terminal.text.utf8.count)
        }
        #expect(terminal.text == expected.text)
    }

    @Test func `Erasing a long line again and again takes linear time`() {
        let count = 100_000
        let text = String(repeating: "x", count: count) + String(repeating: "\u{1B}[1K", count: count)
        #expect(TerminalText.lastState(of: text) == String(repeating: " ", count: count))
    }

    @Test func `The result is bounded by the text, for any numbers in it`() {
        #expect(TerminalText.lastState(of: "\u{1B}[999999999Cx").count == 1001)
        #expect(TerminalText.lastState(of: "a\u{1B}[99999999999999999999Ab") == "ab")
        #expect(TerminalText.lastState(of: "\u{1B}[" + String(repeating: "1;", count: 5000) + "mx").hasSuffix("mx"))
        let lines = String(repeating: "line\r\n", count: 1000)
        #expect(TerminalText.lastState(of: lines) == lines.replacing("\r\n", with: "\n"))
    }
}
