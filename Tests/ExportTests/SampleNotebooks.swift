import GalleyJSON
import GalleyNotebook
import Testing

/// A notebook that both Galley and nbconvert convert.
struct SampleNotebook: Sendable, CustomTestStringConvertible {
    let name: String
    let language: Value
    let cells: [Cell]
    var testDescription: String { name }

    init(_ name: String, _ cells: [Cell]) { self.init(name, Self.python, cells) }

    init(_ name: String, _ language: Value, _ cells: [Cell]) {
        (self.name, self.language, self.cells) = (name, language, cells)
    }

    var notebook: Notebook {
        var notebook = Notebook()
        if language.kind == .object { notebook.metadata["language_info"] = language }
        for (index, cell) in cells.enumerated() {
            var cell = cell
            cell.id = "cell-\(index)"
            notebook.cells.append(cell)
        }
        return notebook
    }

    static let python: Value = [
        "file_extension": ".py", "mimetype": "text/x-python", "name": "python", "nbconvert_exporter": "python",
        "pygments_lexer": "ipython3",
    ]
    static let r: Value = [
        "codemirror_mode": "r", "file_extension": ".r", "mimetype": "text/x-r-source", "name": "R",
        "pygments_lexer": "r",
    ]
    static let bash: Value = [
        "codemirror_mode": "shell", "file_extension": ".sh", "mimetype": "text/x-sh", "name": "bash",
    ]

    static func code(_ source: String, tags: [String] = [], _ outputs: [Output] = []) -> Cell {
        code(source, 1, tags: tags, outputs)
    }

    static func code(_ source: String, _ count: Int?, tags: [String] = [], _ outputs: [Output] = []) -> Cell {
        var cell = Cell.code(source)
        cell.executionCount = count
        cell.tags = tags
        cell.outputs.append(contentsOf: outputs)
        return cell
    }

    static func raw(_ source: String, type: String? = nil) -> Cell {
        var cell = Cell.raw(source)
        if let type { cell.metadata["raw_mimetype"] = .string(type) }
        return cell
    }

    static func attached(_ source: String, _ files: KeyValuePairs<String, Value>) -> Cell {
        var cell = Cell.markdown(source)
        cell.json["attachments"] = .object(files.map { ($0.key, $0.value) })
        return cell
    }

    /// A picture of one pixel.
    static let png =
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGNgYPhfDwAChAGA4b0K/wAAAABJRU5ErkJggg=="
    static let otherPNG =
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGP4z8DwHwAFAAH/q842iQAAAABJRU5ErkJggg=="
    static let svg =
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"9\" height=\"9\"><rect width=\"9\" height=\"9\"/></svg>"
}

extension SampleNotebook {
    /// The name of the notebook whose page differs from nbconvert's on purpose.
    static let differing = "differing"

    static let all: [SampleNotebook] = [
        SampleNotebook("empty", []),
        SampleNotebook(
            "hello", [.markdown("# Title\n\nSome *text*."), code("print('hello')", [.stream(.stdout, "hello\n")])]),
        SampleNotebook(
            "counts",
            [code("a = 1", nil), code("b = 2", 0), code("c = 3", 17), code("", nil), code("\n\n", 2), code("   ", 3)]),
        SampleNotebook(
            "streams",
            [
                code(
                    "go()",
                    [
                        .stream(.stdout, "one\ntwo\n\n  three"), .stream(.stderr, "warning\n"), .stream(.stdout, "\n"),
                        .stream(.stdout, "no end"), .stream(.stdout, ""), .stream(.stdout, "é\r\nü\r\n"),
                    ])
            ]),
        SampleNotebook(
            "errors",
            [
                code(
                    "1/0",
                    [
                        .error(
                            name: "ZeroDivisionError", value: "division by zero",
                            traceback: [
                                "\u{1B}[31m---------------------------------------------------------------------------\u{1B}[39m",
                                "\u{1B}[31mZeroDivisionError\u{1B}[39m                         Traceback (most recent call last)",
                                "\u{1B}[36mCell\u{1B}[39m\u{1B}[36m \u{1B}[39m\u{1B}[32mIn[1]\u{1B}[39m\u{1B}[32m, line 1\u{1B}[39m\n\u{1B}[32m----> \u{1B}[39m\u{1B}[32m1\u{1B}[39m \u{1B}[32;43m1\u{1B}[39;49m/\u{1B}[32;43m0\u{1B}[39;49m\n",
                                "\u{1B}[31mZeroDivisionError\u{1B}[39m: division by zero",
                            ])
                    ])
            ]),
        SampleNotebook(
            "pictures",
            [
                code(
                    "plot()",
                    [
                        .displayData(MimeBundle(["image/png": png, "text/plain": "<Figure>"])),
                        .executeResult(
                            MimeBundle(["image/png": otherPNG + "\n", "text/plain": "<Figure>"]), executionCount: 1),
                    ]), .markdown("between"),
                code("draw()", [.displayData(MimeBundle(["image/svg+xml": svg, "text/plain": "<SVG>"]))]),
                code("photo()", [.displayData(MimeBundle(["image/jpeg": png, "text/plain": "<JPEG>"]))]),
            ]),
        SampleNotebook(
            "tables",
            [
                code(
                    "frame",
                    [
                        .executeResult(
                            MimeBundle([
                                "text/html": "  <div>\n    <table><tr><td>1</td></tr></table>\n  </div>\n",
                                "text/plain": "   a\n0  1",
                            ]), executionCount: 1)
                    ]),
                code("both", [.displayData(MimeBundle(["text/html": "<b>bold</b>", "image/png": png]))]),
            ]),
        SampleNotebook(
            "latex",
            [
                code("m", [.displayData(MimeBundle(["text/latex": "$\\displaystyle x^2$", "text/plain": "x**2"]))]),
                code(
                    "n",
                    [
                        .executeResult(
                            MimeBundle(["text/markdown": "**bold**\n", "text/plain": "<M>"]), executionCount: 2)
                    ]),
                code(
                    "t",
                    [.executeResult(MimeBundle(["text/plain": "array([[1, 2],\n       [3, 4]])"]), executionCount: 3)]),
            ]),
        SampleNotebook(
            "magics",
            [
                code(
                    "%matplotlib inline\nimport os\n!ls -l {os.getcwd()}\nfiles = !ls\nx = %timeit -o 1\nos.path?\n??os\n!!pwd"
                ),
                code("%%bash\necho \"it's\"\n# done\n"), code("%%R -i x\nplot(x)"), code("%%time\ny = 1"),
                code("for i in range(3):\n    !echo {i}\n    %time z = i\n    if i:\n        q = !date\n"),
            ]),
        SampleNotebook(
            "raw-cells",
            [
                raw("plain"), raw("<b>html</b>", type: "text/html"), raw("*md*", type: "text/markdown"),
                raw("\\tex", type: "text/latex"), raw("print(1)", type: "text/x-python"), .markdown("after"),
                raw("Upper", type: "TEXT/HTML"),
            ]),
        SampleNotebook(
            "unicode",
            [
                .markdown("Größe 日本語 🎉 e\u{301}\n\n* a\n* b"),
                code("s = 'héllo 🎉'\nprint(s)", [.stream(.stdout, "héllo 🎉\n")]),
                code("!echo 'ünï \u{200B} \u{A0}'"),
            ]),
        SampleNotebook(
            "line-ends",
            [
                .markdown("one\r\ntwo\r\n"), code("a = 1\r\nb = 2\r\n!ls\r\n", [.stream(.stdout, "a\r\nb\r\nc\n")]),
                code("x = '''\r\n%notmagic\r\n'''\r\n"), .markdown("\n\nleading\n\n"),
                code("\n\n  indented = 1\n  x = 2\n"),
            ]),
        SampleNotebook(
            "attachments",
            [
                attached(
                    "![a](attachment:image.png) and ![b](attachment:b c.png)",
                    ["image.png": ["image/png": .string(png)], "b c.png": ["image/png": .string(otherPNG)]])
            ]),
        SampleNotebook(
            "file-names",
            [
                code(
                    "a",
                    [
                        .displayData(MimeBundle(["image/png": png]), metadata: ["filename": "stated.png"]),
                        .displayData(MimeBundle(["image/png": png]), metadata: ["filename": "../../escape"]),
                        .displayData(MimeBundle(["image/png": png]), metadata: ["filename": "ü b?.png"]),
                    ])
            ]),
        SampleNotebook(
            "r", r,
            [
                .markdown("# R"),
                code("x <- c(1, 2)\nsummary(x)", [.displayData(MimeBundle(["text/plain": "   Min.\n 1.00"]))]),
                raw("raw"), raw("r", type: "text/x-r-source"),
                code("plot(x)", [.displayData(MimeBundle(["image/png": png, "text/plain": "plot"]))]),
            ]),
        SampleNotebook(
            "bash", bash,
            [
                .markdown("# sh"), code("echo hi\n", [.stream(.stdout, "hi\n")]), code("%%not magic\nls | wc"),
                code(""), raw("x", type: "text/x-sh"),
            ]),
        SampleNotebook(
            "no-language", .null, [.markdown("text"), code("code"), raw("raw"), raw("p", type: "text/plain")]),
        SampleNotebook(
            "prompts",
            [
                code(">>> a = 1\n>>> for i in a:\n...     b\n..."), code("In [1]: x = 2\n   ...: y = 3"),
                code("  >>> z\n  1"),
            ]),
        SampleNotebook(
            "help",
            [
                code("foo?"), code("foo.bar[0]??"), code("?"), code("?foo*"), code("%timeit?"), code("%%timeit?"),
                code("a = foo?"), code("f(x)?"),
            ]),
        SampleNotebook(
            "quoting",
            [
                code(",f a b"), code(";f a b"), code("/f a b"), code("/ x"), code("! cat \\\n  file \\\n  end"),
                code("%a\\\nb"),
            ]),
        SampleNotebook(
            "strings",
            [
                code("x = '''\n!ls\n%magic\n'''\n!real"), code("f(\n  !not\n)"), code("a = (1,\n%b\n)"),
                code("\"unclosed\n!ls"),
                code("y = \"\"\"never ends\n!ls"), code("# !comment\n%real # it's"),
            ]),
        SampleNotebook(
            "tagged",
            [
                code("secret", tags: ["remove-cell"], [.stream(.stdout, "secret\n")]),
                code("shown", tags: ["remove-output"], [.stream(.stdout, "gone\n")]),
                code("hidden", tags: ["remove-input"], [.stream(.stdout, "kept\n")]), .markdown("text"),
                code("", nil), code("   "),
                code(
                    "single",
                    [
                        .displayData(MimeBundle(["text/plain": "no"]), metadata: ["tags": ["remove-one"]]),
                        .displayData(MimeBundle(["text/plain": "yes"])),
                    ]),
            ]),
        SampleNotebook(
            "markup",
            [
                .markdown(
                    "## Sub\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n```python\nx = 1\n```\n\n> quote\n\n1. one\n2. two"),
                .markdown("Inline `code` and [link](https://example.org) and **bold**"),
                code("print('<&>')", [.stream(.stdout, "<b>&amp;</b>\n")]),
            ]),
        SampleNotebook(
            "many-outputs",
            [
                code(
                    "go()",
                    (0..<12).map { number in
                        number % 2 == 0
                            ? .displayData(MimeBundle(["image/png": png, "text/plain": "f"]))
                            : .stream(.stdout, "line \(number)\n")
                    })
            ]),
        SampleNotebook(
            SampleNotebook.differing,
            [
                code("x", [.error(name: "NameError", value: "x", traceback: [])]),
                code("j", [.displayData(MimeBundle(["application/javascript": "alert(1)"]))]),
                code("k", [.displayData(MimeBundle(json: ["application/json": ["a": 1], "text/plain": "{'a': 1}"]))]),
                code("r", [.stream(.stdout, "10%\r20%\n")]), .markdown("![remote](https://example.org/x.png)"),
            ]),
        SampleNotebook(
            "spaced name", [code("p()", [.displayData(MimeBundle(["image/png": png, "text/plain": "f"]))])]),
    ]
}
