/// JavaScript and TypeScript.
struct JavaScript: ParameterLanguage {
    let name: String
    let heading = "// Parameters"
    let reservedNames = words(
        """
        Infinity NaN arguments await break case catch class const continue debugger default delete do else enum eval
        export extends false finally for function if implements import in instanceof interface let new null package
        private process protected public return static super switch this throw true try typeof undefined var void while
        with yield
        """)

    private static let text = StringEscapes.backslash(numeric: StringEscapes.braces)

    /// Assigns with `var`, which repeats the declaration of another cell.
    func assignment(of literal: String, to name: String) throws(ParameterError) -> String {
        "var \(try identifier(name)) = \(literal);"
    }

    func literal(_ value: ParameterValue) throws(ParameterError) -> String {
        switch value {
        case .null: "null"
        case .bool(let value): value ? "true" : "false"
        case .integer(let value): value.isExactDouble ? value.description : "\(value)n"
        case .double(let value): value.spelled(nan: "NaN", infinity: "Infinity")
        case .string(let text): Self.text.literal(text)
        case .list(let values): "[\(try literals(values))]"
        case .map(let map): "{\(try members(map) { "\(key($0)): \($1)" })}"
        }
    }

    /// Returns the name of a property. Without the brackets, `__proto__` would set the prototype.
    private func key(_ name: String) -> String {
        name == "__proto__" ? "[\"__proto__\"]" : Self.text.literal(name)
    }

    func environmentVariable(_ name: String) -> String { "process.env[\(Self.text.literal(name))]" }
}
