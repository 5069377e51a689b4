/// Scheme, as Calysto Scheme runs it.
struct Scheme: ParameterLanguage {
    let name = "Scheme"
    let heading = "; Parameters"
    let reservedNames = words(
        """
        and assert begin call/cc case choose cond cons define define-datatype define-syntax else float for-each func if
        import integer->char lambda let let* letrec list or python-eval quasiquote quote record-case set! string
        string-append try unquote void
        """)

    private static let text = StringEscapes.backslash { "\" (string (integer->char \($0.value))) \"" }

    func assignment(of literal: String, to name: String) throws(ParameterError) -> String {
        "(define \(try identifier(name, besides: ["-", "?", "!", "*", ">", "/"])) \(literal))"
    }

    func literal(_ value: ParameterValue) throws(ParameterError) -> String {
        switch value {
        case .null: "(void)"
        case .bool(let value): value ? "#t" : "#f"
        case .integer(let value): value.description
        case .double(let value):
            value.spelled(nan: "(float \"nan\")", infinity: "(float \"inf\")", negativeInfinity: "(float \"-inf\")")
        case .string(let text): string(text)
        case .list(let values): call("list", try literals(values, separator: " "))
        case .map(let map):
            call("list", try members(map, separator: " ") { "(cons \(string($0)) \($1))" })
        }
    }

    /// Returns the literal of a text, or of its parts.
    private func string(_ text: String) -> String {
        let literal = Self.text.literal(text)
        let isLiteral = text.unicodeScalars.allSatisfy { !$0.isConfusing || "\n\r\t".unicodeScalars.contains($0) }
        return isLiteral ? literal : "(string-append \(literal))"
    }

    private func call(_ procedure: String, _ arguments: String) -> String {
        arguments.isEmpty ? "(\(procedure))" : "(\(procedure) \(arguments))"
    }

    func environmentVariable(_ name: String) -> String { "(os.environ.__getitem__ \(string(name)))" }

    func imports(for assignments: [String], readingEnvironment: Bool) -> [String] {
        readingEnvironment ? ["(import \"os\")"] : []
    }
}
