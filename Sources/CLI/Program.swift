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
        Terminal.keepStandardStreams()
        giveMemoryBack()
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
            Terminal.complain("galley: \(error.problem)")
            exit(ExitStatus.usage)
        }
    }

    private static let commands = [
        "execute": ExecuteArguments.help, "check": CheckSettings.help, "nbconvert": ExecuteArguments.help,
        "clean": CleanCommand.help,
        "kernels": help,
        "runs": Background.help, "stop": Background.help, "wait": Background.help,
    ]

    private static func showHelp(for command: String) throws(UsageError) {
        let texts = commands.merging([
            "background": Background.help, "batch": BatchSettings.help,
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
        requireProcesses(ExitStatus.storage)
        let command = wanted.divided()
        Signals.unblock()
        Task { exit(await command.run()) }
        while true { pause() }
    }

    /// Ends where /proc is not there: libdispatch ends the program when it cannot see its threads, and what a kernel has started
    /// could not be found.
    private static func requireProcesses(_ status: Int32) {
        if ProcessMark.canBeFound { return }
        Terminal.complain(
            "galley: /proc is not there, and neither threads nor kernels can be watched without it; mount it")
        exit(status)
    }

    private static func run(_ arguments: [String], _ dialect: ExecuteArguments.Dialect) throws(UsageError) {
        var arguments = try ExecuteArguments(arguments, dialect)
        if arguments.wantsHelp { return Terminal.print(arguments.help) }
        try arguments.resolve()
        requireProcesses(ExitStatus.noKernel)
        let (share, attendant) = try begin(arguments)
        if let shortage = Machine.shortage {
            attendant?.tell(End(status: ExitStatus.noKernel, outcome: "failed", result: nil, message: shortage))
            Terminal.complain("galley: \(shortage)")
            exit(ExitStatus.noKernel)
        }
        let command = ExecuteCommand(share.arguments, share.place, attendant)
        let stop = StopSignal()
        Task { exit(await command.run(stop)) }
        // The first ends the run in order, the second kills the kernel. Who sends another one when that should be over does
        // not want to wait even for a disk.
        let first = Signals.next()
        var signal = first
        var count = 0
        var patience = ContinuousClock.now
        // Somebody who cannot be interrupted, such as a disk that is gone, is not waited for any longer than that.
        let grace = share.arguments.options.grace
        Task.detached {
            try? await Task.sleep(for: grace + .seconds(5))
            exit(command.cutOff(by: first))
        }
        repeat {
            count += 1
            if count <= 2 { patience = ContinuousClock.now + .seconds(5) }
            // Where nothing runs any more, somebody reads too slowly what is said of it.
            if !stop.stop(.signal(signal)) { break }
            signal = Signals.next()
        } while count < 2 || ContinuousClock.now < patience
        exit(command.cutOff(by: first))
    }

    /// Divides a run among the users whose notebooks it is to run, and returns in the process of each.
    private static func begin(_ arguments: ExecuteArguments) throws(UsageError) -> (RunShare, AttendantLink?) {
        let shares: [RunShare]
        do {
            shares = try RunShare.all(of: arguments)
        } catch let error as UsageError {
            throw error
        } catch {
            Terminal.complain("galley: \(error)")
            exit(ExitStatus.of(error))
        }
        if arguments.background.isDetached,
            shares.contains(where: { $0.place.log == nil || $0.place.statusCopies.isEmpty })
        {
            Terminal.complain("galley: nothing can be written in /var/tmp and /tmp; name other places: --log, --status")
            exit(ExitStatus.storage)
        }
        var (share, attendant) = (shares[0], AttendantLink?.none)
        if Attendant.isNeeded(shares) {
            do throws(Errno) {
                (attendant, share) = try Attendant.begin(shares)
            } catch {
                Terminal.complain("galley: no process can be made for the run: \(error)")
                exit(ExitStatus.noKernel)
            }
        }
        do throws(UsageError) {
            try share.prepare(attendant)
        } catch {
            attendant?.tell(End(status: ExitStatus.usage, outcome: "failed", result: nil, message: error.problem))
            throw error
        }
        return (share, attendant)
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
