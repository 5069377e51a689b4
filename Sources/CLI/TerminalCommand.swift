import Galley
import GalleyFlags
import GalleyJupyterServer
import Glibc

/// The command `galley terminal`, which runs a command in a terminal of a Jupyter server.
struct TerminalCommand: Sendable {
    private var server = ServerOptions()
    private var workingDirectory: String?
    private var timeout: Duration?
    private var words: [String] = []

    static let command = Command<TerminalCommand>(
        CommandDescription(
            "terminal", "Run a command in a terminal of a Jupyter server",
            usage: ["--server URL [options] -- COMMAND [ARGUMENT ...]"],
            details: [
                """
                The output is printed as it arrives, and the terminal is removed afterward. A single operand is a
                command line for the shell, such as `'cd work && make'`. Ctrl-C ends the command.
                """
            ],
            highlights: ["--server", "--cwd", "--timeout", "--help"], listsOtherFlags: true, operand: .words([]),
            examples: [
                ("galley terminal --server URL -- pip install seaborn", "install a package on the server")
            ],
            exitStatus:
                "That of the command; 124 after `--timeout`; 4 if the server refuses, or the terminal ends "
                + "before the command.",
            topics: ["servers"]),
        of: "galley",
        ServerOptions.addressFlags(in: \.server) + [
            Flag("--cwd", takes: "DIR", example: "work", in: .server, "Run the command in this folder of the server") {
                command, value, _ in command.workingDirectory = value
            },
            Flag("--timeout", takes: "TIME", example: "10m", in: .time, "End the command after this time") {
                command, value, name throws(UsageError) in command.timeout = try FlagValueParser.limit(value, name)
            },
        ])

    /// Parses a command line; returns nil if it asks for help.
    init?(_ arguments: [String]) throws(UsageError) {
        guard let words = try Self.command.parse(arguments, into: &self) else { return nil }
        self.words = words
        guard server.isGiven else { throw UsageError("which server? Add --server URL") }
        guard !words.isEmpty else { throw UsageError("which command? See 'galley terminal --help'") }
    }

    private init() {}

    /// Reads the files that the options name.
    mutating func resolve() throws(UsageError) {
        try server.resolve(usesRootsRights: false, startsHubServer: true) { Terminal.reportProblem("galley: \($0)") }
    }

    /// Runs the command, prints its output, and returns the exit status.
    func run() async -> Int32 {
        guard let server = server.server else { return ExitStatus.usage }
        let text = words.count == 1 ? words[0] : words.map(\.quotedForShell).joined(separator: " ")
        do {
            let status = try await server.runCommand(text, in: workingDirectory, limit: timeout) {
                Terminal.reportProblem("galley: \($0)")
            } output: { bytes in
                Terminal.write(bytes, to: STDOUT_FILENO)
            }
            return Int32(truncatingIfNeeded: status)
        } catch {
            guard !Task.isCancelled else { return ExitStatus.noKernel }
            Terminal.reportProblem("galley: \(error)")
            if case ServerError.commandTimedOut = error { return ExitStatus.limit }
            return ExitStatus.of(error)
        }
    }
}
