/// Python, also with Spark.
struct Python: ParameterLanguage {
    let name = "Python"
    let heading = "# Parameters"
    let reservedNames = words(
        """
        False None True __debug__ and as assert async await break class continue def del elif else except finally float
        for from global if import in is lambda nonlocal not or pass raise return try while with yield
        """)

    private static let text = StringEscapes.backslash(numeric: StringEscapes.fixedWidth)

    /// Python also has names with marks, and names without letters.
    func assignment(of literal: String, to name: String) throws(ParameterError) -> String {
        guard let first = name.unicodeScalars.first, first == "_" || first.properties.isXIDStart,
            name.unicodeScalars.allSatisfy(\.properties.isXIDContinue), !reservedNames.contains(name)
        else { throw .invalidName(name, language: self.name) }
        return "\(name) = \(literal)"
    }

    func literal(_ value: ParameterValue) throws(ParameterError) -> String {
        switch value {
        case .null: "None"
        case .bool(let value): value ? "True" : "False"
        case .integer(let value): value.description
        case .double(let value):
            value.spelled(nan: "float(\"nan\")", infinity: "float(\"inf\")", negativeInfinity: "float(\"-inf\")")
        case .string(let text): Self.text.literal(text)
        case .list(let values): "[\(try literals(values))]"
        case .map(let map): "{\(try members(map) { "\(Self.text.literal($0)): \($1)" })}"
        }
    }

    func environmentVariable(_ name: String) -> String { "os.environ[\(Self.text.literal(name))]" }

    func imports(for assignments: [String], readingEnvironment: Bool) -> [String] {
        readingEnvironment ? ["import os"] : []
    }
}
