/// A regular expression as Python's `re` understands it.
///
/// Swift's own has no look-behind, and differs in what `$`, `.`, `\Z` and a brace mean.
struct PythonRegex: Sendable {
    private let program: PythonRegexProgram
    /// The numbers of the groups that have names.
    let names: [String: Int]
    /// How many groups there are, the whole match counted as one.
    let groupCount: Int

    /// Reads an expression.
    ///
    /// - Throws: ``PythonRegexError`` where Python would not understand it either, or where it uses `\N{…}` or `(?L)`.
    init(_ text: String) throws(PythonRegexError) {
        var parser = PythonRegexParser(text)
        let node = try parser.parse()
        (names, groupCount) = (parser.names, parser.groupCount)
        program = PythonRegexProgram(node, groupCount: groupCount)
    }

    /// Puts a replacement wherever it matches; a match may be empty, even right after another.
    func replacing(in text: String, with replacement: PythonRegexReplacement) -> String {
        var matcher = PythonRegexMatcher(program, in: text.unicodeScalars.map(\.value))
        // Not a String, which copies all of itself when several characters are added to it.
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

/// What is wrong with a regular expression or a replacement.
package struct PythonRegexError: Error, Hashable, Sendable {
    /// What it is, as a sentence without a full stop.
    package let problem: String
    /// Before which character, counted from 0.
    package let place: Int
}
