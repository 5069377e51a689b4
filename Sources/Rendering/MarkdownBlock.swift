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
        /// The number of the first item; nil for an unordered list.
        var start: Int?
        var items: [Item] = []
        /// Whether the items are paragraphs, separated by space.
        var isLoose = false
    }

    struct Item {
        var blocks: [MarkdownBlock]
        /// Whether the task is done; nil if the item is not a task.
        var isDone: Bool?
    }

    struct Table {
        /// The value of HTML's `align` attribute for each column.
        var alignments: [String?]
        var rows: [[[UInt8]]]
    }
}

/// A line of Markdown with its indentation in columns.
struct MarkdownLine {
    /// The number of columns of white space before the text.
    var indent: Int
    /// The text without leading white space.
    var text: ArraySlice<UInt8>

    var isBlank: Bool { text.isEmpty }
    /// Whether the line is indented code, if no paragraph is open.
    var isIndented: Bool { indent >= 4 }

    /// Reads a line, or the rest of a line from column `start` on.
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

    /// Returns the line with less indentation.
    func unindented(by count: Int) -> MarkdownLine {
        var line = self
        line.indent = max(0, indent - count)
        return line
    }

    /// The text with its indentation as spaces.
    var whole: [UInt8] { Array(repeating: 32, count: min(indent, 1000)) + text }

    /// The text without trailing white space.
    var trimmed: ArraySlice<UInt8> {
        var text = text
        while let last = text.last, last.isBlank { text = text.dropLast() }
        return text
    }
}

extension MarkdownLine {
    /// Whether the line is a thematic break: three or more of `*`, `-` or `_`.
    var isRule: Bool {
        guard !isIndented, let sign = text.first, "*-_".utf8.contains(sign) else { return false }
        var count = 0
        for byte in text where !byte.isBlank {
            if byte != sign { return false }
            count += 1
        }
        return count >= 3
    }

    /// The level and text of an ATX heading (`## Text`).
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

    /// The fence that opens or closes a code block.
    var fence: (sign: UInt8, length: Int, info: ArraySlice<UInt8>)? {
        guard !isIndented, let sign = text.first, sign == UInt8(ascii: "`") || sign == UInt8(ascii: "~") else {
            return nil
        }
        let length = text.prefix { $0 == sign }.count
        let info = MarkdownLine(text.dropFirst(length)).trimmed
        if length < 3 || sign == UInt8(ascii: "`") && info.contains(sign) { return nil }
        return (sign, length, info)
    }

    /// The level of the heading that the line underlines: 1 for `=`, 2 for `-`.
    var underlinedLevel: Int? {
        let text = trimmed
        guard !isIndented, let sign = text.first, text.allSatisfy({ $0 == sign }) else { return nil }
        return sign == UInt8(ascii: "=") ? 1 : sign == UInt8(ascii: "-") ? 2 : nil
    }

    struct Marker {
        /// The character that all items of a list share.
        var sign: UInt8
        var number: Int?
        /// The number of columns from the start of the line to the item's text.
        var width: Int
        var rest: MarkdownLine
    }

    /// The marker of a list item, with the text after it.
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
        // One column of space belongs to the marker; five or more begin indented code.
        let space = rest.isBlank || rest.isIndented && rest.indent > 4 ? 1 : max(1, rest.indent)
        rest.indent = max(0, rest.indent - space)
        return Marker(
            sign: text[text.startIndex + length - 1], number: number, width: indent + length + space, rest: rest)
    }
}
