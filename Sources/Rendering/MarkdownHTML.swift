extension HTML {
    /// Renders Markdown; HTML in it is sanitized like the HTML of an output.
    static func markdown(_ text: String, filter: AttributeFilter) -> HTML {
        let excerpt = Excerpt(of: text, limit: Excerpt.Limit(bytes: 1_000_000, lines: 20_000))
        return excerpt.html { piece in
            var writer = MarkdownWriter(filter: filter)
            return writer.write(piece)
        }
    }
}

/// Writes blocks of Markdown as HTML.
///
/// All HTML except code and formulas passes through the sanitizer, so safety does not depend on the Markdown parser.
private struct MarkdownWriter {
    private var sanitizer: HTMLSanitizer
    private var references: [String: MarkdownReference] = [:]

    init(filter: AttributeFilter) { sanitizer = HTMLSanitizer(filter: filter) }

    mutating func write(_ text: String) -> HTML {
        var parser = MarkdownParser()
        let blocks = parser.blocks(of: text.utf8.map { $0 == 0 ? 0x20 : $0 })
        references = parser.references
        write(blocks)
        let html = sanitizer.finish()
        return sanitizer.hasColors ? "<div class=\"nb-light\">\(html)</div>" : html
    }

    private mutating func write(_ blocks: [MarkdownBlock], isTight: Bool = false) {
        for block in blocks {
            write(block, isTight: isTight)
            sanitizer.write("\n".utf8)
        }
    }

    private mutating func write(_ block: MarkdownBlock, isTight: Bool) {
        switch block {
        case .paragraph(let text): element(isTight ? nil : "p") { $0.write(inline: text) }
        case .heading(let level, let text): write(heading: text, level: level)
        case .code(let text, let language): sanitizer.insertBlock(.code(text, language: language))
        case .math(let text): sanitizer.insertBlock(.formula(String(decoding: text, as: UTF8.self), isBlock: true))
        case .html(let html): sanitizer.write(html)
        case .quote(let blocks): element("blockquote") { $0.write(blocks) }
        case .list(let list): write(list)
        case .table(let table): write(table)
        case .rule: sanitizer.write("<hr>".utf8)
        }
    }

    private mutating func element(_ name: String?, _ attributes: String = "", _ body: (inout Self) -> Void) {
        guard let name else { return body(&self) }
        sanitizer.write("<\(name)\(attributes)>".utf8)
        body(&self)
        sanitizer.write("</\(name)>".utf8)
    }

    private mutating func write(heading text: [UInt8], level: Int) {
        // In Jupyter's links to headings, dashes replace spaces.
        let plain = text.prefix(150).filter { !"*`".utf8.contains($0) }.map { $0.isBlank ? UInt8(ascii: "-") : $0 }
        let name = HTML(escaping: String(decoding: plain, as: UTF8.self)).text
        element("h\(level)", " id=\"\(name)\"") { $0.write(inline: text) }
    }

    private mutating func write(_ list: MarkdownBlock.List) {
        let start = list.start.map { $0 == 1 ? "" : " start=\"\($0)\"" } ?? ""
        element(list.start == nil ? "ul" : "ol", start) { writer in
            for item in list.items {
                writer.element("li") { writer in
                    if let isDone = item.isDone {
                        writer.sanitizer.insert(
                            isDone ? "<span class=\"nb-task\">☑</span> " : "<span class=\"nb-task\">☐</span> ")
                    }
                    writer.write(item.blocks, isTight: !list.isLoose)
                }
            }
        }
    }

    private mutating func write(_ table: MarkdownBlock.Table) {
        element("table") { writer in
            for (number, row) in table.rows.enumerated() {
                if number < 2 { writer.sanitizer.write((number == 0 ? "<thead>" : "<tbody>").utf8) }
                writer.element("tr") { writer in
                    for (cell, alignment) in zip(row, table.alignments) {
                        let attributes = alignment.map { " align=\"\($0)\"" } ?? ""
                        writer.element(number == 0 ? "th" : "td", attributes) { $0.write(inline: cell) }
                    }
                }
                if number == 0 { writer.sanitizer.write("</thead>".utf8) }
            }
        }
    }

    private mutating func write(inline text: [UInt8]) {
        var reader = MarkdownInline(text, references: references)
        var pending: [UInt8] = []
        for piece in reader.read() {
            switch piece {
            case .text(let text): pending += Self.escaped(text)
            case .html(let html), .image(let html, _): pending += html
            case .signs(let signs):
                pending += signs.closing
                pending += Array(repeating: signs.sign, count: signs.count)
                pending += signs.opening
            case .made(let html, _):
                sanitizer.write(pending)
                pending = []
                sanitizer.insert(html)
            }
        }
        sanitizer.write(pending)
    }

    private static func escaped(_ text: [UInt8]) -> [UInt8] {
        var html = HTML()
        html.append(escaping: text)
        return html.bytes
    }
}
