/// An alphabet of mathematics, such as bold or blackboard letters.
enum MathVariant {
    case upright, italic, bold, boldItalic, script, fraktur, doubleStruck, sansSerif, monospace

    /// Returns a letter or digit in this alphabet; the character itself if the alphabet lacks it.
    func styled(_ character: Character) -> Character {
        guard let value = character.unicodeScalars.first, character.unicodeScalars.count == 1 else { return character }
        if let exception = exceptions[character] { return exception }
        let start: UInt32? =
            switch value {
            case "A"..."Z": latin.map { $0 + value.value - 0x41 }
            case "a"..."z": latin.map { $0 + value.value - 0x61 + 26 }
            case "0"..."9": digits.map { $0 + value.value - 0x30 }
            case "Α"..."Ω": greek.map { $0 + value.value - 0x391 }
            case "α"..."ω": greek.map { $0 + value.value - 0x3B1 + 26 }
            default: nil
            }
        return start.flatMap(Unicode.Scalar.init).map(Character.init) ?? character
    }

    /// The first capital letter of the alphabet; nil if it has the letters of plain text.
    private var latin: UInt32? {
        switch self {
        case .upright, .italic: nil
        case .bold: 0x1D400
        case .boldItalic: 0x1D468
        case .script: 0x1D49C
        case .fraktur: 0x1D504
        case .doubleStruck: 0x1D538
        case .sansSerif: 0x1D5A0
        case .monospace: 0x1D670
        }
    }

    private var greek: UInt32? {
        switch self {
        case .bold: 0x1D6A8
        case .boldItalic: 0x1D71C
        default: nil
        }
    }

    private var digits: UInt32? {
        switch self {
        case .bold, .boldItalic: 0x1D7CE
        case .doubleStruck: 0x1D7D8
        case .sansSerif: 0x1D7E2
        case .monospace: 0x1D7F6
        default: nil
        }
    }

    /// The letters that Unicode had before the alphabets.
    private var exceptions: [Character: Character] {
        switch self {
        case .script: Self.scriptExceptions
        case .fraktur: ["C": "ℭ", "H": "ℌ", "I": "ℑ", "R": "ℜ", "Z": "ℨ"]
        case .doubleStruck: ["C": "ℂ", "H": "ℍ", "N": "ℕ", "P": "ℙ", "Q": "ℚ", "R": "ℝ", "Z": "ℤ"]
        default: [:]
        }
    }

    private static let scriptExceptions: [Character: Character] = [
        "B": "ℬ", "E": "ℰ", "F": "ℱ", "H": "ℋ", "I": "ℐ", "L": "ℒ", "M": "ℳ", "R": "ℛ", "e": "ℯ", "g": "ℊ", "o": "ℴ",
    ]
}
