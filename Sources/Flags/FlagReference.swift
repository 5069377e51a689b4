/// All flags in words, under their headings, for a terminal of 80 columns.
public struct FlagReference: CustomStringConvertible, Sendable {
    /// The text.
    public let description: String

    /// Describes flags. Those of one category stand together, in the order in which categories come first; the names of other
    /// programs come last.
    public init<Target>(_ flags: [Flag<Target>]) {
        var categories: [FlagCategory] = []
        for flag in flags where !categories.contains(flag.category) { categories.append(flag.category) }
        if let index = categories.firstIndex(of: .compatibility) { categories.append(categories.remove(at: index)) }
        description = categories.map { category in
            ([category.title] + flags.filter { $0.category == category }.flatMap(Self.lines)).joined(separator: "\n")
        }.joined(separator: "\n\n")
    }

    private static func lines<Target>(_ flag: Flag<Target>) -> [String] {
        let names = flag.names.joined(separator: ", ") + (flag.value.map { " \($0.name)" } ?? "")
        let example = flag.value.map { ", such as \($0.example)" } ?? ""
        return wrap(names, after: "  ", then: "    ") + wrap(flag.summary + example, after: "      ", then: "      ")
    }

    private static func wrap(_ text: String, after first: String, then indentation: String) -> [String] {
        var lines: [String] = []
        var line = first
        for word in text.split(separator: " ") {
            if line.count + 1 + word.count > 80, !line.allSatisfy({ $0 == " " }) {
                lines.append(line)
                line = indentation
            }
            line += (line.allSatisfy { $0 == " " } ? "" : " ") + word
        }
        return lines + [line]
    }
}
