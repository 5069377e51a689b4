/// A regular expression with the syntax and semantics of Python's `re`.
///
/// Swift's `Regex` does not support look-behind, and differs in the meaning of `$`, `.`, `\Z` and braces.
package struct PythonRegex: Sendable {
    private let program: PythonRegexProgram
    /// The numbers of the named groups.
    let names: [String: Int]
    /// The number of groups, including the whole match.
    let groupCount: Int

    /// Parses an expression.
    ///
    /// - Throws: ``PythonRegexError`` if Python would reject the expression, or if it contains `\N{…}` or `(?L)`.
    package init(_ text: String) throws(PythonRegexError) {
        var parser = PythonRegexParser(text)
        let node = try parser.parse()
        (names, groupCount) = (parser.names, parser.groupCount)
        program = PythonRegexProgram(node, groupCount: groupCount)
    }

    /// Whether the expression matches at the start of a text, as Python's `match` method does.
    package func matchesStart(of text: String) -> Bool {
        var matcher = PythonRegexMatcher(program, in: text.unicodeScalars.map(\.value))
        return matcher.matchesStart()
    }

    /// Replaces every match in a text, including empty matches, even right after another match.
    func replacing(in text: String, with replacement: PythonRegexReplacement) -> String {
        var matcher = PythonRegexMatcher(program, in: text.unicodeScalars.map(\.value))
        // An array, because appending several characters to a `String` copies all of it.
        var result: [UInt32] = []
        var copied = 0
        var mustAdvance = false
        while matcher.find(from: copied, mustAdvance: mustAdvance) {
            let (start, end) = (matcher.slots[0], matcher.slots[1])
            result += matcher.text[copied..<start]
            for part in replacement.parts {
                switch part {
                case .text(let text): result += text.unicodeScalars.map(\.value)
                case .group(let group):
                    let (from, to) = (matcher.slots[2 * group], matcher.slots[2 * group + 1])
                    if from >= 0, to >= from { result += matcher.text[from..<to] }
                }
            }
            copied = end
            mustAdvance = start == end
        }
        if copied == 0, result.isEmpty { return text }
        result += matcher.text[copied...]
        return String(decoding: result, as: UTF32.self)
    }
}

/// An error in a regular expression or a replacement.
package struct PythonRegexError: Error, Hashable, Sendable {
    /// The problem as a clause without a period.
    package let problem: String
    /// The index of the character where the problem is, counted from 0.
    package let place: Int
}
