/// All flags in words, under their headings.
public struct FlagReference: CustomStringConvertible, Sendable {
    /// The text.
    public let description: String

    /// Describes flags for a terminal of 80 columns.
    ///
    /// The flags of one category stand together.
    public init<Target>(_ flags: [Flag<Target>]) { self.init(flags.map(\.description), columns: 80) }

    /// Describes flags in lines of this width.
    package init(_ flags: [FlagDescription], columns: Int) {
        let layout = TextLayout(columns: columns)
        description = FlagCategory.all(of: flags).map { category in
            let lines = flags.filter { $0.category == category }.flatMap { flag in
                layout.wrap(
                    flag.names.joined(separator: ", ") + flag.shownValue, after: "  ", then: "    ")
                    + layout.wrap(
                        flag.explanation, after: "      ", then: "      ")
            }
            return ([category.title] + lines).joined(separator: "\n")
        }.joined(separator: "\n\n")
    }
}
