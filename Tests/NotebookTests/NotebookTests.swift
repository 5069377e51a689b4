import GalleyJSON
import GalleyNotebook
import GalleyTestSupport
import Testing

@Suite struct `A notebook` {
    @Test func `A notebook has the properties of the format`() throws {
        let notebook = try Notebook(parsing: NotebookFixture.named("streams").bytes)
        #expect(notebook.version == (4, 5))
        #expect(notebook.cells.count == 1)
        #expect(notebook.cells[0].kind == .code)
        #expect(notebook.cells[0].id == "cell-0")
        #expect(notebook.cells[0].executionCount == 7)
        #expect(
            notebook.cells[0].outputs.map(\.kind) == [
                .stream(.stdout), .stream(.stderr), .stream(.stdout), .stream(.stdout), .stream(.stdout),
            ])
        #expect(notebook.cells[0].outputs.map(\.text) == ["out\n", "err\nmore", "", "\n\n", "no end"])
    }

    @Test func `A notebook reads every kind of output, and text as text`() throws {
        let outputs = try NotebookFixture.all.flatMap { try Notebook(parsing: $0.bytes).cells }.flatMap {
            Array($0.outputs)
        }
        let kinds = Set(outputs.map(\.kind))
        #expect(
            kinds == [.stream(.stdout), .stream(.stderr), .displayData, .executeResult, .error, .other("hologram")])

        let json = try Notebook(parsing: NotebookFixture.named("display-json-list").bytes).cells[0].outputs[0].data
        #expect(json?.text("application/json") == nil)
        #expect(json?.json["application/json"]?.elements.map(\.string) == ["a\n", "b\n"])
        let html = try Notebook(parsing: NotebookFixture.named("display-html").bytes).cells[0].outputs[0].data
        #expect(html?.types == ["text/html", "text/plain"])
        #expect(html?.text("text/html") == "<table>\n<tr><td>1</td></tr>\n</table>")
        let error = try Notebook(parsing: NotebookFixture.named("errors").bytes).cells[0].outputs[0]
        #expect(error.errorName == "ZeroDivisionError")
        #expect(error.errorValue == "division by zero")
        #expect(error.traceback?.count == 3)
        let attachments = try Notebook(parsing: NotebookFixture.named("attachments").bytes).cells[0].attachments
        #expect(attachments.map(\.name) == ["a.png", "b c.txt"])
        #expect(attachments.last?.data.text("text/plain") == "one\ntwo")
    }

    @Test func `A new notebook is written in canonical form`() throws {
        var notebook = Notebook()
        notebook.cells.append(.markdown("# A", id: "a"))
        notebook.cells.append(.code("1 +\n1", id: "b"))
        notebook.cells[1].outputs.append(.stream(.stdout, "x\ny"))
        notebook.cells[1].executionCount = 1
        notebook.cells[1].tags = ["t"]
        #expect(
            notebook.text.string == """
                {
                 "cells": [
                  {
                   "cell_type": "markdown",
                   "id": "a",
                   "metadata": {},
                   "source": [
                    "# A"
                   ]
                  },
                  {
                   "cell_type": "code",
                   "execution_count": 1,
                   "id": "b",
                   "metadata": {
                    "tags": [
                     "t"
                    ]
                   },
                   "outputs": [
                    {
                     "name": "stdout",
                     "output_type": "stream",
                     "text": [
                      "x\\n",
                      "y"
                     ]
                    }
                   ],
                   "source": [
                    "1 +\\n",
                    "1"
                   ]
                  }
                 ],
                 "metadata": {},
                 "nbformat": 4,
                 "nbformat_minor": 5
                }

                """)
    }

    @Test func `A notebook is not rewritten for a value that is set to itself`() throws {
        let fixture = NotebookFixture.named("source-as-string")
        var notebook = try Notebook(parsing: fixture.bytes)
        for index in notebook.cells.indices {
            let cell = notebook.cells[index]
            notebook.cells[index].source = cell.source
            notebook.cells[index].tags = cell.tags
            notebook.cells[index].executionCount = cell.executionCount
            for number in notebook.cells[index].outputs.indices {
                notebook.cells[index].outputs[number].text = cell.outputs[number].text
            }
        }
        #expect(notebook.text.bytes == fixture.bytes)
    }

    @Test func `A notebook changes one cell and keeps every other byte`() throws {
        let before = String(decoding: NotebookFixture.named("many-cells").bytes, as: UTF8.self)
        var notebook = try Notebook(parsing: Array(before.utf8))
        notebook.cells[100].outputs = [.stream(.stdout, "new\n")]
        notebook.cells.remove(at: 7)
        let after = notebook.text.string
        #expect(after.contains("\"new\\n\""))
        #expect(difference(before, after) < 60)
    }

    @Test func `A notebook replaces a text by another that is equivalent in Unicode`() throws {
        var notebook = try Notebook(parsing: NotebookFixture.named("hello").bytes)
        for text in ["\u{E9}", "e\u{301}"] {
            notebook.cells[0].source = text
            notebook.cells[0].tags = [text]
            notebook.cells[0].outputs = [.stream(.stdout, "x")]
            notebook.cells[0].outputs[0].text = text
            #expect(Array(notebook.cells[0].source.utf8) == Array(text.utf8))
            #expect(notebook.cells[0].tags.map { Array($0.utf8) } == [Array(text.utf8)])
            #expect(notebook.cells[0].outputs[0].text.map { Array($0.utf8) } == Array(text.utf8))
        }
    }

    @Test func `A notebook moves and filters cells without rewriting them`() throws {
        let before = """
            {
              "cells": [
                {"cell_type": "raw", "id": "a", "metadata": {}, "source": "x"},
                {"cell_type":"raw","id":"b","metadata":{"k":1.0,"k":2},   "source":"x"},
                {"cell_type": "markdown", "id": "c", "metadata": {}, "source": "x"}
              ],
              "metadata": {}, "nbformat": 4, "nbformat_minor": 5
            }
            """
        let lines = before.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        // The line of the last cell ends without a comma.
        func ordered(_ order: [Int]) -> String {
            let cells = order.map { lines[$0 + 2].hasSuffix(",") ? String(lines[$0 + 2].dropLast()) : lines[$0 + 2] }
            return (lines[..<2] + [cells.joined(separator: ",\n")] + lines[5...]).joined(separator: "\n")
        }
        func edited(_ edit: (inout Notebook) -> Void) throws -> String {
            var notebook = try Notebook(parsing: Array(before.utf8))
            edit(&notebook)
            return notebook.text.string
        }
        #expect(try edited { $0.cells.swapAt(0, 1) } == ordered([1, 0, 2]))
        #expect(try edited { $0.cells = JSONArray($0.cells.filter { _ in true }) } == before)
        #expect(try edited { $0.cells.removeAll { $0.id == "a" } } == ordered([1, 2]))
        #expect(try edited { $0.cells.insert($0.cells.remove(at: 1), at: 0) } == ordered([1, 0, 2]))
    }

    @Test(arguments: [4, 5])
    func `A notebook gives added cells identifiers, if its version has them`(minor: Int) throws {
        var notebook = try Notebook(
            parsing: Array(#"{"cells":[],"metadata":{},"nbformat":4,"nbformat_minor":\#(minor)}"#.utf8))
        notebook.cells = [.code("1"), .markdown("1", id: minor > 4 ? "one" : nil), .code("1")]
        let again = try Notebook(parsing: notebook.bytes)
        #expect(again.warnings.isEmpty)
        #expect(Set(again.cells.compactMap(\.id)).count == (minor > 4 ? 3 : 0))
        #expect(notebook.bytes == again.bytes)
    }

    @Test func `A notebook gets nothing new from a change that changes nothing`() throws {
        let before = try Notebook(parsing: NotebookFixture.named("raw-cells").bytes)
        var notebook = before
        for index in notebook.cells.indices {
            notebook.cells[index].outputs.removeAll()
            notebook.cells[index].metadata["execution"] = nil
        }
        notebook.metadata["none"] = nil
        #expect(notebook.text.bytes == before.text.bytes)
    }

    @Test(arguments: [
        #""metadata": {"execution": "x", "tags": 7}"#, #""metadata": {"execution": []}"#,
        #""metadata": {"tags": {"a": 1}}"#,
    ])
    func `A notebook with unusual contents can be edited`(member: String) throws {
        let text =
            "{\"cells\": [{\"cell_type\": \"markdown\", \"source\": \"\", \(member)}], \"metadata\": {\"kernelspec\": 5}, \"nbformat\": 4, \"nbformat_minor\": 4}"
        var notebook = try Notebook(parsing: Array(text.utf8))
        notebook.cells[0].metadata["execution"]?["a"] = 1
        notebook.cells[0].outputs.append(.stream(.stdout, "x"))
        notebook.cells[0].tags.append("t")
        notebook.metadata["kernelspec"]?["name"] = "x"
        #expect(notebook.metadata["kernelspec"]?["name"]?.string == "x")
        #expect(try Notebook(parsing: notebook.text.bytes).text.bytes == notebook.text.bytes)
    }

    @Test func `A notebook is a value: a copy keeps what the original changes`() throws {
        let one = try Notebook(parsing: NotebookFixture.named("hello").bytes)
        var two = one
        two.cells[0].source = "changed"
        two.metadata["kernelspec"] = nil
        #expect(one.text.bytes == NotebookFixture.named("hello").bytes)
        #expect(two.metadata["kernelspec"] == nil)
        #expect(two.cells[0].source == "changed")
    }

    @Test(
        arguments: [
            ("", []), ("a", ["a"]), ("a\n", ["a\n"]), ("a\r\nb\rc\n\nd", ["a\r\n", "b\r", "c\n", "\n", "d"]),
            (
                "1\u{B}2\u{C}3\u{1C}4\u{1D}5\u{1E}6\u{85}7\u{2028}8\u{2029}9",
                ["1\u{B}", "2\u{C}", "3\u{1C}", "4\u{1D}", "5\u{1E}", "6\u{85}", "7\u{2028}", "8\u{2029}", "9"]
            ),
            ("\u{1F}é\u{2027}\u{A0}\u{E2}\u{84}", ["\u{1F}é\u{2027}\u{A0}\u{E2}\u{84}"]), ("\r", ["\r"]),
            ("\n\r", ["\n", "\r"]),
        ] as [(HostileText, [String])])
    func `A notebook splits text as Python's splitlines does`(text: HostileText, lines: [String]) {
        let output = Output.stream(.stdout, text.text)
        #expect(output.json["text"]?.elements.map { Array($0.string!.utf8) } == lines.map { Array($0.utf8) })
        #expect(output.text.map { Array($0.utf8) } == Array(text.text.utf8))
    }

    @Test func `A notebook loses a list of tags that is emptied`() {
        var cell = Cell.code("x")
        cell.tags = ["t"]
        cell.tags = []
        #expect(cell.metadata["tags"] == nil)
    }
}

/// Returns the number of lines that differ between two texts.
private func difference(_ one: String, _ two: String) -> Int {
    two.split(separator: "\n").difference(from: one.split(separator: "\n")).count
}
