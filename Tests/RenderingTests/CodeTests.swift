import GalleyRendering
import GalleyTestSupport
import Testing

@Suite struct `Highlighted code` {
    /// Returns the text with each color written as `kind(…)`.
    private func colors(_ source: String, _ language: String) -> String {
        var text = HTML.code(source, language: language).text
        text = String(
            text.dropFirst("<pre class=\"nb-code\" tabindex=\"0\"><code>".count).dropLast("</code></pre>".count))
        for kind in ["keyword", "builtin", "string", "number", "comment", "decorator", "magic", "variable"] {
            text = text.replacing("<span class=\"nb-\(kind)\">", with: "\(kind)(")
        }
        return text.replacing("</span>", with: ")").replacing("&quot;", with: "\"").replacing("&#39;", with: "'")
    }

    @Test(
        arguments: [
            ("python", "if x1 == 1: # c", "keyword(if) x1 == number(1): comment(# c)"),
            ("ipython", "f'a{b}' rb\"\\\"\" u''", "string(f'a{b}') string(rb\"\\\"\") string(u'')"),
            ("python", "'a\nb", "string('a)\nb"),
            ("python", "\"\"\"a\n# b\"\"\" c", "string(\"\"\"a)\nstring(# b\"\"\") c"),
            ("python", "x.print = print", "x.print = builtin(print)"),
            (
                "python", "1.5e-3j 0xFF 1_000 .5 1..real",
                "number(1.5e-3j) number(0xFF) number(1_000) number(.5) number(1)..real"
            ),
            ("python", "@a.b\nx @ y", "decorator(@a.b)\nx @ y"),
            (
                "python", "%time f()\n!ls\nx % 3\n  %matplotlib inline",
                "magic(%time f())\nmagic(!ls)\nx % number(3)\n  magic(%matplotlib inline)"
            ),
            ("python", "%%bash\necho 1", "magic(%%bash)\nmagic(echo 1)"),
            ("python", "%%time\nif 1", "magic(%%time)\nkeyword(if) number(1)"),
            ("R", "x <- c(TRUE, 'a\nb') # y", "x &lt;- builtin(c)(keyword(TRUE), string('a)\nstring(b')) comment(# y)"),
            (
                "julia", "#= a\n=# A' * 'x' @time 1:2",
                "comment(#= a)\ncomment(=#) A' * string('x') decorator(@time) number(1):number(2)"
            ),
            ("javascript", "const a = `x${1}\n` // y", "keyword(const) a = string(`x${1})\nstring(`) comment(// y)"),
            ("bash", "echo $A ${B} a#b # c", "builtin(echo) variable($A) variable(${B}) a#b comment(# c)"),
            (
                "rust", "fn f<'a>(x: &'a str) { 'x' '\\n' /* y */ }",
                "keyword(fn) f&lt;'a&gt;(x: &amp;'a str) { string('x') string('\\n') comment(/* y */) }"
            ),
            ("SQL", "Select 'it' -- x", "keyword(Select) string('it') comment(-- x)"),
            ("c++", "int x = 0x1F; // y", "keyword(int) x = number(0x1F); comment(// y)"),
            ("fortran", "if (x) 1 ! 'y", "if (x) 1 ! 'y"), ("python", "été = 1", "été = number(1)"),
            ("python", "a\r\nb\rc", "a\nb\nc"),
        ] as [(String, HostileText, HostileText)])
    func `Highlighted code has the colors of its language`(language: String, source: HostileText, expected: HostileText)
    {
        #expect(colors(source.text, language) == expected.text)
    }

    @Test func `Highlighted code marks a line, also within a multiline string`() throws {
        let shown = HTML.code("a\n'''b\nc'''\nd", language: "python", markedLine: 3).text
        #expect(
            shown.contains(
                "b</span>\n<mark class=\"nb-marked\"><span class=\"nb-string\">c&#39;&#39;&#39;</span>\n</mark>d"))
        for line in [0, 1, 4, 5, -1] {
            let shown = HTML.code("a\n\n\nb", language: nil, markedLine: line).text
            _ = try StrictReader(shown)
            #expect(shown.contains("<mark") == (1...4).contains(line))
        }
    }

    @Test(arguments: ["python", "r", "julia", "js", "bash", "c++", "sql", "none"])
    func `Highlighted code loses no character`(language: String) throws {
        let fragments = [
            "'", "\"", "\"\"\"", "`", "#", "//", "/*", "*/", "#=", "=#", "@a", "%", "%%x", "!", "$", "${", "}", "\\",
            "\n", " ", "if", "0x", "1.", "..", "é", "--", "<", "&",
        ]
        var generator = Generator(state: 7)
        for _ in 0..<300 {
            let source = (0..<20).map { _ in fragments[generator.next(below: fragments.count)] }.joined()
            let reader = try StrictReader(HTML.code(source, language: language, markedLine: 1).text)
            let text = reader.text.replacing("&lt;", with: "<").replacing("&quot;", with: "\"").replacing(
                "&#39;", with: "'"
            )
            .replacing("&amp;", with: "&")
            #expect(text == source)
        }
    }
}
