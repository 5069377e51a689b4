/// C++17.
struct Cpp: TypedLanguage {
    let name = "C++"
    let heading = "// Parameters"
    let reservedNames = words(
        """
        alignas alignof and and_eq asm auto bitand bitor bool break case catch char char16_t char32_t char8_t class
        co_await co_return co_yield compl concept const const_cast consteval constexpr constinit continue decltype
        default delete do double dynamic_cast else enum explicit export extern false float for friend goto if inline int
        long mutable namespace new noexcept not not_eq nullptr operator or or_eq private protected public register
        reinterpret_cast requires return short signed sizeof static static_assert static_cast std struct switch template
        this thread_local throw true try typedef typeid typename union unsigned using virtual void volatile wchar_t
        while xor xor_eq
        """)

    private static let text = StringEscapes.backslash(numeric: StringEscapes.octal)

    func assignment(of literal: String, to name: String) throws(ParameterError) -> String {
        "auto \(try identifier(name)) = \(literal);"
    }

    /// Returns the literal of a value that is not a part of a list or map.
    func literal(_ value: ParameterValue) throws(ParameterError) -> String {
        switch value {
        case .null: return "nullptr"
        case .string(let text) where !text.utf8.contains(0): return "std::string(\(constant(text)))"
        default: return try literal(value, as: ValueType(value))
        }
    }

    func literal(_ value: ParameterValue, as type: ValueType) throws(ParameterError) -> String {
        switch (value, type) {
        case (.null, _): return "std::any()"
        case (_, .mixed), (_, .optional): return "std::any(\(try literal(value)))"
        case (.bool(let value), _): return value ? "true" : "false"
        // The number of a literal has no sign, so that no literal is the least number.
        case (.integer(let value), _) where value.int == .min: return "std::numeric_limits<long long>::min()"
        case (.integer(let value), _):
            switch value.width {
            case .int: return value.description
            case .long: return "\(value)LL"
            case .big: throw unsupported(value.description, because: "its integers have 64 bits")
            }
        case (.double(let value), _):
            let limits = "std::numeric_limits<double>::"
            return value.spelled(nan: limits + "quiet_NaN()", infinity: limits + "infinity()")
        case (.string(let text), _): return constant(text)
        case (.list(let values), .list(let element)): return "\(spelled(type)){\(try literals(values, as: element))}"
        case (.map(let map), .map(let element)):
            return "\(spelled(type)){\(try members(map, as: element) { "{\(constant($0)), \($1)}" })}"
        case (.list, _), (.map, _): return try literal(value)
        }
    }

    /// Returns a literal, or a string if a null character would end the literal.
    private func constant(_ text: String) -> String {
        // Two question marks may begin a trigraph. A third one needs the second pass.
        let literal = Self.text.literal(text).replacing("??", with: "?\\?").replacing("??", with: "?\\?")
        return text.utf8.contains(0) ? "std::string(\(literal), \(text.utf8.count))" : literal
    }

    private func spelled(_ type: ValueType) -> String {
        switch type {
        case .bool: "bool"
        case .integer(.int): "int"
        case .integer: "long long"
        case .double: "double"
        case .string, .unknown: "std::string"
        case .list(let type): "std::vector<\(spelled(type))>"
        case .map(let type): "std::map<std::string, \(spelled(type))>"
        case .null, .optional, .mixed: "std::any"
        }
    }

    func environmentVariable(_ name: String) -> String { "std::string(std::getenv(\(Self.text.literal(name))))" }

    func imports(for assignments: [String], readingEnvironment: Bool) -> [String] {
        let headers = [
            "any": "std::any", "cstdlib": "std::getenv", "limits": "std::numeric_limits", "map": "std::map",
            "string": "std::string", "vector": "std::vector",
        ]
        return headers.filter { header in assignments.contains { $0.contains(header.value) } }
            .keys.sorted().map { "#include <\($0)>" }
    }
}
