import Testing

/// A text of a test that a list of failures shows in one line: under a label, or with its control characters spelled out.
package struct HostileText: Sendable, ExpressibleByStringInterpolation, CustomTestStringConvertible {
    package let text: String
    private let label: String

    package init(stringLiteral text: String) { self.init(text, label: text.spelledOut) }

    package init(_ text: String, label: String) { (self.text, self.label) = (text, label) }

    package var bytes: [UInt8] { Array(text.utf8) }

    package var testDescription: String { label }
}

/// Bytes of a test that a list of failures shows under a label.
package struct HostileBytes: Sendable, CustomTestStringConvertible {
    package let bytes: [UInt8]
    private let label: String

    package init(_ label: String, _ bytes: [UInt8]) { (self.label, self.bytes) = (label, bytes) }

    package var testDescription: String { label }
}

extension String {
    /// The first 80 characters as a string literal spells them, with all that is not printed as an escape.
    fileprivate var spelledOut: String {
        let scalars = unicodeScalars.prefix(80).map { scalar in
            let isPrinted =
                switch scalar.properties.generalCategory {
                case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator: false
                default: true
                }
            return isPrinted ? String(scalar) : scalar.escaped(asASCII: true)
        }
        return "\"" + scalars.joined() + (unicodeScalars.count > 80 ? "…" : "") + "\""
    }
}
