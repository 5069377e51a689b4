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

    private static func null(_ text: String) -> ParameterValue? {
        ["", "~", "null", "Null", "NULL"].contains(text) ? .null : nil
    }

    private static func bool(_ text: String) -> ParameterValue? {
        let forms = { (word: String) in [word, word.prefix(1).uppercased() + word.dropFirst(), word.uppercased()] }
        if ["yes", "true", "on"].flatMap(forms).contains(text) { return .bool(true) }
        if ["no", "false", "off"].flatMap(forms).contains(text) { return .bool(false) }
        return nil
    }

    private static func integer(_ text: String) -> ParameterValue? {
        guard let match = text.wholeMatch(of: /([-+]?)(0b[01_]+|0x[0-9a-fA-F_]+|0[0-7_]+|0|[1-9][0-9_]*)/) else {
            return nil
        }
        let digits = match.2.replacing("_", with: "")
        if digits.hasPrefix("0"), digits.count > 1 {
            let (base, digits) =
                digits.hasPrefix("0b")
                ? (2, digits.dropFirst(2))
                : digits.hasPrefix("0x") ? (16, digits.dropFirst(2)) : (8, digits.dropFirst(1))
            // Longer ones are rather an identifier than a number.
            return Int(match.1 + digits, radix: base).map { .integer(ParameterInteger($0)) }
        }
        return ParameterInteger(match.1 + digits).map { .integer($0) }
    }

    private static func number(_ text: String) -> ParameterValue? {
        if let match = text.wholeMatch(of: /([-+]?)\.(inf|Inf|INF)/) {
            return .double(match.1 == "-" ? -.infinity : .infinity)
        }
        if text.wholeMatch(of: /\.(nan|NaN|NAN)/) != nil { return .double(.nan) }
        guard
            text.wholeMatch(of: /[-+]?([0-9][0-9_]*\.[0-9_]*|\.[0-9][0-9_]*|[0-9][0-9_]*(?=[eE]))([eE][-+]?[0-9]+)?/)
                != nil
        else { return nil }
        return ParameterValue.double(text.replacing("_", with: "")).map { .double($0) }
    }
}

extension ParameterValue {
    /// The number as a floating-point number; nil for other values.
    fileprivate var asDouble: ParameterValue? {
        if case .integer(let integer) = self { Double(integer.description).map { .double($0) } } else { nil }
    }
}
