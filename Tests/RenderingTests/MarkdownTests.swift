import GalleyJSON
import GalleyNotebook
import GalleyRendering
import GalleyTestSupport
import Testing

@Suite struct `A Markdown cell` {
    @Test(
        arguments: [
            ("a\nb", "<p>a\nb</p>"),
            ("a  \nb\\\nc", "<p>a<br>\nb<br>\nc</p>"),
            ("# One #\n## Two *b*", "<h3 id=\"n--One\">One</h3>\n<h4 id=\"n--Two-b\">Two <em>b</em></h4>"),
            ("One\n===\nTwo\n---", "<h3 id=\"n--One\">One</h3>\n<h4 id=\"n--Two\">Two</h4>"),
            ("#no\n\n####### no", "<p>#no</p>\n<p>####### no</p>"),
            ("***\n- - -", "<hr>\n<hr>"),
            ("> a\nb\n>\n> > c", "<blockquote><p>a\nb</p>\n<blockquote><p>c</p>\n</blockquote>\n</blockquote>"),
            ("- a\n- b\n  - c\n\n    d", "<ul><li>a\n</li><li>b\n<ul><li><p>c</p>\n<p>d</p>\n</li></ul>\n</li></ul>"),
            ("1. a\n2. b", "<ol><li>a\n</li><li>b\n</li></ol>"),
            ("7) a\n\n8) b", "<ol start=\"7\"><li><p>a</p>\n</li><li><p>b</p>\n</li></ol>"),
            ("- a\n+ b", "<ul><li>a\n</li></ul>\n<ul><li>b\n</li></ul>"),
            (
                "- [x] a\n- [ ] b",
                "<ul><li><span class=\"nb-task\">☑</span> a\n</li><li><span class=\"nb-task\">☐</span> b\n</li></ul>"
            ),
            ("a\n- b", "<p>a</p>\n<ul><li>b\n</li></ul>"),
            ("a\n2. b", "<p>a\n2. b</p>"),
            ("<div>\n\n*a*\n\n</div>", "<div>\n\n<p><em>a</em></p>\n</div>"),
            ("a <!-- *b* --> <u>c</u>", "<p>a  <u>c</u></p>"),
            ("&copy; &amp; \\& \\* \\a", "<p>© &amp; &amp; * \\a</p>"),
        ] as [(HostileText, HostileText)])
    func `A Markdown cell renders its blocks`(text: HostileText, expected: HostileText) {
        #expect(HTML.markdown(text.text) == expected.text)
    }

    @Test(
        arguments: [
            (
                "*a* _b_ **c** __d__ ***e*** ~~f~~",
                "<em>a</em> <em>b</em> <strong>c</strong> <strong>d</strong> <em><strong>e</strong></em> <del>f</del>"
            ),
            ("*a **b** c*", "<em>a <strong>b</strong> c</em>"), ("**a*b**", "<strong>a*b</strong>"),
            ("*a**b*", "<em>a**b</em>"), ("a*b*c", "a<em>b</em>c"), ("a_b_c", "a_b_c"), ("* a*", nil),
            ("*a", "*a"), ("2 * 3 * 4", "2 * 3 * 4"), ("**a", "**a"), ("*a*b*", "<em>a</em>b*"),
            ("`a` ``b`c`` `` ` `` `d", "<code>a</code> <code>b`c</code> <code>`</code> `d"),
            ("`<b>` *`x*`", "<code>&lt;b&gt;</code> *<code>x*</code>"),
            (
                "$\\a_1 * b_1 * c$ costs $5 and $6",
                "<code class=\"nb-math\">$\\a_1 * b_1 * c$</code> costs $5 and $6"
            ),
            ("a $$\\x_1 < *y*$$", "a <code class=\"nb-math\">$$\\x_1 &lt; *y*$$</code>"), ("\\$a$", "$a$"),
            ("[a](x)", "<a>a</a>"), ("[a] (x) [b]", "[a] (x) [b]"),
            (
                "[*a*](https://x.org/_b_ 'ti\"t')",
                "<a href=\"https://x.org/_b_\" rel=\"noopener noreferrer nofollow\" title=\"ti&quot;t\"><em>a</em></a>"
            ),
            ("[a](<https://x.org/a b>)", "<a href=\"https://x.org/a b\" rel=\"noopener noreferrer nofollow\">a</a>"),
            ("[a](https://x.org/(b))", "<a href=\"https://x.org/(b)\" rel=\"noopener noreferrer nofollow\">a</a>"),
            ("[a](#B-c)", "<a href=\"#n--B-c\" rel=\"noopener noreferrer nofollow\">a</a>"),
            ("<https://x.org>", "<a href=\"https://x.org\" rel=\"noopener noreferrer nofollow\">https://x.org</a>"),
            ("<me@x.org>", "<a href=\"mailto:me@x.org\" rel=\"noopener noreferrer nofollow\">me@x.org</a>"),
            (
                "(https://x.org/a_b_c).",
                "(<a href=\"https://x.org/a_b_c\" rel=\"noopener noreferrer nofollow\">https://x.org/a_b_c</a>)."
            ),
            ("[a](javascript:x) [b](data:text/html,x)", "<a>a</a> <a>b</a>"),
            ("![*a* b](https://x.org/i.png)", "<span class=\"nb-absent\">a b [image: https://x.org/i.png]</span>"),
            ("![a](data:image/gif;base64,R0lG \"t\")", "![a](data:image/gif;base64,R0lG &quot;t&quot;)"),
        ] as [(HostileText, String?)])
    func `A Markdown cell renders its inline markup`(text: HostileText, expected: String?) {
        guard let expected else { return }
        let shown = HTML.markdown(text.text)
        if text.text.hasPrefix("![a](data") {
            #expect(shown.contains("<img class=\"nb-image\" src=\"data:image/gif;base64,R0lG\" alt=\"a\" title=\"t\">"))
        } else {
            #expect(shown == "<p>\(expected)</p>")
        }
    }

    @Test func `A Markdown cell resolves reference links`() {
        let shown = HTML.markdown("[a][X y] [x  Y][] [x y] [z]\n\n> [x Y]: https://x.org 'T'\n\n[z]: javascript:x")
        let link = "<a href=\"https://x.org\" rel=\"noopener noreferrer nofollow\" title=\"T\">"
        #expect(shown.hasPrefix("<p>\(link)a</a> \(link)x  Y</a> \(link)x y</a> <a>z</a></p>"))
    }

    @Test func `A Markdown cell renders tables with their alignments`() throws {
        let shown = HTML.markdown("text\n| a | b \\| c |\n|:-:|--:|\n| *1* |\n| 2 | `3` | 4 |\nafter")
        #expect(
            shown == """
                <p>text</p>
                <table><thead><tr><th align="center">a</th><th align="right">b | c</th></tr></thead>\
                <tbody><tr><td align="center"><em>1</em></td><td align="right"></td></tr>\
                <tr><td align="center">2</td><td align="right"><code>3</code></td></tr>\
                <tr><td align="center">after</td><td align="right"></td></tr></tbody></table>
                """)
    }

    @Test func `A Markdown cell renders code in color, and unknown TeX as it was written`() {
        #expect(
            HTML.markdown("```python\nif *x*:\n```\n    y\n\n    <z>\n~~~\n$$").contains(
                "<code><span class=\"nb-keyword\">if</span> *x*:</code>"))
        #expect(HTML.markdown("    y\n\n    <z>").contains("<code>y\n\n&lt;z&gt;</code>"))
        #expect(HTML.markdown("$$\n\\a * b_1 < *c*\n$$") == "<pre class=\"nb-math\">$$\n\\a * b_1 &lt; *c*\n$$</pre>")
        #expect(HTML.markdown("\\begin{align}\n\\a\n\\end{align}").hasPrefix("<pre class=\"nb-math\">"))
        #expect(HTML.markdown("- a\n  ```r\n  x\n  ```").contains("<code>x</code>"))
    }

    @Test func `A Markdown cell shows its attached images`() {
        var cell = Cell.markdown("![it](attachment:a.png) ![no](attachment:b.png)")
        cell.json["attachments"] = ["a.png": ["image/png": "iVBORw0KGgo="]]
        let shown = HTML.cell(cell, at: 3, look: CellRenderingOptions(scope: "n")).text
        #expect(shown.contains("<img class=\"nb-image\" src=\"data:image/png;base64,iVBORw0KGgo=\" alt=\"it\">"))
        #expect(shown.contains("<span class=\"nb-absent\">no [image: attachment:b.png]</span>"))
        #expect(shown.hasPrefix("<section class=\"nb-cell nb-markdown \" id=\"n-c3\">"))
    }

    @Test(
        arguments: [
            ("$$\na\n$$", "<pre>$$\na\n$$</pre>"),
            ("where\n$$\na\n$$\nand *b*", "<p>where</p><pre>$$\na\n$$</pre><p>and <em>b</em></p>"),
            ("\\begin{align*}\na_1 &= b_1\n\\end{align*}", "<pre>\\begin{align*}\na_1 &amp;= b_1\n\\end{align*}</pre>"),
            ("\\\\(a_1*b_1*c\\\\) \\(d\\)", "<p><code>\\\\(a_1*b_1*c\\\\)</code> (d)</p>"),
            ("\\\\[a\\\\]", "<pre>\\\\[a\\\\]</pre>"),
            ("$ a_1 $ and _b_", "<p><code>$ a_1 $</code> and <em>b</em></p>"),
            ("$5 and $6\n\n5 $ or 6 $\n\n5$ or 6$", "<p>$5 and $6</p><p>5 $ or 6 $</p><p>5$ or 6$</p>"),
            ("US$5–$6", "<p>US$5–$6</p>"),
            ("$\\text{costs $5$}$ b", "<p><code>$\\text{costs $5$}$</code> b</p>"),
            ("$\\{a\\}$ $\\$1$", "<p><code>$\\{a\\}$</code> <code>$\\$1$</code></p>"),
            ("`$a` and `$b`", "<p><code>$a</code> and <code>$b</code></p>"),
            ("`` ` $a `` $b$", "<p><code>` $a</code> <code>$b$</code></p>"),
            ("```\n$a\n\n```\n$b$", "<pre>$a\n</pre><p><code>$b$</code></p>"), ("    $a$", "<pre>$a$</pre>"),
            ("$a\n\nb$", "<p>$a</p><p>b$</p>"), ("$5 $$a$$", "<p>$5 <code>$$a$$</code></p>"),
            ("**a:**$b$", "<p><strong>a:</strong><code>$b$</code></p>"),
            ("> $$\n> a\n> $$", "<blockquote><pre>$$\n a\n $$</pre></blockquote>"),
            ("- $a|b$\n- c", "<ul><li><code>$a|b$</code></li><li>c\n</li></ul>"),
            (
                "|a|\n|-|\n|$|b|$|",
                "<table><thead><tr><th>a</th></tr></thead><tbody><tr><td><code>$|b|$</code></td></tr></tbody></table>"
            ),
            ("[$a$](#b) ![$c$](d)", "<p><a><code>$a$</code></a> <span>$c$ [image: d]</span></p>"),
            ("<div>$a<b$</div>", "<div>$a&lt;b$</div>"),
            ("\u{1A}0$ $\u{1A}0$ $a$", "<p>\u{FFFD}0$ <code>$\u{FFFD}0$</code> <code>$a$</code></p>"),
            ("$\\begin{a}$ x", "<p><code>$\\begin{a}$</code> x</p>"),
        ] as [(HostileText, HostileText)])
    func `A Markdown cell keeps formulas as Jupyter finds them`(text: HostileText, expected: HostileText) {
        let mathematics = /(?s)<math[^>]*>.*?<annotation[^>]*>(.*?)<\/annotation>.*?<\/math>/
        let shown = HTML.markdown(text.text).replacing(mathematics) { "<code>\($0.1)</code>" }
            .replacing(/<span class="nb-display">(.*?)<\/span>/.dotMatchesNewlines()) { $0.1 }
            .replacing(/<(\w+) [^>]*>/) { "<\($0.1)>" }
            .replacing("<pre><code>", with: "<pre>").replacing("</code></pre>", with: "</pre>")
            .replacing(/>\n+</) { _ in "><" }
        #expect(Self.withoutDelimiters(shown) == Self.withoutDelimiters(expected.text))
    }

    /// Writes formulas in blocks like those in lines, and without the delimiters that their mathematics does not show.
    private static func withoutDelimiters(_ html: String) -> String {
        html.replacing(/<(code|pre)>(\$\$?|\\\\[(\[]|)([^<]*?)(\$\$?|\\\\[)\]]|)<\/\1>/) { "<code>\($0.3)</code>" }
    }

    @Test(
        arguments: [
            HostileText(
                "\(repeated("|", 1000))\n\(repeated("|-", 999))|\n\(repeated("|b\n", 19_000))",
                label: "short rows of a wide table"),
            HostileText(repeated("|a", 20_000) + "\n" + repeated("|-", 20_000), label: "a wide row"),
            HostileText("[a]: \(repeated("b", 100_000))\n\n" + repeated("[a] ", 20_000), label: "a long address"),
            HostileText(
                (0..<2000).map { "[a\($0)]: b\n" }.joined() + (0..<2000).map { "[a\($0)]\n" }.joined(),
                label: "references"),
            HostileText(repeated("![[]()", 20_000), label: "images in images"),
            HostileText(repeated("www.a_", 20_000), label: "addresses in an address"),
            HostileText(repeated("a.a@", 20_000), label: "mail addresses"),
            HostileText(repeated("> ", 20_000) + repeated("a\n", 10_000), label: "quotes in quotes"),
            HostileText(repeated("- ", 20_000) + repeated("a\n", 10_000), label: "lists in lists"),
            HostileText(repeated("xxxxxxxxxxxxxxxx\n", 18_000) + "|x\n|-|\n", label: "a paragraph above a table"),
            HostileText(repeated("$1 ", 30_000), label: "dollar signs"),
            HostileText((0..<5000).map { "\\begin{a\($0)}" }.joined(), label: "environments"),
            HostileText((0..<300).map { "e" + repeated("`", $0) }.joined(), label: "backticks"),
        ])
    func `A Markdown cell has a page of bounded size for any repeated markup`(text: HostileText) {
        #expect(HTML.markdown(text.text).utf8.count < 1_000_000 + 20 * text.text.utf8.count)
    }

    @Test func `A Markdown cell that repeats its image is cut where the page has no room for it`() throws {
        var cell = Cell.markdown(String(repeating: "![](attachment:a.png)", count: 10_000))
        cell.json["attachments"] = ["a.png": ["image/png": .string(String(repeating: "iVBO", count: 100_000))]]
        let shown = HTML.cell(cell, at: 0, look: CellRenderingOptions(scope: "n")).text
        #expect(shown.utf8.count < 22_000_000)
        #expect(shown.contains("The rest of the text is left out here, kept in the notebook."))
    }

    @Test func `A Markdown cell that is too intricate is shown as it was written`() {
        let shown = HTML.markdown(String(repeating: "> ", count: 2000) + "*a*")
        #expect(shown.hasPrefix("<pre class=\"nb-text\" tabindex=\"0\">&gt; &gt;") && shown.contains("*a*</pre>"))
        #expect(shown.contains("too intricate"))
    }

    @Test func `A Markdown cell is harmless for any combination of its marks and HTML`() throws {
        var generator = Generator(state: 20_261_130)
        let fragments = [
            "|", "|-|\n", "|a|b|\n|:-|-:|\n", "\n", "\n\n", "- [x] ", "1. ", "> ", "~~", "**", "_", "`", "```\n",
            "www.a.org", "https://x.org/",
            "a@b.org", "[^1]", "[^1]: ", "[a]: ", "[a]", "](", "![", "<javascript:a>", "(javascript:a)",
            "<https://x.org/\"onclick=\"a>",
            "<div>\n\n", "</div>\n", "<table><tr><td>\n\n", "</td></tr></table>\n\n", "<script>\n\n", "</script>\n",
            "<!--\n\n", "-->\n", "<style>\n\n",
            "</style>", "<pre>\n\n", "</pre>", "<b title=\"$\">", "$", "$$", "\\begin{a}", "\\end{a}", "\\\\(", "\\\\)",
            "\u{1A}0$", "&lt;", "&#60;", "\\",
            "<img src=//evil.example onerror=a>", "<a href='javascript:a'>", "    ", "\t", "é", "\r", "#", "---\n",
        ]
        for _ in 0..<500 {
            let text = (0..<generator.next(below: 16) + 1).map { _ in fragments[generator.next(below: fragments.count)]
            }.joined()
            #expect(throws: Never.self, "\(text.debugDescription)") { _ = try StrictReader(HTML.markdown(text)) }
        }
    }

    @Test(
        arguments: [
            "*", "_", "~", "[", "![", "]", ">", "> ", "- ", "1. ", "`", "``` ", "$", "$a ", "<", "<a ", "<a b='", "&",
            "\\",
            "|", "|-\n",
            "[a](", "[a](<b", "[a](b \"", "![a](b)", "[a][b]", "[a]: b\n", "*a **b ", "**a *b_", "> - ", "  - a\n", "h",
            "http://", "<!--", "#",
            "    a\n", "a\n===\n", "\\begin{a}\n", "$$\n", "<div>\n", "*a_ ", "a**b", "![[", "~~~\n", "- a\n\n", "*a* ",
        ] as [HostileText])
    func `A Markdown cell renders repeated markup in bounded depth and size`(fragment: HostileText) throws {
        let text = String(repeating: fragment.text, count: 6000 / fragment.text.utf8.count)
        for text in [text, text + "x" + String(text.reversed())] {
            let shown = HTML.markdown(text)
            #expect(shown.utf8.count < 60 * text.utf8.count + 10_000)
            #expect(try StrictReader(shown).depth <= 100)
        }
    }
}

private func repeated(_ text: String, _ count: Int) -> String { String(repeating: text, count: count) }
