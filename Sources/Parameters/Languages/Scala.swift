/// Scala, also with Spark.
struct Scala: ParameterLanguage {
    let name = "Scala"
    let heading = "// Parameters"
    let reservedNames = words(
        """
        abstract case catch class def do else enum export extends false final finally for forSome given if implicit
        import lazy macro match new null object override package private protected return sealed super then this throw
        trait try true type val var while with yield
        """)

    private static let text = StringEscapes.backslash(numeric: StringEscapes.utf16)

    func assignment(of literal: String, to name: String) throws(ParameterError) -> String {
        "val \(try identifier(name)) = \(literal)"
    }

    func literal(_ value: ParameterValue) throws(ParameterError) -> String {
        switch value {
        case .null: "None"
        case .bool(let value): value ? "true" : "false"
        case .integer(let value):
            switch value.width {
            case .int: value.description
            case .long: "\(value)L"
            case .big: "BigInt(\"\(value)\")"
            }
        case .double(let value):
            value.spelled(
                nan: "Double.NaN", infinity: "Double.PositiveInfinity", negativeInfinity: "Double.NegativeInfinity")
        case .string(let text): Self.text.literal(text)
        // Scala would convert long integers to floating-point numbers.
        case .list(let values): "Seq\(ValueType(of: values) == .mixed ? "[Any]" : "")(\(try literals(values)))"
        case .map(let map) where map.isEmpty: "Map.empty[String, Any]"
        case .map(let map): "Map(\(try members(map) { "\(Self.text.literal($0)) -> \($1)" }))"
        }
    }

    func environmentVariable(_ name: String) -> String { "sys.env(\(Self.text.literal(name)))" }
}
