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
struct Attendant {
    private let shares: [RunShare]
    private let news: Pipe?

    /// One process that runs notebooks.
    private struct Engine {
        let share: RunShare
        let process: ChildProcess
        let verdict: Pipe
        let server: PlaceServer?
    }

    private var background: Background { shares[0].arguments.background }

    /// Whether a run needs one.
    static func isNeeded(_ shares: [RunShare]) -> Bool {
        let background = shares[0].arguments.background
        return background.isDetached || !background.commands.isEmpty || shares.contains { $0.account != nil }
            || shares.count > 1
    }

    /// Parts the process in two or more; returns in those that are to run notebooks, with what they are to run.
    static func begin(_ shares: [RunShare]) throws(Errno) -> (AttendantLink, RunShare) {
        let attendant = Attendant(shares: shares, news: shares[0].arguments.background.isDetached ? try Pipe() : nil)
        if let news = attendant.news, let session = try ChildProcess.detach() { attendant.awaitNews(news, of: session) }
        if attendant.background.isDetached { attendant.letGoOfCaller() }
        let mark = ProcessMark.current()
        var engines: [Engine] = []
        for share in shares {
            let verdict = try Pipe()
            let (server, files) = attendant.places(of: share, engines)
            // Only one process of a group can read from the terminal. One that becomes another user has its own session.
            let isApart = share.account == nil && !share.arguments.readsStandardInput
            if let process = try ChildProcess.make(isApart: isApart) {
                verdict.closeWriting()
                files?.leave()
                engines.append(Engine(share: share, process: process, verdict: verdict, server: server))
                continue
            }
            for engine in engines {
                engine.verdict.closeReading()
                engine.server?.leave()
            }
            server?.leave()
            let link = AttendantLink(
                to: mark, verdict: verdict, news: attendant.news, share.arguments.background, files: files)
            attendant.become(share, link)
            return (link, share)
        }
        attendant.attend(engines)
    }

    /// Makes this process one of the user of its share, or ends it if the system refuses.
    private func become(_ share: RunShare, _ link: AttendantLink) {
        guard let account = share.account else { return }
        do throws(Errno) {
            try share.become(supervisedBy: link.process)
        } catch {
            let message =
                "root cannot become \(account.name), who is to run \(share.place.notebook): \(error). Run it as that "
                + "user, or with root's rights: --as-caller"
            link.tell(End(status: ExitStatus.noKernel, outcome: "failed", result: nil, message: message))
            Terminal.complain("galley: \(message)")
            exit(ExitStatus.noKernel)
        }
        // What the attendant has for its own messages is root's to open.
        guard share.arguments.background.isDetached, let log = share.place.log, let files = link.files,
            let descriptor = try? files.openForLines(log)
        else { return }
        for stream in Int32(1)...2 { dup2(descriptor, stream) }
        close(descriptor)
    }

    /// What the attendant writes for a process that becomes another user.
    private func places(of share: RunShare, _ engines: [Engine]) -> (PlaceServer?, SupervisedFiles?) {
        guard share.account != nil else { return (nil, nil) }
        do {
            return try PlaceServer.make(share.rootPlaces)
        } catch {
            for engine in engines { engine.process.send(SIGTERM) }
            news?.write(End(status: ExitStatus.storage, outcome: "failed", result: nil, message: "\(error)").text)
            Terminal.complain("galley: \(error)")
            exit(ExitStatus.storage)
        }
    }

    // MARK: The caller

    /// Waits until the run is under way, or is not going to be, and ends the caller.
    private func awaitNews(_ news: Pipe, of session: ChildProcess) -> Never {
        news.closeWriting()
        let (shares, isQuiet) = (shares, shares[0].arguments.isQuiet)
        DispatchQueue.global().async {
            let text = news.read()
            let lines = text.split(separator: "\n")
            let end = End(text)
            if lines.first.map(String.init) == AttendantLink.ready {
                for warning in lines.dropFirst() { Terminal.complain("galley: \(warning)") }
            } else if end?.status != 0 {
                Terminal.complain("galley: \(end?.message ?? "the run ended before it began")")
                exit(end?.status ?? ExitStatus.cellError)
            }
            for share in shares { Self.tell(share.place, isQuiet) }
            exit(ExitStatus.success)
        }
        while true { session.send(Signals.next()) }
    }

    private static func tell(_ place: RunPlace, _ isQuiet: Bool) {
        var lines = [place.id]
        if !isQuiet {
            if let log = place.log { lines.append("log: \(log)") }
            if let status = place.statusCopies.first { lines.append("status: \(status.path)") }
        }
        // The run goes on even if the caller does not read this.
        Terminal.write(Array((lines.joined(separator: "\n") + "\n").utf8), to: STDOUT_FILENO)
    }

    // MARK: The attendant

    /// Gives back the caller's standard streams: their readers wait for the end of file.
    private func letGoOfCaller() {
        let nothing = unsafe open("/dev/null", O_RDWR | O_CLOEXEC)
        let path = hasOwnLog ? shares[0].place.makeCommandsLog() : shares[0].place.log
        let log = path.flatMap { mayWrite($0) ? try? LocalFile.openForLines($0) : nil }
        if !shares.contains(where: \.arguments.readsStandardInput) { dup2(nothing, 0) }
        for stream in Int32(1)...2 { dup2(log ?? nothing, stream) }
        // It may have left others open, too.
        let own = news?.ends ?? []
        for name in LocalFile.names(in: "/proc/self/fd") {
            if let number = Int32(name), number > 2, !own.contains(number) { close(number) }
        }
    }

    /// Waits for the end of the engines, does what is to be done then, and ends as they did.
    private func attend(_ engines: [Engine]) -> Never {
        // A terminal's signals are for this process alone.
        let signals = Signals.ending + [SIGQUIT, SIGTSTP]
        ChildProcess.hold(signals)
        for engine in engines { engine.server?.start() }
        let endings = ChildProcess.ends(of: engines.map(\.process), passingOn: signals, within: limits)
        var worst: End?
        for (engine, ending) in zip(engines, endings) {
            let end = end(of: engine, ending)
            if worst.map({ ExitStatus.isWorse(end.status, than: $0.status) }) ?? true { worst = end }
        }
        news?.closeWriting()
        // All is said and saved: who does not want to wait for the commands need not.
        Signals.unblock()
        if let worst {
            Commands(background, place).run(
                after: worst, worst.status,
                output: background.logsToStandardError ? { writeAloud(.output, $0, place) } : nil
            ) {
                hasOwnLog ? writeAloud(.error, $0, place) : say(.error, $0, place)
            }
        }
        for share in shares { share.place.leave() }
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
    private var place: RunPlace { shares[0].place }

    /// Finishes what was done for an engine, and returns how it ended.
    private func end(of engine: Engine, _ ending: ChildProcess.End) -> End {
        let isLate = ending.cause == .limit
        let status = isLate ? ExitStatus.limit : ending.status < 0 ? ExitStatus.signal(-ending.status) : ending.status
        for path in engine.server?.finish() ?? [] {
            say(.error, "not all lines could be written to \(path)", engine.share.place)
        }
        // What was told before another end came is not the end.
        let told = End(engine.verdict.readNow()).flatMap {
            $0.status == status || isLate ? $0.ending(with: status) : nil
        }
        // A process that ends in order tells the signal, and not why it was sent.
        if told != nil, ending.cause == .stops { say(.error, Self.stops, engine.share.place) }
        let end = told ?? killed(engine.share, by: ending, status)
        guard let account = engine.share.account else { return end }
        if let home = engine.share.temporaryHome { UserSwitch.of(account).remove(home) }
        return end.trusted(from: engine.share.place.result)
    }

    private static let stops = "galley was stopped again and again by a process of its user, and was ended"

    /// Tells for an engine that it has ended, when it could not do so itself.
    private func killed(_ share: RunShare, by ending: ChildProcess.End, _ status: Int32) -> End {
        let place = share.place
        let name = PostMortem.signalNames[-ending.status] ?? "signal \(-ending.status)"
        let message =
            switch ending.cause {
            case .limit: "galley went on for longer than --total-timeout allows, and was ended"
            case .stops: Self.stops
            case .itself where ending.status < 0: "galley was ended by \(name)"
            case .itself: "galley ended with status \(status), and has not told why"
            }
        let outcome = ending.cause == .limit ? "timed-out" : "killed"
        let end = End(status: status, outcome: outcome, result: place.result, message: message)
        let copies = place.statusCopies.filter { mayWrite($0.path) }
        let told = copies.lazy.compactMap { LocalFile.peek($0.path).flatMap { RunStatus($0) } }.first
        if var told, told.id == place.id, told.state != .ended {
            told.end(status, end.outcome, end.message)
            try? StatusFile(told, copies: copies).finish()
        }
        say(.error, end.message, place)
        news?.write(end.text)
        return end
    }

    /// Whether this process may write to a file: where root runs notebooks of other users, it writes only among its own files.
    private func mayWrite(_ path: String) -> Bool {
        shares.allSatisfy { $0.account == nil } || LocalFile.isInRootsFolder(path)
    }

    /// Whether the standard streams of this process go to a log of root's own: the usual log is for those who may read the
    /// notebook, and what root's commands print is not.
    private var hasOwnLog: Bool {
        background.isDetached && background.log == nil && shares.contains { $0.account != nil }
    }

    private func writeAloud(_ level: Log.Level, _ text: String, _ place: RunPlace) {
        Terminal.write(Array(Log.line(background.logFormat, place.members, level, text).utf8), to: STDERR_FILENO)
    }

    private func say(_ level: Log.Level, _ text: String, _ place: RunPlace) {
        let line = Array(Log.line(background.logFormat, place.members, level, text).utf8)
        if background.logsToStandardError {
            writeAloud(level, text, place)
        } else {
            Terminal.complain("galley: \(place.notebook): \(text)")
        }
        guard !background.isDetached || hasOwnLog, let log = place.log, mayWrite(log),
            let file = try? LocalFile.openForLines(log)
        else { return }
        Terminal.write(line, to: file)
        close(file)
    }
}
