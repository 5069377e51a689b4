/// A formula of TeX in a text, with its delimiters.
struct TeXFormula {
    /// The formula with its delimiters.
    let source: Substring
    /// The TeX between the delimiters. An environment includes its beginning and its end.
    let tex: Substring
    /// Whether the formula stands in a line of its own.
    let isDisplay: Bool

    private struct Delimiters {
        let opening: String
        let closing: String
        let isDisplay: Bool
    }

    /// The delimiters of MathJax. Markdown doubles the backslash before a bracket.
    private static let delimiters = [
        Delimiters(opening: "$$", closing: "$$", isDisplay: true),
        Delimiters(opening: "$", closing: "$", isDisplay: false),
        Delimiters(opening: "\\\\(", closing: "\\\\)", isDisplay: false),
        Delimiters(opening: "\\\\[", closing: "\\\\]", isDisplay: true),
        Delimiters(opening: "\\(", closing: "\\)", isDisplay: false),
        Delimiters(opening: "\\[", closing: "\\]", isDisplay: true),
    ]

    /// Recognizes a text that is one formula with its delimiters; nil if it is not.
    init?(_ source: Substring) {
        if source.hasPrefix("\\begin{") {
            self.init(source: source, tex: source, isDisplay: true)
            return
        }
        let found = Self.delimiters.first {
            source.hasPrefix($0.opening) && source.hasSuffix($0.closing)
                && source.utf8.count >= $0.opening.utf8.count + $0.closing.utf8.count
        }
        guard let found else { return nil }
        self.init(
            source: source, tex: source.dropFirst(found.opening.count).dropLast(found.closing.count),
            isDisplay: found.isDisplay)
    }

    private init(source: Substring, tex: Substring, isDisplay: Bool) {
        (self.source, self.tex, self.isDisplay) = (source, tex, isDisplay)
    }
}

// MARK: - Text with formulas

extension TeXFormula {
    /// A part of a text that contains formulas.
    enum Part {
        case text(Substring)
        case formula(TeXFormula)
    }

    /// Divides a text into formulas and the text between them. A delimiter without its end is text.
    static func parts(of text: String) -> [Part] {
        var parts: [Part] = []
        var (rest, start) = (text[...], text.startIndex)
        // The delimiters whose end does not follow, so that each is searched for once.
        var missing: Set<String> = []
        while let index = rest.firstIndex(where: { $0 == "$" || $0 == "\\" }) {
            rest = text[index...]
            guard let formula = first(in: rest, &missing) else {
                rest = rest.dropFirst(rest.first == "\\" ? 2 : 1)
                continue
            }
            if start < index { parts.append(.text(text[start..<index])) }
            parts.append(.formula(formula))
            start = formula.source.endIndex
            rest = text[start...]
        }
        if start < text.endIndex { parts.append(.text(text[start...])) }
        return parts
    }

    /// Returns the formula at the beginning of a text.
    private static func first(in text: Substring, _ missing: inout Set<String>) -> TeXFormula? {
        if let environment = text.prefixMatch(of: /\\begin\{([A-Za-z]+\*?)\}/) {
            return Self.environment(String(environment.1), in: text, &missing)
        }
        guard let found = delimiters.first(where: { text.hasPrefix($0.opening) }), !missing.contains(found.closing)
        else {
            return nil
        }
        var rest = text.dropFirst(found.opening.count)
        while let index = rest.firstIndex(where: { $0 == "\\" || $0 == found.closing.first }) {
            rest = rest[index...]
            if rest.hasPrefix(found.closing) {
                return TeXFormula(text[..<rest.index(index, offsetBy: found.closing.count)])
            }
            rest = rest.dropFirst(rest.first == "\\" ? 2 : 1)
        }
        missing.insert(found.closing)
        return nil
    }

    private static func environment(_ name: String, in text: Substring, _ missing: inout Set<String>) -> TeXFormula? {
        let (begin, end) = ("\\begin{\(name)}", "\\end{\(name)}")
        if missing.contains(end) { return nil }
        var (rest, depth) = (text, 0)
        while let index = rest.firstIndex(of: "\\") {
            rest = rest[index...]
            if rest.hasPrefix(begin) { depth += 1 }
            if rest.hasPrefix(end) {
                depth -= 1
                if depth == 0 { return TeXFormula(text[..<rest.index(index, offsetBy: end.count)]) }
            }
            rest = rest.dropFirst(2)
        }
        missing.insert(end)
        return nil
    }
}
