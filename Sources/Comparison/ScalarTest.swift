/// A test for one character.
struct ScalarTest: Equatable, Sendable {
    /// The characters up to U+007F that pass, as bits.
    private(set) var ascii = ASCIISet()
    private var others = Others.sets([])
    /// The character, if no other one passes.
    private(set) var single: UInt32?

    /// The characters from U+0080 on that pass.
    private enum Others: Equatable, Sendable {
        case all
        /// The characters in any of the sets.
        case sets([ScalarSet])
    }

    static let any = ScalarTest(ascii: .all, others: .all)
    static let notNewline = ScalarTest(ascii: ASCIISet { $0 != 0x0A }, others: .all)

    private init(ascii: ASCIISet, others: Others) { (self.ascii, self.others) = (ascii, others) }

    /// Accepts one character.
    init(_ scalar: UInt32) {
        self.init(ScalarSet(ranges: [scalar...scalar]))
        single = scalar
    }

    init(_ set: ScalarSet) {
        ascii = ASCIISet(set.contains)
        others = .sets([set])
    }

    /// Accepts what any of the tests accepts.
    init(anyOf tests: [ScalarTest]) {
        for test in tests { ascii.formUnion(test.ascii) }
        var sets: [ScalarSet] = []
        for test in tests {
            guard case .sets(let more) = test.others else {
                others = .all
                return
            }
            sets += more
        }
        others = .sets(sets)
    }

    /// Whether a character passes the test.
    func accepts(_ scalar: UInt32) -> Bool {
        if scalar < 0x80 { return ascii.contains(scalar) }
        return switch others {
        case .all: true
        case .sets(let sets): sets.contains { $0.contains(scalar) }
        }
    }
}

/// A set of characters up to U+007F.
struct ASCIISet: Equatable, Sendable {
    private var low: UInt64 = 0
    private var high: UInt64 = 0

    static let all = ASCIISet { _ in true }

    init() {}

    init(_ contains: (UInt32) -> Bool) {
        for scalar in UInt32(0)..<64 {
            if contains(scalar) { low |= 1 << UInt64(scalar) }
            if contains(scalar + 64) { high |= 1 << UInt64(scalar) }
        }
    }

    mutating func formUnion(_ other: ASCIISet) { (low, high) = (low | other.low, high | other.high) }

    /// Whether the set contains a character, which must be below U+0080.
    func contains(_ scalar: UInt32) -> Bool { (scalar < 64 ? low : high) >> UInt64(scalar & 63) & 1 == 1 }
}

/// The characters in a pair of brackets, or of an escape such as `\d`.
struct ScalarSet: Equatable, Sendable {
    var ranges: [ClosedRange<UInt32>] = []
    var classes: [ScalarClass] = []
    var isNegated = false
    /// Which characters count as the same.
    var folding = CaseFolding.none

    func contains(_ scalar: UInt32) -> Bool { holds(scalar) != isNegated }

    private func holds(_ scalar: UInt32) -> Bool {
        for one in classes where one.contains(scalar) { return true }
        guard folding != .none else { return ranges.contains { $0.contains(scalar) } }
        let equivalents = CaseEquivalence.equivalents(of: scalar, isASCII: folding == .ascii)
        return ranges.contains { range in equivalents.contains(where: range.contains) }
    }
}

/// The characters that match each other although they differ in case.
enum CaseFolding: Equatable, Sendable { case none, ascii, unicode }

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
}
