/// R, also with Spark.
struct R: ParameterLanguage {
    let name = "R"
    let heading = "# Parameters"
    let reservedNames = words(
        """
        FALSE Inf NA NA_character_ NA_complex_ NA_integer_ NA_real_ NULL NaN TRUE break else for function if in next
        repeat while
        """)

    private static let text = StringEscapes.backslash(numeric: StringEscapes.fixedWidth)

    /// R reads any name in backticks.
    func assignment(of literal: String, to name: String) throws(ParameterError) -> String {
        if let plain = try? identifier(name, isASCII: true, besides: ["."]), !plain.hasPrefix("_") {
            return "\(plain) = \(literal)"
        }
        guard !name.isEmpty, name.utf8.count <= 10_000,
            !name.unicodeScalars.contains(where: { $0.isConfusing || $0 == "`" || $0 == "\\" })
        else { throw .invalidName(name, language: self.name) }
        return "`\(name)` = \(literal)"
    }

    func literal(_ value: ParameterValue) throws(ParameterError) -> String {
        switch value {
        case .null: return "NULL"
        case .bool(let value): return value ? "TRUE" : "FALSE"
        case .integer(let value):
            // R reads integers as floating-point numbers.
            guard value.isExactDouble else {
                throw unsupported(value.description, because: "its numbers are exact only up to 2^53")
            }
            return value.description
        case .double(let value): return value.spelled(nan: "NaN", infinity: "Inf")
        case .string(let text): return try string(text)
        case .list(let values): return "list(\(try literals(values)))"
        case .map(let map):
            let names = try literals(map.names.map { .string($0) })
            // The other form has no empty name.
            if map.names.contains("") {
                return "setNames(list(\(try literals(map.members.map(\.value)))), c(\(names)))"
            }
            return "list(\(try members(map) { "\(Self.text.literal($0)) = \($1)" }))"
        }
    }

    private func string(_ text: String) throws(ParameterError) -> String {
        Self.text.literal(try withoutNull(text))
    }

    func environmentVariable(_ name: String) throws(ParameterError) -> String { "Sys.getenv(\(try string(name)))" }
}
