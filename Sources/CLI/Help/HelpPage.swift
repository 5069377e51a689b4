import GalleyFlags
import Galley

/// A text that the program prints when it is asked for help.
enum HelpPage {
    /// The commands and topics.
    case overview
    /// The page of a command.
    case command(CommandDescription)
    /// A topic.
    case topic(HelpTopic)
    /// The page of a command, and the topic of the same name.
    case both(CommandDescription, HelpTopic)
    /// The manual page of a command; that of the program if there is none.
    case manual(CommandDescription?)
    /// The completions of a shell.
    case completions(Shell)
    case version

    /// The text. Manual pages and completions do not depend on the width.
    func text(columns: Int) -> String {
        let layout = TextLayout(columns: columns)
        return switch self {
        case .overview: Self.overview(layout)
        case .command(let command): Self.page(of: command, layout)
        case .topic(let topic): topic.text(layout)
        case .both(let command, let topic):
            Self.page(of: command, layout, isBefore: topic) + "\n\n" + topic.text(layout)
        case .manual(let command): ManualPage(of: command).text
        case .completions(let shell): shell.script
        case .version: "galley \(Galley.version)"
        }
    }

    private static func overview(_ layout: TextLayout) -> String {
        let topics = HelpTopic.all.map(\.name).joined(separator: ", ")
        let parts: [[String]] = [
            ["Usage: galley COMMAND [options] ..."],
            layout.wrap("Galley runs Jupyter notebooks without a browser and saves their outputs."),
            layout.rows(CommandList.all.map { ($0.name, $0.summary) }),
            layout.wrap(
                "'galley COMMAND --help' describes a command, and 'galley help TOPIC' a topic: \(topics)."),
        ]
        return parts.map { $0.joined(separator: "\n") }.joined(separator: "\n\n")
    }

    /// - Parameter topic: The topic that follows the page, and that the page does not refer to.
    private static func page(
        of command: CommandDescription, _ layout: TextLayout, isBefore topic: HelpTopic? = nil
    ) -> String {
        let name = "galley \(command.name)"
        var parts = [
            command.usage.enumerated().map { ($0 == 0 ? "Usage: " : "       ") + "\(name) \($1)".trimmed },
            HelpMarkdown(command.introduction).lines(layout),
            layout.rows(command.shownFlags.map { ($0.usage, $0.summary) }),
        ]
        let others = command.otherFlags
        if !others.isEmpty {
            parts.append(
                FlagCategory.all(of: others).flatMap { category in
                    let names = others.filter { $0.category == category }.map { $0.names.first ?? "" }
                    return layout.wrap(names.joined(separator: " "), after: "\(category.title): ", then: "    ")
                })
        }
        if !command.examples.isEmpty { parts.append(layout.rows(command.examples.map { ($0, $1) }, limit: 50)) }
        if let status = command.exitStatus {
            parts.append(layout.wrap(HelpMarkdown.plain(status), after: "Exit status: "))
        }
        let topics = command.topics.filter { $0 != topic?.name }
        if !topics.isEmpty {
            let more = layout.wrap("galley help " + topics.joined(separator: "|"), after: "More: ")
            // Below a list of options, a page of 24 lines has no room for an empty one.
            if others.isEmpty || parts.count > 4 { parts.append(more) } else { parts[parts.count - 1] += more }
        }
        return parts.map { $0.joined(separator: "\n") }.joined(separator: "\n\n")
    }
}

extension CommandDescription {
    /// The summary as a sentence, and the details, in Markdown.
    var introduction: String {
        ([summary + "." + (details.first.map { " \($0)" } ?? "")] + details.dropFirst()).joined(separator: "\n\n")
    }
}

extension String {
    /// The text without the spaces at its end.
    fileprivate var trimmed: String { String(reversed().drop { $0 == " " }.reversed()) }
}
