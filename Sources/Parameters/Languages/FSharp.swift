/// F#.
struct FSharp: TypedLanguage {
    let name = "F#"
    let heading = "(* Parameters *)"
    let reservedNames = words(
        """
        abstract and as asr assert base begin break checked class component const constraint continue default delegate
        do done downcast downto elif else end event exception extern external false finally fixed for fun function
        global if in include infinity inherit inline interface internal land lazy let lor lsl lsr lxor match member mixin
        mod module mutable namespace nan new not null of open or override parallel private process protected public pure
        rec return sealed select sig static struct tailcall then to trait true try type upcast use val virtual void when
        while with yield
        """)

    private static let text = StringEscapes.backslash(numeric: StringEscapes.fixedWidth)

    func assignment(of literal: String, to name: String) throws(ParameterError) -> String {
        "let \(try identifier(name)) = \(literal)"
    }

    func literal(_ value: ParameterValue, as type: ValueType) throws(ParameterError) -> String {
        switch (value, type) {
        case (.null, .mixed): return "null"
        case (_, .mixed): return "\(try literal(value)) :> System.IComparable"
        case (.null, _): return "None"
        case (_, .optional(let type)): return "Some(\(try literal(value, as: type)))"
        case (.bool(let value), _): return value ? "true" : "false"
        case (.integer(let value), .integer(let width)):
            return switch width {
            case .int: value.description
            case .long: "\(value)L"
            case .big: "\(value)I"
            }
        case (.integer(let value), _): return "\(value).0"
        case (.double(let value), _): return value.spelled(nan: "nan", infinity: "infinity")
        case (.string(let text), _): return Self.text.literal(text)
        // Without its type, an empty list or map could not be a part of another value.
        case (.list(let values), .list(.unknown)) where values.isEmpty: return "List.empty<string>"
        case (.list(let values), .list(let element)):
            return values.isEmpty ? "[]" : "[ \(try literals(values, as: element, separator: "; ")) ]"
        case (.map(let map), _) where map.isEmpty: return "Map.empty<string, System.IComparable>"
        case (.map(let map), _):
            let members = try members(map, as: .mixed, separator: "; ") { "(\(Self.text.literal($0)), \($1))" }
            return "[ \(members) ] |> Map.ofList"
        case (.list, _): return try literal(value)
        }
    }

    func environmentVariable(_ name: String) -> String {
        "System.Environment.GetEnvironmentVariable(\(Self.text.literal(name)))"
    }
}
