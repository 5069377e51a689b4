/// C#.
struct CSharp: TypedLanguage {
    let name = "C#"
    let heading = "// Parameters"
    let reservedNames = words(
        """
        abstract as base bool break byte case catch char checked class const continue decimal default delegate do double
        else enum event explicit extern false finally fixed float for foreach goto if implicit in int interface internal
        is lock long namespace new null object operator out override params private protected public readonly ref return
        sbyte sealed short sizeof stackalloc static string struct switch this throw true try typeof uint ulong unchecked
        unsafe ushort using virtual void volatile while
        """)

    private static let text = StringEscapes.backslash(numeric: StringEscapes.fixedWidth)

    func assignment(of literal: String, to name: String) throws(ParameterError) -> String {
        "\(literal == "null" ? "object" : "var") \(try identifier(name)) = \(literal);"
    }

    func literal(_ value: ParameterValue, as type: ValueType) throws(ParameterError) -> String {
        switch value {
        case .null: return "null"
        case .bool(let value): return value ? "true" : "false"
        case .integer(let value):
            switch value.width {
            case .int: return value.description
            case .long: return "\(value)L"
            case .big: return "System.Numerics.BigInteger.Parse(\"\(value)\")"
            }
        case .double(let value):
            return value.spelled(
                nan: "double.NaN", infinity: "double.PositiveInfinity", negativeInfinity: "double.NegativeInfinity")
        case .string(let text): return Self.text.literal(text)
        case .list(let values):
            guard case .list(let element) = type else { return try literal(value) }
            return "new \(spelled(type)) { \(try literals(values, as: element)) }".replacing("{  }", with: "{ }")
        case .map(let map):
            let members = try members(map) { "[\(Self.text.literal($0))] = \($1)" }
            return "new \(spelled(type)) { \(members) }".replacing("{  }", with: "{ }")
        }
    }

    private func spelled(_ type: ValueType) -> String {
        switch type {
        case .bool: "bool"
        case .integer(.int): "int"
        case .integer(.long): "long"
        case .integer(.big): "System.Numerics.BigInteger"
        case .double: "double"
        case .string: "string"
        case .list(let type): spelled(type) + "[]"
        case .map: "Dictionary<string, object>"
        case .null, .optional, .mixed, .unknown: "object"
        }
    }

    func environmentVariable(_ name: String) -> String {
        let literal = Self.text.literal(name)
        return "Environment.GetEnvironmentVariable(\(literal)) ?? throw new KeyNotFoundException(\(literal))"
    }
}
