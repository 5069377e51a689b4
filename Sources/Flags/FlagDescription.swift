/// The names and texts of a flag without its target: all that help, manual pages and completions need.
package struct FlagDescription: Hashable, Sendable {
    /// The names, the usual one first.
    package let names: [String]
    /// The name of its value in help, such as `TIME`; nil if it takes none.
    package let value: String?
    /// Whether the flag can stand without a value.
    package let isValueOptional: Bool
    /// A valid value.
    package let example: String?
    /// The heading in the list of flags.
    package let category: FlagCategory
    /// Its effect, in one line.
    package let summary: String

    /// Its effect, with an example of its value.
    package var explanation: String { summary + (example.map { ". Example: \($0)" } ?? "") }

    /// The words that its value can be, if help lists them: `stop|interrupt`.
    package var choices: [String] {
        guard let value, value.contains("|"), value == value.lowercased() else { return [] }
        return value.split(separator: "|").map(String.init)
    }

    /// The names that belong to Galley: its usual name, and single letters.
    package var ownNames: [String] { names.filter { $0 == names.first || $0.count == 2 } }

    /// The flag as help writes it, with its letter first: `-j, --jobs N`.
    package var usage: String {
        ownNames.sorted { $0.count == 2 && $1.count > 2 }.joined(separator: ", ") + shownValue
    }

    /// The usual name with the value: `--jobs N`.
    package var shortUsage: String { (names.first ?? "") + shownValue }

    /// The value as it follows a name: ` N`, or `[=N]` for an optional one; empty if there is none.
    package var shownValue: String { value.map { isValueOptional ? "[=\($0)]" : " \($0)" } ?? "" }
}

extension Flag {
    /// The names and texts.
    package var description: FlagDescription {
        FlagDescription(
            names: names, value: value?.name, isValueOptional: value?.isOptional ?? false, example: value?.example,
            category: category, summary: summary)
    }
}

extension FlagCategory {
    /// The categories of flags: Galley's own in their order, then others as they first appear, then the names of other
    /// programs and help.
    package static func all(of flags: [FlagDescription]) -> [FlagCategory] {
        let first: [FlagCategory] = [.result, .kernel, .time, .cells, .output, .many, .background]
        let last: [FlagCategory] = [.compatibility, .help]
        var others: [FlagCategory] = []
        for flag in flags where !(first + last + others).contains(flag.category) { others.append(flag.category) }
        return (first + others + last).filter { category in flags.contains { $0.category == category } }
    }
}
