extension HTML {
    /// Renders source code with syntax coloring if the language is known; long code is shortened.
    ///
    /// - Parameter markedLine: The line to highlight, counted from 1.
    package static func code(_ source: String, language: String?, markedLine: Int? = nil) -> HTML {
        let language = language.flatMap(Language.named)
        var marked = markedLine
        let body = Excerpt(of: unixLines(source)).html { piece in
            defer { marked = nil }
            return colored(piece, language, marked)
        }
        return "<pre class=\"nb-code\" tabindex=\"0\"><code>\(body)</code></pre>"
    }

    private static func colored(_ source: String, _ language: Language?, _ marked: Int?) -> HTML {
        var writer = LineWriter(markedLine: marked)
        if let language {
            var lexer = Lexer(source, language)
            while let (range, kind) = lexer.next() { writer.write(lexer.bytes[range], kind) }
        } else {
            writer.write(Array(source.utf8)[...], nil)
        }
        return writer.finish()
    }

    private static func unixLines(_ text: String) -> String {
        guard text.utf8.contains(13) else { return text }
        var bytes: [UInt8] = []
        for byte in text.utf8 {
            if byte == 10, bytes.last == 13 { bytes.removeLast() }
            bytes.append(byte)
        }
        return String(decoding: bytes.map { $0 == 13 ? 10 : $0 }, as: UTF8.self)
    }
}

/// Writes colored pieces of source code so that no element spans two lines and one line can be highlighted.
private struct LineWriter {
    let markedLine: Int?
    private var html = HTML()
    private var line = 1

    init(markedLine: Int?) {
        self.markedLine = markedLine
        begin()
    }

    private mutating func begin() {
        if line == markedLine { html += "<mark class=\"nb-marked\">" }
    }

    mutating func write(_ bytes: ArraySlice<UInt8>, _ kind: Lexer.Kind?) {
        var rest = bytes
        while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
            put(rest[..<end], kind)
            html.append(escaping: CollectionOfOne(UInt8(ascii: "\n")))
            // The line break stays inside the mark, which is displayed as a block.
            if line == markedLine { html += "</mark>" }
            line += 1
            begin()
            rest = rest[(end + 1)...]
        }
        put(rest, kind)
    }

    private mutating func put(_ bytes: ArraySlice<UInt8>, _ kind: Lexer.Kind?) {
        if bytes.isEmpty { return }
        guard let kind else { return html.append(escaping: bytes) }
        html += "<span class=\"nb-\(kind.rawValue)\">"
        html.append(escaping: bytes)
        html += "</span>"
    }

    mutating func finish() -> HTML {
        if line == markedLine { html += "</mark>" }
        return html
    }
}
