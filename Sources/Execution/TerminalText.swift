/// What a terminal shows of text that was written to it: a progress bar that writes over itself leaves its last state.
///
/// Carriage return, backspace and the sequences that move the cursor or erase are obeyed within the last lines; colours
/// stay with the characters that they stand before.
package struct TerminalText: Sendable {
    /// Lines that the cursor cannot come back to.
    private var settled = ""
    private var lines = [Line()]
    private var row = 0
    private var column = 0
    /// Colours that wait for a character, and the beginning of a sequence whose end has not come.
    private var colours = ""
    private var unfinished = ""

    private struct Line: Sendable {
        var glyphs: [Glyph] = []
        /// Colours behind the last character.
        var tail = ""
        var text: String { glyphs.reduce(into: "") { $0 += $1.colours + $1.characters } + tail }
    }

    private struct Glyph: Sendable {
        var colours: String
        var characters: String
    }

    /// The cursor can come back to as many lines.
    private static let reach = 100

    /// Begins with an empty screen.
    package init() {}

    /// What a terminal shows of one line in the end.
    package static func lastState(of line: String) -> String {
        var terminal = TerminalText()
        terminal.write(line)
        return terminal.text
    }

    /// Everything that it shows.
    package var text: String { settled + lines.map(\.text).joined(separator: "\n") + colours }

    /// The number of bytes that it shows, nearly: characters of the last lines count as one each.
    package var size: Int { lines.reduce(settled.utf8.count) { $0 + $1.glyphs.count + 1 } - 1 }

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
            moveColours()
            row += 1
            column = 0
            if row == lines.count { lines.append(Line()) }
            settle()
        default:
            if scalar.properties.isGraphemeExtend || scalar == "\u{200D}", column > 0,
                column <= lines[row].glyphs.count
            {
                lines[row].glyphs[column - 1].characters.unicodeScalars.append(scalar)
                return
            }
            pad(to: column)
            let glyph = Glyph(colours: takeColours(), characters: String(scalar))
            if column < lines[row].glyphs.count {
                lines[row].glyphs[column] = glyph
            } else {
                lines[row].glyphs.append(Glyph(colours: lines[row].tail + glyph.colours, characters: glyph.characters))
                lines[row].tail = ""
            }
            column += 1
        }
    }

    private mutating func pad(to column: Int) {
        while lines[row].glyphs.count < column { lines[row].glyphs.append(Glyph(colours: "", characters: " ")) }
    }

    private mutating func takeColours() -> String {
        defer { colours = "" }
        return colours
    }

    private mutating func moveColours() { lines[row].tail += takeColours() }

    private mutating func settle() {
        guard lines.count > 2 * Self.reach else { return }
        for line in lines.prefix(Self.reach) { settled += line.text + "\n" }
        lines.removeFirst(Self.reach)
        row = max(0, row - Self.reach)
    }

    private mutating func obey(_ sequence: EscapeSequence) {
        switch sequence.kind {
        case .colour, .link: colours += sequence.text
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
            let glyphs = lines[row].glyphs.count
            switch parameter ?? 0 {
            case 0 where column < glyphs: lines[row].glyphs.removeLast(glyphs - column)
            case 1:
                for index in 0..<min(column + 1, glyphs) {
                    lines[row].glyphs[index] = Glyph(colours: "", characters: " ")
                }
            case 2: lines[row].glyphs = []
            default: break
            }
        case "J" where parameter ?? 0 == 0:
            if column < lines[row].glyphs.count { lines[row].glyphs.removeLast(lines[row].glyphs.count - column) }
            lines.removeLast(lines.count - 1 - row)
        default: break
        }
    }
}
