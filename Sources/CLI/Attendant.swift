import Dispatch
import Galley
import Glibc
import GalleyJupyterProtocol
import GalleyRuns
import GalleyStorage

/// The process that looks after the one which runs the notebook, where there is something to do afterwards or where that
/// one goes on without its caller.
///
/// It does nothing but wait, so it is there when the other one is not any more, whatever may have ended it. All of this
/// happens before there is a second thread.
struct Attendant {
    private let arguments: ExecuteArguments
    private let place: RunPlace
    /// The engine tells the attendant the end by the first, and the caller the beginning by the second.
    private let verdict: Pipe
    private let news: Pipe?

    /// Whether a run needs one.
    static func isNeeded(_ background: Background) -> Bool { background.isDetached || !background.commands.isEmpty }

    /// Parts the process in two, or three; returns in the one that is to run the notebook.
    static func begin(_ arguments: ExecuteArguments, _ place: RunPlace) throws(Errno) -> AttendantLink {
        let attendant = Attendant(
            arguments: arguments, place: place, verdict: try Pipe(),
            news: arguments.background.isDetached ? try Pipe() : nil)
        if let news = attendant.news, let session = try ChildProcess.detach() { attendant.awaitNews(news, of: session) }
        if arguments.background.isDetached { attendant.letGoOfCaller() }
        let mark = ProcessMark.current()
        // Only one process of a group can read from the terminal.
        if let engine = try ChildProcess.make(isApart: !arguments.readsStandardInput) { attendant.attend(engine) }
        return AttendantLink(to: mark, verdict: attendant.verdict, news: attendant.news, arguments.background)
    }

    // MARK: The caller

    /// Waits until the run is under way, or is not going to be, and ends the caller.
    private func awaitNews(_ news: Pipe, of session: ChildProcess) -> Never {
        news.closeWriting()
        let (place, isQuiet) = (place, arguments.isQuiet)
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
            Self.tell(place, isQuiet)
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
        // The run goes on, whether or not anybody reads where.
        Terminal.write(Array((lines.joined(separator: "\n") + "\n").utf8), to: STDOUT_FILENO)
    }

    // MARK: The attendant

    /// Gives back the caller's standard streams, for the end of which somebody may be waiting.
    private func letGoOfCaller() {
        let nothing = unsafe open("/dev/null", O_RDWR | O_CLOEXEC)
        let log = place.log.flatMap { try? LocalFile.openForLines($0) } ?? -1
        if !arguments.readsStandardInput { dup2(nothing, 0) }
        for stream in Int32(1)...2 { dup2(log >= 0 ? log : nothing, stream) }
        // It may have left others open, too.
        let own = [verdict.ends, news?.ends ?? []].joined()
        for name in LocalFile.names(in: "/proc/self/fd") {
            if let number = Int32(name), number > 2, !own.contains(number) { close(number) }
        }
    }

    /// Waits for the end of the engine, does what is to be done then, and ends as the engine did.
    private func attend(_ engine: ChildProcess) -> Never {
        verdict.closeWriting()
        // A terminal's signals are for this process alone.
        let ending = engine.end(passingOn: Signals.ending + [SIGQUIT, SIGTSTP])
        let status = ending < 0 ? ExitStatus.signal(-ending) : ending
        let end = End(verdict.read()) ?? killed(by: ending, status)
        news?.closeWriting()
        // All is said and saved: who does not want to wait for the commands need not.
        Signals.unblock()
        Commands(arguments.background, place).run(
            after: end, status, output: arguments.background.logsToStandardError ? { say(.output, $0) } : nil
        ) {
            say(.error, $0)
        }
        place.leave()
        exit(status)
    }

    /// Tells for the engine that it has ended, when it could not do so itself.
    private func killed(by ending: Int32, _ status: Int32) -> End {
        let name = PostMortem.signalNames[-ending] ?? "signal \(-ending)"
        let message =
            ending < 0 ? "galley was ended by \(name)" : "galley ended with status \(status), and has not told why"
        let end = End(status: status, outcome: "killed", result: place.result, message: message)
        let told = place.statusCopies.lazy.compactMap { LocalFile.peek($0.path).flatMap { RunStatus($0) } }.first
        if var told, told.id == place.id, told.state != .ended {
            told.end(status, end.outcome, end.message)
            try? StatusFile(told, copies: place.statusCopies).finish()
        }
        say(.error, end.message)
        news?.write(end.text)
        return end
    }

    private func say(_ level: Log.Level, _ text: String) {
        let line = Array(Log.line(arguments.background.logFormat, place.members, level, text).utf8)
        if arguments.background.logsToStandardError {
            Terminal.write(line, to: STDERR_FILENO)
        } else {
            Terminal.complain("galley: \(place.notebook): \(text)")
        }
        guard !arguments.background.isDetached, let log = place.log, let file = try? LocalFile.openForLines(log) else {
            return
        }
        Terminal.write(line, to: file)
        close(file)
    }
}
