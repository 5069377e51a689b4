/// A type as far as a value can be checked against it.
indirect enum DeclaredType: Hashable, Sendable {
    /// Any value, for a type that is unknown.
    case any
    case null
    case bool
    /// - Parameter acceptsBool: Whether true and false are numbers, as in Python.
    case integer(acceptsBool: Bool)
    case number
    case string
    case list(DeclaredType)
    case map(DeclaredType)
    case union([DeclaredType])

    /// Reads a type of any of the languages that annotate variables.
    init(_ text: String) {
        var reader = DeclaredTypeReader(text)
        let type = reader.readUnion()
        self = reader.isAtEnd ? type : .any
    }

    /// Whether a value has the type.
    func accepts(_ value: ParameterValue) -> Bool {
        switch (self, value) {
        case (.any, _), (.null, .null), (.bool, .bool), (.integer, .integer), (.number, .integer), (.number, .double),
            (.number, .bool), (.string, .string):
            true
        case (.integer(let acceptsBool), .bool): acceptsBool
        case (.list(let element), .list(let values)): values.allSatisfy(element.accepts)
        case (.map(let element), .map(let map)): map.members.allSatisfy { element.accepts($0.value) }
        case (.union(let types), _): types.contains { $0.accepts(value) }
        default: false
        }
    }
}

/// Reads the text of a type: a name, its arguments in brackets, and marks after it.
struct DeclaredTypeReader {
    private let characters: [Character]
    private var position = 0
    private var depth = 0

    init(_ text: String) { characters = Array(text) }

    /// Whether the whole text is read.
    var isAtEnd: Bool { position == characters.count }

    /// Reads types with `|` between them.
    mutating func readUnion() -> DeclaredType {
        depth += 1
        defer { depth -= 1 }
        // A type this deep is not written by hand.
        guard depth < 32 else { return .any }
        var types = [readType()]
        while skip("|") { types.append(readType()) }
        return types.count == 1 ? types[0] : types.contains(.any) ? .any : .union(types)
    }

    private mutating func readType() -> DeclaredType {
        let name = readName()
        var arguments: [DeclaredType]?
        for (opening, closing) in [("[", "]"), ("<", ">"), ("{", "}")] as [(Character, Character)] where skip(opening) {
            var list: [DeclaredType] = []
            while !skip(closing) {
                guard !isAtEnd else { return .any }
                list.append(readUnion())
                if !skip(","), !isNext(closing) { return .any }
            }
            // `int[]`, as C# and TypeScript write a list.
            if list.isEmpty { position -= 2 } else { arguments = list }
            break
        }
        var type = Self.type(name, arguments)
        while true {
            if skip("?") {
                type = type == .any ? .any : .union([type, .null])
            } else if skip("["), skip("]") {
                type = .list(type)
            } else {
                return type
            }
        }
    }

    /// Reads words, such as `unsigned int`, without the module that they are from.
    private mutating func readName() -> String {
        skipBlanks()
        let start = position
        while position < characters.count, !"[]<>{},|?()".contains(characters[position]) { position += 1 }
        let text = String(characters[start..<position]).trimmed
        for module in ["typing.", "typing_extensions.", "collections.abc.", "builtins.", "t.", "std::", "System."]
        where text.hasPrefix(module) {
            return String(text.dropFirst(module.count))
        }
        return text
    }

    private mutating func skip(_ character: Character) -> Bool {
        skipBlanks()
        guard isNext(character) else { return false }
        position += 1
        return true
    }

    private func isNext(_ character: Character) -> Bool {
        position < characters.count && characters[position] == character
    }

    private mutating func skipBlanks() {
        while position < characters.count, characters[position].isWhitespace { position += 1 }
    }

    private static func type(_ name: String, _ arguments: [DeclaredType]?) -> DeclaredType {
        let first = arguments?.first ?? .any
        switch name {
        case "Optional", "Option": return first == .any ? .any : .union([first, .null])
        case "Union": return arguments.map { $0.contains(.any) ? .any : .union($0) } ?? .any
        case "Final", "Annotated", "ClassVar": return first
        case _ where lists.contains(name): return .list(arguments?.count == 1 ? first : .any)
        case _ where maps.contains(name): return .map(arguments?.count == 2 ? arguments?.last ?? .any : .any)
        default: return arguments == nil ? plain[name] ?? .any : .any
        }
    }

    private static let plain: [String: DeclaredType] = {
        let names: [(DeclaredType, String)] = [
            (.null, "None,NoneType,null,undefined,Nothing"), (.bool, "bool,Bool,Boolean,boolean"),
            (.integer(acceptsBool: true), "int"),
            (
                .integer(acceptsBool: false),
                """
                Int,Int8,Int16,Int32,Int64,Int128,UInt,UInt8,UInt16,UInt32,UInt64,UInt128,Integer,BigInt,Long,Short,Byte,\
                ULong,UShort,UByte,long,short,uint,ulong,ushort,long long,unsigned,unsigned int,unsigned long,int8,\
                int16,int32,int64,uint8,uint16,uint32,uint64,bigint,i8,i16,i32,i64,i128,isize,u8,u16,u32,u64,u128,usize
                """
            ),
            (
                .number,
                "float,Float,Float16,Float32,Float64,AbstractFloat,Real,Number,number,Double,double,decimal,f32,f64,"
                    + "complex,long double"
            ),
            (.string, "str,String,string,AbstractString,&str,&'static str,string_view,char*,char *"),
        ]
        return Dictionary(
            names.flatMap { type, names in names.split(separator: ",").map { (String($0), type) } }
        ) { $1 }
    }()

    private static let lists: Set = [
        "list", "List", "Sequence", "MutableSequence", "Iterable", "Collection", "Array", "Vector", "Seq", "Vec",
        "vector", "IList", "IEnumerable",
    ]

    private static let maps: Set = [
        "dict", "Dict", "Mapping", "MutableMapping", "Map", "MutableMap", "Dictionary", "IDictionary", "Record", "map",
        "unordered_map", "HashMap", "BTreeMap",
    ]
}
