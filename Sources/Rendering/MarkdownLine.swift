/// The inline parts of a paragraph, a heading or a table cell.
struct MarkdownLine {
    /// A part in the order of the text.
    enum Piece {
        /// HTML that the sanitizer must check.
        case untrusted([UInt8])
        /// Safe HTML within a line.
        case inline(HTML)
        /// Safe HTML that is a block.
        case block(HTML)

        var isBlock: Bool { if case .block = self { true } else { false } }
    }

    private(set) var pieces: [Piece] = []
    /// The text without markup.
    private(set) var plainText: [UInt8] = []
    /// The line break before the next part.
    private var lineBreak: StaticString = ""
    /// A displayed formula at the beginning of a line: a block if the line ends after it.
    private var formula: HTML?
    private var block: HTML?
    private var isLineStart = true
    private var depth = 0
    /// The parts and the text before the images whose descriptions are read.
    private var images: [(pieces: Int, text: Int)] = []

    mutating func begin(_ element: MarkdownElement, _ formulas: MarkdownFormulas) {
        switch element {
        case .text(let text): add(text, formulas)
        case .softBreak, .lineBreak:
            if case .softBreak = element { endLine("\n") } else { endLine("<br>\n") }
            plainText.append(32)
        case .code(let code):
            let code = formulas.restored(code)
            var html: HTML = "<code>"
            html.append(escaping: code)
            html += "</code>"
            plainText += code
            add(.inline(html))
        case .html(let html): addUntrusted(formulas.restoredInHTML(html))
        case .emphasis: open("<em>")
        case .strong: open("<strong>")
        case .strikethrough: open("<del>")
        case .link(let address, let title):
            var tag: HTML = "<a href=\""
            tag.append(escaping: formulas.restored(address))
            addTitle(title, formulas, to: &tag)
            open(tag)
        case .image:
            settle()
            // The parts of the description are removed when the image ends.
            add(.untrusted([]))
            images.append((pieces.count, plainText.count))
            depth += 1
        default: break
        }
    }

    mutating func end(_ element: MarkdownElement, _ formulas: MarkdownFormulas) {
        switch element {
        case .emphasis: close("</em>")
        case .strong: close("</strong>")
        case .strikethrough: close("</del>")
        case .link: close("</a>")
        case .image(let address, let title):
            settle()
            depth -= 1
            guard let start = images.popLast() else { return }
            pieces.removeSubrange(start.pieces...)
            var tag: HTML = "<img src=\""
            tag.append(escaping: formulas.restored(address))
            tag += "\" alt=\""
            tag.append(escaping: plainText[start.text...])
            addTitle(title, formulas, to: &tag)
            addUntrusted(tag.bytes)
        default: break
        }
    }

    /// Ends the last line.
    mutating func finish() { endLine("") }
}

extension MarkdownLine {
    private mutating func add(_ text: String, _ formulas: MarkdownFormulas) {
        let parts = formulas.parts(of: text)
        let mayBeBlock = isLineStart && depth == 0 && parts.count == 1
        for part in parts {
            switch part {
            case .text(let text):
                var html = HTML()
                html.append(escaping: text)
                plainText += text
                addUntrusted(html.bytes)
            case .formula(let number):
                let source = formulas.formula(number)
                plainText += source.utf8
                if mayBeBlock, formulas.isDisplayed(number) {
                    formula = .formula(source, isBlock: false)
                    block = .formula(source, isBlock: true)
                } else {
                    add(.inline(.formula(source, isBlock: false)))
                }
            }
        }
    }

    private mutating func addUntrusted(_ html: [UInt8]) { add(.untrusted(html)) }

    private mutating func add(_ piece: Piece) {
        settle()
        let lineBreak = Array(lineBreak.description.utf8)
        self.lineBreak = ""
        isLineStart = false
        if case .untrusted(let html) = piece {
            append(lineBreak + html)
        } else {
            if !lineBreak.isEmpty { append(lineBreak) }
            pieces.append(piece)
        }
    }

    private mutating func append(_ html: [UInt8]) {
        if case .untrusted(var last)? = pieces.last, pieces.count > images.last?.pieces ?? 0 {
            pieces.removeLast()
            last += html
            pieces.append(.untrusted(last))
        } else {
            pieces.append(.untrusted(html))
        }
    }

    /// Adds the waiting formula as a part of its line.
    private mutating func settle() {
        guard let formula else { return }
        (self.formula, block) = (nil, nil)
        add(.inline(formula))
    }

    private mutating func endLine(_ next: StaticString) {
        if let block {
            pieces.append(.block(block))
            (formula, self.block, lineBreak) = (nil, nil, "")
        } else {
            lineBreak = pieces.last?.isBlock == true ? "" : next
        }
        isLineStart = true
    }

    private mutating func open(_ tag: HTML) {
        addUntrusted(tag.bytes)
        depth += 1
    }

    private mutating func close(_ tag: HTML) {
        addUntrusted(tag.bytes)
        depth -= 1
    }

    private func addTitle(_ title: String, _ formulas: MarkdownFormulas, to tag: inout HTML) {
        tag += "\""
        if !title.isEmpty {
            tag += " title=\""
            tag.append(escaping: formulas.restored(title))
            tag += "\""
        }
        tag += ">"
    }
}
