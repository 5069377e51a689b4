import Dispatch
import Galley
import Glibc
import GalleyJupyterProtocol
import GalleyRuns
import GalleyStorage
import GalleySupervisor

/// The process that looks after those which run the notebooks, where there is something to do afterwards, where they go on
/// without their caller, or where they become other users.
///
/// It waits, runs what is to be run at the end, and writes for a process that has become another user what is root's. All
/// processes are made before there is a second thread.
struct Supervisor {
    private let shares: [UserRun]
    private let callerPipe: MessagePipe?

    /// One process that runs notebooks.
    private struct Engine {
        let share: UserRun
        let process: ChildProcess
        let summaryPipe: MessagePipe
        let server: RootFileServer?
    }

    private var background: BackgroundOptions { shares[0].arguments.background }

    /// Whether a run needs one.
    static func isNeeded(_ shares: [UserRun]) -> Bool {
        let background = shares[0].arguments.background
        return background.isDetached || !background.commands.isEmpty || shares.contains { $0.account != nil }
            || shares.count > 1
    }

    /// Parts the process in two or more; returns in those that are to run notebooks, with what they are to run.
    static func begin(_ shares: [UserRun]) throws(Errno) -> (SupervisorLink, UserRun) {
        let supervisor = Supervisor(
            shares: shares, callerPipe: shares[0].arguments.background.isDetached ? try MessagePipe() : nil)
        if let callerPipe = supervisor.callerPipe, let session = try ChildProcess.detach() {
            supervisor.waitForStart(callerPipe, of: session)
        }
        if supervisor.background.isDetached { supervisor.detachFromCaller() }
        let mark = ProcessIdentity.current()
        var engines: [Engine] = []
        for share in shares {
            let summaryPipe = try MessagePipe()
            let (server, files) = supervisor.makeFileServer(of: share, engines)
            // Only one process of a group can read from the terminal. One that becomes another user has its own session.
            let hasOwnProcessGroup = share.account == nil && !share.arguments.readsStandardInput
            if let process = try ChildProcess.make(hasOwnProcessGroup: hasOwnProcessGroup) {
                summaryPipe.closeWriting()
                files?.closeDescriptors()
                engines.append(Engine(share: share, process: process, summaryPipe: summaryPipe, server: server))
                continue
            }
            for engine in engines {
                engine.summaryPipe.closeReading()
                engine.server?.closeDescriptors()
            }
            server?.closeDescriptors()
            let link = SupervisorLink(
                to: mark, summaryPipe: summaryPipe, callerPipe: supervisor.callerPipe, share.arguments.background,
                files: files)
            supervisor.become(share, link)
            return (link, share)
        }
        supervisor.supervise(engines)
    }

    /// Makes this process one of the user of its share, or ends it if the system refuses.
    private func become(_ share: UserRun, _ link: SupervisorLink) {
        guard let account = share.account else { return }
        do throws(Errno) {
            try share.become(supervisedBy: link.process)
        } catch {
            let message =
                "root cannot become \(account.name), who is to run \(share.paths.notebook): \(error). Run it as that "
                + "user, or with root's rights: --as-caller"
            link.reportEnd(RunSummary(status: ExitStatus.noKernel, outcome: "failed", result: nil, message: message))
            Terminal.reportProblem("galley: \(message)")
            exit(ExitStatus.noKernel)
        }
        // What the attendant has for its own messages is root's to open.
        guard share.arguments.background.isDetached, let log = share.paths.log, let files = link.files,
            let descriptor = try? files.openForAppending(log)
        else { return }
        for stream in Int32(1)...2 { dup2(descriptor, stream) }
        close(descriptor)
    }

    /// What the attendant writes for a process that becomes another user.
    private func makeFileServer(of share: UserRun, _ engines: [Engine]) -> (RootFileServer?, SupervisedFiles?) {
        guard share.account != nil else { return (nil, nil) }
        do {
            return try RootFileServer.make(share.rootOwnedFiles)
        } catch {
            for engine in engines { engine.process.send(SIGTERM) }
            callerPipe?.write(
                RunSummary(status: ExitStatus.storage, outcome: "failed", result: nil, message: "\(error)").text)
            Terminal.reportProblem("galley: \(error)")
            exit(ExitStatus.storage)
        }
    }

    // MARK: The caller

    /// Waits until the run is under way, or is not going to be, and ends the caller.
    private func waitForStart(_ callerPipe: MessagePipe, of session: ChildProcess) -> Never {
        callerPipe.closeWriting()
        let (shares, isQuiet) = (shares, shares[0].arguments.isQuiet)
        DispatchQueue.global().async {
            let text = callerPipe.read()
            let lines = text.split(separator: "\n")
            let end = RunSummary(text)
            if lines.first.map(String.init) == SupervisorLink.ready {
                for warning in lines.dropFirst() { Terminal.reportProblem("galley: \(warning)") }
            } else if end?.status != 0 {
                Terminal.reportProblem("galley: \(end?.message ?? "the run ended before it began")")
                exit(end?.status ?? ExitStatus.cellError)
            }
            for share in shares { Self.tell(share.paths, isQuiet) }
            exit(ExitStatus.success)
        }
        while true { session.send(Signals.next()) }
    }

    private static func tell(_ paths: RunPaths, _ isQuiet: Bool) {
        var lines = [paths.id]
        if !isQuiet {
            if let log = paths.log { lines.append("log: \(log)") }
            if let status = paths.statusCopies.first { lines.append("status: \(status.path)") }
        }
        // The run goes on even if the caller does not read this.
        Terminal.write(Array((lines.joined(separator: "\n") + "\n").utf8), to: STDOUT_FILENO)
    }

    // MARK: The attendant

    /// Gives back the caller's standard streams: their readers wait for the end of file.
    private func detachFromCaller() {
        let nothing = unsafe open("/dev/null", O_RDWR | O_CLOEXEC)
        let path = hasOwnLog ? shares[0].paths.makeCommandsLog() : shares[0].paths.log
        let log = path.flatMap { canWrite($0) ? try? LocalFile.openForAppending($0) : nil }
        if !shares.contains(where: \.arguments.readsStandardInput) { dup2(nothing, 0) }
        for stream in Int32(1)...2 { dup2(log ?? nothing, stream) }
        // It may have left others open, too.
        let own = callerPipe?.ends ?? []
        for name in LocalFile.names(in: "/proc/self/fd") {
            if let number = Int32(name), number > 2, !own.contains(number) { close(number) }
        }
    }

    /// Waits for the end of the engines, does what is to be done then, and ends as they did.
    private func supervise(_ engines: [Engine]) -> Never {
        // A terminal's signals are for this process alone.
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
        // All is said and saved: who does not want to wait for the commands need not.
        Signals.unblock()
        if let worst {
            CompletionHooks(background, paths).run(
                after: worst, worst.status,
                output: background.logsToStandardError ? { writeToStandardError(.output, $0, paths) } : nil
            ) {
                hasOwnLog ? writeToStandardError(.error, $0, paths) : writeLine(.error, $0, paths)
            }
        }
        for share in shares { share.paths.removeRecord() }
        exit(worst?.status ?? ExitStatus.success)
    }

    /// How long the processes of other users may take: their users can stop them, and root waits no longer than it has said.
    private var limits: ChildProcess.Limits? {
        guard shares.contains(where: { $0.account != nil }) else { return nil }
        let options = shares[0].arguments.options
        // The process itself ends in order before that, a slow disk included.
        let ending = options.grace + .seconds(15)
        // The limit is that of one notebook, each time that it is run.
        let runs = shares.map { max(1, $0.arguments.tasks.count + $0.arguments.deferred.count * 1000) }.reduce(0, +)
        let attempts = runs * (1 + shares[0].arguments.batch.retries)
        return ChildProcess.Limits(
            whole: options.totalTimeout.map { $0 * attempts + ending }, ending: ending)
    }

    /// The place that the commands of the end get in their environment.
    private var paths: RunPaths { shares[0].paths }

    /// Finishes what was done for an engine, and returns how it ended.
    private func end(of engine: Engine, _ ending: ChildProcess.ExitReport) -> RunSummary {
        let isLate = ending.cause == .limit
        let status = isLate ? ExitStatus.limit : ending.status < 0 ? ExitStatus.signal(-ending.status) : ending.status
        for path in engine.server?.finish() ?? [] {
            writeLine(.error, "not all lines could be written to \(path)", engine.share.paths)
        }
        // What was told before another end came is not the end.
        let told = RunSummary(engine.summaryPipe.readNow()).flatMap {
            $0.status == status || isLate ? $0.withStatus(status) : nil
        }
        // A process that ends in order tells the signal, and not why it was sent.
        if told != nil, ending.cause == .stops { writeLine(.error, Self.stops, engine.share.paths) }
        let end = told ?? killed(engine.share, by: ending, status)
        guard let account = engine.share.account else { return end }
        if let home = engine.share.temporaryHome { UserSwitch.of(account).remove(home) }
        return end.sanitized(from: engine.share.paths.result)
    }

    private static let stops = "galley was stopped again and again by a process of its user, and was ended"

    /// Tells for an engine that it has ended, when it could not do so itself.
    private func killed(_ share: UserRun, by ending: ChildProcess.ExitReport, _ status: Int32) -> RunSummary {
        let paths = share.paths
        let name = PostMortem.signalNames[-ending.status] ?? "signal \(-ending.status)"
        let message =
            switch ending.cause {
            case .limit: "galley went on for longer than --total-timeout allows, and was ended"
            case .stops: Self.stops
            case .itself where ending.status < 0: "galley was ended by \(name)"
            case .itself: "galley ended with status \(status), and has not told why"
            }
        let outcome = ending.cause == .limit ? "timed-out" : "killed"
        let end = RunSummary(status: status, outcome: outcome, result: paths.result, message: message)
        let copies = paths.statusCopies.filter { canWrite($0.path) }
        let told = copies.lazy.compactMap { LocalFile.readSmallFile($0.path).flatMap { RunStatus($0) } }.first
        if var told, told.id == paths.id, told.state != .ended {
            told.end(status, end.outcome, end.message)
            try? StatusFile(told, copies: copies).finish()
        }
        writeLine(.error, end.message, paths)
        callerPipe?.write(end.text)
        return end
    }

    /// Whether this process may write to a file: where root runs notebooks of other users, it writes only among its own files.
    private func canWrite(_ path: String) -> Bool {
        shares.allSatisfy { $0.account == nil } || LocalFile.isInRootsFolder(path)
    }

    /// Whether the standard streams of this process go to a log of root's own: the usual log is for those who may read the
    /// notebook, and what root's commands print is not.
    private var hasOwnLog: Bool {
        background.isDetached && background.log == nil && shares.contains { $0.account != nil }
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
