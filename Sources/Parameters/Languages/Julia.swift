/// Julia.
struct Julia: ParameterLanguage {
    let name = "Julia"
    let heading = "# Parameters"
    let reservedNames = words(
        """
        Any Dict ENV Inf NaN String baremodule begin break catch const continue do else elseif end export false finally
        for function global if import in isa let local macro module nothing quote return struct true try using where
        while
        """)

    private static let text = StringEscapes.backslash(besides: ["$"], numeric: StringEscapes.fixedWidth)

    func assignment(of literal: String, to name: String) throws(ParameterError) -> String {
        "\(try identifier(name)) = \(literal)"
    }

    func literal(_ value: ParameterValue) throws(ParameterError) -> String {
        switch value {
        case .null: "nothing"
        case .bool(let value): value ? "true" : "false"
        // Julia gives a long literal a type that holds it.
        case .integer(let value): value.description
        case .double(let value): value.spelled(nan: "NaN", infinity: "Inf")
        case .string(let text): Self.text.literal(text)
        // Julia would convert numbers and truth values to a type that they share.
        case .list(let values): "\(ValueType(of: values).isMixed ? "Any" : "")[\(try literals(values))]"
        case .map(let map) where map.isEmpty: "Dict{String, Any}()"
        case .map(let map): "Dict(\(try members(map) { "\(Self.text.literal($0)) => \($1)" }))"
        }
    }

    func environmentVariable(_ name: String) -> String { "ENV[\(Self.text.literal(name))]" }
}
