import GalleySpelling

/// The problem of a command line, with what would be right.
public struct UsageError: Error, Hashable, CustomStringConvertible {
    /// The sentence for the person who wrote the command line.
    public let problem: String

    /// Takes the sentence.
    public init(_ problem: String) { self.problem = problem }

    /// Describes an unknown word, and suggests known words: those that it begins, or else the nearest.
    ///
    /// - Parameter help: The command that prints the known words.
    public init(unknown what: String, _ word: String, known: [String], help: String = "galley --help") {
        let beginnings = word.count < 2 ? [] : known.filter { $0.hasPrefix(word) }
        let nearest = Array(Spelling.nearest(to: word, in: known).prefix(1))
        self.init(
            unknown: what, word, suggestions: (1...3).contains(beginnings.count) ? beginnings : nearest, help: help)
    }

    /// Describes an unknown word, and suggests these.
    package init(unknown what: String, _ word: String, suggestions: [String], help: String) {
        let words = suggestions.map { "'\($0)'" }
        let list = [words.dropLast().joined(separator: ", "), words.last ?? ""].filter { !$0.isEmpty }
        let near = words.isEmpty ? "." : ". Did you mean \(list.joined(separator: " or "))?"
        problem = "'\(Self.visible(word))' is not a\(what.first == "o" ? "n" : "") \(what)\(near) See '\(help)'"
    }

    /// A word as an error quotes it: short, and cut before a control character, which could command a terminal.
    package static func visible(_ word: String) -> String {
        let visible = String(
            word.unicodeScalars.prefix {
                $0.properties.generalCategory != .control && !$0.properties.isBidiControl
            })
        return visible.count <= 60 ? visible : visible.prefix(59) + "…"
    }

    /// The sentence.
    public var description: String { problem }
}
