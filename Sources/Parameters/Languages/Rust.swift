/// Rust.
struct Rust: TypedLanguage {
    let name = "Rust"
    let heading = "// Parameters"
    let reservedNames = words(
        """
        Self abstract as async await become box break const continue crate do dyn else enum extern false final fn for
        gen if impl in let loop macro match mod move mut override priv pub ref return self static std struct super trait
        true try type typeof unsafe unsized use virtual where while yield
        """)

    private static let text = StringEscapes.backslash(numeric: StringEscapes.braces)

    func assignment(of literal: String, to name: String) throws(ParameterError) -> String {
        "let \(try identifier(name)) = \(literal);"
    }

    func literal(_ value: ParameterValue, as type: ValueType) throws(ParameterError) -> String {
        switch (value, type) {
        case (.null, .optional): return "None"
        case (.null, _): return "None::<String>"
        case (_, .optional(let type)): return "Some(\(try literal(value, as: type)))"
        case (.bool(let value), _): return value ? "true" : "false"
        case (.integer(let value), .integer(let width)):
            guard Int128(value.description) != nil else {
                throw unsupported(value.description, because: "its integers have at most 128 bits")
            }
            return width == .int ? value.description : value.description + (try spelled(type))
        case (.integer(let value), _): return "\(value).0"
        case (.double(let value), _):
            return value.spelled(nan: "f64::NAN", infinity: "f64::INFINITY", negativeInfinity: "f64::NEG_INFINITY")
        case (.string(let text), _): return string(text)
        case (.list(let values), .list(let element)):
            let type = try spelled(element)
            return values.isEmpty ? "Vec::<\(type)>::new()" : "vec![\(try literals(values, as: element))]"
        case (.map(let map), .map(let element)):
            let type = try spelled(element)
            if map.isEmpty { return "std::collections::HashMap::<String, \(type)>::new()" }
            return "std::collections::HashMap::from(["
                + (try members(map, as: element) { "(\(string($0)), \($1))" }) + "])"
        case (.list, _), (.map, _): return try literal(value)
        }
    }

    private func string(_ text: String) -> String { "String::from(\(Self.text.literal(text)))" }

    private func spelled(_ type: ValueType) throws(ParameterError) -> String {
        switch type {
        case .bool: "bool"
        case .integer(.int): "i32"
        case .integer(.long): "i64"
        case .integer(.big): "i128"
        case .double: "f64"
        case .string, .unknown: "String"
        case .list(let type): "Vec<\(try spelled(type))>"
        case .map(let type): "std::collections::HashMap<String, \(try spelled(type))>"
        case .optional(let type): "Option<\(try spelled(type))>"
        case .null: "Option<String>"
        case .mixed:
            throw unsupported("values of different types", because: "its lists and maps hold values of one type")
        }
    }

    func environmentVariable(_ name: String) -> String { "std::env::var(\(Self.text.literal(name))).unwrap()" }
}
