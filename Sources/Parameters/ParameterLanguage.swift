/// A language in which a cell assigns parameters.
package protocol ParameterLanguage: Sendable {
    /// The name of the language in messages.
    var name: String { get }
    /// The first characters of a comment.
    var commentStart: String { get }
    /// Returns the statement that assigns a literal to a name.
    ///
    /// - Throws: ``ParameterError`` if the language has no such name.
    func assignment(of literal: String, to name: String) throws(ParameterError) -> String
    /// Returns the literal of a value.
    ///
    /// - Throws: ``ParameterError`` if the language cannot hold the value.
    func literal(_ value: ParameterValue) throws(ParameterError) -> String
    /// Returns the expression that reads an environment variable as text; nil if the language has none.
    func environmentVariable(_ name: String) -> String?
}

extension ParameterLanguage {
    /// Returns the source of the cell that assigns parameters.
    package func source(assigning parameters: Parameters) throws(ParameterError) -> String {
        var lines = ["\(commentStart) Parameters"]
        for member in parameters.values.members {
            lines.append(try assignment(of: literal(member.value), to: member.name))
        }
        for (name, variable) in parameters.secrets.sorted(by: { $0.key < $1.key }) {
            guard let expression = environmentVariable(variable) else { continue }
            lines.append(try assignment(of: expression, to: name))
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// Returns the literals of the values of a list.
    func literals(_ values: [ParameterValue]) throws(ParameterError) -> [String] {
        var literals: [String] = []
        for value in values { literals.append(try literal(value)) }
        return literals
    }

    /// The error for a value that the language cannot hold.
    func unsupported(_ value: String, because reason: String) -> ParameterError {
        .unsupportedValue(value, language: name, reason: reason)
    }

    /// Checks that a name has the form that most languages share: letters of ASCII, digits and underscores.
    func checkIdentifier(_ identifier: String, besides others: Set<String> = []) throws(ParameterError) {
        let isLetter = { (byte: UInt8) in
            UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte | 0x20 || byte == UInt8(ascii: "_")
        }
        guard let first = identifier.utf8.first, isLetter(first),
            identifier.utf8.allSatisfy({ isLetter($0) || UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }),
            !others.contains(identifier)
        else { throw .invalidName(identifier, language: name) }
    }
}

/// The escapes of a string literal in double quotes.
struct StringEscapes {
    /// Returns the escape of a scalar that has no short one.
    let numeric: @Sendable (Unicode.Scalar) -> String
    /// The scalars that need an escape besides the quote, the backslash and control characters.
    var others: Set<Unicode.Scalar> = []

    /// Returns the literal of a text.
    func literal(_ text: String) -> String {
        var literal = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": literal += "\\\""
            case "\\": literal += "\\\\"
            case "\n": literal += "\\n"
            case "\r": literal += "\\r"
            case "\t": literal += "\\t"
            case _ where scalar.mustBeEscaped: literal += numeric(scalar)
            case _ where others.contains(scalar): literal += "\\" + String(scalar)
            default: literal.unicodeScalars.append(scalar)
            }
        }
        return literal + "\""
    }

    /// Four or eight hexadecimal digits after a backslash and a letter: `\u2028`, `\U0001F600`.
    static let fixedWidth = StringEscapes { scalar in
        scalar.value > 0xFFFF ? "\\U" + scalar.hex(8) : "\\u" + scalar.hex(4)
    }

    /// Hexadecimal digits in braces: `\u{2028}`.
    static let braces = StringEscapes { "\\u{\(String($0.value, radix: 16))}" }
}

extension Unicode.Scalar {
    /// Whether a reader or a parser may take the scalar for something else: a control character, a line end, or a mark
    /// that changes the order of the text.
    var mustBeEscaped: Bool {
        switch properties.generalCategory {
        case .control, .lineSeparator, .paragraphSeparator, .format, .privateUse, .unassigned: true
        default: false
        }
    }

    /// The value in hexadecimal digits.
    func hex(_ width: Int) -> String {
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}

/// The languages in which a cell can assign parameters.
enum ParameterLanguages {
    /// Returns the language of a kernel, by its name and by the language that its notebook names.
    ///
    /// - Throws: ``ParameterError/unknownLanguage(_:)``.
    static func language(kernel: String?, language: String?) throws(ParameterError) -> any ParameterLanguage {
        switch (kernel, language?.lowercased()) {
        case ("ir", _), (_, "r"): return R()
        case ("python3", _), (_, "python"): return Python()
        default: throw .unknownLanguage(language ?? kernel)
        }
    }
}
