/// MATLAB and GNU Octave, which differ in their texts.
struct Matlab: ParameterLanguage {
    let isOctave: Bool
    var name: String { isOctave ? "Octave" : "MATLAB" }
    let heading = "% Parameters"
    let reservedNames = words(
        """
        Inf NaN __FILE__ __LINE__ break case catch classdef containers continue do else elseif end end_try_catch
        end_unwind_protect endclassdef endenumeration endevents endfor endfunction endif endmethods endparfor
        endproperties endswitch endwhile enumeration events false for function global if methods otherwise parfor
        persistent properties return spmd switch true try until unwind_protect unwind_protect_cleanup while
        """)

    private static let octave = StringEscapes.backslash(numeric: StringEscapes.octal)
    private static let string = StringEscapes(short: ["\"": "\"\""]) { "\" + \(code($0)) + \"" }
    private static let characters = StringEscapes(quote: "'", short: ["'": "''"]) { "', \(code($0)), '" }

    /// Returns the expression for a scalar that MATLAB has no escape for.
    private static func code(_ scalar: Unicode.Scalar) -> String {
        let units = scalar.utf16.map { String($0) }
        return units.count == 1 ? "char(\(units[0]))" : "char([\(units.joined(separator: " "))])"
    }

    func assignment(of literal: String, to name: String) throws(ParameterError) -> String {
        let variable = try identifier(name, isASCII: true)
        // MATLAB cuts longer names off, and has none that begin with an underscore.
        guard variable.utf8.count <= 63, isOctave || !variable.hasPrefix("_") else {
            throw .invalidName(name, language: self.name)
        }
        return "\(variable) = \(literal);"
    }

    func literal(_ value: ParameterValue) throws(ParameterError) -> String {
        switch value {
        case .null: return "[]"
        case .bool(let value): return value ? "true" : "false"
        case .integer(let value) where value.isExactDouble: return value.description
        case .integer(let value) where value.width == .long: return "int64(\(value))"
        case .integer(let value): throw unsupported(value.description, because: "its integers have 64 bits")
        case .double(let value): return value.spelled(nan: "NaN", infinity: "Inf")
        case .string(let text): return isOctave ? Self.octave.literal(text) : Self.string.literal(text)
        case .list(let values): return "{\(try literals(values))}"
        case .map(let map) where map.isEmpty: return "containers.Map()"
        case .map(let map):
            guard !map.names.contains("") else { throw unsupported("\"\"", because: "its maps have no empty key") }
            let keys = map.names.map(key).joined(separator: ", ")
            return "containers.Map({\(keys)}, {\(try literals(map.members.map(\.value)))})"
        }
    }

    private func key(_ name: String) -> String {
        if isOctave { return Self.octave.literal(name) }
        let key = Self.characters.literal(name)
        return name.unicodeScalars.contains(where: \.isConfusing) ? "[\(key)]" : key
    }

    func environmentVariable(_ name: String) throws(ParameterError) -> String {
        "getenv(\(try literal(.string(name))))"
    }
}
