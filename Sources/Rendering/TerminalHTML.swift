import GalleyExecution

extension HTML {
    /// Renders terminal output with its colors; the middle of a long text is omitted.
    package static func terminal(_ text: String) -> HTML { terminal(text, limit: Excerpt.Limit()) }

    static func terminal(_ text: String, limit: Excerpt.Limit) -> HTML {
        Excerpt(of: text, limit: limit).html { piece in
            // Cursor movements can make the text longer, so it is shortened again.
            hasControls(piece)
                ? Excerpt(of: resolvingOverwrites(piece), limit: limit).html { colored($0) } : colored(piece)
        }
    }

    /// Divides terminal output into its last lines and the lines before them, which keep their colors.
    ///
    /// - Returns: The lines before the last ones, their number, and the last lines.
    static func terminal(_ text: String, lastLines count: Int) -> (earlier: HTML, number: Int, last: HTML) {
        let excerpt = Excerpt(of: text)
        var number = excerpt.omittedLines
        var style = TerminalStyle()
        var last = HTML()
        var isLast = excerpt.tail == nil
        let earlier = excerpt.html { piece in
            defer { isLast = true }
            let shown = hasControls(piece) ? resolvingOverwrites(piece) : piece
            let lines = shown.split(separator: "\n", omittingEmptySubsequences: false)
            let isEnded = lines.last?.isEmpty == true
            let split = isLast ? max(0, lines.count - count - (isEnded ? 1 : 0)) : lines.count
            number += split
            let earlier = colored(lines[..<split].joined(separator: "\n"), &style)
            last = colored(lines[split...].joined(separator: "\n"), &style)
            return earlier
        }
        return (earlier, number, last)
    }

    private static func hasControls(_ text: String) -> Bool {
        text.utf8.contains { $0 == 0x1B || $0 == 7 || $0 == 8 || $0 == 13 }
    }

    /// Returns the final state of text that overwrites itself.
    private static func resolvingOverwrites(_ text: String) -> String {
        let lines = text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        // In a very long line, each cursor movement may take time proportional to the line's length.
        if lines.allSatisfy({ $0.count < 4000 }) { return TerminalText.lastState(of: text) }
        return lines.map { line in
            let last = line.reversed().drop { $0 == 13 }.prefix { $0 != 13 }
            return String(decoding: last.reversed(), as: UTF8.self).keepingEscapes { $0.kind == .color }
        }.joined(separator: "\n")
    }

    private static func colored(_ text: String) -> HTML {
        var style = TerminalStyle()
        return colored(text, &style)
    }

    /// Renders text that begins in a style, and updates the style to that of the text's end.
    private static func colored(_ text: String, _ style: inout TerminalStyle) -> HTML {
        guard hasControls(text) else { return style.html(text) }
        var html = HTML()
        var shown = String.UnicodeScalarView()
        var rest = text[...].unicodeScalars
        while let scalar = rest.first {
            if scalar == "\u{1B}" {
                guard let sequence = EscapeSequence(at: rest) else {
                    rest = rest.dropFirst()
                    continue
                }
                rest = rest.dropFirst(sequence.length)
                guard sequence.kind == .color else { continue }
                html += style.html(String(shown))
                shown = String.UnicodeScalarView()
                style.apply(sequence.text)
            } else {
                if scalar != "\r" && scalar != "\u{7}" && scalar != "\u{8}" { shown.append(scalar) }
                rest.removeFirst()
            }
        }
        html += style.html(String(shown))
        return html
    }
}
