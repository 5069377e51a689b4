import Dispatch
import Galley
import Glibc
import GalleyJupyterProtocol
import GalleyRuns
import GalleyStorage
import GalleySupervisor

/// The parent process of the engines, the processes that run the notebooks. A run needs one if it has completion
/// commands, runs in the background, or runs notebooks as other users.
///
/// The supervisor waits for the engines, runs the completion commands, and writes root's files for an engine that has
/// become another user. It forks all processes while it has a single thread.
struct Supervisor {
    private let userRuns: [UserRun]
    private let callerPipe: MessagePipe?

    /// A process that runs notebooks.
    private struct Engine {
        let userRun: UserRun
        let process: ChildProcess
        let summaryPipe: MessagePipe
        let server: RootFileServer?
    }

    private var background: BackgroundOptions { userRuns[0].arguments.background }

    /// Whether these runs need a supervisor.
    static func isNeeded(_ userRuns: [UserRun]) -> Bool {
        let background = userRuns[0].arguments.background
        return background.isDetached || !background.commands.isEmpty || userRuns.contains { $0.account != nil }
            || userRuns.count > 1
    }

    /// Forks one engine per user's run, and for a background run also the supervisor. Returns only in the engines, each
    /// with its link and its run.
    static func begin(_ userRuns: [UserRun]) throws(Errno) -> (SupervisorLink, UserRun) {
        let supervisor = Supervisor(
            userRuns: userRuns, callerPipe: userRuns[0].arguments.background.isDetached ? try MessagePipe() : nil)
        if let callerPipe = supervisor.callerPipe, let session = try ChildProcess.detach() {
            supervisor.waitForStart(callerPipe, of: session)
        }
        if supervisor.background.isDetached { supervisor.detachFromCaller() }
        let identity = ProcessIdentity.current()
        var engines: [Engine] = []
        for userRun in userRuns {
            let summaryPipe = try MessagePipe()
            let (server, files) = supervisor.makeFileServer(of: userRun, engines)
            // Only one process group can read from the terminal. A process that becomes another user has its own
            // session.
            let hasOwnProcessGroup = userRun.account == nil && !userRun.arguments.readsStandardInput
            if let process = try ChildProcess.make(hasOwnProcessGroup: hasOwnProcessGroup) {
                summaryPipe.closeWriting()
                files?.closeDescriptors()
                engines.append(Engine(userRun: userRun, process: process, summaryPipe: summaryPipe, server: server))
                continue
            }
            for engine in engines {
                engine.summaryPipe.closeReading()
                engine.server?.closeDescriptors()
            }
            server?.closeDescriptors()
            let link = SupervisorLink(
                to: identity, summaryPipe: summaryPipe, callerPipe: supervisor.callerPipe, userRun.arguments.background,
                files: files)
            supervisor.become(userRun, link)
            return (link, userRun)
        }
        supervisor.supervise(engines)
    }

    /// Switches this process to the user of its run, or exits if the system refuses.
    private func become(_ userRun: UserRun, _ link: SupervisorLink) {
        guard let account = userRun.account else { return }
        do throws(Errno) {
            try userRun.become(supervisedBy: link.process)
        } catch {
            let message =
                "root cannot become \(account.name) to run \(userRun.paths.notebook): \(error). Run it as that user, "
                + "or use --as-caller to run it with root's rights"
            link.reportEnd(RunSummary(status: ExitStatus.noKernel, outcome: "failed", result: nil, message: message))
            Terminal.reportProblem("galley: \(message)")
            exit(ExitStatus.noKernel)
        }
        // The inherited streams go to root's own log. The supervisor opens the run's log for this process.
        guard userRun.arguments.background.isDetached, let log = userRun.paths.log, let files = link.files,
            let descriptor = try? files.openForAppending(log)
        else { return }
        for stream in Int32(1)...2 { dup2(descriptor, stream) }
        close(descriptor)
    }

    /// Creates the server that writes files for an engine that becomes another user, and that engine's end of it; nil
    /// if the user stays the same.
    private func makeFileServer(of userRun: UserRun, _ engines: [Engine]) -> (RootFileServer?, SupervisedFiles?) {
        guard userRun.account != nil else { return (nil, nil) }
        do {
            return try RootFileServer.make(userRun.rootOwnedFiles)
        } catch {
            for engine in engines { engine.process.send(SIGTERM) }
            callerPipe?.write(
                RunSummary(status: ExitStatus.storage, outcome: "failed", result: nil, message: "\(error)").text)
            Terminal.reportProblem("galley: \(error)")
            exit(ExitStatus.storage)
        }
    }

    // MARK: The caller

    /// Waits in the calling process until the background run has started or failed, prints the result and exits.
    private func waitForStart(_ callerPipe: MessagePipe, of session: ChildProcess) -> Never {
        callerPipe.closeWriting()
        let (userRuns, isQuiet) = (userRuns, userRuns[0].arguments.isQuiet)
        DispatchQueue.global().async {
            let text = callerPipe.read()
            let lines = text.split(separator: "\n")
            let end = RunSummary(text)
            if lines.first.map(String.init) == SupervisorLink.ready {
                for warning in lines.dropFirst() { Terminal.reportProblem("galley: \(warning)") }
            } else if end?.status != 0 {
                let problem = end?.message ?? "the background process ended before the run started"
                Terminal.reportProblem("galley: \(problem)")
                exit(end?.status ?? ExitStatus.cellError)
            }
            for userRun in userRuns { Self.printPaths(userRun.paths, isQuiet) }
            exit(ExitStatus.success)
        }
        while true { session.send(Signals.next()) }
    }

    private static func printPaths(_ paths: RunPaths, _ isQuiet: Bool) {
        var lines = [paths.id]
        if !isQuiet {
            if let log = paths.log { lines.append("log: \(log)") }
            if let status = paths.statusCopies.first { lines.append("status: \(status.path)") }
        }
        // The run goes on even if the caller does not read this.
        Terminal.write(Array((lines.joined(separator: "\n") + "\n").utf8), to: STDOUT_FILENO)
    }

    // MARK: The supervisor

    /// Redirects the standard streams, because the caller's readers wait for the end of file.
    private func detachFromCaller() {
        let null = unsafe open("/dev/null", O_RDWR | O_CLOEXEC)
        let path = hasOwnLog ? userRuns[0].paths.makeCommandsLog() : userRuns[0].paths.log
        let log = path.flatMap { canWrite($0) ? try? LocalFile.openForAppending($0) : nil }
        if !userRuns.contains(where: \.arguments.readsStandardInput) { dup2(null, 0) }
        for stream in Int32(1)...2 { dup2(log ?? null, stream) }
        // The caller may have left other descriptors open, too.
        let pipeEnds = callerPipe?.ends ?? []
        for name in LocalFile.names(in: "/proc/self/fd") {
            if let number = Int32(name), number > 2, !pipeEnds.contains(number) { close(number) }
        }
    }

    /// Waits for the engines, runs the completion commands, and exits with the worst status of the engines.
    private func supervise(_ engines: [Engine]) -> Never {
        // Signals from the terminal go to this process only, which forwards them.
        let signals = Signals.ending + [SIGQUIT, SIGTSTP]
        ChildProcess.hold(signals)
        for engine in engines { engine.server?.start() }
        let endings = ChildProcess.waitForExit(of: engines.map(\.process), forwarding: signals, within: limits)
        var worst: RunSummary?
        for (engine, ending) in zip(engines, endings) {
            let end = end(of: engine, ending)
            if worst.map({ ExitStatus.isWorse(end.status, than: $0.status) }) ?? true { worst = end }
        }
        callerPipe?.closeWriting()
        // Everything is reported and saved, so a signal may end the completion commands.
        Signals.unblock()
        if let worst {
            CompletionHooks(background, paths).run(
                after: worst, worst.status,
                output: background.logsToStandardError ? { writeToStandardError(.output, $0, paths) } : nil
            ) {
                hasOwnLog ? writeToStandardError(.error, $0, paths) : writeLine(.error, $0, paths)
            }
        }
        for userRun in userRuns { userRun.paths.removeRecord() }
        exit(worst?.status ?? ExitStatus.success)
    }

    /// The time limits of the engines; nil if none of them runs as another user. That user could stop the process, and
    /// root waits only for a limited time.
    private var limits: ChildProcess.Limits? {
        guard userRuns.contains(where: { $0.account != nil }) else { return nil }
        let options = userRuns[0].arguments.options
        // The engine ends itself earlier, even with a slow disk.
        let ending = options.grace + .seconds(15)
        // `--total-timeout` applies to each attempt of each notebook. A deferred list or folder counts as 1000
        // notebooks.
        let runs = userRuns.map { max(1, $0.arguments.tasks.count + $0.arguments.deferred.count * 1000) }.reduce(0, +)
        let attempts = runs * (1 + userRuns[0].arguments.batch.retries)
        return ChildProcess.Limits(
            whole: options.totalTimeout.map { $0 * attempts + ending }, ending: ending)
    }

    /// The paths that the completion commands get in their environment.
    private var paths: RunPaths { userRuns[0].paths }

    /// Finishes the files of an engine that has exited, and returns how it ended.
    private func end(of engine: Engine, _ ending: ChildProcess.ExitReport) -> RunSummary {
        let isLate = ending.cause == .limit
        let status = isLate ? ExitStatus.limit : ending.status < 0 ? ExitStatus.signal(-ending.status) : ending.status
        for path in engine.server?.finish() ?? [] {
            writeLine(.error, "not all lines could be written to \(path)", engine.userRun.paths)
        }
        // A summary with another status was written before the engine ended in another way.
        let reported = RunSummary(engine.summaryPipe.readNow()).flatMap {
            $0.status == status || isLate ? $0.withStatus(status) : nil
        }
        // An engine that ends itself reports the signal, but not that repeated stops were the cause.
        if reported != nil, ending.cause == .stops { writeLine(.error, Self.stoppedTooOften, engine.userRun.paths) }
        let end = reported ?? reportKilled(engine.userRun, by: ending, status)
        guard let account = engine.userRun.account else { return end }
        if let home = engine.userRun.temporaryHome { UserSwitch.of(account).remove(home) }
        return end.sanitized(from: engine.userRun.paths.result)
    }

    private static let stoppedTooOften = "galley was ended because a process of its user stopped it again and again"

    /// Reports the end of an engine that could not do so itself, in the status files, the log and the caller's pipe.
    private func reportKilled(_ userRun: UserRun, by ending: ChildProcess.ExitReport, _ status: Int32) -> RunSummary {
        let paths = userRun.paths
        let name = PostMortem.signalNames[-ending.status] ?? "signal \(-ending.status)"
        let message =
            switch ending.cause {
            case .limit: "galley ran for longer than --total-timeout allows and was ended"
            case .stops: Self.stoppedTooOften
            case .itself where ending.status < 0: "galley was ended by \(name)"
            case .itself: "galley ended with status \(status) without reporting a reason"
            }
        let outcome = ending.cause == .limit ? "timed-out" : "killed"
        let end = RunSummary(status: status, outcome: outcome, result: paths.result, message: message)
        let copies = paths.statusCopies.filter { canWrite($0.path) }
        let record = copies.lazy.compactMap { LocalFile.readSmallFile($0.path).flatMap { RunStatus($0) } }.first
        if var record, record.id == paths.id, record.state != .ended {
            record.end(status, end.outcome, end.message)
            try? StatusFile(record, copies: copies).finish()
        }
        writeLine(.error, end.message, paths)
        callerPipe?.write(end.text)
        return end
    }

    /// Whether this process may write to a file. If root runs notebooks of other users, it writes only among its own
    /// files.
    private func canWrite(_ path: String) -> Bool {
        userRuns.allSatisfy { $0.account == nil } || LocalFile.isInRootsFolder(path)
    }

    /// Whether the standard streams of this process go to a log that only root may read. Readers of the notebook may
    /// read the usual log, but not the output of root's commands.
    private var hasOwnLog: Bool {
        background.isDetached && background.log == nil && userRuns.contains { $0.account != nil }
    }

    private func writeToStandardError(_ level: RunLog.Level, _ text: String, _ paths: RunPaths) {
        Terminal.write(Array(RunLog.line(background.logFormat, paths.members, level, text).utf8), to: STDERR_FILENO)
    }

    private func writeLine(_ level: RunLog.Level, _ text: String, _ paths: RunPaths) {
        let line = Array(RunLog.line(background.logFormat, paths.members, level, text).utf8)
        if background.logsToStandardError {
            writeToStandardError(level, text, paths)
        } else {
            Terminal.reportProblem("galley: \(paths.notebook): \(text)")
        }
        guard !background.isDetached || hasOwnLog, let log = paths.log, canWrite(log),
            let file = try? LocalFile.openForAppending(log)
        else { return }
        Terminal.write(line, to: file)
        close(file)
    }
}
