/// The reason why a notebook cannot take parameters.
@nonexhaustive
public enum ParameterError: Error, Hashable, Sendable {
    /// Galley writes no assignments in this language.
    case unknownLanguage(String)
    /// The language has no variable of this name.
    case invalidName(String, language: String)
    /// The language cannot hold a value.
    case unsupportedValue(String, language: String, reason: String)
    /// A text of parameters is not valid.
    case invalidText(line: Int, column: Int, problem: String)
    /// The notebook does not declare these parameters, and unknown ones are not allowed.
    case unknownNames([String], known: [String])
    /// A value does not have the type with which the notebook annotates its parameter.
    case wrongType(name: String, value: String, expected: String)
}

extension ParameterError: CustomStringConvertible {
    /// The problem, and what to change.
    public var description: String {
        switch self {
        case .unknownLanguage(let name): "Parameters cannot be assigned in the language '\(name)'"
        case .invalidName("", let language): "A parameter needs a name in \(language)"
        case .invalidName(let name, let language): "'\(name)' is not the name of a variable in \(language)"
        case .unsupportedValue(let value, let language, let reason): "\(language) cannot hold \(value): \(reason)"
        case .invalidText(let line, let column, let problem): "line \(line), column \(column): \(problem)"
        case .unknownNames(let names, let known):
            "The notebook has no parameter \(Self.list(names.map { "'\($0)'" })). "
                + (known.isEmpty ? "No cell with the tag 'parameters' assigns one" : "It has \(Self.list(known))")
        case .wrongType(let name, let value, let expected):
            "The parameter '\(name)' cannot be \(value): the notebook declares it as \(expected). "
                + "Change the value, or turn the check of types off"
        }
    }

    /// Returns the first names, and the number of the others.
    private static func list(_ names: [String]) -> String {
        let rest = names.count > 10 ? " and \(names.count - 10) more" : ""
        return names.prefix(10).joined(separator: ", ") + rest
    }
}
