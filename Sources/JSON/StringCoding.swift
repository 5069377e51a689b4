/// Decoding and encoding of quoted strings.
///
/// JSON can contain lone surrogates, which Swift's `String` cannot. Here they are encoded as three bytes, like other
/// characters of that range in UTF-8, so that they survive reading and writing.
enum StringCoding {
    /// Returns the decoded bytes of the quoted string in `range` of `bytes`.
    static func decode(_ bytes: [UInt8], _ range: Range<Int>) -> [UInt8] {
        var decoded: [UInt8] = []
        decode(bytes, range, inPartsOf: .max) { decoded = $0 }
        return decoded
    }

    /// Calls `body` with the decoded bytes of the quoted string in `range`, in parts that do not split characters.
    private static func decode(_ bytes: [UInt8], _ range: Range<Int>, inPartsOf size: Int, _ body: ([UInt8]) -> Void) {
        var decoded: [UInt8] = []
        decoded.reserveCapacity(min(range.count, size))
        let end = range.upperBound - 1
        var at = range.lowerBound + 1
        while at < end {
            if decoded.count >= size {
                body(decoded)
                decoded.removeAll(keepingCapacity: true)
            }
            guard bytes[at] == UInt8(ascii: "\\") else {
                // The text up to the next escape is copied at once.
                let run = bytes[at..<end].firstIndex(of: UInt8(ascii: "\\")) ?? end
                decoded += bytes[at..<run]
                at = run
                continue
            }
            at += 2
            switch bytes[at - 1] {
            case UInt8(ascii: "b"): decoded.append(0x08)
            case UInt8(ascii: "f"): decoded.append(0x0C)
            case UInt8(ascii: "n"): decoded.append(0x0A)
            case UInt8(ascii: "r"): decoded.append(0x0D)
            case UInt8(ascii: "t"): decoded.append(0x09)
            case UInt8(ascii: "u"):
                var scalar = UInt32(bytes.span.hexadecimal(at: at) ?? 0)
                at += 4
                if scalar & 0xFC00 == 0xD800, at + 6 <= end, bytes[at] == UInt8(ascii: "\\"),
                    bytes[at + 1] == UInt8(ascii: "u"), let low = bytes.span.hexadecimal(at: at + 2),
                    low & 0xFC00 == 0xDC00
                {
                    scalar = 0x10000 + (scalar & 0x3FF) << 10 + UInt32(low & 0x3FF)
                    at += 6
                }
                append(scalar, to: &decoded)
            case let plain: decoded.append(plain)
            }
        }
        body(decoded)
    }

    /// Returns the quoted string in `range` as a `String`, with U+FFFD for a lone surrogate.
    static func string(_ bytes: [UInt8], _ range: Range<Int>) -> String {
        let inner = range.lowerBound + 1..<range.upperBound - 1
        guard bytes[inner].contains(UInt8(ascii: "\\")) else { return String(decoding: bytes[inner], as: UTF8.self) }
        var text = ""
        text.reserveCapacity(range.count)
        // Decoding in parts avoids a second copy of a long text in memory.
        decode(bytes, range, inPartsOf: 1 << 16) { text += String(decoding: $0, as: UTF8.self) }
        return text
    }

    /// Whether the quoted string in `range` has exactly the bytes of `string`. Canonically equivalent strings are not
    /// equal.
    static func equals(_ bytes: [UInt8], _ range: Range<Int>, _ string: String) -> Bool {
        let inner = bytes[range.lowerBound + 1..<range.upperBound - 1]
        return inner.contains(UInt8(ascii: "\\"))
            ? decode(bytes, range).elementsEqual(string.utf8) : inner.elementsEqual(string.utf8)
    }

    /// Appends `characters` as a quoted string, byte for byte like Python's `json`.
    static func encode(_ characters: some Sequence<UInt8>, escapingNonASCII: Bool, to text: inout [UInt8]) {
        text.append(UInt8(ascii: "\""))
        var pending: UInt32 = 0
        var missing = 0
        for byte in characters {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): text += [UInt8(ascii: "\\"), byte]
            case 0x08: text += "\\b".utf8
            case 0x0C: text += "\\f".utf8
            case 0x0A: text += "\\n".utf8
            case 0x0D: text += "\\r".utf8
            case 0x09: text += "\\t".utf8
            case 0..<0x20: escape(UInt16(byte), to: &text)
            case 0x7F where escapingNonASCII: escape(0x7F, to: &text)
            case 0x20..<0x80: text.append(byte)
            case 0x80..<0xC0:
                pending = pending << 6 | UInt32(byte & 0x3F)
                missing -= 1
                if missing == 0 { write(pending, escapingNonASCII: escapingNonASCII, to: &text) }
            case 0xC0..<0xE0: (pending, missing) = (UInt32(byte & 0x1F), 1)
            case 0xE0..<0xF0: (pending, missing) = (UInt32(byte & 0x0F), 2)
            default: (pending, missing) = (UInt32(byte & 0x07), 3)
            }
        }
        text.append(UInt8(ascii: "\""))
    }

    /// Whether the quoted string in `range` is already encoded as `encode` would encode it.
    static func isEncoded(_ bytes: [UInt8], _ range: Range<Int>, escapingNonASCII: Bool) -> Bool {
        let end = range.upperBound - 1
        var at = range.lowerBound + 1
        while at < end {
            at = bytes.span.skippingPlainText(from: at)
            guard at < end else { return true }
            switch bytes[at] {
            case UInt8(ascii: "\\"):
                switch bytes[at + 1] {
                case UInt8(ascii: "/"), UInt8(ascii: "u"): return false
                default: at += 2
                }
            case 0x7F...: if escapingNonASCII { return false } else { at += 1 }
            default: at += 1
            }
        }
        return true
    }

    private static func write(_ scalar: UInt32, escapingNonASCII: Bool, to text: inout [UInt8]) {
        if scalar >= 0x10000, escapingNonASCII {
            escape(UInt16(0xD800 + (scalar - 0x10000) >> 10), to: &text)
            escape(UInt16(0xDC00 + (scalar - 0x10000) & 0x3FF), to: &text)
        } else if escapingNonASCII || (0xD800..<0xE000).contains(scalar) {
            escape(UInt16(scalar), to: &text)
        } else {
            append(scalar, to: &text)
        }
    }

    private static func escape(_ unit: UInt16, to text: inout [UInt8]) {
        text += "\\u".utf8
        for shift in [12, 8, 4, 0] {
            let digit = UInt8(unit >> UInt16(shift) & 0xF)
            text.append(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10)
        }
    }

    private static func append(_ scalar: UInt32, to bytes: inout [UInt8]) {
        func tail(_ shift: UInt32) -> UInt8 { UInt8(scalar >> shift & 0x3F) | 0x80 }
        switch scalar {
        case 0..<0x80: bytes.append(UInt8(scalar))
        case 0..<0x800: bytes += [UInt8(scalar >> 6) | 0xC0, tail(0)]
        case 0..<0x10000: bytes += [UInt8(scalar >> 12) | 0xE0, tail(6), tail(0)]
        default: bytes += [UInt8(scalar >> 18) | 0xF0, tail(12), tail(6), tail(0)]
        }
    }
}
