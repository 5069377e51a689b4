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

/// `galley runs`: the runs of this machine, those that go on and those that ended not long ago.
struct RunsCommand {
    private let isForMachines: Bool
    private let isOfRunning: Bool

    init(_ arguments: [String]) throws(UsageError) {
        let known = ["--json", "--running"]
        for argument in arguments where !known.contains(argument) {
            throw UsageError(unknown: "option of runs", argument, known: known)
        }
        isForMachines = arguments.contains("--json")
        isOfRunning = arguments.contains("--running")
    }

    /// Lists them, and returns the status to end with: of those that go on, whether there are any.
    func run() -> Int32 {
        if let refusal = refuseWithoutProcesses() { return refusal }
        let folders = RunRegistry.all
        var runs = folders.flatMap(\.runs).sorted { $0.started.microseconds < $1.started.microseconds }
        if isOfRunning { runs.removeAll { [.ended, .lost].contains($0.currentState) } }
        if isOfRunning, runs.isEmpty, let doubt = doubt(folders) {
            Terminal.reportProblem("galley: \(doubt)")
            return ExitStatus.notAllowed
        }
        show(runs, isOfRunning ? [] : KeptKernelList.find(in: folders))
        return isOfRunning && runs.isEmpty ? ExitStatus.nothing : ExitStatus.success
    }

    /// Why there may be runs that are not found; nil where there are none.
    private func doubt(_ folders: [RunRegistry]) -> String? {
        if RunRegistry.own() == nil {
            return "nothing can be written in /var/tmp and /tmp, so runs may go on that are not known"
        }
        let users = Set(folders.filter(\.isPartlyUnreadable).map(\.user)).sorted()
        guard !users.isEmpty else { return nil }
        let names = users.prefix(5).map { Account(id: $0)?.name ?? "user \($0)" }.joined(separator: ", ")
        return "runs of other users may go on, which this user may not read (\(names)); ask as root"
    }

    private func show(_ runs: [RunStatus], _ kernels: [KeptKernelRecord]) {
        if isForMachines {
            let list = Value.array(runs.map { $0.json(state: $0.currentState) } + kernels.map(\.json))
            return Terminal.print(String(decoding: Document(list).text.bytes.dropLast(), as: UTF8.self))
        }
        if runs.isEmpty, kernels.isEmpty {
            return Terminal.print("No runs. One in the background begins so: galley execute --detach NOTEBOOK")
        }
        if !runs.isEmpty { show(runs) }
        if !runs.isEmpty, !kernels.isEmpty { Terminal.print("") }
        if !kernels.isEmpty { KeptKernelList.show(kernels, age: age) }
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

/// Complains, and returns the status to end with, where nothing tells which processes go on; nil where something does.
private func refuseWithoutProcesses() -> Int32? {
    if ProcessIdentity.canIdentifyProcesses { return nil }
    Terminal.reportProblem("galley: /proc is not there, so runs that go on cannot be told from others; mount it")
    return ExitStatus.notAllowed
}

/// `galley stop` and `galley wait`: what is done with runs that go on.
struct StopOrWaitCommand {
    private let action: Action
    private let ids: [String]

    enum Action: String {
        /// Ends runs as a signal would.
        case stop
        /// Waits for their ends.
        case wait
    }

    init(_ action: Action, _ arguments: [String]) throws(UsageError) {
        if let option = arguments.first(where: { $0.hasPrefix("-") }) {
            throw UsageError(
                "'\(option)': galley \(action.rawValue) has no options; it takes the IDs that 'galley runs' lists")
        }
        guard !arguments.isEmpty else { throw UsageError("which run? 'galley runs' lists their IDs") }
        (self.action, ids) = (action, arguments)
    }

    /// Does it with each, and returns the status to end with: that of the first that is not well.
    func run() -> Int32 {
        if let refusal = refuseWithoutProcesses() { return refusal }
        Signals.unblock()
        var result = ExitStatus.success
        for id in ids {
            let status = perform(id)
            if result == 0 { result = status }
        }
        return result
    }

    private func perform(_ id: String) -> Int32 {
        let folders = RunRegistry.all
        // "USER/ID" is a run that this user tells of.
        let (teller, id) = (id.directory.dropLast(), String(id.lastName))
        let asked = teller.isEmpty ? folders : folders.filter { name(of: $0.user) == teller }
        if let kernel = KeptKernelCommand(action, id, in: asked) { return kernel.run() }
        if let folder = asked.first(where: { $0.isTrusted && $0.hasUnreadable(id) }) {
            Terminal.reportProblem("galley: what is told of run '\(id)' cannot be read: \(folder.file(of: id))")
            return ExitStatus.storage
        }
        let found = asked.compactMap { folder in folder.run(id).map { (folder, $0) } }
        if let (folder, _) = found.first, !folder.isTrusted, Set(found.map(\.0.user)).count > 1 {
            let names = Set(found.map { "\(name(of: $0.0.user))/\(id)" }).sorted().joined(separator: " or ")
            Terminal.reportProblem("galley: several users tell of a run '\(id)'. Name the user: \(names)")
            return ExitStatus.notAllowed
        }
        guard let (folder, run) = found.first else {
            let near = Spelling.nearest(to: id, in: folders.flatMap { $0.runs.map(\.id) + $0.keptKernels.map(\.id) })
                .first
            Terminal.reportProblem(
                "galley: there is no run '\(id.terminalSafeLine())'.\(near.map { " Did you mean '\($0)'?" } ?? "") See 'galley runs'"
            )
            return ExitStatus.usage
        }
        if action == .wait, teller.isEmpty, !folder.isTrusted {
            let user = name(of: folder.user)
            Terminal.reportProblem(
                "galley: only \(user) tells of run '\(id)', and can have made it up. To wait for it all the same: galley wait \(user)/\(id)"
            )
            return ExitStatus.notAllowed
        }
        if action == .stop {
            // What it still does is what was to be done afterwards.
            if run.state == .ended { return ExitStatus.success }
            // What a folder tells of processes is believed of those of its owner alone.
            let target = run.process.isAlive ? run.process : run.engine ?? run.process
            guard target.user == folder.user || !target.isAlive else {
                Terminal.reportProblem("galley: process \(target.number) is not the one of run '\(id)'")
                return ExitStatus.notAllowed
            }
            do throws(Errno) {
                _ = try target.signal(SIGTERM)
            } catch {
                Terminal.reportProblem(
                    "galley: run '\(id)' cannot be ended: \(error). It takes \(name(of: folder.user)), or root")
                return ExitStatus.notAllowed
            }
        }
        run.waitForEnd()
        return end(of: folder.run(id), id)
    }

    private func end(of run: RunStatus?, _ id: String) -> Int32 {
        // One that was not in the background is forgotten with its end.
        guard let run, let status = run.exitStatus else {
            if action == .stop { return ExitStatus.success }
            Terminal.reportProblem("galley: run '\(id)' is gone and has not told how it ended")
            return ExitStatus.signal(SIGKILL)
        }
        if let message = run.message, action == .wait {
            Terminal.reportProblem("galley: \(run.notebook.terminalSafeLine(200)): \(message)")
        }
        return action == .stop ? ExitStatus.success : status
    }
}
