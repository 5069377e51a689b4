import GalleyFlags

/// `galley help`: prints the page of a command or a topic.
struct HelpCommand {
    private(set) var page = HelpPage.overview
    private var isManual = false

    static let command = Command<HelpCommand>(
        CommandDescription(
            "help", "Show the help of a command or topic",
            usage: ["[COMMAND|TOPIC]", "--man [COMMAND]"],
            details: ["Without a name, list the commands and topics."], operand: .subject,
            examples: [
                ("galley help execute", "the same as 'galley execute --help'"),
                ("galley help exit-statuses", "show a topic"),
                ("galley help --man execute | man -l -", "show the manual page of a command"),
            ]),
        of: "galley",
        [
            Flag("--man", in: .output, "Print the manual page as roff, for man(1)") { $0.isManual = true }
        ])

    /// Reads a command line; nil if it asks for the command's own page.
    init?(_ arguments: [String]) throws(UsageError) {
        guard let names = try Self.command.parse(arguments, into: &self) else { return nil }
        guard names.count <= 1 else { throw UsageError("galley help takes one command or topic. See 'galley --help'") }
        let name = names.first
        let command = name.flatMap(CommandList.named)
        let topic = HelpTopic.all.first { $0.name == name }
        switch (command, topic) {
        case (let command?, _) where isManual: page = .manual(command)
        case (nil, let topic?) where isManual:
            throw UsageError(
                "'\(topic.name)' is a topic, and manual pages describe commands. See 'galley help \(topic.name)'")
        case (let command?, let topic?): page = .both(command, topic)
        case (let command?, nil): page = .command(command)
        case (nil, let topic?): page = .topic(topic)
        case (nil, nil):
            guard let name else {
                page = isManual ? .manual(nil) : .overview
                return
            }
            if let refusal = OtherPrograms.refusal(ofFirst: name) { throw UsageError(refusal) }
            throw UsageError(unknown: "command or topic", name, known: HelpTopic.subjects)
        }
    }

    private init() {}
}

/// `galley version`: prints the version.
struct VersionCommand {
    static let command = Command<VersionCommand>(
        CommandDescription(
            "version", "Show the version", usage: [""],
            details: ["'galley --version' and 'galley -V' do the same."]), of: "galley", [])

    /// Reads a command line; nil if it asks for the command's own page.
    init?(_ arguments: [String]) throws(UsageError) {
        guard let operands = try Self.command.parse(arguments, into: &self) else { return nil }
        guard operands.isEmpty else { throw UsageError("galley version takes no arguments") }
    }

    private init() {}
}

/// `galley completions`: prints the script that completes command lines in a shell, or the names for such a script.
struct CompletionsCommand {
    private(set) var shell: Shell?
    private(set) var list: List?

    /// The names that change from machine to machine.
    enum List: Sendable { case kernels, runs }

    static let command = Command<CompletionsCommand>(
        CommandDescription(
            "completions", "Print the script for completing command lines in a shell",
            usage: [Shell.allCases.map(\.rawValue).joined(separator: "|"), "--list kernels|runs"],
            operand: .words(Shell.allCases.map(\.rawValue)),
            examples: [
                ("source <(galley completions bash)", "in ~/.bashrc"),
                ("source <(galley completions zsh)", "in ~/.zshrc, after compinit"),
                ("galley completions fish | source", "in ~/.config/fish/config.fish"),
            ]),
        of: "galley",
        [
            Flag(
                "--list", takes: "kernels|runs", example: "kernels", in: .output,
                "Print the names of the kernels, or the IDs of the runs, for such a script"
            ) { command, value, name throws(UsageError) in
                command.list = try FlagValueParser.choice(value, name, ["kernels": .kernels, "runs": .runs])
            }
        ])

    /// Reads a command line; nil if it asks for the command's own page.
    init?(_ arguments: [String]) throws(UsageError) {
        guard let operands = try Self.command.parse(arguments, into: &self) else { return nil }
        let shells = Shell.allCases.map(\.rawValue)
        if list != nil, operands.isEmpty { return }
        guard let name = operands.first, operands.count == 1, list == nil else {
            throw UsageError("galley completions takes the name of a shell: \(shells.joined(separator: ", "))")
        }
        guard let shell = Shell(rawValue: name) else {
            throw UsageError(
                "there are no completions for the shell '\(UsageError.visible(name))', only for "
                    + shells.joined(separator: ", "))
        }
        self.shell = shell
    }

    private init() {}

    /// Prints names for a shell, each once. A name that is not a plain word could be a command in the shell, and is left out.
    ///
    /// - Parameter signs: The characters that a name may contain besides letters and digits.
    static func printWords(_ names: [String], signs: String) {
        let words = names.filter { name in
            !name.isEmpty && name.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || signs.contains($0)) }
        }
        if !words.isEmpty { Terminal.print(Set(words).sorted().joined(separator: "\n")) }
    }
}
