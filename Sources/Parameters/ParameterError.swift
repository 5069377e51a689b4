/// The reason why a notebook cannot take parameters.
@nonexhaustive
public enum ParameterError: Error, Hashable, Sendable {
    /// Galley writes no assignments in this language; nil if the notebook names none.
    case unknownLanguage(String?)
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
        case .unknownLanguage(nil):
            "The notebook names neither a kernel nor a language, so its parameters cannot be assigned. Choose a kernel"
        case .unknownLanguage(let name?): "Parameters cannot be assigned in the language '\(name)'"
        case .invalidName("", let language): "A parameter needs a name in \(language)"
        case .invalidName(let name, let language): "'\(name)' is not the name of a variable in \(language)"
        case .unsupportedValue(let value, let language, let reason): "\(language) cannot hold \(value): \(reason)"
        case .invalidText(let line, let column, let problem): "line \(line), column \(column): \(problem)"
        case .unknownNames(let names, let known):
            "The notebook has no parameter \(names.map { "'\($0)'" }.joined(separator: ", ")). "
                + (known.isEmpty
                    ? "No cell with the tag 'parameters' assigns one" : "It has \(known.joined(separator: ", "))")
        case .wrongType(let name, let value, let expected):
            "The parameter '\(name)' cannot be \(value): the notebook declares it as \(expected). "
                + "Change the value, or turn the check of types off"
        }
    }
}
