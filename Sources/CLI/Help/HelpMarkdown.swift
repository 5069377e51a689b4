import GalleyFlags

/// A help text, parsed into blocks that are printed in a terminal or in a manual page. Its source is also an article of
/// the documentation.
///
/// Only the Markdown of these texts is supported: headings, paragraphs, lists, tables, and code that is indented or
/// fenced.
struct HelpMarkdown {
    let blocks: [Block]

    enum Block: Equatable {
        case heading(String)
        case paragraph(String)
        /// An item of a list, and the mark before it: `-` or a number such as `1.`.
        case item(String, mark: String)
        case code([String])
        /// The cells of the rows, the first of which is the head.
        case table([[String]])
    }

    init(_ text: String) {
        var blocks: [Block] = []
        var isOpen = false
        var isFenced = false
        for line in text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init) {
            if line.hasPrefix("```") {
                isFenced.toggle()
                if isFenced { blocks.append(.code([])) }
                isOpen = false
                continue
            }
            if isFenced, case .code(let lines) = blocks.last {
                blocks[blocks.count - 1] = .code(lines + [line])
                continue
            }
            if line.allSatisfy({ $0 == " " }) {
                isOpen = false
                if case .code(let lines) = blocks.last { blocks[blocks.count - 1] = .code(lines + [""]) }
                continue
            }
            defer { isOpen = true }
            if let mark = Self.mark(of: line) {
                blocks.append(.item(String(line.dropFirst(mark.count + 1)), mark: mark))
                continue
            }
            switch (blocks.last, line) {
            case (.code(let lines), _) where line.hasPrefix("    "):
                blocks[blocks.count - 1] = .code(lines + [String(line.dropFirst(4))])
            case (_, _) where line.hasPrefix("    "): blocks.append(.code([String(line.dropFirst(4))]))
            case (.table(let rows), _) where isOpen && line.hasPrefix("|"):
                let cells = Self.cells(of: line)
                if cells.allSatisfy({ $0.allSatisfy { $0 == "-" } }) { continue }
                blocks[blocks.count - 1] = .table(rows + [cells])
            case (_, _) where line.hasPrefix("|"): blocks.append(.table([Self.cells(of: line)]))
            case (_, _) where line.hasPrefix("#"):
                blocks.append(.heading(String(line.drop { $0 == "#" || $0 == " " })))
            case (.paragraph(let text), _) where isOpen: blocks[blocks.count - 1] = .paragraph(text + " " + line)
            case (.item(let text, let mark), _) where isOpen:
                blocks[blocks.count - 1] = .item(text + " " + line.drop { $0 == " " }, mark: mark)
            default: blocks.append(.paragraph(line))
            }
        }
        self.blocks = blocks.map { block in
            guard case .code(let lines) = block else { return block }
            return .code(Array(lines.reversed().drop(while: \.isEmpty).reversed()))
        }
    }

    /// The mark of a list item at the beginning of a line: `-` or a number such as `1.`; nil if there is none.
    private static func mark(of line: String) -> String? {
        guard let space = line.firstIndex(of: " ") else { return nil }
        let mark = line[..<space]
        let number = mark.dropLast()
        let isNumber = mark.last == "." && !number.isEmpty && number.allSatisfy { $0.isASCII && $0.isNumber }
        return mark == "-" || isNumber ? String(mark) : nil
    }

    /// The cells of a row, in which `\|` is a bar.
    private static func cells(of line: String) -> [String] {
        var cells = [""]
        var isEscaped = false
        for character in line.dropFirst() {
            switch character {
            case "\\" where !isEscaped: isEscaped = true
            case "|" where !isEscaped: cells.append("")
            default:
                cells[cells.count - 1] += (isEscaped && character != "|" ? "\\" : "") + String(character)
                isEscaped = false
            }
        }
        return cells.dropLast().map { String($0.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed()) }
    }
}

/// A stretch of a line of Markdown.
enum HelpSpan: Equatable {
    case text(String)
    case code(String)
    /// A link to an article or an address, with its title.
    case link(String, target: String)

    /// The stretches of a line.
    static func all(of line: String) -> [HelpSpan] {
        var spans: [HelpSpan] = []
        var rest = line[...]
        while let first = rest.first {
            if first == "`" {
                let marks = rest.prefix { $0 == "`" }
                let code = rest.dropFirst(marks.count).prefix { $0 != "`" }
                spans.append(.code(String(code)))
                rest = rest[code.endIndex...].dropFirst(marks.count)
            } else if rest.hasPrefix("<doc:") {
                let target = rest.dropFirst(5).prefix { $0 != ">" }
                spans.append(.link("", target: String(target)))
                rest = rest[target.endIndex...].dropFirst()
            } else if first == "[", let middle = rest.firstRange(of: "]("),
                let end = rest[middle.upperBound...].firstIndex(of: ")")
            {
                let title = rest[rest.index(after: rest.startIndex)..<middle.lowerBound]
                spans.append(.link(String(title), target: String(rest[middle.upperBound..<end])))
                rest = rest[end...].dropFirst()
            } else if rest.hasPrefix("**") {
                rest = rest.dropFirst(2)
            } else {
                let end = rest.dropFirst().firstIndex { "`<[*".contains($0) } ?? rest.endIndex
                spans.append(.text(String(rest[..<end])))
                rest = rest[end...]
            }
        }
        return spans
    }
}

extension HelpMarkdown {
    /// A line without its marks; a link to a topic becomes the command that prints the topic.
    static func plain(_ line: String) -> String {
        HelpSpan.all(of: line).map { span in
            switch span {
            case .text(let text), .code(let text): text
            case .link(let title, let target):
                if let topic = HelpTopic.all.first(where: { $0.article == target || $0.article + ".md" == target }) {
                    "'galley help \(topic.name)'"
                } else {
                    title.isEmpty ? "the article \(target)" : title
                }
            }
        }.joined()
    }

    /// The text in lines for a terminal.
    func lines(_ layout: TextLayout) -> [String] {
        var lines: [String] = []
        var last: Block?
        for block in blocks {
            // Items of one list stand together.
            if let last, !(last.isItem && block.isItem) { lines.append("") }
            last = block
            switch block {
            case .heading(let text): lines.append(Self.plain(text).uppercased())
            case .paragraph(let text): lines += layout.wrap(Self.plain(text))
            case .item(let text, let mark):
                let lead = "  \(mark) "
                lines += layout.wrap(
                    Self.plain(text), after: lead, then: String(repeating: " ", count: lead.count))
            case .code(let code): lines += code.map { $0.isEmpty ? "" : "  " + $0 }
            case .table(let rows): lines += Self.table(rows.map { $0.map(Self.plain) }, layout)
            }
        }
        return lines
    }

    private static func table(_ rows: [[String]], _ layout: TextLayout) -> [String] {
        guard let head = rows.first, head.count > 2 else {
            return layout.rows(rows.dropFirst().map { ($0.first ?? "", $0.count > 1 ? $0[1] : "") })
        }
        let widths = head.indices.map { column in rows.map { $0.count > column ? $0[column].count : 0 }.max() ?? 0 }
        return rows.flatMap { row in
            let cells = zip(row, widths).dropLast().map { $0 + String(repeating: " ", count: max(0, $1 - $0.count)) }
            let lead = (["", ""] + cells.map { $0 + "  " }).joined()
            return layout.wrap(
                row.last ?? "", after: "  " + lead, then: String(repeating: " ", count: lead.count + 2))
        }
    }
}

extension HelpMarkdown.Block {
    fileprivate var isItem: Bool { if case .item = self { true } else { false } }
}
