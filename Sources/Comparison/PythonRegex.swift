/// A regular expression with the syntax and semantics of Python's `re`.
///
/// Swift's `Regex` does not support look-behind, and differs in the meaning of `$`, `.`, `\Z` and braces.
package struct PythonRegex: Sendable {
    /// The expression as it was parsed.
    package let source: String
    let program: PythonRegexProgram
    /// The numbers of the named groups.
    let names: [String: Int]
    /// The number of groups, including the whole match.
    let groupCount: Int
    /// The text that occurs in every match, in UTF-8.
    private let requiredText: [UInt8]

    /// Parses an expression.
    ///
    /// - Throws: ``PythonRegexError`` if Python would reject the expression, or if it contains `(?L)`.
    package init(_ text: String) throws(PythonRegexError) {
        source = text
        var parser = PythonRegexParser(text)
        let node = try parser.parse()
        (names, groupCount) = (parser.names, parser.groupCount)
        program = PythonRegexProgram(node, groupCount: groupCount)
        requiredText = Array(String(decoding: program.requiredText, as: UTF32.self).utf8)
    }

    /// Whether the expression matches at the start of a text, as Python's `match` method does.
    ///
    /// - Throws: ``PythonRegexLimit`` if the search takes too long.
    package func matchesStart(of text: String) throws(PythonRegexLimit) -> Bool {
        guard text.utf8.contains(requiredText) else { return false }
        var matcher = PythonRegexMatcher(program, in: text.unicodeScalars.map(\.value))
        if matcher.matchesStart() { return true }
        if matcher.hasReachedLimit { throw PythonRegexLimit() }
        return false
    }

    /// Replaces every match in a text, including empty matches, even right after another match.
    ///
    /// Returns the new text, and whether the search took too long for some of the matches, which remain.
    func replacing(in text: String, with replacement: PythonRegexReplacement) -> (text: String, isComplete: Bool) {
        guard text.utf8.contains(requiredText) else { return (text, true) }
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
        if copied == 0, result.isEmpty { return (text, !matcher.hasReachedLimit) }
        result += matcher.text[copied...]
        return (String(decoding: result, as: UTF32.self), !matcher.hasReachedLimit)
    }
}

/// An error in a regular expression or a replacement.
package struct PythonRegexError: Error, Hashable, Sendable {
    /// The problem as a clause without a period.
    package let problem: String
    /// The index of the character where the problem is, counted from 0.
    package let place: Int
}

/// The search for a match was ended, because it took too many steps.
package struct PythonRegexLimit: Error, Hashable, Sendable {}

extension String.UTF8View {
    /// Whether bytes occur in the text.
    fileprivate func contains(_ bytes: [UInt8]) -> Bool {
        guard let first = bytes.first else { return true }
        var start = startIndex
        while let found = self[start...].firstIndex(of: first) {
            if self[found...].starts(with: bytes) { return true }
            start = index(after: found)
        }
        return false
    }
}
