/// A number in its original spelling, with any number of digits.
package struct Number: Hashable, Sendable, CustomStringConvertible {
    /// The spelling.
    package let description: String

    /// Creates a number from a spelling such as `-1.50e3`; nil if neither JSON nor Python accepts it.
    package init?(_ spelling: String) {
        let bytes = Array(spelling.utf8)
        guard let first = bytes.first, first != UInt8(ascii: "n"), first != UInt8(ascii: "t"),
            first != UInt8(ascii: "f"),
            let end = try? Scanner().skipLiteral(bytes.span, at: 0, expected: ""), end == bytes.count
        else { return nil }
        description = spelling
    }

    /// Creates a number with Python's spelling of an integer.
    package init(_ value: Int) { description = String(value) }

    /// Creates a number with Python's spelling of a floating-point number.
    package init(_ value: Double) {
        if value.isNaN {
            description = "NaN"
        } else if value.isInfinite {
            description = value < 0 ? "-Infinity" : "Infinity"
        } else if abs(value) >= 0x1p53, abs(value) < 1e16 {
            // Swift uses exponents from 2^53, Python from 10^16. In between, every Double is a whole number.
            description = "\(Int(value)).0"
        } else {
            description = value.description
        }
    }

    init(trusting bytes: some Collection<UInt8>) { description = String(decoding: bytes, as: UTF8.self) }

    /// The value as an `Int`; nil if it has a fraction or an exponent, or is too large.
    package var int: Int? { Int(description) }

    /// The nearest `Double`.
    package var double: Double {
        switch description {
        case "NaN": .nan
        case "Infinity": .infinity
        case "-Infinity": -.infinity
        default: Double(description) ?? .nan
        }
    }

    /// The same number in Python's spelling. A number too large for a `Double` keeps its own spelling.
    var inPythonSpelling: Number {
        let isWhole = description.utf8.allSatisfy { isDigit($0) || $0 == UInt8(ascii: "-") }
        if isWhole { return description == "-0" ? Number(0) : self }
        return double.isInfinite ? self : Number(double)
    }
}
