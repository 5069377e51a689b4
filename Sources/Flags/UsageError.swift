import GalleySpelling

/// Says what is wrong with a command line, and what would be right.
public struct UsageError: Error, Hashable, CustomStringConvertible {
    /// The sentence for the person who wrote it.
    public let problem: String

    /// Takes the sentence.
    public init(_ problem: String) { self.problem = problem }

    /// Says that a word is unknown, and which one may be meant.
    ///
    /// - Parameter help: The command that prints what is known.
    public init(unknown what: String, _ word: String, known: [String], help: String = "galley --help") {
        // Behind a control character there may be an order to the terminal.
        let visible = String(
            word.unicodeScalars.prefix {
                $0.properties.generalCategory != .control && !$0.properties.isBidiControl
            })
        let near = Spelling.nearest(to: word, in: known).first.map { ". Did you mean '\($0)'?" } ?? "."
        let shown = visible.count <= 60 ? visible : visible.prefix(59) + "…"
        problem = "'\(shown)' is not a\(what.first == "o" ? "n" : "") \(what)\(near) See '\(help)'"
    }

    /// The sentence.
    public var description: String { problem }
}
