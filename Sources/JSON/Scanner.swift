/// Validates strings, numbers and literals, and finds their ends.
struct Scanner {
    private(set) var hasNonASCII = false
    private(set) var hasEscapedNonASCII = false

    /// Returns the offset after the string whose opening quote is at `start`.
    mutating func skipString(_ text: Span<UInt8>, at start: Int) throws(Parser.OffsetError) -> Int {
        var at = start + 1
        while true {
            at = text.skippingPlainText(from: at)
            guard at < text.count else { throw Parser.OffsetError(offset: at, problem: .unterminatedString) }
            switch text[at] {
            case UInt8(ascii: "\""):
                return at + 1
            case UInt8(ascii: "\\"):
                at = try skipEscape(text, at: at)
            case let byte where byte < 0x20:
                throw Parser.OffsetError(offset: at, problem: .controlCharacter(Unicode.Scalar(byte)))
            case let byte where byte < 0x80:
                at += 1
            case let byte:
                hasNonASCII = true
                guard let length = text.scalarLength(at: at) else {
                    throw Parser.OffsetError(offset: at, problem: .invalidUTF8(byte))
                }
                at += length
            }
        }
    }

    private mutating func skipEscape(_ text: Span<UInt8>, at start: Int) throws(Parser.OffsetError) -> Int {
        switch text.byte(start + 1) {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
            UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            return start + 2
        case UInt8(ascii: "u"):
            guard let unit = text.hexadecimal(at: start + 2) else { fallthrough }
            if unit > 0x7E { hasEscapedNonASCII = true }
            return start + 6
        default:
            throw Parser.OffsetError(offset: start, problem: .invalidEscape)
        }
    }

    /// Returns the offset after the number or literal at `start`.
    func skipLiteral(_ text: Span<UInt8>, at start: Int, expected: String) throws(Parser.OffsetError) -> Int {
        var at = start
        if !isDigit(text.byte(at)) {
            for word in Self.words where text.hasWord(word, at: at) { return at + word.utf8CodeUnitCount }
        }
        if text.byte(at) == UInt8(ascii: "-") { at += 1 }
        if text.byte(at) == UInt8(ascii: "0") {
            at += 1
        } else {
            guard isDigit(text.byte(at)) else {
                throw unexpected(text, at: at, expected: at == start ? expected : "a digit")
            }
            at = text.skippingDigits(from: at)
        }
        if text.byte(at) == UInt8(ascii: ".") {
            guard isDigit(text.byte(at + 1)) else { throw unexpected(text, at: at + 1, expected: "a digit") }
            at = text.skippingDigits(from: at + 1)
        }
        if text.byte(at) | 0x20 == UInt8(ascii: "e") {
            at += 1
            if text.byte(at) == UInt8(ascii: "+") || text.byte(at) == UInt8(ascii: "-") { at += 1 }
            guard isDigit(text.byte(at)) else { throw unexpected(text, at: at, expected: "a digit") }
            at = text.skippingDigits(from: at)
        }
        return at
    }

    private static let words: [StaticString] = ["null", "true", "false", "NaN", "Infinity", "-Infinity"]
}

func isDigit(_ byte: UInt8) -> Bool { byte &- UInt8(ascii: "0") < 10 }

extension Span<UInt8> {
    /// The byte at `offset`; NUL after the end of the text. A valid JSON text contains no NUL.
    func byte(_ offset: Int) -> UInt8 { offset < count ? self[offset] : 0 }

    func skippingSpace(from start: Int) -> Int {
        var at = start
        while at < count {
            switch self[at] {
            case 0x20, 0x0A, 0x0D, 0x09: at += 1
            default: return at
            }
        }
        return at
    }

    func skippingDigits(from start: Int) -> Int {
        var at = start
        while isDigit(byte(at)) { at += 1 }
        return at
    }

    func hasWord(_ word: StaticString, at start: Int) -> Bool {
        guard start + word.utf8CodeUnitCount <= count else { return false }
        // Safe because the index is less than the word's length.
        return (0..<word.utf8CodeUnitCount).allSatisfy { unsafe word.utf8Start[$0] == self[start + $0] }
    }

    /// Returns the value of the four hexadecimal digits at `start`; nil if they are not hexadecimal.
    func hexadecimal(at start: Int) -> UInt16? {
        guard start + 4 <= count else { return nil }
        var number: UInt16 = 0
        for index in start..<start + 4 {
            let byte = self[index]
            let digit: UInt8
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = byte - UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = byte - UInt8(ascii: "a") + 10
            case UInt8(ascii: "A")...UInt8(ascii: "F"): digit = byte - UInt8(ascii: "A") + 10
            default: return nil
            }
            number = number << 4 | UInt16(digit)
        }
        return number
    }

    /// Returns the offset of the first byte from `start` on that is a quote, a backslash, a control character or not
    /// ASCII. The offset may also be up to seven bytes before the end of the text.
    ///
    /// It reads eight bytes as one integer. Each of the four tests sets the top bit of every matching byte. A borrow
    /// can set more top bits, but only above the first match.
    @inline(__always)
    func skippingPlainText(from start: Int) -> Int {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let tops: UInt64 = 0x8080_8080_8080_8080
        @inline(__always) func marks(_ word: UInt64) -> UInt64 {
            let quote = word ^ (ones &* UInt64(UInt8(ascii: "\"")))
            let backslash = word ^ (ones &* UInt64(UInt8(ascii: "\\")))
            let control = (word &- ones &* 0x20) & ~word
            return (((quote &- ones) & ~quote) | ((backslash &- ones) & ~backslash) | control | word) & tops
        }
        var at = start
        // Safe because a byte has no padding that could be uninitialized.
        let bytes = unsafe self.bytes
        // Most strings are short, but images are long: the loop takes 8 bytes per step at first, then 64.
        while at + 8 <= count {
            let found = marks(bytes.word(at))
            if found != 0 { return at + found.trailingZeroBitCount / 8 }
            at += 8
            if at == start + 64 {
                while at + 64 <= count {
                    var found: UInt64 = 0
                    for offset in stride(from: 0, to: 64, by: 8) { found |= marks(bytes.word(at + offset)) }
                    if found != 0 { break }
                    at += 64
                }
            }
        }
        return at
    }

    /// Returns the length of the UTF-8 sequence at `start`; nil if it is truncated, overlong, a surrogate or out of
    /// range.
    func scalarLength(at start: Int) -> Int? {
        func continues(_ index: Int, _ range: ClosedRange<UInt8> = 0x80...0xBF) -> Bool {
            index < count && range.contains(self[index])
        }
        let pair: ClosedRange<UInt8>
        switch self[start] {
        case 0..<0x80: return 1
        case 0xC2...0xDF: return continues(start + 1) ? 2 : nil
        case 0xE0...0xEF:
            pair = self[start] == 0xE0 ? 0xA0...0xBF : self[start] == 0xED ? 0x80...0x9F : 0x80...0xBF
            return continues(start + 1, pair) && continues(start + 2) ? 3 : nil
        case 0xF0...0xF4:
            pair = self[start] == 0xF0 ? 0x90...0xBF : self[start] == 0xF4 ? 0x80...0x8F : 0x80...0xBF
            return continues(start + 1, pair) && continues(start + 2) && continues(start + 3) ? 4 : nil
        default: return nil
        }
    }
}

extension RawSpan {
    /// Returns the eight bytes at `offset` as a little-endian integer.
    @inline(__always)
    func word(_ offset: Int) -> UInt64 {
        // Safe because every bit pattern is a valid UInt64, and the load checks the bounds.
        UInt64(littleEndian: unsafe unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }
}
