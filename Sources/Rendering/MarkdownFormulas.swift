/// Takes the formulas out of Markdown before it is parsed, as Jupyter's frontends do, and leaves marks in their places.
///
/// A formula stands between `$` or `$$` signs, `\\(` and `\\)`, `\\[` and `\\]`, or `\begin{name}` and `\end{name}`. It
/// contains no empty line and begins outside of code. Otherwise than in Jupyter, `$5 and $6` is two prices.
struct MarkdownFormulas {
    /// The Markdown with marks.
    private(set) var markdown: [UInt8] = []
    /// The formulas with their delimiters, as they were written.
    private var sources: [ArraySlice<UInt8>] = []
    /// The formulas without the `>` of the quotes around them, if they have such lines.
    private var unquoted: [Int: ArraySlice<UInt8>] = [:]

    /// A control character that the Markdown does not contain otherwise. Signs around it let emphasis begin and end
    /// beside a formula, as beside its own delimiters.
    private static let mark: UInt8 = 0x1A
    private static let sign = UInt8(ascii: "$")

    init(_ text: String) {
        var text = Array(text.utf8)
        if text.contains(13) { text = Self.withPlainLineEnds(text) }
        var scanner = FormulaScanner(text)
        var place = 0
        while let formula = scanner.next() {
            append(text[place..<formula.lowerBound])
            markdown += [Self.sign, Self.mark] + Array(String(sources.count).utf8) + [Self.sign]
            if let body = Self.unquoted(text, formula) { unquoted[sources.count] = body }
            sources.append(text[formula])
            place = formula.upperBound
        }
        append(text[place...])
    }

    private mutating func append(_ text: ArraySlice<UInt8>) {
        if text.contains(Self.mark) {
            for byte in text { markdown += byte == Self.mark ? Array("\u{FFFD}".utf8) : [byte] }
        } else {
            markdown += text
        }
    }

    /// Returns a formula of several lines without the `>` signs that its first line begins with; nil if it has none.
    private static func unquoted(_ text: [UInt8], _ formula: Range<Int>) -> ArraySlice<UInt8>? {
        guard text[formula].contains(10) else { return nil }
        let before = text[..<formula.lowerBound].suffix(200)
        let indentation = before.lastIndex(of: 10).map { before[($0 + 1)...] } ?? before
        let depth = indentation.prefix { $0.isBlank || $0 == UInt8(ascii: ">") }.count { $0 == UInt8(ascii: ">") }
        if depth == 0 { return nil }
        let lines = text[formula].split(separator: 10, omittingEmptySubsequences: false).map { line in
            var line = line
            for _ in 0..<depth {
                let rest = line.drop(while: \.isBlank)
                if rest.first == UInt8(ascii: ">") { line = rest.dropFirst() }
            }
            return line
        }
        return Array(text[formula].prefix { $0 != 10 } + [10] + lines.dropFirst().joined(separator: [10]))[...]
    }

    private static func withPlainLineEnds(_ text: [UInt8]) -> [UInt8] {
        var plain: [UInt8] = []
        plain.reserveCapacity(text.count)
        for (index, byte) in text.enumerated() {
            if byte != 13 {
                plain.append(byte)
            } else if index + 1 == text.count || text[index + 1] != 10 {
                plain.append(10)
            }
        }
        return plain
    }
}

// MARK: - Putting formulas back

extension MarkdownFormulas {
    /// A part of a text with marks.
    enum Part {
        case text(ArraySlice<UInt8>)
        /// A formula by its number.
        case formula(Int)
    }

    /// Returns the parts of a text of the parsed Markdown.
    func parts(of text: String) -> [Part] {
        var rest = Array(text.utf8)[...]
        var parts: [Part] = []
        while let place = rest.firstIndex(of: Self.mark) {
            let digits = rest[(place + 1)...].prefix { $0.isDigit }
            guard let number = Int(String(decoding: digits, as: UTF8.self)), sources.indices.contains(number),
                rest[..<place].last == Self.sign, rest[digits.endIndex...].first == Self.sign
            else { break }
            if place - 1 > rest.startIndex { parts.append(.text(rest[..<(place - 1)])) }
            parts.append(.formula(number))
            rest = rest[(digits.endIndex + 1)...]
        }
        if !rest.isEmpty { parts.append(.text(rest)) }
        return parts
    }

    /// Returns a text as it was written, such as code in which a sign is no delimiter.
    func restored(_ text: String) -> [UInt8] {
        if !text.utf8.contains(Self.mark) { return Array(text.utf8) }
        return parts(of: text).flatMap { part in
            switch part {
            case .text(let text): Array(text)
            case .formula(let number): Array(sources[number])
            }
        }
    }

    /// Returns raw HTML as it was written. The formulas in it are escaped text.
    func restoredInHTML(_ html: String) -> [UInt8] {
        if !html.utf8.contains(Self.mark) { return Array(html.utf8) }
        return parts(of: html).flatMap { part in
            switch part {
            case .text(let text): Array(text)
            case .formula(let number): HTML(escaping: formula(number)).bytes
            }
        }
    }

    /// Returns a formula with its delimiters.
    func formula(_ number: Int) -> String { String(decoding: unquoted[number] ?? sources[number], as: UTF8.self) }

    /// Whether a formula is displayed in a line of its own, if nothing stands beside it.
    func isDisplayed(_ number: Int) -> Bool {
        ["$$", "\\\\[", "\\begin"].contains { sources[number].starts(with: $0.utf8) }
    }
}
