/// The reason why a text is not valid JSON, and the position.
public struct ParseError: Error, Hashable, Sendable {
    /// The position where parsing stopped.
    public let position: Position
    /// The problem at that position.
    public let problem: Problem

    /// The problems that make a text invalid.
    @nonexhaustive
    public enum Problem: Hashable, Sendable {
        /// The next character does not match the grammar; `found` is nil at the end of the text.
        case unexpected(found: Unicode.Scalar?, expected: String)
        /// A string has no closing quote.
        case unterminatedString
        /// A string contains an unescaped control character.
        case controlCharacter(Unicode.Scalar)
        /// A backslash does not begin a valid escape.
        case invalidEscape
        /// The bytes are not UTF-8.
        case invalidUTF8(UInt8)
        /// The text has another encoding, according to its first bytes.
        case otherEncoding(String)
        /// Arrays and objects are nested more deeply than the limit.
        case tooDeep(limit: Int)
        /// The text has 4 GB or more.
        case tooLong
    }
}

/// A position in a text.
public struct Position: Hashable, Sendable {
    /// The byte offset.
    public let offset: Int
    /// The line, counted from 1.
    public let line: Int
    /// The column, counted from 1 in Unicode scalars.
    public let column: Int

    init(offset: Int, in text: Span<UInt8>) {
        self.offset = offset
        var line = 1
        var lineStart = text.contentStart
        for index in lineStart..<min(offset, text.count) where text[index] == UInt8(ascii: "\n") {
            line += 1
            lineStart = index + 1
        }
        var column = 1
        // Each scalar is counted at its first byte. 0b10xxxxxx is a continuation byte.
        for index in lineStart..<max(lineStart, min(offset, text.count)) where text[index] & 0xC0 != 0x80 {
            column += 1
        }
        self.line = line
        self.column = column
    }
}

extension ParseError: CustomStringConvertible {
    /// One sentence with the line, the column and the problem.
    public var description: String { "line \(position.line), column \(position.column): \(problem)" }
}

extension ParseError.Problem: CustomStringConvertible {
    /// The sentence without the position.
    public var description: String {
        switch self {
        case .unexpected(nil, let expected): "the text ends where \(expected) was expected"
        case .unexpected(let found?, let expected): "found \(Self.shown(found)) where \(expected) was expected"
        case .unterminatedString: "the text ends inside a string; a closing '\"' was expected"
        case .controlCharacter(let scalar):
            "\(Self.shown(scalar)) in a string; an escape such as \\n or \\u0000 was expected"
        case .invalidEscape:
            "not an escape; one of \\\" \\\\ \\/ \\b \\f \\n \\r \\t or \\u and four hex digits was expected"
        case .invalidUTF8(let byte): "byte 0x\(String(byte, radix: 16)) is not UTF-8 here"
        case .otherEncoding(let name): "the text is \(name); save it as UTF-8"
        case .tooDeep(let limit): "arrays and objects are nested more than \(limit) deep"
        case .tooLong: "the text is longer than 4 GB"
        }
    }

    private static func shown(_ scalar: Unicode.Scalar) -> String {
        scalar.value < 0x20 || scalar.value == 0x7F
            ? "control character U+" + String(scalar.value + 0x10000, radix: 16, uppercase: true).dropFirst()
            : "'\(scalar)'"
    }
}

extension Span<UInt8> {
    /// The offset after the byte order mark; 0 if there is none.
    var contentStart: Int {
        count >= 3 && self[0] == 0xEF && self[1] == 0xBB && self[2] == 0xBF ? 3 : 0
    }
}
