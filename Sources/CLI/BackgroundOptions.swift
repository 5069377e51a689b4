import GalleyFlags

/// The settings of a run in the background.
struct BackgroundOptions: Sendable {
    /// Whether the run continues after the command has returned.
    var isDetached = false
    /// The path of the log.
    var log: String?
    var logFormat = RunLog.Format.plain
    /// The path of the status file.
    var status: String?
    /// The completion commands, each with its condition.
    var commands: [(occasion: Occasion, command: String)] = []

    /// Whether standard error is the only log.
    var logsToStandardError: Bool { isDetached || log == nil && logFormat == .json }

    enum Occasion: String, Sendable {
        case always = "--then"
        case success = "--on-success"
        case failure = "--on-failure"

        fileprivate var summary: String {
            switch self {
            case .always: "Run this shell command after the run; can be repeated"
            case .success: "Run this shell command after the run if it succeeded; can be repeated"
            case .failure: "Run this shell command after the run if it failed; can be repeated"
            }
        }
    }

    /// Returns the completion commands for an exit status: those for this status first, then the others.
    func commands(after status: Int32) -> [(occasion: Occasion, command: String)] {
        let special: Occasion = status == 0 ? .success : .failure
        return commands.filter { $0.occasion == special } + commands.filter { $0.occasion == .always }
    }

    static let flags: [Flag<ExecuteArguments>] =
        [
            Flag(
                "--detach", in: .background,
                "Run in the background: return once the kernel runs, and print the run's ID"
            ) {
                $0.background.isDetached = true
            },
            Flag(
                "--log", takes: "FILE", example: "run.log", in: .background,
                "Write the progress to this file, each line with its time"
            ) { arguments, value, _ in arguments.background.log = value },
            Flag(
                "--log-format", takes: "plain|json", example: "json", in: .output,
                "Choose the format of the log; without --log, it goes to standard error"
            ) { arguments, value, name throws(UsageError) in
                arguments.background.logFormat = try FlagValueParser.choice(
                    value, name, ["plain": .plain, "json": .json])
            },
            Flag(
                "--status", takes: "FILE", example: "status.json", in: .background,
                "Keep the state of the run in this file, as one JSON document"
            ) { arguments, value, _ in arguments.background.status = value },
        ]
        + [Occasion.always, .success, .failure].map { occasion in
            Flag(
                occasion.rawValue, takes: "COMMAND", example: "sync", in: .background,
                occasion.summary
            ) { arguments, value, _ in arguments.background.commands.append((occasion, value)) }
        }
}
