/// A token of source.
struct SourceToken: Sendable {
    /// The kinds of tokens.
    enum Kind: Sendable { case word, string, symbol, opening, closing }

    let kind: Kind
    /// The text; empty for a string, whose text matters to no reader.
    let text: String
    /// The characters of the source.
    let range: Range<Int>
    /// The first and the last line.
    let lines: ClosedRange<Int>
    /// The number of brackets and blocks that contain the token. A bracket is not in itself.
    let depth: Int

    /// Whether the token is this symbol outside of all brackets.
    func isSymbol(_ symbol: String) -> Bool { kind == .symbol && depth == 0 && text == symbol }

    /// Whether the token can be the name of a variable.
    var isName: Bool { kind == .word && text.unicodeScalars.first.map { !("0"..."9").contains($0) } ?? false }
}

/// A statement of source, with the comment that follows it.
struct SourceStatement: Sendable {
    /// The tokens, without those that separate it from the next statement.
    var tokens: [SourceToken]
    /// The text of the comment that follows in the line of the last token.
    var comment: String?
    /// The column of the first token.
    let column: Int
    /// Whether no other statement precedes it in its line.
    let startsLine: Bool
}

/// The text that tokens come from.
struct SourceText: Sendable {
    let characters: [Unicode.Scalar]

    /// Returns the source of tokens, with line ends and comments left out.
    ///
    /// Lines are joined without white space, as papermill joins them, except between two words.
    func text(of tokens: ArraySlice<SourceToken>) -> String {
        var text = String.UnicodeScalarView()
        var last: SourceToken?
        for token in tokens {
            if let last {
                let gap = characters[last.range.upperBound..<token.range.lowerBound]
                if last.lines.upperBound == token.lines.lowerBound {
                    text += gap.allSatisfy { $0 == " " || $0 == "\t" } ? Array(gap) : [" "]
                } else if last.kind == .word, token.kind == .word {
                    text.append(" ")
                }
            }
            text += characters[token.range]
            last = token
        }
        return String(text)
    }
}
