/// The lines of a cell around the one that raised an error, or its first lines.
package struct SourceExcerpt: Hashable, Sendable {
    /// The lines, without control characters.
    package let lines: [String]
    /// The number of the first of them, counted from 1.
    package let firstLine: Int
    /// The number of lines in the cell.
    package let lineCount: Int
    /// The line that raised the error; nil if it is not known.
    package let markedLine: Int?

    /// Creates an excerpt that was read from JSON.
    init(lines: [String], firstLine: Int, lineCount: Int, markedLine: Int?) {
        (self.lines, self.firstLine, self.lineCount, self.markedLine) = (lines, firstLine, lineCount, markedLine)
    }

    /// Creates an excerpt of a source; returns nil if the source is empty.
    ///
    /// - Parameter marked: The line in the middle; nil for the first lines.
    init?(_ source: String, around marked: Int?) {
        guard !source.isEmpty else { return nil }
        let all = source.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        let centre = min(max(marked ?? 1, 1), all.count)
        firstLine = max(1, centre - 5)
        let last = min(all.count, centre + (marked == nil ? 9 : 5))
        lines = all[(firstLine - 1)..<last].map { line in
            let safe = String(line).terminalSafe()
            return safe.count <= 400 ? safe : safe.prefix(399) + "…"
        }
        (lineCount, markedLine) = (all.count, marked)
    }
}
