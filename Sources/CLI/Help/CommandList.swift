import GalleyFlags

/// The commands of the program, and the options that stand in place of one.
enum CommandList {
    /// The commands, in the order in which help lists them.
    static let all: [CommandDescription] = [
        ExecuteFlags.execute.description, ExecuteFlags.check.description, ExecuteFlags.nbconvert.description,
        ExecuteFlags.papermill.description, ExportCommand.command.description, CleanCommand.command.description,
        InspectCommand.command.description, KernelsCommand.command.description,
        TerminalCommand.command.description, RunsCommand.command.description,
        StopOrWaitCommand.stop.description, StopOrWaitCommand.wait.description, HelpCommand.command.description,
        CompletionsCommand.command.description, VersionCommand.command.description,
    ]

    /// The options that can stand in place of a command.
    static let options = flags.map(\.description)

    private static let flags: [Flag<HelpPage>] = [
        Flag("--help", "-h", in: .help, "Show the commands") { $0 = .overview },
        Flag("--version", "-V", in: .help, "Show the version") { $0 = .version },
    ]

    /// The page that an option in place of a command asks for.
    static func page(for option: String) throws(UsageError) -> HelpPage {
        var page = HelpPage.overview
        let parser = FlagParser(
            flags, help: "galley --help", subject: "option", refusal: OtherPrograms.refusal(ofFirst:))
        _ = try parser.parse([option], into: &page)
        return page
    }

    static func named(_ name: String) -> CommandDescription? { all.first { $0.name == name } }
}
