extension PythonRegexParser {
    /// Reads an escape for one character, after the backslash and `scalar`.
    mutating func parseCharacter(_ scalar: Unicode.Scalar, from start: Int) throws(PythonRegexError) -> UInt32 {
        if let control = Self.controls[scalar] { return control }
        switch scalar {
        case "x": return try hexadecimal(2, from: start)
        case "u": return try hexadecimal(4, from: start)
        case "U": return try hexadecimal(8, from: start)
        case "N": return try named(from: start)
        case "0":
            place -= 1
            return octal(atMost: 3)
        case "a"..."z", "A"..."Z", "1"..."9": throw fault("'\\\(scalar)' is not a valid escape", at: start)
        default: return scalar.value
        }
    }

    /// The escape letters of control characters.
    static let controls: [Unicode.Scalar: UInt32] = [
        "a": 0x07, "f": 0x0C, "n": 0x0A, "r": 0x0D, "t": 0x09, "v": 0x0B,
    ]

    /// Reads exactly three octal digits; fewer digits are not an octal escape.
    mutating func threeOctalDigits(from start: Int) throws(PythonRegexError) -> UInt32? {
        let first = place
        let value = octal(atMost: 3)
        guard place == first + 3 else {
            place = first
            return nil
        }
        if value > 0o377 { throw fault("an octal escape is greater than \\377", at: start) }
        return value
    }

    mutating func octal(atMost count: Int) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<count {
            guard let digit = next, ("0"..."7").contains(digit) else { break }
            value = value * 8 + digit.value - 0x30
            place += 1
        }
        return value
    }

    private mutating func hexadecimal(_ count: Int, from start: Int) throws(PythonRegexError) -> UInt32 {
        let end = place + count
        let text = String(String.UnicodeScalarView(scalars[place..<min(end, scalars.count)]))
        guard text.utf8.count == count, !text.hasPrefix("+"), let value = UInt32(text, radix: 16), value <= 0x10FFFF
        else {
            throw fault("an escape needs \(count) hexadecimal digits", at: start)
        }
        place = end
        return value
    }

    /// Reads the name of a character in braces.
    private mutating func named(from start: Int) throws(PythonRegexError) -> UInt32 {
        guard take("{"), let end = scalars[place...].firstIndex(of: "}") else {
            throw fault("'\\N' must be followed by a name in braces", at: start)
        }
        let name = String(String.UnicodeScalarView(scalars[place..<end])).uppercased()
        let found = (UInt32(0)...0x10FFFF).first {
            let properties = Unicode.Scalar($0)?.properties
            return properties?.name == name || properties?.nameAlias == name
        }
        guard let found else { throw fault("no character is named '\(name)'", at: start) }
        place = end + 1
        return found
    }
}
