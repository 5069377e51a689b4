/// A token of Python source.
struct PythonToken {
    /// The kinds that the conversion of IPython's syntax distinguishes.
    enum Kind {
        case name, number, string, op, comment, newline, blankLine, indent, dedent, error, end
    }

    let kind: Kind
    /// The text; empty for a string, whose text matters to no caller.
    let text: ArraySlice<Unicode.Scalar>
    /// The index of the line, and the index of the token's first character in it.
    let start: (line: Int, column: Int)

    /// Whether the text is a single character.
    func isCharacter(_ character: Unicode.Scalar) -> Bool { text.count == 1 && text.first == character }
}

/// Divides lines into tokens as Python's `tokenize` module does, one logical line at a time.
///
/// IPython's syntax is not Python's: unknown characters become tokens of their own.
struct PythonTokenizer {
    /// The lines, each with its end.
    var lines: [PythonText]
    /// The index of the next line.
    private(set) var line = 0
    private var indents = [0]
    private var brackets = 0
    /// The number of open brackets as IPython counts it, which is never negative.
    private var openBrackets = 0
    private var isFinished = false
    private var tokens: [PythonToken] = []

    init(_ lines: [PythonText]) { self.lines = lines }

    /// The error of a line whose indentation matches no earlier line. Python cannot read the lines after it.
    struct IndentationError: Error {}

    /// Returns the tokens of the next logical line; nil at the end.
    ///
    /// The logical line ends with a `newline` or `blankLine` token, unless the text ends within it.
    mutating func nextLogicalLine() throws(IndentationError) -> [PythonToken]? {
        if isFinished { return nil }
        tokens = []
        // A bracket that was closed without being open keeps Python from seeing indentation again.
        var isContinued = brackets != 0
        while line < lines.count {
            var column = 0
            if !isContinued {
                guard try readIndentation(&column) else {
                    if isFinished { return tokens.isEmpty ? nil : tokens }
                    if openBrackets > 0 { continue }
                    return tokens
                }
            }
            switch readTokens(from: column) {
            case .end: return tokens
            case .continued: isContinued = true
            case .unended: isContinued = brackets != 0
            case .unterminated: return finish()
            }
        }
        return finish()
    }

    private mutating func finish() -> [PythonToken]? {
        isFinished = true
        return tokens.isEmpty ? nil : tokens
    }

    private mutating func append(_ kind: PythonToken.Kind, _ range: Range<Int>) {
        tokens.append(PythonToken(kind: kind, text: lines[line][range], start: (line, range.lowerBound)))
    }

    /// Reads the indentation of a line. Returns false after a line without code, which is complete.
    private mutating func readIndentation(_ position: inout Int) throws(IndentationError) -> Bool {
        let text = lines[line]
        var column = 0
        loop: while position < text.count {
            switch text[position] {
            case " ": column += 1
            case "\t": column = (column / 8 + 1) * 8
            case "\u{C}": column = 0
            default: break loop
            }
            position += 1
        }
        guard position < text.count else {
            isFinished = true
            return false
        }
        if ["#", "\r", "\n"].contains(text[position]) {
            var end = position
            if text[position] == "#" {
                end = text.lastIndex { $0 != "\r" && $0 != "\n" }.map { $0 + 1 } ?? position
                append(.comment, position..<end)
            }
            append(.blankLine, end..<text.count)
            line += 1
            return false
        }
        if column > indents[indents.count - 1] {
            indents.append(column)
            append(.indent, 0..<position)
        }
        while column < indents[indents.count - 1] {
            guard indents.contains(column) else {
                isFinished = true
                throw IndentationError()
            }
            indents.removeLast()
            append(.dedent, position..<position)
        }
        return true
    }

    /// How a physical line ended.
    private enum LineEnd {
        /// The logical line ended, too.
        case end
        /// The next line belongs to the same logical line.
        case continued
        /// The line has no end that Python recognizes.
        case unended
        /// A string does not end.
        case unterminated
    }

    /// Reads the tokens of the rest of a line, and of further lines if a string spans them.
    private mutating func readTokens(from start: Int) -> LineEnd {
        var position = start
        while true {
            let text = lines[line]
            let token = text[position...].firstIndex { $0 != " " && $0 != "\t" && $0 != "\u{C}" } ?? text.count
            guard token < text.count else {
                line += 1
                return .unended
            }
            if let end = lineEnd(in: text, at: token) {
                append(brackets > 0 ? .blankLine : .newline, token..<end)
                line += 1
                return brackets <= 0 ? .end : .continued
            }
            if text[token] == "\\", lineEnd(in: text, at: token + 1) != nil {
                line += 1
                return .continued
            }
            if let quote = quote(in: text, at: token) {
                switch readString(quote, from: token) {
                case .ended(let end): position = end
                case .notString:
                    // A prefix is a name, then.
                    if let end = plainToken(in: text, at: token) { position = end } else { addError(&position) }
                case .unterminated: return .unterminated
                }
            } else if let end = plainToken(in: text, at: token) {
                position = end
            } else {
                addError(&position)
            }
        }
    }

    /// Adds a token for a character that begins no token, or for the white space before it.
    private mutating func addError(_ position: inout Int) {
        append(.error, position..<(position + 1))
        position += 1
    }

    /// Returns the end of the LF or CRLF at a position; nil if there is none.
    private func lineEnd(in text: PythonText, at position: Int) -> Int? {
        if position < text.count, text[position] == "\n" { return position + 1 }
        if position + 1 < text.count, text[position] == "\r", text[position + 1] == "\n" { return position + 2 }
        return nil
    }

    // MARK: Names, numbers, comments and operators

    /// Adds the comment, name, number or operator at a position. Returns its end; nil if there is none.
    private mutating func plainToken(in text: PythonText, at start: Int) -> Int? {
        let first = text[start]
        var end = start + 1
        let kind: PythonToken.Kind
        if first == "#" {
            end = text[start...].firstIndex { $0 == "\r" || $0 == "\n" } ?? text.count
            kind = .comment
        } else if first.isPythonWord {
            end = text[start...].firstIndex { !$0.isPythonWord } ?? text.count
            kind = first.isDigit ? .number : first.properties.isXIDStart || first == "_" ? .name : .op
        } else if let length = Self.operatorLength(in: text[start...]) {
            end = start + length
            kind = .op
            if "([{".unicodeScalars.contains(first) { (brackets, openBrackets) = (brackets + 1, openBrackets + 1) }
            if ")]}".unicodeScalars.contains(first) {
                (brackets, openBrackets) = (brackets - 1, max(0, openBrackets - 1))
            }
        } else {
            return nil
        }
        append(kind, start..<end)
        return end
    }

    private static func operatorLength(in text: ArraySlice<Unicode.Scalar>) -> Int? {
        let first = text[text.startIndex]
        guard first.value < 0x80, starts[Int(first.value)] else { return nil }
        let second = text.dropFirst().first
        if let second, "=<>*/.".unicodeScalars.contains(second) {
            for length in [3, 2] where text.count >= length {
                if operators.contains(text.prefix(length).text) { return length }
            }
        }
        return first == "!" ? nil : 1
    }

    /// Whether an operator begins with each ASCII character.
    private static let starts: [Bool] = (0..<0x80).map { value in
        operators.contains { $0.utf8.first == UInt8(value) }
    }

    private static let operators: Set<String> = [
        "!=", "%", "%=", "&", "&=", "(", ")", "*", "**", "**=", "*=", "+", "+=", ",", "-", "-=", "->", ".", "...", "/",
        "//", "//=", "/=", ":", ":=", ";", "<", "<<", "<<=", "<=", "=", "==", ">", ">=", ">>", ">>=", "@", "@=", "[",
        "]", "^", "^=", "{", "|", "|=", "}", "~",
    ]

    // MARK: Strings

    /// The quotes that begin a string.
    private struct Quote {
        let character: Unicode.Scalar
        let isTriple: Bool
        /// The index after the quotes.
        let end: Int
    }

    private static let prefixes: Set<String> = ["b", "r", "u", "f", "br", "rb", "fr", "rf"]

    private func quote(in text: PythonText, at start: Int) -> Quote? {
        guard let place = text[start..<min(start + 3, text.count)].firstIndex(where: { $0 == "'" || $0 == "\"" }),
            place == start || Self.prefixes.contains(text[start..<place].text.lowercased())
        else { return nil }
        let character = text[place]
        let isTriple = place + 2 < text.count && text[place + 1] == character && text[place + 2] == character
        return Quote(character: character, isTriple: isTriple, end: place + (isTriple ? 3 : 1))
    }

    private enum StringEnd {
        case ended(Int)
        /// The line ends before the string does.
        case notString
        /// The text ends before the string does.
        case unterminated
    }

    private mutating func readString(_ quote: Quote, from start: Int) -> StringEnd {
        let first = (line, start)
        var position = quote.end
        while true {
            let text = lines[line]
            var hasEnded = false
            scan: while position < text.count {
                switch text[position] {
                case "\\":
                    // Without a character to escape, the backslash ends the line.
                    position += 1
                    if !quote.isTriple, let end = lineEnd(in: text, at: position) {
                        position = end
                        break scan
                    }
                case "\n" where !quote.isTriple: return notString(first)
                case quote.character:
                    hasEnded =
                        !quote.isTriple
                        || position + 2 < text.count && text[position + 1] == quote.character
                            && text[position + 2] == quote.character
                    if hasEnded { break scan }
                default: break
                }
                position += 1
            }
            if hasEnded {
                tokens.append(PythonToken(kind: .string, text: [], start: first))
                return .ended(position + (quote.isTriple ? 3 : 1))
            }
            guard quote.isTriple || position == text.count && text.last == "\n" else { return notString(first) }
            guard line + 1 < lines.count else {
                line = lines.count
                return .unterminated
            }
            line += 1
            position = 0
        }
    }

    /// A string in one line that ends nowhere: it becomes a token for its quote, or for all of its continued lines.
    private mutating func notString(_ first: (line: Int, column: Int)) -> StringEnd {
        if line == first.line { return .notString }
        tokens.append(PythonToken(kind: .error, text: [], start: first))
        return .ended(lines[line].count)
    }
}
