import GalleyFlags
import GalleySpelling
import GalleyExecution
import Galley
import Glibc
import GalleyLocalKernels
import GalleyRuns
import GalleyStorage

/// The program.
@main struct Program {
    static func main() {
        // Before there is any other thread that could take them.
        Signals.block()
        Terminal.openMissingStandardStreams()
        releaseUnusedMemory()
        let arguments = processArguments
        let rest = Array(arguments.dropFirst())
        do throws(UsageError) {
            switch arguments.first {
            case "--version": Terminal.print("galley \(Galley.version)")
            case "help" where !rest.isEmpty: try showHelp(for: rest[0])
            case let command?
            where !["execute", "nbconvert", "check"].contains(command) && rest.contains { $0 == "--help" || $0 == "-h" }:
                try showHelp(for: command)
            case nil, "--help", "-h", "help": Terminal.print(help)
            case "execute": try run(rest, .galley)
            case "check": try run(rest, .check)
            case "nbconvert": try run(rest, .nbconvert)
            case "kernels": try list(KernelsCommand(rest))
            case "runs": exit(try RunsCommand(rest).run())
            case "clean": try clean(rest)
            case "stop": exit(try StopOrWaitCommand(.stop, rest).run())
            case "wait": exit(try StopOrWaitCommand(.wait, rest).run())
            case let argument?:
                throw UsageError(
                    unknown: "command", argument,
                    known: commands.keys.sorted())
            }
        } catch {
            Terminal.reportProblem("galley: \(error.problem)")
            exit(ExitStatus.usage)
        }
    }

    private static let commands = [
        "execute": ExecuteArguments.help, "check": CheckSettings.help, "nbconvert": ExecuteArguments.help,
        "clean": CleanCommand.help,
        "kernels": help,
        "runs": BackgroundOptions.help, "stop": BackgroundOptions.help, "wait": BackgroundOptions.help,
    ]

    private static func showHelp(for command: String) throws(UsageError) {
        let texts = commands.merging([
            "background": BackgroundOptions.help, "batch": BatchSettings.help,
            "options": FlagReference(ExecuteFlags.parser(of: .check).flags).description,
        ]) { $1 }
        guard let text = texts[command] else {
            throw UsageError(unknown: "command", command, known: texts.keys.sorted())
        }
        Terminal.print(text)
    }

    private static func list(_ command: KernelsCommand) -> Never {
        Signals.unblock()
        Task { exit(await command.run()) }
        while true { pause() }
    }

    private static func clean(_ arguments: [String]) throws(UsageError) {
        let wanted = try CleanCommand(arguments)
        requireProcFileSystem(ExitStatus.storage)
        let command = wanted.forkPerOwner()
        Signals.unblock()
        Task { exit(await command.run()) }
        while true { pause() }
    }

    /// Ends where /proc is not there: libdispatch ends the program when it cannot see its threads, and what a kernel has started
    /// could not be found.
    private static func requireProcFileSystem(_ status: Int32) {
        if ProcessIdentity.canIdentifyProcesses { return }
        Terminal.reportProblem(
            "galley: /proc is not there, and neither threads nor kernels can be watched without it; mount it")
        exit(status)
    }

    private static func run(_ arguments: [String], _ dialect: ExecuteArguments.Dialect) throws(UsageError) {
        var arguments = try ExecuteArguments(arguments, dialect)
        if arguments.wantsHelp { return Terminal.print(arguments.help) }
        try arguments.resolve()
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
        // The first ends the run in order, the second kills the kernel. Who sends another one when that should be over does
        // not want to wait even for a disk.
        let first = Signals.next()
        var signal = first
        var count = 0
        var deadline = ContinuousClock.now
        // Somebody who cannot be interrupted, such as a disk that is gone, is not waited for any longer than that.
        let grace = share.arguments.options.grace
        Task.detached {
            try? await Task.sleep(for: grace + .seconds(5))
            exit(command.abort(by: first))
        }
        repeat {
            count += 1
            if count <= 2 { deadline = ContinuousClock.now + .seconds(5) }
            // Where nothing runs any more, somebody reads too slowly what is said of it.
            if !stop.stop(.signal(signal)) { break }
            signal = Signals.next()
        } while count < 2 || ContinuousClock.now < deadline
        exit(command.abort(by: first))
    }

    /// Divides a run among the users whose notebooks it is to run, and returns in the process of each.
    private static func begin(_ arguments: ExecuteArguments) throws(UsageError) -> (UserRun, SupervisorLink?) {
        let shares: [UserRun]
        do {
            shares = try UserRun.all(of: arguments)
        } catch let error as UsageError {
            throw error
        } catch {
            Terminal.reportProblem("galley: \(error)")
            exit(ExitStatus.of(error))
        }
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
                Terminal.reportProblem("galley: no process can be made for the run: \(error)")
                exit(ExitStatus.noKernel)
            }
        }
        do throws(UsageError) {
            try share.prepare(supervisor)
        } catch {
            supervisor?.reportEnd(
                RunSummary(status: ExitStatus.usage, outcome: "failed", result: nil, message: error.problem))
            throw error
        }
        return (share, supervisor)
    }

    private static let help = """
        Galley runs Jupyter notebooks without a browser and keeps what they put out.

          galley execute --inplace report.ipynb    run a notebook where it is
          galley execute notebooks/ -j 4           run many
          galley execute --help                    all that can be said to it
          galley nbconvert --to notebook --execute FILE ...
                                                   the same, called as nbconvert is
          galley check report.ipynb                compare what it puts out with what
                                                   it has stored
          galley clean --inplace report.ipynb      remove what runs have left in it
          galley kernels [--json]                  list the kernels of this machine
          galley runs [--json]                     list the runs of this machine
          galley stop ID, galley wait ID           end one, or wait for its end
          galley help batch                        many notebooks, several at a time
          galley help background                   runs that nobody watches
          galley --version

        Exit status: 0 it ran, 1 a cell raised an error, 2 usage, 3 the notebook could
        not be read or written, 4 no kernel, 5 the kernel died, 124 a time limit was
        reached, 128+n ended by signal n; sys.exit(n) in a cell passes n on.
        """
}
