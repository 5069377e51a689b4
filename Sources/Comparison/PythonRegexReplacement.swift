/// The replacement of a match: text and groups.
struct PythonRegexReplacement: Sendable {
    enum Part: Equatable, Sendable {
        case text(String)
        case group(Int)
    }

    private(set) var parts: [Part] = []

    /// Parses a replacement as Python's `re.sub` does: `\1`, `\g<1>`, `\g<name>` and character escapes.
    init(_ text: String, for pattern: PythonRegex) throws(PythonRegexError) {
        var reader = PythonRegexParser(text)
        while let scalar = reader.next {
            let start = reader.place
            reader.place += 1
            guard scalar == "\\" else {
                append(scalar)
                continue
            }
            guard let escaped = reader.next else { throw reader.fault("it ends with a backslash", at: start) }
            try read(escaped, &reader, from: start, pattern)
        }
    }

    private mutating func read(
        _ scalar: Unicode.Scalar, _ reader: inout PythonRegexParser, from start: Int, _ pattern: PythonRegex
    ) throws(PythonRegexError) {
        switch scalar {
        case "g":
            reader.place += 1
            parts.append(.group(try Self.group(&reader, from: start, pattern)))
        case "1"..."9":
            if let octal = try reader.threeOctalDigits(from: start) {
                return append(Unicode.Scalar(octal) ?? "\u{FFFD}")
            }
            let digits = reader.digits().prefix(2)
            reader.place = start + 1 + digits.count
            let group = Int(digits) ?? 0
            guard group < pattern.groupCount else { throw reader.fault("there is no group \(group)", at: start) }
            parts.append(.group(group))
        case "0":
            let value = reader.octal(atMost: 3)
            append(Unicode.Scalar(value) ?? "\u{FFFD}")
        case "\\", "b":
            reader.place += 1
            append(scalar == "b" ? "\u{8}" : scalar)
        default:
            reader.place += 1
            if let control = PythonRegexParser.controls[scalar].flatMap({ Unicode.Scalar($0) }) {
                return append(control)
            }
            if scalar.isASCII, scalar.properties.isAlphabetic {
                throw reader.fault("'\\\(scalar)' is not a valid escape in a replacement", at: start)
            }
            append("\\")
            append(scalar)
        }
    }

    private static func group(
        _ reader: inout PythonRegexParser, from start: Int, _ pattern: PythonRegex
    ) throws(PythonRegexError) -> Int {
        var name = ""
        guard reader.take("<") else { throw reader.fault("'\\g' must be followed by '<'", at: start) }
        while let scalar = reader.next, scalar != ">" {
            name.unicodeScalars.append(scalar)
            reader.place += 1
        }
        guard reader.take(">"), let group = Int(name) ?? pattern.names[name], (0..<pattern.groupCount).contains(group)
        else { throw reader.fault("there is no group named '\(name)'", at: start) }
        return group
    }

    private mutating func append(_ scalar: Unicode.Scalar) {
        var text = ""
        if case .text(let before)? = parts.last {
            text = before
            parts.removeLast()
        }
        text.unicodeScalars.append(scalar)
        parts.append(.text(text))
    }
}
