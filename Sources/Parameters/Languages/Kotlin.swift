/// Kotlin.
struct Kotlin: ParameterLanguage {
    let name = "Kotlin"
    let heading = "// Parameters"
    let reservedNames = words(
        """
        as break class continue do else false for fun if in interface is null object package return super this throw
        true try typealias typeof val var when while
        """)

    private static let text = StringEscapes.backslash(besides: ["$"], numeric: StringEscapes.utf16)

    func assignment(of literal: String, to name: String) throws(ParameterError) -> String {
        "val \(try identifier(name)) = \(literal)"
    }

    func literal(_ value: ParameterValue) throws(ParameterError) -> String {
        switch value {
        case .null: "null"
        case .bool(let value): value ? "true" : "false"
        // The number of a literal has no sign, so that no literal is the least number.
        case .integer(let value) where value.int == .min: "Long.MIN_VALUE"
        case .integer(let value):
            switch value.width {
            case .int: value.description
            case .long: "\(value)L"
            case .big: "\"\(value)\".toBigInteger()"
            }
        case .double(let value):
            value.spelled(
                nan: "Double.NaN", infinity: "Double.POSITIVE_INFINITY", negativeInfinity: "Double.NEGATIVE_INFINITY")
        case .string(let text): Self.text.literal(text)
        case .list(let values): values.isEmpty ? "emptyList<Any?>()" : "listOf(\(try literals(values)))"
        case .map(let map) where map.isEmpty: "emptyMap<String, Any?>()"
        case .map(let map): "mapOf(\(try members(map) { "\(Self.text.literal($0)) to \($1)" }))"
        }
    }

    func environmentVariable(_ name: String) -> String { "System.getenv(\(Self.text.literal(name)))!!" }
}
