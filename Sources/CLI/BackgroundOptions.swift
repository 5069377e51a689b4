import GalleyFlags

/// What was asked of a run that nobody watches.
struct BackgroundOptions: Sendable {
    /// Whether it goes on without whoever started it.
    var isDetached = false
    /// Where it says how it goes, besides standard error.
    var log: String?
    var logFormat = RunLog.Format.plain
    /// Where it keeps how far it is.
    var status: String?
    /// What is run at the end: always, or only then.
    var commands: [(occasion: Occasion, command: String)] = []

    /// Whether standard error is the log, and there is no other.
    var logsToStandardError: Bool { isDetached || log == nil && logFormat == .json }

    enum Occasion: String, Sendable {
        case always = "--then"
        case success = "--on-success"
        case failure = "--on-failure"
    }

    /// The commands for an end with an exit status: those for just this end, then the others.
    func commands(after status: Int32) -> [(occasion: Occasion, command: String)] {
        let special: Occasion = status == 0 ? .success : .failure
        return commands.filter { $0.occasion == special } + commands.filter { $0.occasion == .always }
    }

    static let flags: [Flag<ExecuteArguments>] =
        [
            Flag("--detach", in: .background, "Return once the run is under way, and print its ID") {
                $0.background.isDetached = true
            },
            Flag(
                "--log", takes: "FILE", example: "run.log", in: .background,
                "Write how it goes; each line begins with the time"
            ) { arguments, value, _ in arguments.background.log = value },
            Flag(
                "--log-format", takes: "plain|json", example: "json", in: .background,
                "Write the log as JSON lines; without --log, on standard error"
            ) { arguments, value, name throws(UsageError) in
                arguments.background.logFormat = try FlagValueParser.choice(
                    value, name, ["plain": .plain, "json": .json])
            },
            Flag(
                "--status", takes: "FILE", example: "status.json", in: .background,
                "Keep there how far the run is, as one JSON document"
            ) { arguments, value, _ in arguments.background.status = value },
        ]
        + [Occasion.always, .success, .failure].map { occasion in
            Flag(
                occasion.rawValue, takes: "COMMAND", example: "sync", in: .background,
                "Run a command at the end" + (occasion == .always ? "" : " of a run that ends so")
            ) { arguments, value, _ in arguments.background.commands.append((occasion, value)) }
        }

    static let help = """
        Usage: galley execute --detach [options] NOTEBOOK     runs it in the background

          --detach                 return once it is under way, and print its ID
          --log FILE               say there how it goes; each line begins with the time
          --log-format json        as JSON lines; without --log, on standard error
          --status FILE            keep there how far it is, as one JSON document
          --then COMMAND           run a command at the end, however that comes about
          --on-success COMMAND, --on-failure COMMAND
                                   or only after this end; they find GALLEY_STATUS (in
                                   a word), GALLEY_EXIT, GALLEY_NOTEBOOK, GALLEY_RESULT,
                                   GALLEY_RUN and GALLEY_LOG in their environment
          --as-owner, --as-caller, --as-user NAME
                                   who runs the notebook when root starts it: its owner
                                   (usual), root with all rights, or another user

          galley runs [--json]     list the runs of this machine, or with --running only
                                   those that go on; status 1 if there are none
                                   (kernels that are kept are listed too, and not runs)
          galley stop ID           end one: what it has put out is saved
          galley wait ID           wait for its end, and exit as it did; for the end
                                   of a kernel that is kept, and exit with 0
        """
}
