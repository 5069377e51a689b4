/// How a language spells the literal of a text.
struct StringEscapes: Sendable {
    /// The quote on each side.
    var quote = "\""
    /// The scalars with an escape of their own.
    let short: [Unicode.Scalar: String]
    /// Returns the escape of another scalar that cannot stand in a literal as it is.
    let numeric: @Sendable (Unicode.Scalar) -> String

    /// Returns the literal of a text.
    func literal(_ text: String) -> String {
        var literal = quote
        for scalar in text.unicodeScalars {
            if let escape = short[scalar] {
                literal += escape
            } else if scalar.isConfusing {
                literal += numeric(scalar)
            } else {
                literal.unicodeScalars.append(scalar)
            }
        }
        return literal + quote
    }

    /// The escapes of C: a backslash before a quote, a backslash and these others, and `\n`, `\r` and `\t`.
    static func backslash(
        besides others: [Unicode.Scalar] = [], numeric: @escaping @Sendable (Unicode.Scalar) -> String
    ) -> StringEscapes { escapes(with: "\\", besides: others, numeric: numeric) }

    /// The escapes of C with another character for the backslash.
    static func escapes(
        with escape: Unicode.Scalar, besides others: [Unicode.Scalar],
        numeric: @escaping @Sendable (Unicode.Scalar) -> String
    ) -> StringEscapes {
        let prefix = String(escape)
        var short = ["\n": prefix + "n", "\r": prefix + "r", "\t": prefix + "t"] as [Unicode.Scalar: String]
        for scalar in others + ["\"", escape] { short[scalar] = prefix + String(scalar) }
        return StringEscapes(short: short, numeric: numeric)
    }

    /// Four hexadecimal digits after `\u`, or eight after `\U`.
    static func fixedWidth(_ scalar: Unicode.Scalar) -> String {
        scalar.value > 0xFFFF ? "\\U" + hexadecimal(scalar.value, 8) : "\\u" + hexadecimal(scalar.value, 4)
    }

    /// Four hexadecimal digits after `\u` for each unit of UTF-16.
    static func utf16(_ scalar: Unicode.Scalar) -> String {
        scalar.utf16.map { "\\u" + hexadecimal(UInt32($0), 4) }.joined()
    }

    /// Hexadecimal digits in braces after `\u`.
    static func braces(_ scalar: Unicode.Scalar) -> String { "\\u{\(String(scalar.value, radix: 16))}" }

    /// Three octal digits for each byte of UTF-8. A digit that follows does not belong to the escape.
    static func octal(_ scalar: Unicode.Scalar) -> String {
        scalar.utf8.map { "\\" + padded(String($0, radix: 8), 3) }.joined()
    }

    private static func hexadecimal(_ value: UInt32, _ width: Int) -> String {
        padded(String(value, radix: 16), width)
    }

    private static func padded(_ digits: String, _ width: Int) -> String {
        String(repeating: "0", count: width - digits.count) + digits
    }
}

extension Unicode.Scalar {
    /// Whether a parser or a reader may take the scalar for something else: a control character, an invisible one, a line
    /// end, or a mark that changes the order of the text.
    ///
    /// The joiners that emoji and some scripts need are not confusing.
    var isConfusing: Bool {
        switch properties.generalCategory {
        case .control, .lineSeparator, .paragraphSeparator, .privateUse, .unassigned: true
        case .format: self != "\u{200C}" && self != "\u{200D}"
        default: false
        }
    }
}
