extension MarkdownParser {
    /// Reads a block that cannot contain other blocks.
    func leaf(_ rest: inout ArraySlice<MarkdownLine>) -> MarkdownBlock? {
        guard let line = rest.first else { return nil }
        if line.isIndented { return indentedCode(&rest) }
        if let fence = line.fence { return fencedCode(&rest, fence) }
        if let heading = line.heading {
            rest = rest.dropFirst()
            return .heading(level: heading.level, heading.text)
        }
        if line.isRule {
            rest = rest.dropFirst()
            return .rule
        }
        if let html = HTMLBlock(line) { return .html(html.read(&rest)) }
        return math(&rest)
    }

    private func indentedCode(_ rest: inout ArraySlice<MarkdownLine>) -> MarkdownBlock {
        var lines = rest.prefix { $0.isBlank || $0.isIndented }
        rest = rest.dropFirst(lines.count)
        while lines.last?.isBlank == true { lines = lines.dropLast() }
        return .code(Self.text(of: lines, indentation: 4), language: nil)
    }

    private func fencedCode(
        _ rest: inout ArraySlice<MarkdownLine>, _ fence: (sign: UInt8, length: Int, info: ArraySlice<UInt8>)
    ) -> MarkdownBlock {
        let indentation = rest.first?.indent ?? 0
        let lines = rest.dropFirst().prefix { line in
            guard let end = line.fence else { return true }
            return end.sign != fence.sign || end.length < fence.length || !end.info.isEmpty
        }
        rest = rest.dropFirst(lines.count + 2)
        let name = fence.info.prefix { !$0.isBlank && $0 != UInt8(ascii: "{") && $0 != UInt8(ascii: ",") }
        let language = name.isEmpty ? nil : String(decoding: name, as: UTF8.self)
        return .code(Self.text(of: lines, indentation: indentation), language: language)
    }

    private static func text(of lines: ArraySlice<MarkdownLine>, indentation: Int) -> String {
        String(
            decoding: Array(lines.map { $0.unindented(by: indentation).whole }.joined(separator: [10])), as: UTF8.self)
    }

    /// Reads a formula on lines of its own: between pairs of dollar signs, or a TeX environment.
    private func math(_ rest: inout ArraySlice<MarkdownLine>) -> MarkdownBlock? {
        guard let first = rest.first?.text else { return nil }
        let end: [UInt8]
        if first.starts(with: "$$".utf8) {
            end = Array("$$".utf8)
        } else if first.starts(with: "\\begin{".utf8), let brace = first.prefix(60).firstIndex(of: UInt8(ascii: "}")) {
            end = Array("\\end".utf8) + first[(first.startIndex + 6)...brace]
        } else {
            return nil
        }
        var lines: [[UInt8]] = []
        for line in rest.prefix(100) {
            // The opening `$$` is not its own end.
            let skipped = lines.isEmpty ? 2 : 0
            lines.append(line.whole)
            guard let place = line.text.dropFirst(skipped).firstIndex(of: end) else { continue }
            guard MarkdownLine(line.text[(place + end.count)...]).isBlank else { return nil }
            rest = rest.dropFirst(lines.count)
            return .math(Array(lines.joined(separator: [10])))
        }
        return nil
    }
}

extension ArraySlice<UInt8> {
    /// Returns the index of the first occurrence of a pattern.
    func firstIndex(of pattern: [UInt8]) -> Int? {
        guard let first = pattern.first else { return nil }
        var rest = self
        while let index = rest.firstIndex(of: first) {
            if self[index...].starts(with: pattern) { return index }
            rest = rest[(index + 1)...]
        }
        return nil
    }
}

/// A block of HTML within Markdown.
struct HTMLBlock {
    /// The text that the last line contains; nil if the block ends at the next empty line.
    private let end: [UInt8]?
    /// Whether the block can interrupt a paragraph.
    let mayInterrupt: Bool

    private static let verbatim = ["script", "pre", "style", "textarea"]
    private static let blocks: Set = Set(
        """
        address article aside base basefont blockquote body caption center col colgroup dd details dialog dir div dl dt \
        fieldset figcaption figure footer form frame frameset h1 h2 h3 h4 h5 h6 head header hr html iframe legend li \
        link main menu nav noframes ol optgroup option p param search section summary table tbody td tfoot th thead \
        title tr track ul
        """.split(separator: " ").map(String.init))

    /// Recognizes the first line of a block; nil if the line does not begin one.
    init?(_ line: MarkdownLine) {
        let text = line.text
        guard !line.isIndented, text.first == UInt8(ascii: "<"), text.count > 1 else { return nil }
        let isClosing = text.dropFirst().first == UInt8(ascii: "/")
        let rest = text.dropFirst(isClosing ? 2 : 1)
        let letters = rest.prefix(20).prefix { $0.isLetter || $0.isDigit }
        let name = String(decoding: letters, as: UTF8.self).lowercased()
        let after = rest.dropFirst(letters.count).first
        let isEnded = after.map { $0.isBlank || $0 == UInt8(ascii: ">") } ?? true
        if !isClosing, isEnded, Self.verbatim.contains(name) {
            (end, mayInterrupt) = (Array("</\(name)".utf8), true)
        } else if text.starts(with: "<!--".utf8) {
            (end, mayInterrupt) = (Array("-->".utf8), true)
        } else if text.starts(with: "<?".utf8) {
            (end, mayInterrupt) = (Array("?>".utf8), true)
        } else if text.starts(with: "<!".utf8) {
            (end, mayInterrupt) = (Array(">".utf8), true)
        } else if isEnded || after == UInt8(ascii: "/"), Self.blocks.contains(name) {
            (end, mayInterrupt) = (nil, true)
        } else if let length = InlineHTML.length(text), MarkdownLine(text.dropFirst(length)).isBlank {
            (end, mayInterrupt) = (nil, false)
        } else {
            return nil
        }
    }

    /// Removes the block's lines from `rest`, and returns their text.
    func read(_ rest: inout ArraySlice<MarkdownLine>) -> [UInt8] {
        var html: [UInt8] = []
        while let line = rest.first {
            if end == nil, line.isBlank { break }
            html += line.whole + [10]
            rest = rest.dropFirst()
            if let end, line.text.firstIndex(of: end) != nil { break }
        }
        return html
    }
}
