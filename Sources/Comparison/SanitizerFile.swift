/// The expressions and replacements in a file with `configparser` syntax.
struct SanitizerFile {
    private(set) var entries: [Entry] = []

    /// An expression and its replacement with their line numbers.
    struct Entry {
        let section: String?
        var expression: (text: String, line: Int)
        var replacement: (text: String, line: Int)

        func error(_ problem: SanitizerError.Problem, _ line: Int) -> SanitizerError {
            SanitizerError(section: section, line: line, problem: problem)
        }
    }

    private var section: String?
    private var expression: (text: String, line: Int)?
    private var replacement: (text: String, line: Int)?
    private var open = Key.other

    private enum Key { case expression, replacement, other, none }

    init(_ text: String) throws(SanitizerError) {
        let text = text.hasPrefix("\u{FEFF}") ? String(text.unicodeScalars.dropFirst()) : text
        let lines = text.split(omittingEmptySubsequences: false) { ["\n", "\r\n", "\r"].contains($0) }
        for (number, line) in zip(1..., lines) { try read(line, number) }
        try finish()
    }

    private mutating func read(_ line: Substring, _ number: Int) throws(SanitizerError) {
        let content = line.trimmed
        if content.hasPrefix("#") || content.hasPrefix(";") { return }
        if content.isEmpty {
            open = .none
        } else if line.first?.isWhitespace ?? false, open != .none {
            if open == .expression { expression?.text += "\n" + content }
            if open == .replacement { replacement?.text += "\n" + content }
        } else if content.hasPrefix("["), content.hasSuffix("]") {
            try finish()
            section = String(content.dropFirst().dropLast())
            open = .none
        } else {
            try readKey(of: line, content, number)
        }
    }

    private mutating func readKey(of line: Substring, _ content: Substring, _ number: Int) throws(SanitizerError) {
        guard let end = line.firstIndex(where: { $0 == ":" || $0 == "=" }) else {
            throw SanitizerError(section: section, line: number, problem: .notUnderstood(String(content)))
        }
        var value = line[line.index(after: end)...]
        if value.first == " " { value.removeFirst() }
        let item = (text: String(value), line: number)
        switch line[..<end].trimmed.lowercased() {
        case "regex":
            if expression != nil { try finish() }
            expression = item
            open = .expression
        case "replace":
            if replacement != nil { try finish() }
            replacement = item
            open = .replacement
        default: open = .other
        }
    }

    private mutating func finish() throws(SanitizerError) {
        defer { (expression, replacement) = (nil, nil) }
        switch (expression, replacement) {
        case (let expression?, let replacement?):
            entries.append(Entry(section: section, expression: expression, replacement: replacement))
        case (let expression?, nil):
            throw SanitizerError(section: section, line: expression.line, problem: .noReplacement)
        case (nil, let replacement?):
            throw SanitizerError(section: section, line: replacement.line, problem: .noExpression)
        case (nil, nil): break
        }
    }
}

extension StringProtocol {
    /// The text without leading and trailing white space.
    var trimmed: SubSequence {
        let start = self.drop(while: \.isWhitespace)
        guard let last = start.lastIndex(where: { !$0.isWhitespace }) else { return start }
        return start[...last]
    }
}
