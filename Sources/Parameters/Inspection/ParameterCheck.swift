extension DeclaredParameter {
    /// Whether a value has the declared type.
    ///
    /// An integer is also a `float`, and `None` is accepted if it is the default value. A parameter without a type, or of
    /// an unknown one, accepts every value.
    public func accepts(_ value: ParameterValue) -> Bool {
        guard let type else { return true }
        if value == .null, ["None", "null", "nothing"].contains(defaultValue) { return true }
        return DeclaredType(type).accepts(value)
    }
}

extension Parameters {
    /// Checks the values against the parameters that a notebook declares.
    ///
    /// - Returns: The names that the notebook does not declare. The caller warns of them, or refuses them if ``isStrict``
    ///   is true.
    /// - Throws: ``ParameterError/wrongType(name:value:expected:)`` for the first value of another type, unless
    ///   ``checksTypes`` is false.
    public func check(against declared: [DeclaredParameter]) throws(ParameterError) -> [String] {
        let byName = Dictionary(declared.map { ($0.name, $0) }) { $1 }
        for member in values.members {
            guard checksTypes, let parameter = byName[member.name], let type = parameter.type,
                !parameter.accepts(member.value)
            else { continue }
            throw .wrongType(name: member.name, value: member.value.shortText, expected: type)
        }
        return (values.names + secrets.keys.sorted()).filter { byName[$0] == nil }
    }
}

extension ParameterValue {
    /// The value for an error, at most 60 characters long.
    var shortText: String {
        let text = (try? Python().literal(self)) ?? "\(self)"
        return text.count > 60 ? text.prefix(59) + "…" : text
    }
}
