import GalleyExecution

extension HTML {
    /// Renders terminal output with its colors; the middle of a long text is omitted.
    package static func terminal(_ text: String) -> HTML { terminal(text, limit: Excerpt.Limit()) }

    static func terminal(_ text: String, limit: Excerpt.Limit) -> HTML {
        Excerpt(of: text, limit: limit).html { piece in
            // Cursor movements can make the text longer, so it is shortened again.
            hasControls(piece) ? Excerpt(of: resolvingOverwrites(piece), limit: limit).html(colored) : colored(piece)
        }
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
        guard hasControls(text) else { return HTML(escaping: text) }
        var html = HTML()
        var look = TerminalStyle()
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
                html += look.html(String(shown))
                shown = String.UnicodeScalarView()
                look.apply(sequence.text)
            } else {
                if scalar != "\r" && scalar != "\u{7}" && scalar != "\u{8}" { shown.append(scalar) }
                rest.removeFirst()
            }
        }
        html += look.html(String(shown))
        return html
    }
}
