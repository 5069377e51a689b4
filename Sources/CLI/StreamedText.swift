import GalleyExecution

/// The text that a notebook prints, divided into complete lines and those that can still change.
struct StreamedText {
    /// The incomplete line, with the characters that move the cursor.
    private var rest = ""
    /// The last lines, once the text has moved the cursor up to overwrite them, as nested progress bars do.
    private var screen: TerminalText?

    /// A longer line is divided, so that its memory is bounded.
    private static let longest = 100_000
    /// An overwritten line that is longer than this is replaced by its last state.
    private static let compacting = 4096
    /// The number of lines that can be overwritten.
    private static let reach = 10

    /// Adds text; returns the lines that are complete.
    mutating func add(_ text: String) -> [String] {
        if screen == nil, text.movesCursorUp {
            screen = TerminalText()
            screen?.write(rest)
            rest = ""
        }
        if screen != nil {
            screen?.write(text)
            return screen?.takeLines(keeping: Self.reach) ?? []
        }
        guard let last = text.lastIndex(where: \.isEndOfLine) else {
            rest += text
            compact()
            return rest.utf8.count > Self.longest ? end() : []
        }
        let lines = (rest + text[..<last]).split(omittingEmptySubsequences: false, whereSeparator: \.isEndOfLine)
        rest = String(text[text.index(after: last)...])
        return lines.map { TerminalText.lastState(of: String($0)) }
    }

    /// Returns the lines that are left, and begins anew.
    mutating func end() -> [String] {
        defer { self = StreamedText() }
        let lines = changing
        return Array(lines[...(lines.lastIndex { !$0.isEmpty } ?? -1)])
    }

    /// The lines that can still change, as a terminal shows them.
    var changing: [String] {
        if let screen { return screen.lastLines }
        return rest.isEmpty ? [] : [TerminalText.lastState(of: rest)]
    }

    /// Whether the incomplete line was written from its beginning more than once, as a progress bar is.
    var isOverwritten: Bool { screen != nil || rest.contains("\r") }

    private mutating func compact() {
        guard rest.utf8.count > Self.compacting, let last = rest.lastIndex(of: "\r") else { return }
        rest = TerminalText.lastState(of: String(rest[..<last])) + rest[last...]
    }
}

extension Character {
    /// Whether the character ends a line.
    fileprivate var isEndOfLine: Bool { self == "\n" || self == "\r\n" }
}

extension String {
    /// Whether the text contains a sequence that moves the cursor to an earlier line.
    fileprivate var movesCursorUp: Bool {
        // Most texts contain no escape character.
        guard utf8.contains(0x1B) else { return false }
        return unicodeScalars.indices.contains { index in
            guard unicodeScalars[index] == "\u{1B}",
                case .command("A", _)? = EscapeSequence(at: self[index...].unicodeScalars)?.kind
            else { return false }
            return true
        }
    }
}
