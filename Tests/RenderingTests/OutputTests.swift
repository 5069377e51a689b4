import GalleyJSON
import GalleyNotebook
import GalleyRendering
import Testing

@Suite struct `An output on a page` {
    private let note = "<p class=\"nb-note\">An interactive output is left out here, kept in the notebook.</p>"
    private let scriptNote =
        "<p class=\"nb-note\">The script of this output is left out here, kept in the notebook.</p>"
    private let plain = "<pre class=\"nb-text\" tabindex=\"0\">p</pre>"

    @Test func `An output has the best of its representations`() {
        let png: KeyValuePairs = ["image/png": "iVBO\nRw0K", "text/plain": "p"]
        #expect(HTML.display(["text/plain": "p", "text/html": "<b>x</b>"]) == "<div class=\"nb-html\"><b>x</b></div>")
        #expect(HTML.display(png) == "<img class=\"nb-image\" src=\"data:image/png;base64,iVBORw0K\" alt=\"p\">")
        #expect(HTML.display(["text/latex": "$x$", "text/plain": "p"]).hasPrefix("<div class=\"nb-latex\"><math>"))
        #expect(HTML.display(["text/plain": "p"]) == plain)
        #expect(
            HTML.display(["text/markdown": "*x*", "text/plain": "p"])
                == "<div class=\"nb-html nb-markdown\"><p><em>x</em></p>\n</div>")
        #expect(HTML.display(["image/png": "no <png>", "text/plain": "p"]) == plain)
        #expect(
            HTML.display(["image/png": "", "image/jpeg": "/9j/", "text/plain": "p"]).contains(
                "data:image/jpeg;base64,/9j/"))
        #expect(HTML.display(["text/html": " <div></div> ", "text/plain": "p"]) == plain)
        #expect(HTML.display([:]) == "")
    }

    @Test func `An output with a script is shown without the script, and says so`() {
        let script = "<div id=x>loading</div><script>draw()</script>"
        #expect(HTML.display(["text/html": script, "text/plain": "p"]) == plain + scriptNote)
        #expect(HTML.display(["text/html": script, "image/png": "iVBO", "text/plain": "p"]).hasPrefix("<img"))
        #expect(HTML.display(["text/html": script, "image/png": "iVBO", "text/plain": "p"]).hasSuffix(scriptNote))
        let table = "<table><tr><td>1</td></tr></table><script>draw()</script>"
        #expect(HTML.display(["text/html": table, "text/plain": "p"]).hasPrefix("<div class=\"nb-html\"><table>"))
        #expect(HTML.display(["text/html": script, "text/plain": "<HTML object>"]).contains("loading"))
        #expect(HTML.display(["text/html": script]).hasPrefix("<div class=\"nb-html\"><div id=\"o--x\">loading</div>"))
        #expect(HTML.display(["text/html": "<svg><script>x</script></svg>", "text/plain": "p"]) == plain + scriptNote)
        #expect(HTML.display(["application/javascript": "x()"]) == note)
        let widget = MimeBundle(json: [
            "application/vnd.jupyter.widget-view+json": ["model_id": "x"], "text/plain": "p",
        ])
        #expect(
            HTML.output(.displayData(widget), id: "o").text == "<div class=\"nb-shown\" id=\"o\">\(plain)\(note)</div>")
    }

    @Test func `An output has the library's text for pages without scripts`() {
        let html = "<pre class='xr-text-repr-fallback'>p</pre><div class='xr-wrap'><input type=checkbox></div>"
        #expect(HTML.display(["text/html": html, "text/plain": "p"]) == plain)
    }

    @Test func `An output never puts the markup of an SVG into the page`() throws {
        let svg = "<svg onload='x'><script>alert(1)</script></svg>"
        let shown = HTML.display(["image/svg+xml": svg, "text/plain": "\"><script>"])
        #expect(shown.hasPrefix("<img class=\"nb-image\" src=\"data:image/svg+xml;base64,PHN2ZyB4bWxucz0i"))
        #expect(shown.hasSuffix("alt=\"&quot;&gt;&lt;script&gt;\">"))
        _ = try StrictReader(shown)
    }

    @Test func `An output that is too large is replaced by a note`() {
        let html = String(repeating: "<b>x</b>", count: 250_001)
        #expect(
            HTML.display(["text/html": html, "text/plain": "p"])
                == plain + "<p class=\"nb-note\">HTML of 2.0 MB is left out here, kept in the notebook.</p>")
        #expect(
            HTML.display(["image/png": String(repeating: "A", count: 10_000_001), "text/plain": "p"]).contains(
                "An image of 10.0 MB"))
    }

    @Test func `An output has the size of its metadata, if that is valid`() {
        let data = MimeBundle(["image/png": "iVBO"])
        let output = Output.displayData(data, metadata: ["image/png": ["width": 30, "height": "\"><b>"]])
        #expect(HTML.output(output, id: "o").text.hasSuffix("alt=\"\" width=\"30\"></div>"))
    }

    @Test func `An output of JSON can be expanded`() {
        let data = MimeBundle(json: ["application/json": ["a": [1, "<b>"]], "text/plain": "p"])
        let shown = HTML.output(.displayData(data), id: "o").text
        #expect(shown.contains("<details class=\"nb-json\"><summary>JSON ("))
        #expect(shown.contains("&lt;b&gt;"))
    }

    @Test func `An output is the text of a stream, or a traceback`() {
        #expect(
            HTML.output(.stream(.stdout, "a<b"), id: "o").text
                == "<pre class=\"nb-text\" id=\"o\" tabindex=\"0\">a&lt;b</pre>")
        #expect(HTML.output(.stream(.stderr, "a"), id: "o").text.hasPrefix("<pre class=\"nb-text nb-stderr\""))
        let error = Output.error(name: "E", value: "v", traceback: ["\u{1B}[31ma\u{1B}[0m", "b"])
        #expect(HTML.output(error, id: "o").text.hasSuffix("><span class=\"nb-fg1\">a</span>\nb</pre>"))
        #expect(HTML.output(.error(name: "E", value: "v", traceback: []), id: "o").text.hasSuffix(">E: v</pre>"))
        #expect(HTML.output(Output(json: ["x": 1]), id: "o").isEmpty)
    }
}

@Suite struct `A cell on a page` {
    @Test func `A cell on a page has its count, its source and its outputs`() throws {
        var cell = Cell.code("x = 1\nx")
        cell.executionCount = 3
        cell.outputs = [.stream(.stdout, "a"), .executeResult(MimeBundle(["text/plain": "1"]), executionCount: 3)]
        let look = CellRenderingOptions(scope: "2nd \"notebook\"", language: "python")
        let html = HTML.cell(cell, at: 4, look: look, state: "failed \"", markedLine: 2).text
        let reader = try StrictReader(html.replacing("failed", with: "nb-failed").replacing("&quot;", with: "nb"))
        #expect(html.hasPrefix("<section class=\"nb-cell nb-program failed &quot;\" id=\"nb-2nd__notebook_-c4\">"))
        #expect(reader.tags.compactMap { $0.attributes["id"] }.count == 3)
        #expect(html.contains("<div class=\"nb-count\">[3]</div>"))
        #expect(html.contains("<mark class=\"nb-marked\">x</mark>"))
    }

    @Test func `A cell on a page says how many of its outputs are left out`() {
        var cell = Cell.code("x")
        cell.outputs = JSONArray((0..<502).map { Output.stream(.stdout, "\($0)") })
        let html = HTML.cell(cell, at: 0, look: CellRenderingOptions(scope: "n")).text
        #expect(html.contains("id=\"n-c0-o499\"") && !html.contains("n-c0-o500"))
        #expect(html.contains("<p class=\"nb-note\">2 more outputs are left out here, kept in the notebook.</p>"))
    }

    @Test func `A cell on a page shows a raw cell as it is`() {
        let html = HTML.cell(.raw("<b>"), at: 0, look: CellRenderingOptions(scope: "n")).text
        #expect(html.contains("&lt;b&gt;</pre></section>"))
    }
}

@Suite struct `A failing cell on a page` {
    private func shown(_ cell: Cell, line: Int? = nil, findings: HTML = HTML()) -> String {
        HTML.failingCell(
            cell, at: 2, options: CellRenderingOptions(scope: "n0", language: "python"), markedLine: line,
            findings: findings
        ).text
    }

    /// The text before the first output or line that is in sight.
    private func folded(_ html: String, before text: String) -> Bool {
        guard let fold = html.firstRange(of: "<details"), let end = html.firstRange(of: "</details>"),
            let place = html.firstRange(of: text)
        else { return false }
        return fold.upperBound < place.lowerBound && place.upperBound <= end.lowerBound
    }

    @Test func `A failing cell shows its outputs before the error, and the end of a long traceback`() throws {
        var cell = Cell.code("1 / 0")
        let frames = (1...60).map { "\u{1B}[31mframe \($0)" }
        cell.outputs = [
            .stream(.stdout, "printed"), .error(name: "E", value: "v", traceback: frames + ["E: v"]),
        ]
        let html = shown(cell)
        let printed = try #require(html.firstRange(of: "printed"))
        let error = try #require(html.firstRange(of: "E: v"))
        #expect(printed.lowerBound < error.lowerBound)
        #expect(html.contains("<summary>41 earlier lines</summary>"))
        #expect(folded(html, before: "frame 41<") && !folded(html, before: "frame 42<"))
        // The color of the folded lines goes on in the first line in sight.
        #expect(html.contains("tabindex=\"0\"><span class=\"nb-fg1\">frame 42"))
        _ = try StrictReader(html.replacing("failing", with: "nb-failing"))
    }

    @Test func `A failing cell shows the code around the failing line, and folds the rest`() throws {
        let cell = Cell.code((1...100).map { "line\($0)" }.joined(separator: "\n"))
        let html = shown(cell, line: 50)
        #expect(
            html.contains("<summary>lines 1 to 40</summary>") && html.contains("<summary>lines 57 to 100</summary>"))
        #expect(html.contains("<mark class=\"nb-marked\">line50\n</mark>"))
        #expect(html.matches(of: /line\d+/).count == 100)
    }

    @Test func `A failing cell folds all but its last outputs, and all beside differences`() {
        var cell = Cell.code("x")
        cell.outputs = JSONArray((0..<9).map { Output.stream(.stdout, "out\($0)") })
        let html = shown(cell)
        #expect(html.contains("<summary>5 earlier outputs</summary>"))
        #expect(folded(html, before: "out4") && !folded(html, before: "out5"))
        #expect(
            shown(cell, findings: "<p>d</p>").contains(
                "<p>d</p><div class=\"nb-outputs\"><details class=\"nb-fold\"><summary>9 new outputs</summary>"))
    }
}

@Suite struct `The markup of a page` {
    @Test func `The markup of a page escapes every text`() {
        let name = "<a href='x'>\"&"
        let html: HTML = "<p title=\"\(name)\">\(3) \(HTML(escaping: "<"))\("<b>" as HTML)</p>"
        #expect(html.text == "<p title=\"&lt;a href=&#39;x&#39;&gt;&quot;&amp;\">3 &lt;<b></p>")
    }

    @Test func `The markup of a page has styles for every color, and loads nothing`() {
        let styles = HTML.styles.text
        for index in 0..<16 { #expect(styles.contains(".nb-fg\(index) {") && styles.contains(".nb-bg\(index) {")) }
        #expect(!styles.contains("url(") && !styles.contains("<") && !styles.contains("@import"))
    }
}
