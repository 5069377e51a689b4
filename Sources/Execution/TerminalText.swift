/// The text that a terminal shows after writes to it: an overwritten progress bar leaves only its last state.
///
/// Carriage return, backspace, and sequences that move the cursor or erase work within the last lines. Color sequences
/// stay with the characters that follow them.
package struct TerminalText: Sendable {
    /// Lines that the cursor can no longer reach.
    private var settled = ""
    private var lines = [ScreenLine()]
    private var row = 0
    private var column = 0
    /// Color sequences for the next character; `unfinished` is the beginning of an incomplete escape sequence.
    private var colors = ""
    private var unfinished = ""

    private struct ScreenLine: Sendable {
        private(set) var glyphs: [Glyph] = []
        /// Color sequences after the last character.
        private var tail = ""
        /// The number of bytes in the line.
        private(set) var size = 0
        /// The number of characters at the beginning that are known to be spaces.
        private var blank = 0

        var text: String { glyphs.reduce(into: "") { $0 += $1.colors + $1.characters } + tail }

        /// Replaces the character at a column, or appends one.
        mutating func put(_ glyph: Glyph, at column: Int) {
            blank = min(blank, column)
            if column < glyphs.count {
                size += glyph.size - glyphs[column].size
                glyphs[column] = glyph
            } else {
                size += glyph.size
                glyphs.append(Glyph(colors: tail + glyph.colors, characters: glyph.characters))
                tail = ""
            }
        }

        /// Appends spaces up to a column.
        mutating func pad(to column: Int) {
            while glyphs.count < column {
                size += Glyph.space.size
                glyphs.append(.space)
            }
        }

        mutating func extend(at column: Int, by scalar: Unicode.Scalar) {
            blank = min(blank, column)
            size += String(scalar).utf8.count
            glyphs[column].characters.unicodeScalars.append(scalar)
        }

        mutating func add(tail colors: String) {
            size += colors.utf8.count
            tail += colors
        }

        mutating func cut(to column: Int) {
            guard column < glyphs.count else { return }
            size -= glyphs[column...].reduce(0) { $0 + $1.size }
            glyphs.removeLast(glyphs.count - column)
            blank = min(blank, column)
        }

        /// Replaces all characters before a column with spaces.
        mutating func clear(before column: Int) {
            let end = min(column, glyphs.count)
            guard blank < end else { return }
            for index in blank..<end {
                size += Glyph.space.size - glyphs[index].size
                glyphs[index] = .space
            }
            blank = end
        }
    }

    private struct Glyph: Sendable {
        var colors: String
        var characters: String
        var size: Int { colors.utf8.count + characters.utf8.count }
        static let space = Glyph(colors: "", characters: " ")
    }

    /// The number of lines that the cursor can move back.
    private static let reach = 100

    /// Creates an empty screen.
    package init() {}

    /// Returns the final state of one line in a terminal.
    package static func lastState(of line: String) -> String {
        // Most lines do not move the cursor.
        guard line.utf8.contains(where: { $0 == 0x08 || $0 == 0x0D || $0 == 0x1B }) else { return line }
        var terminal = TerminalText()
        terminal.write(line)
        return terminal.text
    }

    /// All text, including the lines that the cursor can no longer reach.
    package var text: String { settled + lines.map(\.text).joined(separator: "\n") + colors }

    /// The number of bytes in `text`.
    package var size: Int { lines.reduce(settled.utf8.count + colors.utf8.count) { $0 + $1.size + 1 } - 1 }

    /// The lines that the cursor can still reach.
    package var lastLines: [String] { lines.map(\.text) }

    /// Removes all lines but the last `count`, and returns them. The cursor can no longer reach them.
    package mutating func takeLines(keeping count: Int) -> [String] {
        let number = max(0, lines.count - count)
        let taken =
            settled.split(separator: "\n", omittingEmptySubsequences: false).dropLast().map(String.init)
            + lines.prefix(number).map(\.text)
        settled = ""
        lines.removeFirst(number)
        row = max(0, row - number)
        if lines.isEmpty { (lines, column) = ([ScreenLine()], 0) }
        return taken
    }

    /// Writes text at the cursor.
    package mutating func write(_ text: String) {
        var scalars = (unfinished + text)[...].unicodeScalars
        unfinished = ""
        while let scalar = scalars.first {
            if scalar == "\u{1B}" {
                guard let sequence = EscapeSequence(at: scalars) else {
                    if scalars.count <= EscapeSequence.longest { return unfinished = String(scalars) }
                    // Text this long is not an escape sequence.
                    scalars = scalars.dropFirst()
                    continue
                }
                scalars = scalars.dropFirst(sequence.length)
                obey(sequence)
            } else {
                scalars.removeFirst()
                write(scalar)
            }
        }
    }

    private mutating func write(_ scalar: Unicode.Scalar) {
        switch scalar {
        case "\r": column = 0
        case "\u{8}": column = max(0, column - 1)
        case "\n":
            moveColors()
            row += 1
            column = 0
            if row == lines.count { lines.append(ScreenLine()) }
            settle()
        default:
            if scalar.properties.isGraphemeExtend || scalar == "\u{200D}", column > 0,
                column <= lines[row].glyphs.count
            {
                lines[row].extend(at: column - 1, by: scalar)
                return
            }
            lines[row].pad(to: column)
            lines[row].put(Glyph(colors: takeColors(), characters: String(scalar)), at: column)
            column += 1
        }
    }

    private mutating func takeColors() -> String {
        defer { colors = "" }
        return colors
    }

    private mutating func moveColors() { lines[row].add(tail: takeColors()) }

    private mutating func settle() {
        guard lines.count > 2 * Self.reach else { return }
        for line in lines.prefix(Self.reach) { settled += line.text + "\n" }
        lines.removeFirst(Self.reach)
        row = max(0, row - Self.reach)
    }

    private mutating func obey(_ sequence: EscapeSequence) {
        switch sequence.kind {
        case .color, .link: colors += sequence.text
        case .command(let command, let parameter): obey(command, parameter)
        case .other: break
        }
    }

    private mutating func obey(_ command: Unicode.Scalar, _ parameter: Int?) {
        // A large number in a sequence must not allocate much memory; no real screen is larger.
        let count = min(max(1, parameter ?? 1), 1000)
        switch command {
        case "A": row = max(0, row - count)
        case "B": row = min(lines.count - 1, row + count)
        case "C": column = max(column, min(column + count, 1000))
        case "D": column = max(0, column - count)
        case "G": column = count - 1
        case "K":
            switch parameter ?? 0 {
            case 0: lines[row].cut(to: column)
            case 1: lines[row].clear(before: column + 1)
            case 2: lines[row].cut(to: 0)
            default: break
            }
        case "J" where parameter ?? 0 == 0:
            lines[row].cut(to: column)
            lines.removeLast(lines.count - 1 - row)
        default: break
        }
    }
}
