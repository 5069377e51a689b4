/// Python, also with Spark.
struct Python: ParameterLanguage {
    let name = "Python"
    let commentStart = "#"

    private static let keywords: Set<String> = [
        "False", "None", "True", "and", "as", "assert", "async", "await", "break", "class", "continue", "def", "del",
        "elif", "else", "except", "finally", "for", "from", "global", "if", "import", "in", "is", "lambda", "nonlocal",
        "not", "or", "pass", "raise", "return", "try", "while", "with", "yield",
    ]

    func assignment(of literal: String, to name: String) throws(ParameterError) -> String {
        // Python also has names beyond ASCII, which it normalizes.
        guard let first = name.unicodeScalars.first, first == "_" || first.properties.isXIDStart,
            name.unicodeScalars.allSatisfy({ $0 == "_" || $0.properties.isXIDContinue }), !Self.keywords.contains(name)
        else { throw .invalidName(name, language: self.name) }
        return "\(name) = \(literal)"
    }

    func literal(_ value: ParameterValue) throws(ParameterError) -> String {
        switch value {
        case .null: "None"
        case .bool(let value): value ? "True" : "False"
        case .integer(let value): value.description
        case .double(let value) where value.isNaN: "float('nan')"
        case .double(let value) where value.isInfinite: "float('\(value < 0 ? "-" : "")inf')"
        case .double(let value): value.spelling
        case .string(let text): StringEscapes.fixedWidth.literal(text)
        case .list(let values): "[\(try literals(values).joined(separator: ", "))]"
        case .map(let map): "{\(try map.members.map(member).joined(separator: ", "))}"
        }
    }

    private func member(_ member: ParameterMap.Member) throws(ParameterError) -> String {
        "\(StringEscapes.fixedWidth.literal(member.name)): \(try literal(member.value))"
    }

    func environmentVariable(_ name: String) -> String? {
        "__import__(\"os\").environ[\(StringEscapes.fixedWidth.literal(name))]"
    }
}

extension Double {
    /// The shortest decimal spelling, with a point or an exponent: `1.0`, `1e+300`.
    var spelling: String { description }
}
