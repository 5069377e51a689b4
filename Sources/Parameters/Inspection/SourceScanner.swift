/// Divides source into statements.
///
/// It knows strings, comments and brackets, and no more of a language's grammar. It reads any text to its end.
struct SourceScanner {
    private let syntax: SourceSyntax
    let characters: [Unicode.Scalar]
    /// The first characters of strings.
    private let stringStarts: Set<Unicode.Scalar>
    private var position = 0
    private var line = 0
    private var lineStart = 0
    private var statements: [SourceStatement] = []
    private var tokens: [SourceToken] = []
    /// The open brackets and blocks.
    private var open: [Opening] = []
    /// The line in which the last statement ended.
    private var lastLine: Int?
    private var comment: (text: String, start: Int, line: Int)?
    private var column = 0

    private enum Opening { case bracket, block }

    init(_ text: String, _ syntax: SourceSyntax) {
        let lines = text.replacing("\r\n", with: "\n").replacing("\r", with: "\n")
        (characters, self.syntax) = (Array(lines.unicodeScalars), syntax)
        stringStarts = Set(
            syntax.strings.flatMap { form in
                form.open.unicodeScalars.prefix(1).flatMap { [$0] + $0.properties.uppercaseMapping.unicodeScalars }
            })
    }

    /// Returns the statements outside of brackets and blocks. A statement that is not complete is left out.
    mutating func readStatements() -> [SourceStatement] {
        while position < characters.count { readToken() }
        if open.isEmpty { endStatement() }
        return statements
    }

    private mutating func readToken() {
        let character = characters[position]
        if character == "\n" {
            if open.isEmpty, endsLine() { endStatement() }
            advanceLine()
        } else if character.properties.isWhitespace {
            position += 1
        } else if let continuation = syntax.continuation, matches(continuation), skipContinuation(continuation) {
            advanceLine()
        } else if tokens.isEmpty, open.isEmpty, syntax.commandMarks.contains(where: { matches($0) }) {
            skip(until: "\n")
        } else if !skipComment() {
            let start = (position, line)
            let (kind, depth) = readPart(character)
            if tokens.isEmpty { column = start.0 - lineStart }
            let text = kind == .string ? "" : String(String.UnicodeScalarView(characters[start.0..<position]))
            append(
                SourceToken(kind: kind, text: text, range: start.0..<position, lines: start.1...line, depth: depth))
        }
    }

    /// Reads the characters of a token. Returns its kind and depth.
    private mutating func readPart(_ character: Unicode.Scalar) -> (SourceToken.Kind, Int) {
        if skipString() || skipCharacter() { return (.string, open.count) }
        if isWord(character) {
            let start = position
            while position < characters.count, isWord(characters[position]) { position += 1 }
            let word = String(String.UnicodeScalarView(characters[start..<position]))
            let depth = open.count
            if syntax.blockEnds.contains(word), open.last == .block {
                open.removeLast()
            } else if syntax.blockStarts.contains(word), open.last != .bracket, isInPlaceOfCommand {
                open.append(.block)
            }
            return (.word, min(depth, open.count))
        }
        if syntax.hasCommands, character == "\\" {
            position = min(characters.count, position + 2)
            return (.symbol, open.count)
        }
        if "([{".unicodeScalars.contains(character) {
            position += 1
            open.append(.bracket)
            return (.opening, open.count - 1)
        }
        if ")]}".unicodeScalars.contains(character) {
            position += 1
            if open.last == .bracket { open.removeLast() }
            return (.closing, open.count)
        }
        position += Self.symbols.first { matches($0) }?.unicodeScalars.count ?? 1
        return (.symbol, open.count)
    }

    private var isInPlaceOfCommand: Bool {
        guard syntax.hasCommands, let last = tokens.last else { return true }
        return last.kind == .symbol || last.lines.upperBound < line || ["do", "else", "then"].contains(last.text)
    }

    private mutating func append(_ token: SourceToken) {
        if token.isSymbol(";") || token.isSymbol(","), isEnd(token.text) { return endStatement() }
        tokens.append(token)
        if case .bracket = syntax.end, token.kind == .closing, open.isEmpty { endStatement() }
    }

    private func isEnd(_ symbol: String) -> Bool {
        if case .lineOrComma = syntax.end { return true }
        return symbol == ";"
    }

    private func isWord(_ character: Unicode.Scalar) -> Bool {
        character == "_" || character.properties.isAlphabetic || ("0"..."9").contains(character)
            || character.properties.numericType != nil || syntax.wordCharacters.unicodeScalars.contains(character)
    }

    /// The symbols of more than one character that no reader may take for two, longest first.
    private static let symbols = [
        "<<-", "->>", "===", "!==", "**=", "//=", ">>=", "<<=", "??=", "&&=", "||=", "<-", "->", "=>", "==", "!=", "<=",
        ">=", "+=", "-=", "*=", "/=", "%=", "^=", "|=", "&=", "@=", ":=", "::", "&&", "||", "|>", "++", "--",
    ]

    // MARK: Lines

    private mutating func advanceLine() {
        position += 1
        line += 1
        lineStart = position
    }

    /// Whether the end of a line, at the current position, ends the statement.
    private func endsLine() -> Bool {
        guard let last = tokens.last else { return true }
        switch syntax.end {
        case .line, .lineOrComma: return true
        case .semicolon: return last.text == "}"
        case .bracket: return false
        case .indentation: return ![" ", "\n"].contains(characters[(position + 1)...].first)
        case .completeLine:
            if last.kind == .symbol, !["++", "--", "!", "?", "'"].contains(last.text) { return false }
            let next = characters[(position + 1)...].drop { $0.properties.isWhitespace }
            return !["?.", "?:", "&&", "||", "|>"].contains { next.starts(with: $0.unicodeScalars) }
                && !(next.first == "." && next.dropFirst().first?.properties.isAlphabetic == true)
        }
    }

    private mutating func endStatement() {
        defer { tokens = [] }
        guard let last = tokens.last else { return }
        let statement = SourceStatement(
            tokens: tokens, column: column, startsLine: lastLine != tokens[0].lines.lowerBound)
        statements.append(statement)
        lastLine = last.lines.upperBound
        attachComment()
    }

    /// Gives the last comment to the last statement, if it follows in the same line.
    private mutating func attachComment() {
        guard let comment, let last = statements.last?.tokens.last, comment.line == last.lines.upperBound,
            comment.start >= last.range.upperBound
        else { return }
        statements[statements.count - 1].comment = comment.text
    }

    /// Skips the mark of a continued line and the rest of the line; returns false if the line is not continued.
    private mutating func skipContinuation(_ mark: String) -> Bool {
        let rest = characters[(position + mark.unicodeScalars.count)...]
        // After three points, the rest of the line is a comment.
        let end = rest.firstIndex { mark == "..." ? $0 == "\n" : $0 != " " }
        guard let end, characters[end] == "\n" else { return false }
        position = end
        return true
    }

    private mutating func skip(until end: Unicode.Scalar) {
        position = characters[position...].firstIndex(of: end) ?? characters.count
    }

    // MARK: Comments

    private mutating func skipComment() -> Bool {
        for form in syntax.blockComments where matches(form.start) {
            readBlockComment(form.start.unicodeScalars.count, form.end)
            return true
        }
        guard let mark = syntax.lineComments.first(where: { matches($0) }) else { return false }
        if syntax.spacedComments, position > 0, !characters[position - 1].properties.isWhitespace,
            !";)".unicodeScalars.contains(characters[position - 1])
        {
            return false
        }
        let start = position
        skip(until: "\n")
        keepComment(characters[(start + mark.unicodeScalars.count)..<position], start: start, line: line)
        return true
    }

    private mutating func readBlockComment(_ length: Int, _ end: String) {
        let (start, startLine) = (position, line)
        position += length
        let textStart = position
        while position < characters.count, !matches(end) {
            if characters[position] == "\n" { advanceLine() } else { position += 1 }
        }
        keepComment(characters[textStart..<position], start: start, line: startLine)
        position = min(characters.count, position + end.unicodeScalars.count)
    }

    private mutating func keepComment(_ text: ArraySlice<Unicode.Scalar>, start: Int, line: Int) {
        let text = String(String.UnicodeScalarView(text)).trimmed
        comment = text.isEmpty ? nil : (text, start, line)
        if tokens.isEmpty { attachComment() }
    }

    // MARK: Strings

    /// Whether a text is at the current position. Letters may also be uppercase.
    private func matches(_ text: String) -> Bool {
        var index = position
        for scalar in text.unicodeScalars {
            guard index < characters.count else { return false }
            let character = characters[index]
            let isUppercase = ("A"..."Z").contains(character) && character.value | 0x20 == scalar.value
            guard character == scalar || isUppercase else { return false }
            index += 1
        }
        return true
    }

    /// Skips the character literal at the current position; returns false if there is none.
    private mutating func skipCharacter() -> Bool {
        if let mark = syntax.characterMark, matches(mark) {
            position = min(characters.count, position + mark.unicodeScalars.count + 1)
            return true
        }
        guard syntax.hasCharacters, characters[position] == "'", position + 2 < characters.count else { return false }
        if characters[position + 1] == "\\" {
            let end = characters[(position + 3)...].prefix(12).firstIndex(of: "'")
            guard let end else { return false }
            position = end + 1
        } else {
            guard characters[position + 2] == "'", characters[position + 1] != "\n" else { return false }
            position += 3
        }
        return true
    }

    /// Skips the string at the current position; returns false if there is none. A string that does not end in its
    /// line ends with it.
    private mutating func skipString(depth: Int = 0) -> Bool {
        guard stringStarts.contains(characters[position]),
            let form = syntax.strings.first(where: { matches($0.open) })
        else { return false }
        if form.isOperatorAfterOperand, let last = tokens.last, last.range.upperBound == position,
            last.kind == .word || last.kind == .closing || last.text == "'"
        {
            return false
        }
        position += form.open.unicodeScalars.count
        while position < characters.count {
            if characters[position] == form.escape {
                position += 1
                if position < characters.count { skipInString() }
            } else if matches(form.close) {
                position += form.close.unicodeScalars.count
                guard form.doublesClose, matches(form.close) else { return true }
                position += form.close.unicodeScalars.count
            } else if characters[position] == "\n", !form.spansLines {
                return true
            } else if let start = form.codeStarts.first(where: { matches($0) }) {
                position += start.unicodeScalars.count
                if start == "{", matches("{") { position += 1 } else { skipCode(in: form, depth: depth + 1) }
            } else {
                skipInString()
            }
        }
        return true
    }

    private mutating func skipInString() {
        if characters[position] == "\n" { advanceLine() } else { position += 1 }
    }

    /// Skips the code in a string to the bracket that ends it.
    private mutating func skipCode(in form: SourceSyntax.StringForm, depth: Int) {
        // Deeper code is read as text.
        guard depth < 32 else { return }
        var brackets = 0
        var isFormat = false
        while position < characters.count {
            let character = characters[position]
            if character == "\n", !form.spansLines { return }
            if !isFormat, skipString(depth: depth) { continue }
            if "([{".unicodeScalars.contains(character) { brackets += 1 }
            if ")]}".unicodeScalars.contains(character) { brackets -= 1 }
            if brackets == 0, character == ":", form.hasFormats { isFormat = true }
            skipInString()
            if brackets < 0 { return }
        }
    }
}

extension String {
    /// The text without white space at its ends.
    var trimmed: String {
        let end = lastIndex { !$0.isWhitespace }.map(index(after:)) ?? startIndex
        return String(self[..<end].drop { $0.isWhitespace })
    }
}
