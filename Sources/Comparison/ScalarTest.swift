/// A test for one character.
enum ScalarTest: Equatable, Sendable {
    case any
    case notNewline
    case scalar(UInt32)
    case set(ScalarSet)

    /// Whether a character passes the test.
    func accepts(_ scalar: UInt32) -> Bool {
        switch self {
        case .any: true
        case .notNewline: scalar != 0x0A
        case .scalar(let wanted): scalar == wanted
        case .set(let set): set.contains(scalar)
        }
    }
}

/// The characters in a pair of brackets, or of an escape such as `\d`.
struct ScalarSet: Equatable, Sendable {
    var ranges: [ClosedRange<UInt32>] = []
    var classes: [ScalarClass] = []
    var isNegated = false
    var ignoresCase = false

    func contains(_ scalar: UInt32) -> Bool {
        var isFound = holds(scalar)
        if !isFound, ignoresCase {
            isFound = holds(scalar.lowercased) || holds(scalar.uppercased)
        }
        return isFound != isNegated
    }

    private func holds(_ scalar: UInt32) -> Bool {
        for range in ranges where range.contains(scalar) { return true }
        for one in classes where one.contains(scalar) { return true }
        return false
    }
}

/// A character class as defined by Python's `str` methods.
struct ScalarClass: Equatable, Sendable {
    enum Kind: Equatable, Sendable { case digit, space, word }
    let kind: Kind
    let isNegated: Bool
    let isASCII: Bool

    func contains(_ scalar: UInt32) -> Bool {
        if isASCII, scalar > 0x7F { return isNegated }
        return switch kind {
        case .digit: scalar.isDigit != isNegated
        case .space: scalar.isSpace(isASCII: isASCII) != isNegated
        case .word: scalar.isWord(isASCII: isASCII) != isNegated
        }
    }
}

extension UInt32 {
    var isDigit: Bool {
        if self <= 0x7F { return (0x30...0x39).contains(self) }
        return Unicode.Scalar(self)?.properties.generalCategory == .decimalNumber
    }

    /// Equivalent to Python's `str.isspace`. The four separators in ASCII count only if `isASCII` is false.
    func isSpace(isASCII: Bool) -> Bool {
        switch self {
        case 0x09...0x0D, 0x20: true
        case 0x1C...0x1F: !isASCII
        case 0x85, 0xA0, 0x1680, 0x2000...0x200A, 0x2028, 0x2029, 0x202F, 0x205F, 0x3000: true
        default: false
        }
    }

    /// Equivalent to Python's `str.isalnum`, or an underscore.
    func isWord(isASCII: Bool) -> Bool {
        switch self {
        case 0x30...0x39, 0x41...0x5A, 0x5F, 0x61...0x7A: return true
        case 0...0x7F: return false
        default: break
        }
        guard !isASCII, let properties = Unicode.Scalar(self)?.properties else { return false }
        switch properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter: return true
        default: return properties.numericType != nil
        }
    }

    var lowercased: UInt32 { mapped { $0.lowercaseMapping } }
    var uppercased: UInt32 { mapped { $0.uppercaseMapping } }

    /// Returns the case mapping if it is a single character, or the character itself.
    private func mapped(_ mapping: (Unicode.Scalar.Properties) -> String) -> UInt32 {
        guard let scalar = Unicode.Scalar(self) else { return self }
        let scalars = mapping(scalar.properties).unicodeScalars
        guard let first = scalars.first, scalars.count == 1 else { return self }
        return first.value
    }
}
