/// The parameters of a run: the values that a notebook gets before its first cell runs.
///
///     var parameters = Parameters()
///     parameters.values = ["region": "eu", "days": 7]
///     parameters.secrets["password"] = "DB_PASSWORD"
///
/// A cell with the tag `injected-parameters` assigns them. It follows the first cell with the tag `parameters`, whose
/// assignments are the default values.
public struct Parameters: Hashable, Sendable {
    /// The values by name, in the order of their assignments.
    public var values = ParameterMap()
    /// The environment variables of the kernel that hold the other values, by parameter name.
    ///
    /// The notebook contains an expression that reads the variable. No value of a secret is saved or reported. If the
    /// settings of a run contain the values as environment variables, their JSON form contains them too.
    public var secrets: [String: String] = [:]
    /// The language of the cell; nil for that of the kernel.
    public var language: String?
    /// Whether a parameter that the notebook does not declare is an error. Otherwise it is a warning.
    public var isStrict = false
    /// Whether a value must have the type with which the notebook annotates its parameter.
    public var checksTypes = true

    /// Creates parameters without values.
    public init() {}

    /// Creates parameters with these values.
    public init(_ values: ParameterMap) { self.values = values }

    /// The tag of the cell that assigns the default values.
    package static let defaultsTag = "parameters"
    /// The tag of the cell that assigns the given values.
    package static let injectedTag = "injected-parameters"

    /// Replaces the value of a parameter by an environment variable that holds it.
    package mutating func hide(_ name: String, in variable: String) {
        values[name] = nil
        secrets[name] = variable
    }

    /// Whether no parameter is given.
    public var isEmpty: Bool { values.isEmpty && secrets.isEmpty }
}
