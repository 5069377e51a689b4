/// R, also with Spark.
struct R: ParameterLanguage {
    let name = "R"
    let commentStart = "#"

    func assignment(of literal: String, to name: String) throws(ParameterError) -> String {
        "\(try variable(name)) = \(literal)"
    }

    /// The variable of a name, in backticks if R could not read it otherwise.
    private func variable(_ name: String) throws(ParameterError) -> String {
        let isPlain =
            name.first.map { $0.isASCII && $0.isLetter } == true && !Self.keywords.contains(name)
            && name.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber) || $0 == "_" || $0 == "." }
        if isPlain { return name }
        guard !name.isEmpty, !name.unicodeScalars.contains(where: { $0.mustBeEscaped || $0 == "`" || $0 == "\\" })
        else {
            throw .invalidName(name, language: self.name)
        }
        return "`\(name)`"
    }

    private static let keywords: Set<String> = [
        "if", "else", "repeat", "while", "function", "for", "next", "break", "TRUE", "FALSE", "NULL", "Inf", "NaN",
        "NA",
        "NA_integer_", "NA_real_", "NA_character_", "NA_complex_", "in",
    ]

    func literal(_ value: ParameterValue) throws(ParameterError) -> String {
        switch value {
        case .null: return "NULL"
        case .bool(let value): return value ? "TRUE" : "FALSE"
        case .integer(let value):
            // R reads integers as floating-point numbers, which are exact up to 2^53.
            guard value.fits(bits: 54) else {
                throw unsupported(value.description, because: "its numbers are exact only up to 2^53")
            }
            return value.description
        case .double(let value) where value.isNaN: return "NaN"
        case .double(let value) where value.isInfinite: return value < 0 ? "-Inf" : "Inf"
        case .double(let value): return value.spelling
        case .string(let text): return try string(text)
        case .list(let values): return "list(\(try literals(values).joined(separator: ", ")))"
        case .map(let map):
            var members: [String] = []
            for member in map.members {
                guard !member.name.isEmpty else {
                    throw unsupported("\"\"", because: "a name in a list cannot be empty")
                }
                members.append("\(try string(member.name)) = \(try literal(member.value))")
            }
            return "list(\(members.joined(separator: ", ")))"
        }
    }

    private func string(_ text: String) throws(ParameterError) -> String {
        guard !text.unicodeScalars.contains("\0") else {
            throw unsupported("a text with a null character", because: "its texts end there")
        }
        return StringEscapes.fixedWidth.literal(text)
    }

    func environmentVariable(_ name: String) -> String? { "Sys.getenv(\(StringEscapes.fixedWidth.literal(name)))" }
}
