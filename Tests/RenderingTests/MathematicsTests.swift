import GalleyJSON
import GalleyNotebook
import GalleyTestSupport
import Testing

@testable import GalleyRendering

@Suite struct `A formula` {
    /// Returns the MathML of a formula, without the elements around it; nil if the formula is shown as its source.
    private func mathML(_ tex: String) -> String? {
        guard let text = HTML.mathematics(tex, isDisplay: false)?.text,
            let end = text.firstRange(of: "<annotation")
        else { return nil }
        return String(text[..<end.lowerBound].dropFirst("<math><semantics>".count))
    }

    @Test(
        arguments: [
            ("x", "<mi>x</mi>"), ("3.14", "<mn>3.14</mn>"), ("\\alpha", "<mi>α</mi>"),
            ("\\Omega", "<mi mathvariant=\"normal\">Ω</mi>"),
            ("x^23", "<mrow><msup><mi>x</mi><mn>2</mn></msup><mn>3</mn></mrow>"),
            ("x_i^{n}", "<msubsup><mi>x</mi><mi>i</mi><mi>n</mi></msubsup>"),
            ("f''", "<msup><mi>f</mi><mi>′′</mi></msup>"),
            ("{}^{14}C", "<mrow><msup><mrow></mrow><mn>14</mn></msup><mi>C</mi></mrow>"),
            ("\\frac12", "<mfrac><mn>1</mn><mn>2</mn></mfrac>"), ("a \\over b", "<mfrac><mi>a</mi><mi>b</mi></mfrac>"),
            ("\\sqrt{x}", "<msqrt><mi>x</mi></msqrt>"), ("\\sqrt[3]{x}", "<mroot><mi>x</mi><mn>3</mn></mroot>"),
            ("\\sum_{i}^n", "<munderover><mo>∑</mo><mi>i</mi><mi>n</mi></munderover>"),
            ("\\int_0^1", "<msubsup><mo>∫</mo><mn>0</mn><mn>1</mn></msubsup>"),
            (
                "\\int\\limits_0^1",
                "<munderover><mo movablelimits=\"false\">∫</mo><mn>0</mn><mn>1</mn></munderover>"
            ),
            (
                "\\lim_{x}",
                "<munder><mo lspace=\"0\" rspace=\"0\" movablelimits=\"true\">lim</mo><mi>x</mi></munder>"
            ),
            ("\\sin x", "<mrow><mi>sin</mi><mspace width=\"0.167em\"></mspace><mi>x</mi></mrow>"),
            (
                "\\sin(x)",
                "<mrow><mi>sin</mi><mo form=\"prefix\" stretchy=\"false\">(</mo><mi>x</mi><mo form=\"postfix\" stretchy=\"false\">)</mo></mrow>"
            ),
            ("a-b", "<mrow><mi>a</mi><mo>−</mo><mi>b</mi></mrow>"),
            ("a=-b", "<mrow><mi>a</mi><mo>=</mo><mo form=\"prefix\">−</mo><mi>b</mi></mrow>"),
            ("1{,}000", "<mrow><mn>1</mn><mi mathvariant=\"normal\">,</mi><mn>000</mn></mrow>"),
            ("\\mathring x", "<mover accent=\"true\"><mi>x</mi><mo stretchy=\"false\">˚</mo></mover>"),
            ("\\hat x", "<mover accent=\"true\"><mi>x</mi><mo stretchy=\"false\">^</mo></mover>"),
            ("\\overline{ab}", "<mrow class=\"nb-overline\"><mrow><mi>a</mi><mi>b</mi></mrow></mrow>"),
            ("\\text{if } x", "<mrow><mtext>if\u{A0}</mtext><mi>x</mi></mrow>"), ("\\mathbb{R}", "<mi>ℝ</mi>"),
            ("\\mathbf{x}", "<mi>𝐱</mi>"), ("\\mathcal L", "<mi>ℒ</mi>"), ("\\mathrm{kg}", "<mi>kg</mi>"),
            ("\\boldsymbol\\beta", "<mi>𝜷</mi>"), ("\\not=", "<mo>≠</mo>"), ("\\color{red} x", "<mi>x</mi>"),
            (
                "\\left( x \\right.",
                "<mrow><mo form=\"prefix\" stretchy=\"true\">(</mo><mi>x</mi><mrow></mrow></mrow>"
            ),
            (
                "\\begin{pmatrix}a&b\\\\c\\end{pmatrix}",
                "<mrow><mo form=\"prefix\" stretchy=\"true\">(</mo><mtable><mtr><mtd><mi>a</mi></mtd><mtd><mi>b</mi></mtd></mtr><mtr><mtd><mi>c</mi></mtd></mtr></mtable><mo form=\"postfix\" stretchy=\"true\">)</mo></mrow>"
            ),
            (
                "\\begin{align*}a&=b\\\\\\end{align*}",
                "<mtable class=\"nb-aligned\" displaystyle=\"true\"><mtr><mtd><mi>a</mi></mtd><mtd><mrow><mo>=</mo><mi>b</mi></mrow></mtd></mtr></mtable>"
            ),
            (
                "\\begin{array}{r|l}a&b\\\\\\hline c&d\\end{array}",
                "<mtable><mtr><mtd class=\"nb-entry nb-right\"><mi>a</mi></mtd><mtd class=\"nb-entry nb-left nb-ruled\"><mi>b</mi></mtd></mtr><mtr><mtd class=\"nb-entry nb-right nb-lined\"><mi>c</mi></mtd><mtd class=\"nb-entry nb-left nb-ruled nb-lined\"><mi>d</mi></mtd></mtr></mtable>"
            ),
            ("\\begin{equation}x\\end{equation}", "<mi>x</mi>"), ("x % y", "<mi>x</mi>"),
            (
                "\\underset{x}{\\max}",
                "<munder><mo lspace=\"0\" rspace=\"0\" movablelimits=\"false\">max</mo><mi>x</mi></munder>"
            ),
        ] as [(HostileText, HostileText)])
    func `A formula is shown as MathML`(tex: HostileText, expected: HostileText) {
        #expect(mathML(tex.text) == expected.text)
    }

    /// Formulas of textbooks and of libraries such as SymPy.
    static let usual: [HostileText] = [
        #"\hat{\beta} = (X^\top X)^{-1} X^\top y"#,
        #"p(x \mid \mu, \sigma^2) = \frac{1}{\sqrt{2\pi\sigma^2}} e^{-\frac{(x-\mu)^2}{2\sigma^2}}"#,
        #"\mathcal{L}(\theta) = \sum_{i=1}^{N} \log p_\theta\left(x_i \,\middle|\, z_i\right)"#,
        #"\nabla \times \vec{\mathbf{B}} -\, \frac1c\, \frac{\partial\vec{\mathbf{E}}}{\partial t} = \frac{4\pi}{c}\vec{\mathbf{j}}"#,
        #"\underbrace{a+b}_{\text{sum}} \overset{!}{=} \overbrace{c}^{n}"#,
        #"\operatorname*{arg\,max}_{\theta} \operatorname{E}[X]"#,
        #"\displaystyle \left[\begin{matrix}\cos{\left(x \right)} & 0\\0 & \sqrt{2}\end{matrix}\right]"#,
        #"\begin{cases} x^{2} & \text{for}\: x > 0 \\- x & \text{otherwise} \end{cases}"#,
        #"\displaystyle \int\limits_{0}^{\infty} e^{- x^{2}}\, dx"#, #"\binom{n}{k} = \frac{n!}{k!(n-k)!}"#,
        #"A \xrightarrow[\text{cat}]{\Delta} B \rightleftharpoons C"#,
        #"\forall \epsilon > 0\ \exists \delta : \|x\| < \delta"#,
        #"\Big( \bigl[ x \bigr] \Big)"#, #"\begin{aligned} a &= b \\[2pt] &\leq c \end{aligned}"#,
        #"a \equiv b \pmod{n}"#,
        #"\begin{equation} E = mc^2 \label{eq:e} \end{equation}"#, #"\sum_{\substack{i<n\\j<m}} a_{ij} \tag{1}"#,
        #"{\bf x}^{\rm T} = \bm{y}"#,
        #"\left\lfloor\dfrac{a}{b}\right\rfloor \in \{1, \ldots, n\}"#, #"a = b \\ c = d"#,
        #"\begin{bmatrix}1&\cdots\\\vdots&\ddots\end{bmatrix}"#,
        #"\Gamma^{\mu}_{\phantom{\mu}\nu}"#, #"\boxed{x'^2}"#, #"90^\circ"#, #"50\%\ \$"#,
        #"\mathop{\rm argmin}\limits_x"#,
    ]

    @Test(arguments: usual) func `A formula of a notebook is supported and well formed`(tex: HostileText) throws {
        let html = try #require(HTML.mathematics(tex.text, isDisplay: true)).text
        _ = try StrictReader(html)
    }

    @Test(
        arguments: [
            "\\unknown", "{", "}", "a & b", "\\left( x", "\\right)", "x^2^3", "x_1_2", "\\frac{1}", "\\sqrt[3", "^",
            "\\begin{tabular}{l}x\\end{tabular}",
            "\\begin{matrix}x\\end{pmatrix}", "\\begin{matrix}", "\\end{matrix}", "\\def\\x{\\x\\x}\\x",
            "\\newcommand{\\a}{b}",
            "\\href{javascript:alert(1)}{x}", "#", "\\hspace{x}", "\\text{$x$}", "\\",
            "\\begin{array}{p{1cm}}x\\end{array}",
        ] as [HostileText])
    func `A formula that is not supported is shown as its source`(tex: HostileText) throws {
        #expect(HTML.mathematics(tex.text, isDisplay: false) == nil)
        let html = HTML.formula("$\(tex.text)$", isBlock: true).text
        #expect(html.hasPrefix("<pre class=\"nb-math\">$"))
        _ = try StrictReader(html)
    }

    @Test func `A formula that is too long or too deep is shown as its source`() {
        let open = String(repeating: "{", count: 5000)
        let close = String(repeating: "}", count: 5000)
        #expect(HTML.mathematics(open + close, isDisplay: false) == nil)
        for (part, count) in [("\\hat", 4000), ("\\displaystyle ", 1000), ("\\sqrt[", 3000), ("x", 20_001)] {
            #expect(HTML.mathematics(String(repeating: part, count: count) + "x", isDisplay: false) == nil)
        }
        #expect(HTML.mathematics(String(repeating: "x", count: 20_000), isDisplay: false) != nil)
    }

    @Test(
        arguments: [
            #"\text{</math><script>alert(1)</script>}"#, #"<img src=x onerror=y>"#, #"\operatorname{<b>}"#,
            #"\mathrm{</annotation><b>}"#,
            #"x % --><script>"#, #"\text{&lt;b&gt; & "'}"#, "\\text{\u{0}\u{1B}[31m}", "'\"<>&", "\u{202E}x",
            "\\hspace{-900em} x \\kern9em",
        ] as [HostileText])
    func `A formula yields harmless markup for hostile TeX`(tex: HostileText) throws {
        for text in ["$\(tex.text)$", "$$\(tex.text)$$"] {
            _ = try StrictReader(HTML.markdown(text))
            _ = try StrictReader(HTML.display(["text/latex": text]))
            _ = try StrictReader(HTML.formula(text, isBlock: false).text)
        }
        #expect(
            HTML.mathematics("a\\hspace{-900em}b\\hspace{900em}c", isDisplay: false)?.text.contains("900em\"") == false)
    }

    @Test func `A formula of any parts is harmless, and larger than its source by a constant factor at most`() throws {
        var generator = Generator(state: 7)
        let parts =
            Self.usual.map(\.text) + [
                "{", "}", "^", "_", "&", "\\\\", "\\left(", "\\right)", "\\begin{matrix}", "\\end{matrix}", "\\frac",
                "\\sqrt", "\\text{", "'", "(", "|",
                "\\hat", "\\over", "\\big", "\\limits", "\\not", "[", "]", "\\hline", "<", "e\u{301}", "$",
            ]
        for _ in 0..<2000 {
            let tex = (0...generator.next(below: 10)).map { _ in parts[generator.next(below: parts.count)] }.joined()
            guard let html = HTML.mathematics(tex, isDisplay: true)?.text else { continue }
            #expect(html.utf8.count < 60 * tex.utf8.count + 300)
            #expect(throws: Never.self, "\(tex)") { _ = try StrictReader(html) }
        }
    }

    @Test func `A formula is recognized by the delimiters of MathJax`() throws {
        let inline = try #require(HTML.mathematics("x", isDisplay: false)).text
        let display = try #require(HTML.mathematics("x", isDisplay: true)).text
        #expect(HTML.markdown("a $x$ b") == "<p>a \(inline) b</p>")
        #expect(HTML.markdown("a \\\\(x\\\\) b") == "<p>a \(inline) b</p>")
        #expect(HTML.markdown("a \\\\[x\\\\] b") == "<p>a \(display) b</p>")
        #expect(HTML.markdown("$$x$$") == display)
        #expect(HTML.markdown("\\begin{equation}\nx\n\\end{equation}").contains("<mi>x</mi>"))
        for text in ["$x$", "\\(x\\)"] {
            #expect(HTML.display(["text/latex": text]) == "<div class=\"nb-latex\">\(inline)</div>")
        }
        for text in ["$$x$$", "\\[x\\]"] {
            #expect(HTML.display(["text/latex": text]) == "<div class=\"nb-latex\">\(display)</div>")
        }
        #expect(
            HTML.display(["text/latex": "It is $x$, <b>\\$5"])
                == "<div class=\"nb-latex\">It is \(inline), &lt;b&gt;\\$5</div>")
        for text in ["$x", "no formula", "\\begin{tabular}{l}x\\end{tabular}", "$\\unknown$"] {
            #expect(HTML.display(["text/latex": text]) == "<pre class=\"nb-math\">\(HTML(escaping: text).text)</pre>")
        }
    }

    @Test(
        arguments: ["$", "$$", "\\(", "\\[", "\\begin{a}", "\\\\(", "\\", "$a", "\\begin{matrix}a&"] as [HostileText])
    func `A text of repeated delimiters is divided in bounded time`(fragment: HostileText) throws {
        let text = String(repeating: fragment.text, count: 19_000 / fragment.text.utf8.count)
        _ = try StrictReader(HTML.display(["text/latex": text]))
    }
}
