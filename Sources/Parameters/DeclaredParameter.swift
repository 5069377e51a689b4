/// A parameter that a notebook declares: an assignment in its first cell with the tag `parameters`.
public struct DeclaredParameter: Hashable, Sendable {
    /// The name of the variable.
    public var name: String
    /// The annotated type, such as `int` or `list[str]`; nil if there is none.
    public var type: String?
    /// The source text of the default value.
    public var defaultValue: String
    /// The comment after the assignment; nil if there is none.
    public var help: String?

    /// Creates a parameter.
    public init(_ name: String, type: String? = nil, defaultValue: String, help: String? = nil) {
        (self.name, self.type, self.defaultValue, self.help) = (name, type, defaultValue, help)
    }
}
