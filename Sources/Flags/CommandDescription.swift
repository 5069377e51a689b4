/// A command of a program in words: the source of its help, its manual page and its completions.
package struct CommandDescription: Sendable {
    /// The word that calls it.
    package let name: String
    /// Its effect, in one line that begins with a verb: `List the kernels of this machine`.
    package let summary: String
    /// The command lines that it takes, without the program and the command.
    package let usage: [String]
    /// Paragraphs that explain it, in Markdown.
    package let details: [String]
    /// Its flags.
    package internal(set) var flags: [FlagDescription] = []
    /// The names of the flags that its page describes; all if it is empty.
    package let highlights: [String]
    /// Whether its page lists the names of the other flags.
    package let listsOtherFlags: Bool
    /// The categories whose flags a topic explains, so that its page does not list them.
    package let categoriesOfTopics: [FlagCategory]
    /// Its operands.
    package let operand: Operand
    /// Command lines with their purposes.
    package let examples: [(command: String, purpose: String)]
    /// Its exit statuses, in one paragraph; nil if they are those of every command.
    package let exitStatus: String?
    /// The topics with more about it.
    package let topics: [String]

    /// The kind of operands of a command, for completions.
    package enum Operand: Hashable, Sendable {
        /// It takes none.
        case none
        /// Notebooks and folders.
        case notebook
        /// The IDs of runs.
        case run
        /// Commands and topics.
        case subject
        /// One of these words.
        case words([String])
    }

    /// Describes a command; its flags are added by ``Command``.
    package init(
        _ name: String, _ summary: String, usage: [String], details: [String] = [], highlights: [String] = [],
        listsOtherFlags: Bool = false, categoriesOfTopics: [FlagCategory] = [], operand: Operand = .none,
        examples: [(command: String, purpose: String)] = [], exitStatus: String? = nil, topics: [String] = []
    ) {
        (self.name, self.summary, self.usage, self.details) = (name, summary, usage, details)
        (self.highlights, self.listsOtherFlags, self.operand) = (highlights, listsOtherFlags, operand)
        self.categoriesOfTopics = categoriesOfTopics
        (self.examples, self.exitStatus, self.topics) = (examples, exitStatus, topics)
    }

    /// The flags that its page describes.
    package var shownFlags: [FlagDescription] {
        highlights.isEmpty ? flags : highlights.compactMap { name in flags.first { $0.names.contains(name) } }
    }

    /// The flags that its page lists by name alone.
    package var otherFlags: [FlagDescription] {
        let shown = Set(shownFlags.map(\.names))
        return listsOtherFlags
            ? flags.filter {
                !shown.contains($0.names) && !([.compatibility, .help] + categoriesOfTopics).contains($0.category)
            } : []
    }
}

/// A command: the flags that it parses, and its description, which is made from the same flags.
package struct Command<Target>: Sendable {
    /// Its description.
    package let description: CommandDescription
    /// Its flags, without `--help`.
    package let flags: [Flag<Target>]

    private let parser: FlagParser<Line<Target>>

    /// Adds flags, and `--help`, to the description of a command.
    ///
    /// - Parameters:
    ///   - program: The name of the program.
    ///   - reference: The command line that prints all flags, for errors; `PROGRAM COMMAND --help` if it is nil.
    ///   - refusal: The reason why a name is not a flag, if more is known than that.
    package init(
        _ description: CommandDescription, of program: String, _ flags: [Flag<Target>], reference: String? = nil,
        refusal: @escaping @Sendable (_ name: String) -> String? = { _ in nil }
    ) {
        self.flags = flags
        let help = Flag<Line<Target>>("--help", "-h", in: .help, "Show this page") { $0.wantsHelp = true }
        let all = flags.map { $0.inside(\Line<Target>.target) } + [help]
        parser = FlagParser(
            all, help: reference ?? "\(program) \(description.name) --help",
            subject: reference == nil ? "option of \(description.name)" : "option", refusal: refusal)
        var description = description
        description.flags = all.map(\.description)
        self.description = description
    }

    /// Changes `target` as the flags of a command line say, and returns the operands; nil if the line asks for help.
    package func parse(_ arguments: [String], into target: inout Target) throws(UsageError) -> [String]? {
        var line = Line(target: target)
        let operands = try parser.parse(arguments, into: &line)
        target = line.target
        return line.wantsHelp ? nil : operands
    }
}

/// The target of a command's flags, and of `--help`.
private struct Line<Target> {
    var target: Target
    var wantsHelp = false
}

extension FlagCategory {
    /// The flag `--help`.
    package static let help = FlagCategory("Help")
}
