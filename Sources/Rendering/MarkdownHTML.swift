extension HTML {
    /// Renders Markdown; HTML in it is sanitized like the HTML of an output.
    static func markdown(_ text: String, filter: AttributeFilter) -> HTML {
        let excerpt = Excerpt(of: text, limit: Excerpt.Limit(bytes: 1_000_000, lines: 20_000))
        return excerpt.html { piece in
            var writer = MarkdownWriter(piece, filter: filter)
            return writer.html() ?? source(piece)
        }
    }

    private static func source(_ text: String) -> HTML {
        """
        <pre class="nb-text" tabindex="0">\(terminal(text))</pre>\
        \(note("This Markdown is too intricate to be formatted here, and is shown as it was written."))
        """
    }
}

/// Writes Markdown as HTML.
///
/// All HTML except code and formulas passes through the sanitizer, so safety does not depend on the Markdown parser.
private struct MarkdownWriter {
    private let formulas: MarkdownFormulas
    private var sanitizer: HTMLSanitizer
    /// The inline parts of the open block.
    private var line = MarkdownLine()
    private var isHeader = false

    /// The maximum size of a page of Markdown in bytes, beside its images.
    private static let largest = 20_000_000

    init(_ text: String, filter: AttributeFilter) {
        formulas = MarkdownFormulas(text)
        let images = filter.attachments.values.reduce(0) { $0 + $1.utf8.count }
        sanitizer = HTMLSanitizer(filter: filter, limit: Self.largest + images)
    }

    /// Returns the HTML; nil if the Markdown cannot be parsed in reasonable time and memory.
    mutating func html() -> HTML? {
        guard MarkdownEvents.read(formulas.markdown, { write(&$0) }) != nil else { return nil }
        let isFull = sanitizer.isFull
        let html = sanitizer.finish()
        let body: HTML = sanitizer.hasColors ? "<div class=\"nb-light\">\(html)</div>" : html
        return isFull ? "\(body)\(.note("The rest of the text is left out here, kept in the notebook."))" : body
    }

    private mutating func write(_ events: inout MarkdownEvents) {
        while !sanitizer.isFull, let event = events.next() {
            if event.isEnd { end(event.element) } else { begin(event.element) }
        }
    }

    private mutating func tag(_ tag: String) { sanitizer.write(tag.utf8) }

    private mutating func begin(_ element: MarkdownElement) {
        switch element {
        case .paragraph, .heading: line = MarkdownLine()
        case .quote: tag("<blockquote>")
        case .list(nil): tag("<ul>")
        case .list(let start?): tag(start == 1 ? "<ol>" : "<ol start=\"\(start)\">")
        case .item(let isDone):
            tag("<li>")
            if let isDone {
                sanitizer.insert(isDone ? "<span class=\"nb-task\">☑</span> " : "<span class=\"nb-task\">☐</span> ")
            }
        case .table: tag("<table>")
        case .tableHeader:
            tag("<thead><tr>")
            isHeader = true
        case .tableRow:
            tag(isHeader ? "<tbody><tr>" : "<tr>")
            isHeader = false
        case .tableCell: line = MarkdownLine()
        case .codeBlock(let text, let info):
            let code = String(decoding: formulas.restored(text), as: UTF8.self)
            let name = info.utf8.prefix { !$0.isBlank && $0 != UInt8(ascii: "{") && $0 != UInt8(ascii: ",") }
            sanitizer.insertBlock(
                .code(
                    code.hasSuffix("\n") ? String(code.dropLast()) : code, language: name.isEmpty ? nil : String(name)))
            endBlock()
        case .htmlBlock(let html):
            sanitizer.write(formulas.restoredInHTML(html))
            endBlock()
        case .rule:
            tag("<hr>")
            endBlock()
        default: line.begin(element, formulas)
        }
    }
}

// MARK: - Ends

extension MarkdownWriter {
    private mutating func end(_ element: MarkdownElement) {
        switch element {
        case .paragraph(let isTight):
            endLine(isParagraph: !isTight)
            endBlock()
        case .heading(let level):
            line.finish()
            // In Jupyter's links to headings, dashes replace spaces.
            let name = line.plainText.prefix(150).map { $0.isBlank ? UInt8(ascii: "-") : $0 }
            tag("<h\(level) id=\"\(HTML(escaping: String(decoding: name, as: UTF8.self)).text)\">")
            endLine()
            tag("</h\(level)>")
            endBlock()
        case .quote:
            tag("</blockquote>")
            endBlock()
        case .list(let start):
            tag(start == nil ? "</ul>" : "</ol>")
            endBlock()
        case .item: tag("</li>")
        case .table:
            tag("</table>")
            endBlock()
        case .tableHeader: tag("</tr></thead>")
        case .tableRow: tag("</tr>")
        case .tableCell(let alignment):
            let name = isHeader ? "th" : "td"
            tag("<\(name)\(alignment.map { " align=\"\($0)\"" } ?? "")>")
            endLine()
            tag("</\(name)>")
        default: line.end(element, formulas)
        }
    }

    private mutating func endBlock() { tag("\n") }

    /// Writes the inline parts of a block. A displayed formula interrupts the paragraph.
    private mutating func endLine(isParagraph: Bool = false) {
        line.finish()
        var isOpen = false
        for piece in line.pieces {
            if isParagraph, isOpen == piece.isBlock {
                tag(isOpen ? "</p>" : "<p>")
                isOpen.toggle()
            }
            switch piece {
            case .untrusted(let html): sanitizer.write(html)
            case .inline(let html): sanitizer.insert(html)
            case .block(let html): sanitizer.insertBlock(html)
            }
        }
        if isOpen { tag("</p>") }
    }
}
