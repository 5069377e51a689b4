/// Converts IPython's syntax to Python: magics, shell commands, help and pasted prompts.
///
/// The result is the text that IPython's own `TransformerManager` returns. IPython gives up on a cell whose indentation
/// Python cannot read; here, the rest of such a cell stays unchanged.
enum IPythonSyntax {
    /// The most changes in one cell. IPython stops there, too.
    private static let limit = 500

    /// The most characters of converted lines in one cell, because each of them is read again.
    private static let characterLimit = 2_000_000

    /// Returns the Python code for a cell. It ends with a line end.
    static func python(for cell: String) -> String {
        var text = PythonText(cell)
        if text.last != "\n" { text.append("\n") }
        var lines = text.lines
        if let first = lines.firstIndex(where: { !$0.isEmpty && !$0.isSpace }) { lines.removeFirst(first) }
        lines = Array(lines.joined()).dedented.lines
        lines = IPythonPrompts.removingPythonPrompts(from: lines)
        lines = IPythonPrompts.removingIPythonPrompts(from: lines)
        lines = cellMagic(lines)
        return converted(lines).joined().text
    }

    /// Converts a cell that begins with `%%`.
    private static func cellMagic(_ lines: [PythonText]) -> [PythonText] {
        guard let first = lines.first, first.starts(with: "%%".unicodeScalars) else { return lines }
        let afterName = first.dropFirst(2).drop(while: \.isPythonWord)
        if afterName.startIndex > 2, afterName.first == "?" { return lines }
        let (name, rest) = Array(first.dropFirst(2).strippedAtEnd).partitionedAtSpace
        let body = Array(lines.dropFirst().joined())
        return [
            PythonText("get_ipython().run_cell_magic(") + name.literal + PythonText(", ") + rest.literal
                + PythonText(", ") + body.literal + PythonText(")\n")
        ]
    }

    // MARK: Syntax within a cell

    /// The kinds of syntax that can stand in any line.
    private enum Kind: CaseIterable {
        case magicAssignment, systemAssignment, command, help
    }

    /// Syntax at a place.
    private struct Place {
        let kind: Kind
        let line: Int
        let column: Int
        /// The line of the question mark; the same as `line` for other kinds.
        let lastLine: Int

        func precedes(_ other: Place) -> Bool {
            (line, column, kind == .help ? 0 : 1) < (other.line, other.column, other.kind == .help ? 0 : 1)
        }
    }

    /// Converts one piece of syntax after the other, always the first in the text.
    ///
    /// IPython looks for the first place of each kind. If it cannot convert that place, it converts no later place of the
    /// kind either.
    private static func converted(_ lines: [PythonText]) -> [PythonText] {
        var tokenizer = PythonTokenizer(lines)
        var blocked: Set<Kind> = []
        var (count, characters) = (0, 0)
        while true {
            let before = tokenizer
            guard let tokens = (try? tokenizer.nextLogicalLine()) ?? nil else { return tokenizer.lines }
            let places = Kind.allCases.filter { !blocked.contains($0) }
                .compactMap { place(of: $0, in: tokens, tokenizer.lines) }
                .sorted { $0.precedes($1) }
            var isConverted = false
            for place in places {
                if let (range, line) = converted(place, tokenizer.lines) {
                    characters += line.count
                    tokenizer = before
                    tokenizer.lines.replaceSubrange(range, with: [line])
                    isConverted = true
                    break
                }
            }
            if isConverted {
                count += 1
                if count == limit || characters > characterLimit { return tokenizer.lines }
            } else {
                blocked.formUnion(places.map(\.kind))
            }
        }
    }

    private static func place(of kind: Kind, in tokens: [PythonToken], _ lines: [PythonText]) -> Place? {
        func place(_ token: PythonToken, until last: PythonToken? = nil) -> Place {
            Place(
                kind: kind, line: token.start.line, column: token.start.column,
                lastLine: (last ?? token).start.line)
        }
        let first = tokens.first { $0.kind != .indent && $0.kind != .dedent }
        switch kind {
        case .magicAssignment:
            guard let sign = assignment(in: tokens), sign + 2 < tokens.count, tokens[sign + 1].isCharacter("%"),
                tokens[sign + 2].kind == .name
            else { return nil }
            return place(tokens[sign + 1])
        case .systemAssignment:
            guard let sign = assignment(in: tokens),
                lines[tokens[sign].start.line].first(where: { !$0.isPythonSpace }) != "="
            else { return nil }
            let rest = tokens[(sign + 1)...].drop { $0.kind == .error && $0.text.isSpace }
            guard let mark = rest.first, mark.kind == .error, mark.isCharacter("!") else { return nil }
            return place(mark)
        case .command:
            guard let first, ["!", "?", "%", ",", ";", "/"].contains(where: { first.isCharacter($0) }) else {
                return nil
            }
            return place(first)
        case .help:
            guard tokens.count > 2, tokens[tokens.count - 2].isCharacter("?"), let first else { return nil }
            return place(first, until: tokens[tokens.count - 2])
        }
    }

    /// Returns the index of the first `=` outside of brackets.
    private static func assignment(in tokens: [PythonToken]) -> Int? {
        var depth = 0
        for (index, token) in tokens.enumerated() where token.text.count == 1 {
            switch token.text[token.text.startIndex] {
            case "=" where depth == 0: return index
            case "(", "[", "{": depth += 1
            case ")", "]", "}": depth = max(0, depth - 1)
            default: break
            }
        }
        return nil
    }

    /// Returns the lines to replace and the new line; nil if the place cannot be converted.
    private static func converted(_ place: Place, _ lines: [PythonText]) -> (Range<Int>, PythonText)? {
        let before = lines[place.line][..<place.column]
        if place.kind == .help {
            let range = place.line..<(place.lastLine + 1)
            guard let call = help(in: Array(lines[range].joined().dropFirst(place.column))) else { return nil }
            return (range, before + call + ["\n"])
        }
        var end = place.line
        while end < lines.count, lines[end].suffix(2) == ["\\", "\n"] { end += 1 }
        let range = place.line..<min(end + 1, lines.count)
        var parts = lines[range].map { $0[...] }
        parts[0] = parts[0][place.column...]
        for index in parts.indices {
            parts[index] = parts[index].strippedAtEnd
            if index < parts.count - 1 { parts[index] = parts[index].dropLast() }
        }
        let text = Array(parts.joined(separator: [" "]))
        let call: PythonText?
        switch place.kind {
        case .magicAssignment: call = magic(Array(text.dropFirst()))
        case .systemAssignment: call = PythonText("get_ipython().getoutput(\(Array(text.dropFirst()).literal.text))")
        default: call = command(text)
        }
        return call.map { (range, before + $0 + ["\n"]) }
    }

    // MARK: Calls

    private static func command(_ text: PythonText) -> PythonText? {
        let rest = Array(text.dropFirst())
        switch (text.first, rest.first) {
        case ("!", "!"): return PythonText("get_ipython().getoutput(") + Array(rest.dropFirst()).literal + [")"]
        case ("?", "?"): return helpCall(Array(rest.dropFirst()), isDetailed: true)
        case ("!", _): return PythonText("get_ipython().system(") + rest.literal + [")"]
        case ("?", _): return helpCall(rest, isDetailed: false)
        case ("%", _): return magic(rest)
        default: break
        }
        let (name, arguments) = rest.partitionedAtSpace
        switch text.first {
        case ",": return name + PythonText("(\"") + joined(arguments.words, "\", \"") + PythonText("\")")
        case ";": return name + PythonText("(\"") + arguments + PythonText("\")")
        default:
            // A division sign calls the function after it.
            return name.isEmpty ? nil : name + ["("] + joined(arguments.words, ", ") + [")"]
        }
    }

    private static func joined(_ words: [ArraySlice<Unicode.Scalar>], _ separator: String) -> PythonText {
        Array(words.joined(separator: PythonText(separator)))
    }

    private static func magic(_ text: PythonText) -> PythonText {
        let (name, arguments) = text.partitionedAtSpace
        return lineMagic(name, arguments)
    }

    private static func lineMagic(_ name: PythonText, _ arguments: PythonText) -> PythonText {
        PythonText("get_ipython().run_line_magic(") + name.literal + PythonText(", ") + arguments.literal + [")"]
    }

    private static func helpCall(_ target: PythonText, isDetailed: Bool) -> PythonText {
        if target.isEmpty { return PythonText("get_ipython().show_usage()") }
        return lineMagic(PythonText(isDetailed ? "pinfo2" : target.contains("*") ? "psearch" : "pinfo"), target)
    }

    // MARK: Help

    /// Returns the call for code that ends with a question mark; nil if no name stands before it.
    private static func help(in code: PythonText) -> PythonText? {
        var end = code.count
        if code.last == "\n" { end -= 1 }
        let marks = code[..<end].reversed().prefix { $0 == "?" }.count
        guard marks == 1 || marks == 2 else { return nil }
        end -= marks
        guard let start = startOfName(in: code[..<end]) else { return nil }
        return helpCall(Array(code[start..<end]), isDetailed: marks == 2)
    }

    /// Returns the start of the longest name at the end of code, such as `%magic` or `object.parts[0].name`.
    ///
    /// It reads backward, so that its time is proportional to the length.
    private static func startOfName(in code: ArraySlice<Unicode.Scalar>) -> Int? {
        var start: Int?
        var position = code.endIndex
        while let last = code[..<position].last {
            if last == "]" {
                let digits = code[..<(position - 1)].reversed().prefix(while: \.isDigit).count
                var open = position - 1 - digits
                if open > code.startIndex, code[open - 1] == "-" { open -= 1 }
                guard digits > 0, open > code.startIndex, code[open - 1] == "[" else { break }
                position = open - 1
                continue
            }
            let length = code[..<position].reversed().prefix { $0.isPythonWord || $0 == "*" }.count
            let run = code[(position - length)..<position]
            guard let head = run.firstIndex(where: { !$0.isDigit }) else { break }
            start = head
            guard head == run.startIndex else { break }
            position = run.startIndex
            guard code[..<position].last == "." else { break }
            position -= 1
        }
        guard var start else { return nil }
        let isWhole = start == code.startIndex || !code[start - 1].isDigit
        if isWhole {
            for _ in 0..<2 where start > code.startIndex && code[start - 1] == "%" { start -= 1 }
        }
        return start
    }
}
