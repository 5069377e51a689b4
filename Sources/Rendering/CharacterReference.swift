/// A character written by name or number, such as `&lt;` or `&#8364;`, as browsers read it.
enum CharacterReference {
    /// Returns text with its character references resolved; unknown references stay unchanged.
    ///
    /// - Parameter isAttribute: Whether the text is the value of an attribute. There, `&copy=` in the query of an address
    ///   is no reference.
    static func resolved(_ bytes: ArraySlice<UInt8>, isAttribute: Bool = false) -> [UInt8] {
        guard var next = bytes.firstIndex(of: UInt8(ascii: "&")) else { return Array(bytes) }
        var text: [UInt8] = []
        text.reserveCapacity(bytes.count)
        var place = bytes.startIndex
        while true {
            text += bytes[place..<next]
            if let (character, end) = read(bytes[next...], isAttribute: isAttribute) {
                text += character.utf8
                place = end
            } else {
                text.append(bytes[next])
                place = next + 1
            }
            guard let index = bytes[place...].firstIndex(of: UInt8(ascii: "&")) else { return text + bytes[place...] }
            next = index
        }
    }

    /// Reads a character reference at the beginning of `bytes`, and returns the index after it.
    private static func read(_ bytes: ArraySlice<UInt8>, isAttribute: Bool) -> (character: String, end: Int)? {
        let body = bytes.dropFirst()
        if body.first == UInt8(ascii: "#") { return readNumber(body.dropFirst()) }
        let name = body.prefix(HTMLEntities.longest).prefix { $0.isLetter || $0.isDigit }
        if bytes[name.endIndex...].first == UInt8(ascii: ";"), let character = HTMLEntities.character(named: name) {
            return (character, name.endIndex + 1)
        }
        for length in HTMLEntities.oldLengths.reversed() where length <= name.count {
            guard let character = HTMLEntities.oldCharacter(named: name.prefix(length)) else { continue }
            let end = name.startIndex + length
            if isAttribute, let next = bytes[end...].first, next == UInt8(ascii: "=") || next.isLetter || next.isDigit {
                return nil
            }
            return (character, end)
        }
        return nil
    }

    private static func readNumber(_ bytes: ArraySlice<UInt8>) -> (character: String, end: Int)? {
        let isHexadecimal = bytes.first.map { $0 | 0x20 } == UInt8(ascii: "x")
        let radix: UInt32 = isHexadecimal ? 16 : 10
        let digits = (isHexadecimal ? bytes.dropFirst() : bytes).prefix { value(of: $0) < radix }
        guard !digits.isEmpty else { return nil }
        // Every number beyond Unicode stands for the same character.
        let number = digits.reduce(UInt32(0)) { min($0 * radix + value(of: $1), 0x11_0000) }
        let hasSemicolon = bytes[digits.endIndex...].first == UInt8(ascii: ";")
        return (String(character(number)), digits.endIndex + (hasSemicolon ? 1 : 0))
    }

    private static func value(of digit: UInt8) -> UInt32 {
        if digit.isDigit { return UInt32(digit - UInt8(ascii: "0")) }
        return digit.isLetter ? UInt32((digit | 0x20) - UInt8(ascii: "a")) + 10 : .max
    }

    private static func character(_ number: UInt32) -> Unicode.Scalar {
        let replacement: Unicode.Scalar = "\u{FFFD}"
        if (0x80...0x9F).contains(number) { return windows1252[Int(number - 0x80)] }
        return number == 0 ? replacement : Unicode.Scalar(number) ?? replacement
    }

    /// The characters that browsers show for the control characters from U+0080 to U+009F.
    private static let windows1252 = Array(
        "€\u{81}‚ƒ„…†‡ˆ‰Š‹Œ\u{8D}Ž\u{8F}\u{90}‘’“”•–—˜™š›œ\u{9D}žŸ".unicodeScalars)
}
