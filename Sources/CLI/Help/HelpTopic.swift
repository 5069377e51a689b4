import GalleyFlags

/// A subject of `galley help`: a text that is also an article of the documentation, to the letter.
struct HelpTopic: Sendable {
    /// The word after `galley help`.
    let name: String
    /// The name of the article's file, without `.md`.
    let article: String
    /// The text, in Markdown, with its title as its first line.
    private let markdownText: @Sendable () -> String

    init(_ name: String, article: String, _ markdown: @autoclosure @escaping @Sendable () -> String) {
        (self.name, self.article, markdownText) = (name, article, markdown)
    }

    /// The article.
    var markdown: String { markdownText() + "\n" }

    /// The topics, in the order in which help lists them.
    static let all = [
        options, exitStatuses, batch, selection, parameters, results, background, git, limits, kernels, servers, stores,
        files, compatibility,
    ]

    /// The names of commands and topics, each once.
    static var subjects: [String] {
        let commands = CommandList.all.map(\.name)
        return commands + all.map(\.name).filter { !commands.contains($0) }
    }

    /// The text for a terminal. The heading of the overview is left out.
    func text(_ layout: TextLayout) -> String {
        let text = markdown.split(separator: "\n", omittingEmptySubsequences: false).filter { $0 != "## Overview" }
        return HelpMarkdown(text.joined(separator: "\n")).lines(layout).joined(separator: "\n")
    }
}
