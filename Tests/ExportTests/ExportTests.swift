import GalleyExport
import GalleyJSON
import GalleyNotebook
import GalleyTestSupport
import Testing

@Suite struct `Exported documents` {
    private func notebook(_ cells: [Cell], language: Value = SampleNotebook.python) -> Notebook {
        SampleNotebook("a", language, cells).notebook
    }

    private func export(
        _ cells: [Cell], _ format: ExportFormat, language: Value = SampleNotebook.python,
        change: (inout ExportOptions) -> Void = { _ in }
    ) throws -> ExportedDocument {
        var options = ExportOptions()
        change(&options)
        return try ExportedDocument(
            of: notebook(cells, language: language), as: format, name: "report", options: options)
    }

    private func text(_ document: ExportedDocument) -> String { String(decoding: document.bytes, as: UTF8.self) }

    private func picture(_ data: String, metadata: Value = [:]) -> Output {
        .displayData(MimeBundle(["image/png": data, "text/plain": "<Figure>"]), metadata: metadata)
    }

    // MARK: Notebooks

    @Test func `A notebook without removals stays byte for byte`() throws {
        let original = Array(
            "{\"nbformat\":4, \"nbformat_minor\":4, \"metadata\":{},\n \"cells\": [ {\"cell_type\":\"markdown\",\"metadata\":{},\"source\":[\"a\"]} ]}"
                .utf8)
        let document = try ExportedDocument(of: Notebook(parsing: original), as: .notebook, name: "a")
        #expect(document.bytes == original)
        #expect(document.fileExtension == ".ipynb")
    }

    @Test func `A notebook loses the cells, sources and outputs that options remove`() throws {
        let cells: [Cell] = [
            SampleNotebook.code("secret", tags: ["drop"]), SampleNotebook.code("code", tags: ["no-source"]),
            SampleNotebook.code("out", tags: ["no-output"], [.stream(.stdout, "gone")]), .markdown("skip this"),
            .markdown("do not skip this"),
        ]
        let document = try export(cells, .notebook) {
            $0.removedCellTags = ["drop"]
            $0.removedInputTags = ["no-source"]
            $0.removedAllOutputsTags = ["no-output"]
            $0.removedCellPatterns = ["(?i)SKIP"]
        }
        let result = try Notebook(parsing: document.bytes)
        #expect(result.cells.map(\.source) == ["", "out", "do not skip this"])
        #expect(result.cells[1].outputs.isEmpty && result.cells[1].executionCount == nil)
        let cleared = try Notebook(parsing: export(cells, .notebook) { $0.clearsOutput = true }.bytes)
        #expect(cleared.cells.allSatisfy { $0.outputs.isEmpty && $0.executionCount == nil })
    }

    @Test func `An invalid pattern is an error that names it`() {
        #expect(throws: ExportError.self) { try export([], .html) { $0.removedCellPatterns = ["a", "("] } }
        var options = ExportOptions()
        options.removedCellPatterns = ["("]
        #expect { try options.validate() } throws: { "\($0)".contains("'('") && "\($0)".contains("character 1") }
    }

    @Test(.slow) func `A pattern that takes too long for a cell is an error that names it`() {
        let cells: [Cell] = [.markdown(String(repeating: "a", count: 50) + "cb")]
        #expect(throws: ExportError.slowPattern(#"(a*)*\1b"#)) {
            try export(cells, .notebook) { $0.removedCellPatterns = [#"(a*)*\1b"#] }
        }
    }

    // MARK: Scripts

    @Test(
        arguments: [
            (["name": "python"], ".py", "#!/usr/bin/env python"), (["name": "R"], ".r", "x"),
            (["name": "bash"], ".sh", "x"), (["name": "unheard"], ".txt", "x"),
            (["name": "R", "file_extension": ".R"], ".R", "x"),
            (["name": "R", "file_extension": "/../../x"], ".r", "x"),
            (["name": "R", "file_extension": "./../x"], ".r", "x"), (["name": "R", "file_extension": "r"], ".r", "x"),
            (["name": "q", "file_extension": ".a\u{0}b"], ".txt", "x"),
            (["name": "python", "nbconvert_exporter": "html"], ".txt", "x"),
        ] as [(Value, String, String)])
    func `A script has the extension of its language, and never that of another folder`(
        language: Value, fileExtension: String, start: String
    ) throws {
        let document = try export([.code("x")], .script, language: language)
        #expect(document.fileExtension == fileExtension)
        #expect(text(document).hasPrefix(start))
    }

    @Test func `A notebook that no kernel has run becomes a script in the language of its kernel`() throws {
        var notebook = notebook([.code("%x")], language: .null)
        notebook.metadata["kernelspec"] = ["display_name": "P", "language": "python", "name": "python3"]
        let document = try ExportedDocument(of: notebook, as: .script, name: "a")
        #expect(document.fileExtension == ".py")
        #expect(text(document).hasSuffix("get_ipython().run_line_magic('x', '')\n\n"))
    }

    @Test func `Only a notebook in Python becomes a Python file`() throws {
        #expect(throws: ExportError.wrongLanguage("R")) {
            try export([.code("x")], .python, language: SampleNotebook.r)
        }
        #expect(try export([.code("x")], .python, language: .null).fileExtension == ".py")
    }

    @Test(arguments: [
        ("if a:\n    b\n  c\n!d\n", "if a:\n    b\n  c\n!d\n"),
        ("!a\nif b:\n    c\n  d\n!e\n", "get_ipython().system('a')\nif b:\n    c\n  d\n!e\n"),
    ])
    func `Code after indentation that Python cannot read stays unchanged`(source: String, python: String) throws {
        #expect(try text(export([.code(source)], .script)).hasSuffix("\n\n\n" + python + "\n"))
    }

    // MARK: Markdown

    @Test func `Embedded pictures and attachments are data URLs`() throws {
        let svg = Output.displayData(MimeBundle(["image/svg+xml": "<svg/>"]))
        let cells = [
            SampleNotebook.code("x", [picture(SampleNotebook.png + "\n"), svg]),
            SampleNotebook.attached("![a](attachment:i.png)", ["i.png": ["image/png": .string(SampleNotebook.png)]]),
        ]
        let document = try export(cells, .markdown) { $0.embedsImages = true }
        #expect(document.files.isEmpty)
        #expect(text(document).contains("![png](data:image/png;base64,\(SampleNotebook.png))"))
        #expect(text(document).contains("![svg](data:image/svg+xml;base64,PHN2Zy8+)"))
        #expect(text(document).contains("![a](data:image/png;base64,\(SampleNotebook.png))"))
    }

    @Test(arguments: ["####", "A", "AAAAA", "AAA", "", "\u{0}", "=", "é"])
    func `A picture with invalid data gives way to the text, with a warning`(data: String) throws {
        let document = try export([SampleNotebook.code("x", [picture("QUJD" + data)])], .markdown)
        if document.warnings.isEmpty {
            #expect(document.files.map(\.bytes) == [Array("ABC".utf8)])
        } else {
            #expect(document.files.isEmpty)
            #expect(text(document).contains("    <Figure>"))
        }
        let wrongKind = Output.displayData(MimeBundle(json: ["image/png": 5, "text/plain": "<Figure>"]))
        let other = try export([SampleNotebook.code("x", [wrongKind])], .markdown)
        #expect(other.warnings.count == 1 && other.files.isEmpty)
    }

    @Test(
        arguments: [
            "../../etc/passwd", "..", ".", "/", "a/..", "/etc/cron.d/x", "a\u{0}b", "a\nb",
            String(repeating: "a", count: 300),
            "", "x/", "~", "C:\\x",
        ])
    func `A file of a hostile notebook stays in its folder`(name: String) throws {
        let cells = [
            SampleNotebook.code("x", [picture(SampleNotebook.png, metadata: ["filename": .string(name)])]),
            SampleNotebook.attached("![a](attachment:\(name))", [name: ["image/png": .string(SampleNotebook.png)]]),
        ]
        let document = try export(cells, .markdown)
        #expect(!document.files.isEmpty)
        for file in document.files {
            let parts = file.path.split(separator: "/", omittingEmptySubsequences: false)
            #expect(parts.count == 2 && parts[0] == "report_files" && ![".", "..", ""].contains(parts[1]))
            #expect(parts[1].utf8.count <= 255 && !parts[1].utf8.contains { $0 < 32 })
        }
    }

    @Test func `Two files that would have one name keep both contents`() throws {
        let stated: Value = ["filename": "same.png"]
        let cells = [
            SampleNotebook.code(
                "x",
                [picture(SampleNotebook.png, metadata: stated), picture(SampleNotebook.otherPNG, metadata: stated)]),
            SampleNotebook.attached("![a](attachment:i.png)", ["i.png": ["image/png": .string(SampleNotebook.png)]]),
            SampleNotebook.attached(
                "![a](attachment:i.png)", ["i.png": ["image/png": .string(SampleNotebook.otherPNG)]]),
        ]
        let document = try export(cells, .markdown)
        let paths = ["same.png", "report_0_1.png", "i.png", "i-2.png"].map { "report_files/" + $0 }
        #expect(document.files.map(\.path) == paths)
        for path in paths { #expect(text(document).contains("](\(path))")) }
    }

    // MARK: Pages

    @Test func `A page loads nothing and runs nothing`() throws {
        let hostile = "<script>alert(1)</script><img src=x onerror=alert(1)><iframe src=//e.org></iframe>ok"
        let cells: [Cell] = [
            .markdown(hostile), SampleNotebook.raw(hostile), SampleNotebook.raw(hostile, type: "text/html"),
            SampleNotebook.code("x", [.displayData(MimeBundle(["text/html": hostile]))]),
        ]
        var notebook = notebook(cells)
        notebook.metadata["title"] = "</title><script>alert(1)</script>"
        let page = try text(ExportedDocument(of: notebook, as: .html, name: "a"))
        for wanted in ["<script", "onerror=alert(1)>", "<iframe"] { #expect(!page.contains(wanted)) }
        #expect(page.contains("default-src 'none'"))
        #expect(page.contains("<title>&lt;/title&gt;"))
    }

    // MARK: Size

    @Test func `Long and deeply repeated input takes time in proportion to its length`() throws {
        let sources = [
            String(repeating: "(", count: 20_000), String(repeating: ",", count: 20_000),
            String(repeating: "a.", count: 10_000) + "9?", String(repeating: "%", count: 10_000),
            String(repeating: "'''\n", count: 5_001), String(repeating: "x = !ls\n", count: 5_000),
            String(repeating: "[0]", count: 7_000) + "?", String(repeating: "\\\n", count: 10_000),
            String(repeating: " ", count: 20_000) + "x",
        ]
        let cells = sources.map { Cell.code($0) }
        for format in [ExportFormat.script, .html] { #expect(try export(cells, format).bytes.count > 100_000) }
    }
}
