/// A language in which a cell assigns parameters.
package protocol ParameterLanguage: Sendable {
    /// The name of the language in messages.
    var name: String { get }
    /// The comment in the first line of the cell.
    var heading: String { get }
    /// The names that no parameter can have: keywords, and variables with a meaning of their own.
    var reservedNames: Set<String> { get }

    /// Returns the statement that assigns a literal to a name.
    ///
    /// - Throws: ``ParameterError`` if the language has no variable of this name.
    func assignment(of literal: String, to name: String) throws(ParameterError) -> String
    /// Returns the literal of a value.
    ///
    /// - Throws: ``ParameterError`` if the language cannot hold the value.
    func literal(_ value: ParameterValue) throws(ParameterError) -> String
    /// Returns the expression that reads an environment variable as text.
    ///
    /// If the variable is missing, the expression fails in the languages that have a short form for it.
    ///
    /// - Throws: ``ParameterError`` if the language cannot read a variable of this name.
    func environmentVariable(_ name: String) throws(ParameterError) -> String
    /// Returns the statements that must precede these assignments.
    func imports(for assignments: [String], readingEnvironment: Bool) -> [String]
}

extension ParameterLanguage {
    package func imports(for assignments: [String], readingEnvironment: Bool) -> [String] { [] }

    /// Returns the source of the cell that assigns parameters: the secrets by name, then the values in their order.
    ///
    /// The secrets come first, because a value could have the name of something that their expressions use.
    package func source(assigning parameters: Parameters) throws(ParameterError) -> String {
        var assignments: [String] = []
        for (name, variable) in parameters.secrets.sorted(by: { $0.key < $1.key }) {
            assignments.append(try assignment(of: environmentVariable(variable), to: name))
        }
        for member in parameters.values.members {
            assignments.append(try assignment(of: literal(member.value), to: member.name))
        }
        let imports = imports(for: assignments, readingEnvironment: !parameters.secrets.isEmpty)
        return ([heading] + imports + assignments).map { $0 + "\n" }.joined()
    }

    /// Returns the literals of values.
    func literals(_ values: [ParameterValue], separator: String = ", ") throws(ParameterError) -> String {
        var literals: [String] = []
        for value in values { literals.append(try literal(value)) }
        return literals.joined(separator: separator)
    }

    /// Returns the members of a map, each made of its name and the literal of its value.
    func members(_ map: ParameterMap, separator: String = ", ", member: (_ name: String, _ literal: String) -> String)
        throws(ParameterError) -> String
    {
        var members: [String] = []
        for value in map.members { members.append(member(value.name, try literal(value.value))) }
        return members.joined(separator: separator)
    }

    /// The error for a value that the language cannot hold.
    func unsupported(_ value: String, because reason: String) -> ParameterError {
        .unsupportedValue(value, language: name, reason: reason)
    }

    /// Returns a name of the form that most languages share: letters, digits and underscores, with at least one letter.
    ///
    /// - Throws: ``ParameterError`` if the name has another form, or is reserved.
    func identifier(_ identifier: String, isASCII: Bool = false, besides others: Set<Unicode.Scalar> = [])
        throws(ParameterError) -> String
    {
        let scalars = identifier.unicodeScalars
        let isDigit = { (scalar: Unicode.Scalar) in scalar.properties.generalCategory == .decimalNumber }
        guard let first = scalars.first, !isDigit(first), !others.contains(first), scalars.contains(where: \.isLetter),
            scalars.allSatisfy({ $0 == "_" || $0.isLetter || isDigit($0) || others.contains($0) }),
            !isASCII || scalars.allSatisfy(\.isASCII), !reservedNames.contains(identifier)
        else { throw .invalidName(identifier, language: name) }
        return identifier
    }

    /// Returns a text that has no null character.
    func withoutNull(_ text: String) throws(ParameterError) -> String {
        guard !text.unicodeScalars.contains("\0") else {
            throw unsupported("a text with a null character", because: "its texts cannot contain one")
        }
        return text
    }
}

extension Unicode.Scalar {
    fileprivate var isLetter: Bool {
        switch properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter: properties.isXIDStart
        default: false
        }
    }
}

/// Returns the words of a text.
func words(_ text: String) -> Set<String> { Set(text.split(whereSeparator: \.isWhitespace).map(String.init)) }

extension Double {
    /// Returns the shortest decimal spelling, with a point or an exponent, such as `1.0` or `1e+300`; or the language's
    /// expression for a number that is not finite.
    func spelled(nan: String, infinity: String, negativeInfinity: String? = nil) -> String {
        if isNaN { return nan }
        if isInfinite { return self > 0 ? infinity : negativeInfinity ?? "-" + infinity }
        return description
    }
}
