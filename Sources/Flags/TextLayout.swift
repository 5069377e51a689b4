/// Text in lines of limited width.
package struct TextLayout: Sendable {
    /// The width of a line, in characters.
    package let columns: Int

    /// Limits lines to a width.
    package init(columns: Int) { self.columns = columns }

    /// Returns the words of a text in lines.
    ///
    /// - Parameters:
    ///   - first: The beginning of the first line.
    ///   - rest: The beginning of the other lines.
    package func wrap(_ text: String, after first: String = "", then rest: String = "") -> [String] {
        var lines: [String] = []
        var line = first
        var isEmpty = true
        for word in text.split(separator: " ") {
            if !isEmpty, line.count + 1 + word.count > columns {
                lines.append(line)
                (line, isEmpty) = (rest, true)
            }
            line += (isEmpty ? "" : " ") + word
            isEmpty = false
        }
        return lines + [line]
    }

    /// Returns rows of a term and its description, the descriptions aligned. A term that is too long has its own line.
    package func rows(_ rows: [(term: String, text: String)], indent: Int = 2, limit: Int = 26) -> [String] {
        let longest = rows.map(\.term.count).filter { $0 <= limit }.max() ?? 0
        let margin = String(repeating: " ", count: indent + longest + 2)
        return rows.flatMap { term, text in
            let space = String(repeating: " ", count: indent)
            guard term.count <= longest else {
                return wrap(term, after: space, then: space + "  ") + wrap(text, after: margin, then: margin)
            }
            let lead = space + term
            if text.isEmpty { return [lead] }
            return wrap(text, after: lead + String(repeating: " ", count: margin.count - lead.count), then: margin)
        }
    }
}
