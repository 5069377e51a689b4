/// A block of Markdown.
indirect enum MarkdownBlock {
    case paragraph([UInt8])
    case heading(level: Int, [UInt8])
    case code(String, language: String?)
    case math([UInt8])
    case html([UInt8])
    case quote([MarkdownBlock])
    case list(List)
    case table(Table)
    case rule

    struct List {
        /// The number that it begins with, nil where it has none.
        var start: Int?
        var items: [Item] = []
        /// Whether its items are paragraphs, with space between them.
        var isLoose = false
    }

    struct Item {
        var blocks: [MarkdownBlock]
        /// Whether a task is done, nil where it is none.
        var isDone: Bool?
    }

    struct Table {
        /// How each column is aligned, by the name that HTML has for it.
        var alignments: [String?]
        var rows: [[[UInt8]]]
    }
}

/// A line of Markdown, its indentation counted.
struct MarkdownLine {
    /// The columns of space before the text.
    var indent: Int
    /// The text without the space before it.
    var text: ArraySlice<UInt8>

    var isBlank: Bool { text.isEmpty }
    /// Whether it is code where no paragraph is open.
    var isIndented: Bool { indent >= 4 }

    /// Reads a line, or the rest of one that begins at a column.
    init(_ bytes: ArraySlice<UInt8>, column start: Int = 0) {
        var column = start
        var text = bytes
        while let byte = text.first, byte.isBlank {
            column += byte == 9 ? 4 - column % 4 : 1
            text = text.dropFirst()
        }
        while let last = text.last, last == 10 || last == 13 { text = text.dropLast() }
        (indent, self.text) = (column - start, text)
    }

    /// The line with less space before it.
    func unindented(by count: Int) -> MarkdownLine {
        var line = self
        line.indent = max(0, indent - count)
        return line
    }

    /// Everything, with spaces before it.
    var whole: [UInt8] { Array(repeating: 32, count: min(indent, 1000)) + text }

    /// The text without the space behind it.
    var trimmed: ArraySlice<UInt8> {
        var text = text
        while let last = text.last, last.isBlank { text = text.dropLast() }
        return text
    }
}

extension MarkdownLine {
    /// Whether it is a line across the page: three or more of one sign.
    var isRule: Bool {
        guard !isIndented, let sign = text.first, "*-_".utf8.contains(sign) else { return false }
        var count = 0
        for byte in text where !byte.isBlank {
            if byte != sign { return false }
            count += 1
        }
        return count >= 3
    }

    /// The level and text of a heading that begins with number signs.
    var heading: (level: Int, text: [UInt8])? {
        let level = text.prefix { $0 == UInt8(ascii: "#") }.count
        let rest = text.dropFirst(level)
        guard !isIndented, (1...6).contains(level), rest.first?.isBlank ?? true else { return nil }
        var body = MarkdownLine(rest).trimmed
        var end = body
        while end.last == UInt8(ascii: "#") { end = end.dropLast() }
        if end.last?.isBlank ?? true { body = MarkdownLine(end).trimmed }
        return (level, Array(body))
    }

    /// The fence that begins or ends code.
    var fence: (sign: UInt8, length: Int, info: ArraySlice<UInt8>)? {
        guard !isIndented, let sign = text.first, sign == UInt8(ascii: "`") || sign == UInt8(ascii: "~") else {
            return nil
        }
        let length = text.prefix { $0 == sign }.count
        let info = MarkdownLine(text.dropFirst(length)).trimmed
        if length < 3 || sign == UInt8(ascii: "`") && info.contains(sign) { return nil }
        return (sign, length, info)
    }

    /// What a line that underlines a heading makes of it: 1 or 2.
    var underlinedLevel: Int? {
        let text = trimmed
        guard !isIndented, let sign = text.first, text.allSatisfy({ $0 == sign }) else { return nil }
        return sign == UInt8(ascii: "=") ? 1 : sign == UInt8(ascii: "-") ? 2 : nil
    }

    struct Marker {
        /// The sign that all items of a list share.
        var sign: UInt8
        var number: Int?
        /// The columns from the line's beginning to the item's text.
        var width: Int
        var rest: MarkdownLine
    }

    /// The marker of a list's item, with what stands behind it.
    var marker: Marker? {
        guard !isIndented, !isRule, let first = text.first else { return nil }
        let digits = text.prefix { $0.isDigit }
        let length: Int
        var number: Int?
        if digits.isEmpty {
            guard "-+*".utf8.contains(first) else { return nil }
            length = 1
        } else {
            guard digits.count <= 9, let sign = text.dropFirst(digits.count).first, ".)".utf8.contains(sign) else {
                return nil
            }
            number = Int(String(decoding: digits, as: UTF8.self))
            length = digits.count + 1
        }
        let after = text.dropFirst(length)
        guard after.first?.isBlank ?? true else { return nil }
        var rest = MarkdownLine(after, column: indent + length)
        // One column of space belongs to the marker; many are code in the item.
        let space = rest.isBlank || rest.isIndented && rest.indent > 4 ? 1 : max(1, rest.indent)
        rest.indent = max(0, rest.indent - space)
        return Marker(
            sign: text[text.startIndex + length - 1], number: number, width: indent + length + space, rest: rest)
    }
}
