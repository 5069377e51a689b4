extension HTML {
    /// The maximum size of a formula in bytes.
    private static let longestFormula = 20_000

    /// Renders TeX as MathML; nil if the TeX is empty, too long or not supported.
    ///
    /// - Parameter isDisplay: Whether the formula stands in a line of its own.
    static func mathematics(_ tex: some StringProtocol, isDisplay: Bool) -> HTML? {
        guard tex.utf8.count <= longestFormula, tex.contains(where: { !$0.isWhitespace }),
            let node = try? TeXParser.parse(String(tex))
        else { return nil }
        let body: HTML = """
            <semantics>\(oneElement(node))<annotation encoding="application/x-tex">\(String(tex))</annotation></semantics>
            """
        return isDisplay
            ? "<span class=\"nb-display\"><math display=\"block\">\(body)</math></span>" : "<math>\(body)</math>"
    }

    /// Renders a formula with its delimiters as MathML, or its source if the formula contains unsupported commands.
    ///
    /// - Parameter isBlock: Whether the formula is not a part of a paragraph.
    static func formula(_ source: String, isBlock: Bool) -> HTML {
        if let formula = TeXFormula(source.trimmingBlanks),
            let html = mathematics(formula.tex, isDisplay: formula.isDisplay)
        {
            return html
        }
        return isBlock ? "<pre class=\"nb-math\">\(source)</pre>" : "<code class=\"nb-math\">\(source)</code>"
    }

    /// Renders a text of LaTeX with formulas; nil if it has none, or an unsupported one.
    static func latex(_ text: String) -> HTML? {
        guard text.utf8.count <= longestFormula else { return nil }
        var html = HTML()
        var hasFormula = false
        for part in TeXFormula.parts(of: text) {
            switch part {
            case .text(let text): html.append(escaping: String(text))
            case .formula(let formula):
                guard let formula = mathematics(formula.tex, isDisplay: formula.isDisplay) else { return nil }
                html += formula
                hasFormula = true
            }
        }
        return hasFormula ? html : nil
    }
}

extension String {
    /// The text without white space at its ends.
    fileprivate var trimmingBlanks: Substring {
        let start = self[...].drop(while: \.isWhitespace)
        let end = start.lastIndex { !$0.isWhitespace }.map(start.index(after:)) ?? start.startIndex
        return start[..<end]
    }
}
