/// Reads the values of flags.
package enum FlagValueParser {
    /// Reads a number of bytes, such as `10MB`; nil for `none`.
    package static func bytes(_ value: String, _ name: String) throws(UsageError) -> Int? {
        let text = value.uppercased().filter { $0 != " " }
        if text == "NONE" { return nil }
        let digits = text.prefix { $0.isASCII && $0.isNumber || $0 == "." }
        let units = ["": 1.0, "B": 1, "K": 1e3, "KB": 1e3, "M": 1e6, "MB": 1e6, "G": 1e9, "GB": 1e9]
        guard let number = Double(digits), let unit = units[String(text.dropFirst(digits.count))], number * unit < 1e15
        else { throw UsageError("\(name): '\(value)' is not a size. Write 10MB, 500kB or none") }
        return Int(number * unit)
    }

    /// Reads a number that is not too small.
    package static func number(_ value: String, _ name: String, from least: Int) throws(UsageError) -> Int {
        guard let number = Int(value), number >= least else {
            throw UsageError("\(name): '\(value)' is not a whole number of at least \(least)")
        }
        guard number <= 1_000_000 else { throw UsageError("\(name): \(value) is more than a million") }
        return number
    }

    /// Reads `NAME=VALUE`.
    package static func variable(_ value: String, _ name: String) throws(UsageError) -> (String, String) {
        guard let sign = value.firstIndex(of: "="), sign != value.startIndex else {
            throw UsageError("\(name): '\(value)' is not a name with a value. Write NAME=VALUE")
        }
        return (String(value[..<sign]), String(value[value.index(after: sign)...]))
    }

    /// Reads one of several words.
    package static func choice<Choice>(
        _ value: String, _ name: String, _ choices: KeyValuePairs<String, Choice>
    ) throws(UsageError) -> Choice {
        if let choice = choices.first(where: { $0.key == value }) { return choice.value }
        throw UsageError("\(name): '\(value)' is not one of \(choices.map(\.key).joined(separator: ", "))")
    }

    /// Reads `true` or `false`, as Python writes them or not.
    package static func truth(_ value: String, _ name: String) throws(UsageError) -> Bool {
        try choice(value.lowercased(), name, ["true": true, "false": false, "1": true, "0": false])
    }

    /// Reads a list as Python writes it, or one word: `['A', 'B']`.
    package static func list(_ value: String) -> [String] {
        value.split { "[]{}(),".contains($0) }.map { $0.filter { !"'\" ".contains($0) } }.filter { !$0.isEmpty }
    }
}
