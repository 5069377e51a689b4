/// What a terminal shows of text that was written to it: a progress bar that writes over itself leaves its last state.
///
/// Carriage return, backspace and the sequences that move the cursor or erase are obeyed within the last lines; colors
/// stay with the characters that they stand before.
package struct TerminalText: Sendable {
    /// Lines that the cursor cannot come back to.
    private var settled = ""
    private var lines = [ScreenLine()]
    private var row = 0
    private var column = 0
    /// Colors that wait for a character, and the beginning of a sequence whose end has not come.
    private var colors = ""
    private var unfinished = ""

    private struct ScreenLine: Sendable {
        private(set) var glyphs: [Glyph] = []
        /// Colors behind the last character.
        private var tail = ""
        /// The number of bytes of all that.
        private(set) var size = 0
        /// So many characters at the beginning are known to be spaces.
        private var blank = 0

        var text: String { glyphs.reduce(into: "") { $0 += $1.colors + $1.characters } + tail }

        /// Puts a character in the place of another, or behind the last.
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

        /// Fills up with spaces.
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

        /// Puts spaces in the place of what stands before a column.
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

    /// The cursor can come back to as many lines.
    private static let reach = 100

    /// Begins with an empty screen.
    package init() {}

    /// What a terminal shows of one line in the end.
    package static func lastState(of line: String) -> String {
        // Most lines do not move the cursor.
        guard line.utf8.contains(where: { $0 == 0x08 || $0 == 0x0D || $0 == 0x1B }) else { return line }
        var terminal = TerminalText()
        terminal.write(line)
        return terminal.text
    }

    /// Everything that it shows.
    package var text: String { settled + lines.map(\.text).joined(separator: "\n") + colors }

    /// The number of bytes of all that.
    package var size: Int { lines.reduce(settled.utf8.count + colors.utf8.count) { $0 + $1.size + 1 } - 1 }

    /// Writes text where the cursor is.
    package mutating func write(_ text: String) {
        var scalars = (unfinished + text)[...].unicodeScalars
        unfinished = ""
        while let scalar = scalars.first {
            if scalar == "\u{1B}" {
                guard let sequence = EscapeSequence(at: scalars) else {
                    if scalars.count <= EscapeSequence.longest { return unfinished = String(scalars) }
                    // Something this long is no sequence.
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
        // Nobody's screen is larger, and nobody's text may claim memory by a number.
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
