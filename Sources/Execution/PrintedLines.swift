/// The last lines that a cell printed, as a terminal shows them.
package struct PrintedLines: Hashable, Sendable {
    /// The lines, without control characters and escape sequences.
    package private(set) var lines: [String] = []
    /// The number of lines that the cell printed before them.
    package private(set) var earlierCount = 0

    /// The maximum number of lines, of characters in a line, and of bytes to look for the lines in.
    private static let (limit, length, reach) = (20, 1000, 65_536)

    init() {}

    /// Creates lines that were read from JSON.
    init(lines: [String], earlierCount: Int) { (self.lines, self.earlierCount) = (lines, earlierCount) }

    /// Adds text that was printed before the lines so far.
    mutating func prepend(_ text: String) {
        guard lines.count < Self.limit else { return earlierCount += text.utf8.lineCount }
        let start = text.utf8.count <= Self.reach ? text.startIndex : text.lineStart(lastBytes: Self.reach)
        var terminal = TerminalText()
        terminal.write(String(text[start...]))
        var shown = terminal.text.withoutEscapes.split(separator: "\n", omittingEmptySubsequences: false)
        if shown.last == "" { shown.removeLast() }
        let last = shown.suffix(Self.limit - lines.count).map { line in
            let safe = String(line).terminalSafe()
            return safe.count <= Self.length ? safe : safe.prefix(Self.length - 1) + "…"
        }
        lines = last + lines
        // The beginning of the first shown line is not a line before it.
        earlierCount += shown.count - last.count + text[..<start].utf8.count { $0 == UInt8(ascii: "\n") }
    }
}

extension String {
    /// Returns the start of a line within the last bytes; if the line before them goes on to the end, a place in it.
    fileprivate func lineStart(lastBytes count: Int) -> Index {
        let tail = utf8.suffix(count)
        let end = tail.dropLast().firstIndex(of: UInt8(ascii: "\n")).map { utf8.index(after: $0) }
        return end ?? unicodeScalars.index(after: tail.startIndex)
    }
}

extension Collection<UInt8> {
    /// The number of lines in text, including an incomplete one at the end.
    fileprivate var lineCount: Int {
        var (ends, last) = (0, UInt8(ascii: "\n"))
        for byte in self {
            if byte == UInt8(ascii: "\n") { ends += 1 }
            last = byte
        }
        return ends + (last == UInt8(ascii: "\n") ? 0 : 1)
    }
}
