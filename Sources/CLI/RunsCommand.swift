import GalleyFlags
import GalleySpelling
import GalleyExecution
import Glibc
import GalleyJSON
import GalleyJupyterProtocol
import GalleyLocalKernels
import GalleyReports
import GalleyRuns
import GalleyStorage

/// The command `galley runs`, which lists running and recently ended runs.
struct RunsCommand {
    private var isForMachines = false
    private var isOfRunning = false

    static let command = Command<RunsCommand>(
        CommandDescription(
            "runs", "List the runs of this machine", usage: ["[--running] [--json]"],
            details: [
                "The list has each run with its progress or its end, and each kernel that was kept after its run."
            ],
            examples: [("galley runs --running --json", "list the runs that have not ended, for a program")],
            exitStatus: "0; with `--running`, 1 if no run goes on, and 3 if Galley cannot be sure of that.",
            topics: ["background"]),
        of: "galley",
        [
            Flag("--running", in: .output, "List only runs that have not ended, without kept kernels") {
                $0.isOfRunning = true
            },
            Flag("--json", in: .output, "Print the list as JSON") { $0.isForMachines = true },
        ])

    /// Parses a command line; returns nil if it asks for help.
    init?(_ arguments: [String]) throws(UsageError) {
        guard let operands = try Self.command.parse(arguments, into: &self) else { return nil }
        guard operands.isEmpty else { throw UsageError.noOperands(of: "runs", operands) }
    }

    private init() {}

    /// Prints the IDs of running runs and of kept kernels, for a shell's completion.
    static func printNames() {
        guard ProcessIdentity.canIdentifyProcesses else { return }
        let folders = RunRegistry.all
        let runs = folders.flatMap(\.runs).filter { ![.ended, .lost].contains($0.currentState) }.map(\.id)
        let kernels =
            folders.flatMap { $0.kernels(of: KeptKernelRecord.self) }.filter(\.isAlive).map(\.id)
            + KeptKernelList.findOnServers(in: folders).map(\.id)
        CompletionsCommand.printWords(runs + kernels, signs: "._-")
    }

    /// Prints the list, and returns the exit status.
    func run() -> Int32 {
        let folders = RunRegistry.all
        var runs = folders.flatMap(\.runs).sorted { $0.started.microseconds < $1.started.microseconds }
        if isOfRunning { runs.removeAll { [.ended, .lost].contains($0.currentState) } }
        if isOfRunning, runs.isEmpty, let doubt = doubt(folders) {
            Terminal.reportProblem("galley: \(doubt)")
            return ExitStatus.notAllowed
        }
        show(
            runs, isOfRunning ? [] : KeptKernelList.find(in: folders),
            isOfRunning ? [] : KeptKernelList.findOnServers(in: folders))
        return isOfRunning && runs.isEmpty ? ExitStatus.nothing : ExitStatus.success
    }

    /// The reason why runs may go on that have no readable record; nil if none can.
    private func doubt(_ folders: [RunRegistry]) -> String? {
        if RunRegistry.own() == nil {
            return "neither /var/tmp nor /tmp can be written, so there may be runs that left no record"
        }
        let users = Set(folders.filter(\.isPartlyUnreadable).map(\.user)).sorted()
        guard !users.isEmpty else { return nil }
        let names = users.prefix(5).map { Account(id: $0)?.name ?? "user \($0)" }.joined(separator: ", ")
        return "the records of other users cannot be read (\(names)), and may have runs; ask as root"
    }

    private func show(
        _ runs: [RunStatus], _ kernels: [KeptKernelRecord], _ serverKernels: [ServerKernelRecord]
    ) {
        if isForMachines {
            let list = Value.array(
                runs.map { $0.json(state: $0.currentState) } + kernels.map(\.json) + serverKernels.map(\.json))
            return Terminal.print(String(decoding: Document(list).text.bytes.dropLast(), as: UTF8.self))
        }
        if runs.isEmpty, kernels.isEmpty, serverKernels.isEmpty {
            return Terminal.print("No runs. To start one in the background: galley execute --detach NOTEBOOK")
        }
        if !runs.isEmpty { show(runs) }
        if !runs.isEmpty, !kernels.isEmpty { Terminal.print("") }
        if !kernels.isEmpty { KeptKernelList.show(kernels, age: age) }
        if !(runs.isEmpty && kernels.isEmpty), !serverKernels.isEmpty { Terminal.print("") }
        if !serverKernels.isEmpty { KeptKernelList.show(serverKernels, age: age) }
    }

    private func show(_ runs: [RunStatus]) {
        ConsoleTable(
            head: ["ID", "USER", "STATE", "CELL", "STARTED", "NOTEBOOK"],
            rows: runs.map { run in
                [
                    run.id, run.owner.map(name(of:)) ?? "", state(of: run),
                    run.notebooks.map { "\(run.finished)/\($0) notebooks" } ?? "\(run.cell)/\(run.cells)",
                    "\(age(of: run.started)) ago",
                    run.notebook.terminalSafeLine(200),
                ]
            }
        ).show()
    }

    private func state(of run: RunStatus) -> String {
        switch run.currentState {
        case .ended: "\((run.outcome ?? "ended").terminalSafeLine(20)) (\(run.exitStatus ?? 0))"
        case .lost: "lost"
        case let state: state.rawValue
        }
    }

    private func age(of moment: Timestamp) -> String {
        let seconds = max(0, (Timestamp.now().microseconds - moment.microseconds) / 1_000_000)
        return seconds < 60 ? "\(seconds) s" : Duration.seconds(seconds / 60 * 60).inWords
    }
}

private func name(of user: UInt32) -> String { Account(id: user)?.name ?? "\(user)" }

/// The commands `galley stop` and `galley wait`.
struct StopOrWaitCommand {
    private let action: Action
    private let ids: [String]

    enum Action: String {
        /// Ends runs, as a signal would.
        case stop
        /// Waits for the end of runs.
        case wait
    }

    /// The options of both commands: how to log in to the server of a kernel.
    struct Settings: Sendable {
        var server = ServerOptions()
    }

    private let settings: Settings

    static let stop = Command<Settings>(
        CommandDescription(
            "stop", "End runs, and kernels that were kept after their runs", usage: ["ID ..."],
            details: ["The output of a run is saved first. 'galley runs' lists the IDs."], operand: .run,
            examples: [("galley stop report-k3fu", "end a run, and wait until it has ended")],
            exitStatus:
                "0 if every run has ended; 2 if there is no such run; 3 if ending it is not allowed; 4 if the server of a "
                + "kernel cannot be reached.",
            topics: ["background"]),
        of: "galley", ServerOptions.loginFlags(in: \.server))

    static let wait = Command<Settings>(
        CommandDescription(
            "wait", "Wait for the end of runs", usage: ["ID ..."],
            details: ["Galley waits for kept kernels, too. 'galley runs' lists the IDs."], operand: .run,
            examples: [("galley wait report-k3fu", "wait for a run, and exit as it does")],
            exitStatus: "that of the first run that failed, otherwise 0; 0 for a kept kernel.",
            topics: ["background", "exit-statuses"]),
        of: "galley", ServerOptions.loginFlags(in: \.server))

    /// Parses a command line; returns nil if it asks for help.
    init?(_ action: Action, _ arguments: [String]) throws(UsageError) {
        var settings = Settings()
        let command = action == .stop ? Self.stop : Self.wait
        guard let ids = try command.parse(arguments, into: &settings) else { return nil }
        guard !ids.isEmpty else { throw UsageError("which run? 'galley runs' lists their IDs") }
        (self.action, self.ids, self.settings) = (action, ids, settings)
    }

    /// Ends or waits for each, and returns the exit status: the first that is not 0.
    func run() throws(UsageError) -> Int32 {
        Signals.unblock()
        var result = ExitStatus.success
        for id in ids {
            let status = try perform(id)
            if result == 0 { result = status }
        }
        return result
    }

    private func perform(_ id: String) throws(UsageError) -> Int32 {
        let folders = RunRegistry.all
        // "USER/ID" is a run in the records of this user.
        let (teller, id) = (id.directory.dropLast(), String(id.lastName))
        let asked = teller.isEmpty ? folders : folders.filter { name(of: $0.user) == teller }
        if let kernel = KeptKernelCommand(action, id, in: asked) { return kernel.run() }
        if var kernel = ServerKernelCommand(action, id, in: asked, settings.server) { return try kernel.run() }
        if let folder = asked.first(where: { $0.isTrusted && $0.hasUnreadable(id) }) {
            Terminal.reportProblem("galley: the record of run '\(id)' cannot be read: \(folder.file(of: id))")
            return ExitStatus.storage
        }
        let found = asked.compactMap { folder in folder.run(id).map { (folder, $0) } }
        if let (folder, _) = found.first, !folder.isTrusted, Set(found.map(\.0.user)).count > 1 {
            let names = Set(found.map { "\(name(of: $0.0.user))/\(id)" }).sorted().joined(separator: " or ")
            Terminal.reportProblem("galley: several users have a record of run '\(id)'. Name the user: \(names)")
            return ExitStatus.notAllowed
        }
        guard let (folder, run) = found.first else {
            if let other = asked.first(where: {
                $0.user != geteuid() && $0.kernel(id, of: ServerKernelRecord.self) != nil
            }) {
                Terminal.reportProblem(
                    "galley: kernel '\(id)' is on a server, and only \(name(of: other.user)) can end it or wait for it")
                return ExitStatus.notAllowed
            }
            let near = Spelling.nearest(
                to: id,
                in: folders.flatMap {
                    $0.runs.map(\.id) + $0.kernels(of: KeptKernelRecord.self).map(\.id)
                        + $0.kernels(of: ServerKernelRecord.self).map(\.id)
                }
            )
            .first
            Terminal.reportProblem(
                "galley: there is no run '\(id.terminalSafeLine())'.\(near.map { " Did you mean '\($0)'?" } ?? "") See 'galley runs'"
            )
            return ExitStatus.usage
        }
        if action == .wait, teller.isEmpty, !folder.isTrusted {
            let user = name(of: folder.user)
            Terminal.reportProblem(
                "galley: only \(user) has a record of run '\(id)', and can have forged it. To wait for it anyway: galley wait \(user)/\(id)"
            )
            return ExitStatus.notAllowed
        }
        if action == .stop {
            // Only the run's completion commands still run.
            if run.state == .ended { return ExitStatus.success }
            // The records of a folder can name only processes of the folder's owner.
            let target = run.process.isAlive ? run.process : run.engine ?? run.process
            guard target.user == folder.user || !target.isAlive else {
                Terminal.reportProblem("galley: process \(target.number) is not the one of run '\(id)'")
                return ExitStatus.notAllowed
            }
            do throws(Errno) {
                _ = try target.signal(SIGTERM)
            } catch {
                Terminal.reportProblem(
                    "galley: run '\(id)' cannot be ended: \(error). End it as \(name(of: folder.user)) or as root")
                return ExitStatus.notAllowed
            }
        }
        run.waitForEnd()
        return end(of: folder.run(id), id)
    }

    private func end(of run: RunStatus?, _ id: String) -> Int32 {
        // The record of a foreground run is removed when the run ends.
        guard let run, let status = run.exitStatus else {
            if action == .stop { return ExitStatus.success }
            Terminal.reportProblem("galley: run '\(id)' is gone, and left no exit status")
            return ExitStatus.signal(SIGKILL)
        }
        if let message = run.message, action == .wait {
            Terminal.reportProblem("galley: \(run.notebook.terminalSafeLine(200)): \(message)")
        }
        return action == .stop ? ExitStatus.success : status
    }
}
