/// The types of scalars in YAML, by the rules of PyYAML, which papermill uses, with these exceptions:
///
/// - Dates and times are texts, also `12:30`, which PyYAML takes for a number to the base 60.
/// - `1e3` is a number, as in JSON and in YAML 1.2.
enum YAMLScalar {
    /// The beginning of the names of YAML's own types.
    static let prefix = "tag:yaml.org,2002:"

    /// Returns the value of a scalar.
    ///
    /// - Throws: ``ParameterError/invalidText(line:column:problem:)`` if the text does not have the type of its tag.
    static func value(of text: String, isPlain: Bool, _ event: YAMLEvent) throws(ParameterError) -> ParameterValue {
        guard let tag = event.tag, tag != "!" else {
            return isPlain && event.tag == nil ? plain(text) : .string(text)
        }
        let typed: ParameterValue? =
            switch tag {
            case prefix + "str", prefix + "timestamp": .string(text)
            case prefix + "int": integer(text)
            case prefix + "float": number(text) ?? integer(text)?.asDouble
            case prefix + "bool": bool(text)
            case prefix + "null": null(text)
            default: throw event.error("the type \(tag) is unknown; leave it out")
            }
        guard let typed else { throw event.error("'\(text)' is not a value of the type \(tag)") }
        return typed
    }

    private static func plain(_ text: String) -> ParameterValue {
        null(text) ?? bool(text) ?? integer(text) ?? number(text) ?? .string(text)
    }

    private static let nulls: Set = ["", "~", "null", "Null", "NULL"]
    private static let truths = spellings(of: ["yes", "true", "on"])
    private static let untruths = spellings(of: ["no", "false", "off"])

    private static func spellings(of words: [String]) -> Set<String> {
        Set(words.flatMap { [$0, $0.prefix(1).uppercased() + $0.dropFirst(), $0.uppercased()] })
    }

    private static func null(_ text: String) -> ParameterValue? { nulls.contains(text) ? .null : nil }

    private static func bool(_ text: String) -> ParameterValue? {
        truths.contains(text) ? .bool(true) : untruths.contains(text) ? .bool(false) : nil
    }

    // A file can have a hundred thousand scalars: numbers are read byte by byte, not by regular expressions.

    /// Returns the integer in base 2 (`0b1`), 8 (`07`), 10 or 16 (`0xf`). Underscores may follow the first digit.
    private static func integer(_ text: String) -> ParameterValue? {
        let (sign, unsigned) = splitSign(text)
        let (base, digits) =
            switch true {
            case unsigned.hasPrefix("0b"): (2, unsigned.dropFirst(2))
            case unsigned.hasPrefix("0x"): (16, unsigned.dropFirst(2))
            default: (unsigned.hasPrefix("0") && unsigned != "0" ? 8 : 10, unsigned)
            }
        guard base == 2 || base == 16 || digits.utf8.first != UInt8(ascii: "_"),
            digits.utf8.allSatisfy({ $0 == UInt8(ascii: "_") || $0.isDigit(base: base) })
        else { return nil }
        let plain = sign + digits.replacing("_", with: "")
        // Longer ones of another base are rather an identifier than a number.
        return base == 10
            ? ParameterInteger(plain).map { .integer($0) }
            : Int(plain, radix: base).map { .integer(ParameterInteger($0)) }
    }

    private static func number(_ text: String) -> ParameterValue? {
        let (sign, unsigned) = splitSign(text)
        switch unsigned {
        case ".inf", ".Inf", ".INF": return .double(sign == "-" ? -.infinity : .infinity)
        case ".nan", ".NaN", ".NAN": return text == unsigned ? .double(.nan) : nil
        default: break
        }
        var rest = unsigned.utf8
        let whole = rest.takeDigits(orUnderscores: true)
        let fraction: Substring.UTF8View?
        if rest.first == UInt8(ascii: ".") {
            rest.removeFirst()
            fraction = rest.takeDigits(orUnderscores: true)
        } else {
            fraction = nil
        }
        guard let first = whole.first ?? fraction?.first, first != UInt8(ascii: "_") else { return nil }
        if rest.first.map({ $0 | 0x20 }) == UInt8(ascii: "e") {
            rest.removeFirst()
            if rest.first == UInt8(ascii: "+") || rest.first == UInt8(ascii: "-") { rest.removeFirst() }
            guard !rest.takeDigits(orUnderscores: false).isEmpty else { return nil }
        } else if fraction == nil {
            return nil
        }
        guard rest.isEmpty else { return nil }
        return ParameterValue.double(text.replacing("_", with: "")).map { .double($0) }
    }

    private static func splitSign(_ text: String) -> (sign: Substring, unsigned: Substring) {
        let count = text.hasPrefix("-") || text.hasPrefix("+") ? 1 : 0
        return (text.prefix(count), text.dropFirst(count))
    }
}

extension Substring.UTF8View {
    /// Removes the digits from the start, and returns them.
    fileprivate mutating func takeDigits(orUnderscores: Bool) -> Substring.UTF8View {
        let digits = prefix { $0.isDigit(base: 10) || orUnderscores && $0 == UInt8(ascii: "_") }
        self = self[digits.endIndex...]
        return digits
    }
}

extension UInt8 {
    fileprivate func isDigit(base: Int) -> Bool {
        switch self {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): Int(self - UInt8(ascii: "0")) < base
        case UInt8(ascii: "a")...UInt8(ascii: "f"), UInt8(ascii: "A")...UInt8(ascii: "F"): base == 16
        default: false
        }
    }
}

extension ParameterValue {
    /// The number as a floating-point number; nil for other values.
    fileprivate var asDouble: ParameterValue? {
        if case .integer(let integer) = self { Double(integer.description).map { .double($0) } } else { nil }
    }
}
