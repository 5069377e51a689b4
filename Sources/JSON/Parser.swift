/// Validates a text and records the offsets of its arrays and objects.
///
/// Accepts the same texts as Python's `json.loads`: RFC 8259 plus `NaN`, `Infinity` and `-Infinity`. The parser has its
/// own stack, so that deep nesting does not exhaust the thread's stack.
struct Parser {
    private(set) var outline = Outline()
    private var scanner = Scanner()
    private let depthLimit: Int

    init(depthLimit: Int) { self.depthLimit = depthLimit }

    /// A parse error whose line and column are not known yet.
    struct OffsetError: Error {
        var offset: Int
        var problem: ParseError.Problem
    }

    mutating func parse(_ text: Span<UInt8>) throws(OffsetError) {
        guard text.count < UInt32.max else { throw OffsetError(offset: 0, problem: .tooLong) }
        if let name = otherEncoding(text) { throw OffsetError(offset: 0, problem: .otherEncoding(name)) }
        var open: [Int] = []
        var inObject = false
        var at = text.contentStart
        var expected = "a value"
        var longestNumber = 0

        nextValue: while true {
            at = text.skippingSpace(from: at)
            switch text.byte(at) {
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                guard open.count < depthLimit else {
                    throw OffsetError(offset: at, problem: .tooDeep(limit: depthLimit))
                }
                inObject = text[at] == UInt8(ascii: "{")
                open.append(outline.open(at: at))
                at = text.skippingSpace(from: at + 1)
                if text.byte(at) != (inObject ? UInt8(ascii: "}") : UInt8(ascii: "]")) {
                    if inObject { at = try key(of: text, at: at, expected: "a key in double quotes or '}'") }
                    expected = inObject ? "a value" : "a value or ']'"
                    continue nextValue
                }
            case UInt8(ascii: "\""):
                at = try scanner.skipString(text, at: at)
            default:
                let start = at
                at = try scanner.skipLiteral(text, at: start, expected: expected)
                longestNumber = max(longestNumber, at - start)
            }

            // A value has ended, or the closing bracket of an empty array or object is next.
            while let innermost = open.last {
                at = text.skippingSpace(from: at)
                let found = text.byte(at)
                if found == UInt8(ascii: ",") {
                    at = text.skippingSpace(from: at + 1)
                    if inObject { at = try key(of: text, at: at, expected: "a key in double quotes") }
                    expected = "a value"
                    continue nextValue
                }
                guard found == (inObject ? UInt8(ascii: "}") : UInt8(ascii: "]")) else {
                    throw unexpected(text, at: at, expected: inObject ? "',' or '}'" : "',' or ']'")
                }
                at += 1
                outline.close(innermost, end: at)
                open.removeLast()
                if let outer = open.last { inObject = text[Int(outline.entries[outer].start)] == UInt8(ascii: "{") }
            }
            at = text.skippingSpace(from: at)
            guard at == text.count else { throw unexpected(text, at: at, expected: "the end of the text") }
            outline.hasNonASCII = scanner.hasNonASCII
            outline.hasEscapedNonASCII = scanner.hasEscapedNonASCII
            outline.longestNumber = longestNumber
            return
        }
    }

    /// Parses a key and its colon. Returns the offset after the colon.
    private mutating func key(of text: Span<UInt8>, at start: Int, expected: String) throws(OffsetError) -> Int {
        guard text.byte(start) == UInt8(ascii: "\"") else { throw unexpected(text, at: start, expected: expected) }
        let colon = text.skippingSpace(from: try scanner.skipString(text, at: start))
        guard text.byte(colon) == UInt8(ascii: ":") else { throw unexpected(text, at: colon, expected: "':'") }
        return colon + 1
    }

    private func otherEncoding(_ text: Span<UInt8>) -> String? {
        guard text.count >= 2 else { return nil }
        // A byte order mark, or a NUL beside an ASCII character. No JSON text in UTF-8 begins like this.
        switch (text[0], text[1]) {
        case (0xFE, 0xFF), (0xFF, 0xFE): return "UTF-16"
        case (0, 0): return "UTF-32"
        case (0, _), (_, 0): return text.count >= 4 && text[2] == 0 && text[3] == 0 ? "UTF-32" : "UTF-16"
        default: return nil
        }
    }
}

/// Returns an error for the character at `offset`.
func unexpected(_ text: Span<UInt8>, at offset: Int, expected: String) -> Parser.OffsetError {
    guard offset < text.count else {
        return Parser.OffsetError(offset: offset, problem: .unexpected(found: nil, expected: expected))
    }
    guard let length = text.scalarLength(at: offset) else {
        return Parser.OffsetError(offset: offset, problem: .invalidUTF8(text[offset]))
    }
    let scalar = String(decoding: (offset..<offset + length).map { text[$0] }, as: UTF8.self).unicodeScalars.first
    return Parser.OffsetError(offset: offset, problem: .unexpected(found: scalar, expected: expected))
}
