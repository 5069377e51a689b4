import GalleyFlags
import GalleyExecution
import Galley
import Glibc
import GalleyLocalKernels
import GalleyRuns
import GalleyStorage

/// The entry point of the program.
@main struct Program {
    static func main() {
        // Signals are blocked before another thread exists that could receive them.
        Signals.block()
        Terminal.openMissingStandardStreams()
        releaseUnusedMemory()
        do throws(UsageError) {
            switch try Invocation(arguments()) {
            case .help(let page): Terminal.print(page.text(columns: Terminal.helpColumns))
            case .execute(let arguments):
                reportNotes(of: arguments)
                try run(arguments)
            case .nbconvert(var arguments, let words):
                try arguments.readConfiguration(before: words)
                reportNotes(of: arguments)
                if arguments.nbconvert.executes { try run(arguments) } else { try export(ExportCommand(arguments)) }
            case .kernels(var command):
                try command.resolve()
                requireProcFileSystem(ExitStatus.noKernel)
                end { [command] in await command.run() }
            case .terminal(let command): try runTerminal(command)
            case .runs(let command):
                requireProcFileSystem(ExitStatus.notAllowed)
                exit(command.run())
            case .clean(let command): clean(command)
            case .export(let command): try export(command)
            case .inspect(let command): inspect(command)
            case .stopOrWait(let command):
                requireProcFileSystem(ExitStatus.notAllowed)
                exit(try command.run())
            case .list(.runs): RunsCommand.printNames()
            case .list(.kernels):
                end {
                    await KernelsCommand.printNames()
                    return ExitStatus.success
                }
            }
        } catch {
            Terminal.reportProblem("galley: \(error.problem)")
            exit(ExitStatus.usage)
        }
    }

    /// Returns the arguments; a value or a name must not change because its bytes are no text.
    private static func arguments() throws(UsageError) -> [String] {
        var arguments: [String] = []
        for argument in processArguments {
            guard let argument else {
                throw UsageError(
                    "argument \(arguments.count + 1) is not UTF-8; convert the text, or rename the file")
            }
            arguments.append(argument)
        }
        return arguments
    }

    /// Says which options have no effect.
    private static func reportNotes(of arguments: ExecuteArguments) {
        for note in arguments.notes { Terminal.reportProblem("galley: \(note)") }
    }

    /// Runs a task and ends the program with its status.
    private static func end(_ task: @escaping @Sendable () async -> Int32) -> Never {
        Signals.unblock()
        Task { exit(await task()) }
        while true { pause() }
    }

    /// Runs a command on a server. A signal ends the command; a second one ends the program at once.
    private static func runTerminal(_ command: TerminalCommand) throws(UsageError) -> Never {
        var command = command
        try command.resolve()
        requireProcFileSystem(ExitStatus.noKernel)
        let running = Task { [command] in await command.run() }
        Task {
            let status = await running.value
            if !running.isCancelled { exit(status) }
        }
        let signal = Signals.next()
        running.cancel()
        Task {
            _ = await running.value
            exit(ExitStatus.signal(signal))
        }
        exit(ExitStatus.signal(Signals.next()))
    }

    private static func clean(_ wanted: CleanCommand) -> Never {
        requireProcFileSystem(ExitStatus.storage)
        let command = wanted.forkPerOwner()
        end { await command.run() }
    }

    private static func inspect(_ wanted: InspectCommand) -> Never {
        requireProcFileSystem(ExitStatus.storage)
        let command = wanted.forkPerOwner()
        end { await command.run() }
    }

    private static func export(_ wanted: ExportCommand) throws(UsageError) {
        var wanted = wanted
        try exitingOnFailure { try wanted.resolve() }
        requireProcFileSystem(ExitStatus.storage)
        let command = wanted.forkPerOwner()
        end { await command.run() }
    }

    /// Performs an action, and ends the program if it fails for another reason than a wrong command line.
    private static func exitingOnFailure(_ body: () throws -> Void) throws(UsageError) {
        do { try body() } catch {
            if let error = error as? UsageError { throw error }
            Terminal.reportProblem("galley: \(error)")
            exit(ExitStatus.of(error))
        }
    }

    /// Ends the program if /proc is missing: libdispatch needs it to count threads, and Galley to find the processes of
    /// a kernel.
    private static func requireProcFileSystem(_ status: Int32) {
        if ProcessIdentity.canIdentifyProcesses { return }
        Terminal.reportProblem(
            "galley: /proc is not mounted, and Galley cannot find processes without it; mount it")
        exit(status)
    }

    private static func run(_ arguments: ExecuteArguments) throws(UsageError) {
        var arguments = arguments
        try arguments.resolve()
        if arguments.lists {
            try exitingOnFailure { try arguments.completeList() }
            try NotebookList(arguments).show()
            exit(ExitStatus.success)
        }
        requireProcFileSystem(ExitStatus.noKernel)
        let (share, supervisor) = try begin(arguments)
        if let shortage = SystemResources.shortage {
            supervisor?.reportEnd(
                RunSummary(status: ExitStatus.noKernel, outcome: "failed", result: nil, message: shortage))
            Terminal.reportProblem("galley: \(shortage)")
            exit(ExitStatus.noKernel)
        }
        let command = ExecuteCommand(share.arguments, share.paths, supervisor)
        let stop = StopSignal()
        Task { exit(await command.run(stop)) }
        // The first signal stops the run, the second kills the kernel and saves at once. A later signal ends the program
        // if it arrives more than 5 s after the second, even if a disk does not respond.
        let first = Signals.next()
        var signal = first
        var count = 0
        var deadline = ContinuousClock.now
        // After the first signal, the program ends within the grace period and 5 s more, even if an operation cannot be
        // interrupted, such as a write to a lost disk.
        let grace = share.arguments.options.grace
        Task.detached {
            try? await Task.sleep(for: grace + .seconds(5))
            exit(command.abort(by: first))
        }
        repeat {
            count += 1
            if count <= 2 {
                deadline = ContinuousClock.now + .seconds(5)
                command.reportStop(by: signal, isFirst: count == 1)
            }
            // There is nothing to end while the notebook is only read, and after its result is saved: then the program
            // waits at most for the reports that go to stores, and for a slow reader of its output.
            if !stop.stop(.signal(signal)), count > 1 || !command.isUploadingReports { break }
            signal = Signals.next()
        } while count < 2 || ContinuousClock.now < deadline
        exit(command.abort(by: first))
    }

    /// Divides a run among the owners of its notebooks, and returns in each owner's process.
    private static func begin(_ arguments: ExecuteArguments) throws(UsageError) -> (UserRun, SupervisorLink?) {
        var shares: [UserRun] = []
        try exitingOnFailure { shares = try UserRun.all(of: arguments) }
        if arguments.background.isDetached,
            shares.contains(where: { $0.paths.log == nil || $0.paths.statusCopies.isEmpty })
        {
            Terminal.reportProblem(
                "galley: nothing can be written in /var/tmp and /tmp; name other places: --log, --status")
            exit(ExitStatus.storage)
        }
        var (share, supervisor) = (shares[0], SupervisorLink?.none)
        if Supervisor.isNeeded(shares) {
            do throws(Errno) {
                (supervisor, share) = try Supervisor.begin(shares)
            } catch {
                Terminal.reportProblem("galley: the process of the run could not be created: \(error)")
                exit(ExitStatus.noKernel)
            }
        }
        do {
            try share.prepare(supervisor)
        } catch {
            let (problem, status) =
                (error as? UsageError).map { ($0.problem, ExitStatus.usage) } ?? ("\(error)", ExitStatus.of(error))
            supervisor?.reportEnd(RunSummary(status: status, outcome: "failed", result: nil, message: problem))
            Terminal.reportProblem("galley: \(problem)")
            exit(status)
        }
        return (share, supervisor)
    }
}
