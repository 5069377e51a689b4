@testable import GalleyComparison
import GalleyJSON
import GalleyNotebook
import GalleyTestSupport
import Testing

@Suite struct `A comparison of outputs` {
    @Test func `A comparison finds nothing if nothing has changed`() {
        let outputs: [Output] = [
            .stream(.stdout, "a\n"), .displayData(MimeBundle(["text/plain": "x", "text/html": "<b>x</b>"])),
            .executeResult(MimeBundle(["text/plain": "1"]), executionCount: 1),
            .error(name: "E", value: "v", traceback: ["t"]),
        ]
        #expect(OutputComparison(of: outputs, with: outputs).isSame)
        #expect(OutputComparison(of: [Output](), with: []).isSame)
    }

    @Test func `A comparison ignores metadata, counts, tracebacks and widget views`() {
        let view = "application/vnd.jupyter.widget-view+json"
        let data = { (id: String) in MimeBundle(json: ["text/plain": "x", view: ["model_id": .string(id)]]) }
        #expect(
            compare(
                [
                    .displayData(data("a"), metadata: ["m": 1]), .executeResult(data("c"), executionCount: 1),
                    .error(name: "E", value: "v", traceback: ["one"]),
                ],
                [
                    .displayData(data("b")), .executeResult(data("d"), executionCount: 7),
                    .error(name: "E", value: "v", traceback: ["other", "two"]),
                ]) == [])
    }

    @Test func `A comparison joins each stream, wherever its parts are`() {
        #expect(
            compare(
                [.stream(.stdout, "a\n"), .stream(.stderr, "e\n"), .stream(.stdout, "b\n")],
                [.stream(.stdout, "a\nb\n"), .stream(.stderr, ""), .stream(.stderr, "e\n")]) == [])
        #expect(
            compare([.stream(.stdout, "a\n")], [.stream(.stderr, "a\n")]) == ["stdout is missing", "stderr is new"])
    }

    @Test(
        arguments: [
            ("10%\r50%\r100%\n", "100%\n", true), ("a\r\nb\r\n", "a\r\nb\r\n", true), ("a\r\n", "a\n", false),
            ("a\rb\r\n", "x\rb\r\n", true), ("a\r", "b\r", false), ("x\ra\r", "a\r", true), ("a\rb", "ab", false),
            ("a\r\r\n", "\r\n", true),
        ] as [(HostileText, HostileText, Bool)])
    func `A comparison ignores text that a line has overwritten`(old: HostileText, new: HostileText, isSame: Bool) {
        #expect(compare([.stream(.stdout, old.text)], [.stream(.stdout, new.text)]).isEmpty == isSame)
        // The rule applies to streams only.
        #expect(
            compare(
                [.error(name: old.text, value: "", traceback: [])], [.error(name: new.text, value: "", traceback: [])]
            )
            .isEmpty == (old.text == new.text))
    }

    @Test(
        arguments: [("a\n", "a"), ("a ", "a"), ("\u{1B}[1ma", "a"), ("\u{E9}", "e\u{301}"), ("at 0x7f1", "at 0x7f2")]
            as [(HostileText, HostileText)])
    func `A comparison of text is exact to the byte`(old: HostileText, new: HostileText) {
        for type in ["text/plain", "text/html", "text/latex", "image/svg+xml", "application/javascript"] {
            let (one, other) = (
                MimeBundle(sent: [type: .string(old.text)]), MimeBundle(sent: [type: .string(new.text)])
            )
            #expect(compare([.displayData(one)], [.displayData(other)]) == ["\(type) differs"])
        }
        #expect(compare([.stream(.stdout, old.text)], [.stream(.stdout, new.text)]) == ["stdout differs"])
    }

    @Test func `A comparison sanitizes text first, also within JSON`() throws {
        let sanitizers = try TextSanitizers(parsing: "regex: 0x[0-9a-f]+\nreplace: X")
        let make = { (address: String) -> [Output] in
            [
                .stream(.stdout, "at \(address)\n"), .error(name: "E", value: address, traceback: []),
                .displayData(
                    MimeBundle(sent: ["text/plain": .string(address), "application/json": [.string(address)]])),
            ]
        }
        #expect(OutputComparison(of: make("0x1"), with: make("0xffff"), sanitizers: sanitizers).isSame)
        #expect(OutputComparison(of: make("0x1"), with: make("0y1"), sanitizers: sanitizers).differences.count == 4)
    }

    @Test func `A comparison compares each MIME type with itself`() {
        let old = [Output.displayData(MimeBundle(["text/plain": "<Figure>", "text/html": "<table>1</table>"]))]
        let new = [Output.displayData(MimeBundle(["text/plain": "<Figure>", "text/markdown": "x"]))]
        #expect(compare(old, new) == ["text/html is missing", "text/markdown is new"])
        #expect(
            compare(
                [.executeResult(MimeBundle(["text/plain": "1"]), executionCount: 1)],
                [.executeResult(MimeBundle(["text/plain": "2"]), executionCount: 1)]) == [
                    "text/plain of the result differs"
                ])
    }

    @Test func `A comparison says which of several outputs is missing, new or different`() {
        let show = { (texts: [String]) in texts.map { Output.displayData(MimeBundle(["text/plain": $0])) } }
        #expect(compare(show(["a", "b", "c"]), show(["a", "c"])) == ["text/plain number 2 is missing"])
        #expect(compare(show(["a", "c"]), show(["a", "b", "c"])) == ["text/plain number 2 is new"])
        #expect(compare(show(["a", "b", "c"]), show(["a", "x", "c"])) == ["text/plain number 2 differs"])
        #expect(
            compare(show(["a", "b", "c"]), show(["x", "b"])) == [
                "text/plain number 1 differs", "text/plain number 3 is missing",
            ])
        let missing = OutputComparison(of: show(["a\nb"]), with: []).differences
        #expect(missing.map(\.lines) == [["- a", "- b"]])
        #expect(missing.map(\.kind) == [.missing])
        let long = OutputComparison(of: [Output](), with: [.stream(.stdout, String(repeating: "x\n", count: 30))])
            .differences
        #expect(long.map(\.lines) == [Array(repeating: "+ x", count: 10) + ["… 20 more lines"]])
    }

    @Test func `A comparison of errors looks at names and values`() {
        #expect(
            compare([.error(name: "A", value: "x", traceback: [])], [.error(name: "B", value: "y", traceback: [])])
                == ["the error's name differs", "the error's value differs"])
        #expect(
            compare([.error(name: "A", value: "x", traceback: [])], [])
                == ["the error's name is missing", "the error's value is missing"])
    }

    @Test(arguments: [
        (#"{"a":1,"b":[1,2]}"#, #"{"b": [1, 2.0], "a": 1e0}"#, true), (#"{"a":1}"#, #"{"a":1,"b":null}"#, false),
        ("[1,2]", "[2,1]", false), ("12345678901234567890", "12345678901234567891", false), ("true", "1", false),
        ("NaN", "NaN", true), ("1e400", "1e400", true), ("-0", "0", true), ("0.1", "0.10", true), ("null", "[]", false),
        (#"{"\u00e9":1}"#, #"{"e\u0301":1}"#, false), (#""a""#, #""\u0061""#, true),
    ])
    func `A comparison of JSON ignores its spelling`(old: String, new: String, isSame: Bool) throws {
        let show = { (text: String) throws in
            let value = try Document(parsing: Array(text.utf8)).root
            return [Output.displayData(MimeBundle(json: ["application/vnd.plotly.v1+json": value]))]
        }
        let comparison = try OutputComparison(of: show(old), with: show(new))
        #expect(comparison.isSame == isSame)
        #expect(comparison.differences.allSatisfy { !$0.lines.isEmpty })
    }

    @Test func `A comparison of images looks at pixels, and of other files at bytes`() throws {
        let pixels = try PictureFixture.named("level 0")
        let again = try PictureFixture.named("filter 3")
        let other = try PictureFixture.named("colours 2, 8 bits")
        let show = { (type: String, letters: [UInt8]) in
            [Output.displayData(MimeBundle(sent: [type: .string(String(decoding: letters, as: UTF8.self))]))]
        }
        let (one, same, changed) = (pixels.file.letters, again.file.letters, other.file.letters)
        #expect(OutputComparison(of: show("image/png", one), with: show("image/png", same + [10])).isSame)
        #expect(compare(show("image/png", one), show("image/png", changed)) == ["image/png differs"])
        for type in ["image/jpeg", "application/pdf"] {
            #expect(
                OutputComparison(
                    of: show(type, one), with: show(type, Array(one.prefix(60)) + [10] + one.dropFirst(60))
                )
                .isSame)
            #expect(compare(show(type, one), show(type, same)) == ["\(type) differs"])
        }
    }

    private func compare(_ old: [Output], _ new: [Output]) -> [String] {
        let differences = OutputComparison(of: old, with: new).differences
        #expect(differences.allSatisfy { !$0.lines.isEmpty || $0.kind != .changed })
        return differences.map(\.title)
    }
}
