import GalleyFlags

/// The command that a command line asks for. Reading one looks at nothing but its words.
enum Invocation: Sendable {
    case help(HelpPage)
    case execute(ExecuteArguments)
    /// Converts notebooks, and runs them before if asked; with the words that a configuration file may precede.
    case nbconvert(ExecuteArguments, [String])
    case kernels(KernelsCommand)
    case terminal(TerminalCommand)
    case runs(RunsCommand)
    case clean(CleanCommand)
    case export(ExportCommand)
    case inspect(InspectCommand)
    case stopOrWait(StopOrWaitCommand)
    /// Prints the names that a shell completes.
    case list(CompletionsCommand.List)

    /// Reads the arguments of the program.
    init(_ arguments: [String]) throws(UsageError) {
        guard let name = arguments.first else {
            self = .help(.overview)
            return
        }
        let rest = Array(arguments.dropFirst())
        switch name {
        case "execute": self = try Self.run(rest, .execute)
        case "check": self = try Self.run(rest, .check)
        case "papermill": self = try Self.run(rest, .papermill)
        case "nbconvert":
            let arguments = try ExecuteArguments(rest, .nbconvert)
            self = arguments.wantsHelp ? Self.page(ExecuteFlags.nbconvert) : .nbconvert(arguments, rest)
        case "clean": self = try CleanCommand(rest).map { .clean($0) } ?? Self.page(CleanCommand.command)
        case "export": self = try ExportCommand(rest).map { .export($0) } ?? Self.page(ExportCommand.command)
        case "inspect": self = try InspectCommand(rest).map { .inspect($0) } ?? Self.page(InspectCommand.command)
        case "kernels": self = try KernelsCommand(rest).map { .kernels($0) } ?? Self.page(KernelsCommand.command)
        case "terminal": self = try TerminalCommand(rest).map { .terminal($0) } ?? Self.page(TerminalCommand.command)
        case "runs": self = try RunsCommand(rest).map { .runs($0) } ?? Self.page(RunsCommand.command)
        case "stop":
            self = try StopOrWaitCommand(.stop, rest).map { .stopOrWait($0) } ?? Self.page(StopOrWaitCommand.stop)
        case "wait":
            self = try StopOrWaitCommand(.wait, rest).map { .stopOrWait($0) } ?? Self.page(StopOrWaitCommand.wait)
        case "help": self = try HelpCommand(rest).map { .help($0.page) } ?? Self.page(HelpCommand.command)
        case "version":
            self = try VersionCommand(rest).map { _ in .help(.version) } ?? Self.page(VersionCommand.command)
        case "completions":
            self = try CompletionsCommand(rest).map(Self.complete) ?? Self.page(CompletionsCommand.command)
        default:
            if name.hasPrefix("-"), name != "-", !name.hasSuffix(".ipynb") {
                self = .help(try CommandList.page(for: name))
                return
            }
            if let refusal = OtherPrograms.refusal(ofFirst: name) { throw UsageError(refusal) }
            throw UsageError(unknown: "command", name, known: CommandList.all.map(\.name))
        }
    }

    private static func run(
        _ arguments: [String], _ dialect: ExecuteArguments.Dialect
    ) throws(UsageError) -> Invocation {
        let arguments = try ExecuteArguments(arguments, dialect)
        if arguments.papermill.wantsVersion { return .help(.version) }
        if let notebook = try arguments.notebookToInspect {
            let usage = "Usage: galley \(dialect.command) [options] NOTEBOOK"
            return .inspect(InspectCommand(papermillPageOf: notebook, usage: usage))
        }
        return arguments.wantsHelp ? page(ExecuteFlags.command(of: dialect)) : .execute(arguments)
    }

    private static func complete(_ command: CompletionsCommand) -> Invocation {
        if let list = command.list { return .list(list) }
        return command.shell.map { .help(.completions($0)) } ?? page(CompletionsCommand.command)
    }

    private static func page<Target>(_ command: Command<Target>) -> Invocation {
        .help(.command(command.description))
    }
}

extension UsageError {
    /// The error of a command that takes only options.
    static func noOperands(of command: String, _ operands: [String]) -> UsageError {
        UsageError(
            "'\(visible(operands.first ?? ""))': galley \(command) takes only options. See 'galley \(command) --help'")
    }
}
