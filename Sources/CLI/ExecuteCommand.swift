import Execution
import Galley
import Glibc
import LocalKernels
import Notebook
import Reports
import Storage
import Synchronization

/// `galley execute`: one notebook is run.
final class ExecuteCommand: Sendable {
    private let arguments: ExecuteArguments
    private let place: RunPlace
    private let attendant: AttendantLink?
    private let record: RunRecord
    private let ending = Mutex<End?>(nil)

    /// - Parameter attendant: Whoever looks after this process; nil where nobody does.
    init(_ arguments: ExecuteArguments, _ place: RunPlace, _ attendant: AttendantLink?) {
        self.arguments = arguments
        self.place = place
        self.attendant = attendant
        record = RunRecord(place)
    }

    /// Tells everybody that the program ends now, whatever still goes on, and returns the status to end with.
    ///
    /// - Parameter signal: Why it ends, if the run is not over.
    func cutOff(by signal: Int32) -> Int32 {
        if let end = ending.withLock(\.self) { return self.end(end) }
        let cause = "the run \(StopReason.signal(signal))"
        return end(End(status: ExitStatus.signal(signal), outcome: "stopped", result: nil, message: cause))
    }

    /// Runs it and returns the status to end with.
    func run(_ stop: StopSwitch) async -> Int32 {
        let files: (events: EventLog?, log: Log?)
        do {
            files = try (events(), log())
            try record.begin(mustBe: arguments.background.status != nil)
        } catch {
            let problem = (error as? FileRefusal).map { "\($0.option) \($0.path): \($0.reason)" } ?? "\(error)"
            if arguments.background.logsToStandardError {
                Terminal.write(
                    Array(Log.line(arguments.background.logFormat, place.members, .error, problem).utf8),
                    to: STDERR_FILENO)
            } else {
                Terminal.complain("galley: \(problem)")
            }
            let end = End(status: ExitStatus.storage, outcome: "failed", result: nil, message: problem)
            return self.end(end, isQuiet: true)
        }
        let progress = Progress(arguments, files.log)
        let name = arguments.notebook
        let warnings = Mutex<[String]>([])
        let observe: @Sendable (RunEvent) -> Void = { [attendant, record, warnings] event in
            progress.receive(event)
            files.events?.write(event, notebook: name)
            record.receive(event)
            switch event {
            case .warning(let text): warnings.withLock { $0.append("\(name): \(text)") }
            case .started: attendant?.begin(warnings.withLock(\.self))
            default: break
            }
        }
        let end: End
        do {
            if case .folder(let path) = arguments.result { try LocalFile.makeFolder(path) }
            let report = try await execute(
                source, to: destination, arguments.options, stop: stop, observe: observe)
            progress.end(report)
            end = End(
                status: ExitStatus.of(report.outcome), outcome: report.outcome.status, result: record.result,
                message: Failure(report)?.sentence ?? "")
            files.events?.end(end.status, report)
        } catch {
            let problem = (error as? NotebookError).map { "\(name): \($0)" } ?? "\(error)"
            let rescue = (error as? UnsavedRun)?.rescue
            end = End(status: ExitStatus.of(error), outcome: "failed", result: rescue, message: problem)
            progress.end(problem, (error as? UnsavedRun)?.report)
            files.events?.end(end.status, problem)
        }
        // Before anybody is waited for who reads slowly.
        let status = self.end(end)
        if let events = files.events, await !events.finish() {
            progress.complain("not all events could be written to \(arguments.events ?? "")")
        }
        if let log = files.log, await !log.finish() {
            progress.complain("not all lines could be written to \(arguments.background.log ?? "")")
        }
        await progress.finish()
        return status
    }

    /// Tells everybody the end.
    private func end(_ end: End, isQuiet: Bool = false) -> Int32 {
        // The first to end it says how, before anybody else can end the process.
        let end = ending.withLock { ending in
            if ending == nil { attendant?.tell(end) }
            ending = ending ?? end
            return ending ?? end
        }
        if let problem = record.end(end), arguments.background.status != nil, !isQuiet {
            Terminal.complain("galley: \(problem)")
        }
        if let attendant { attendant.standIn(after: end, place) } else { place.leave() }
        return end.status
    }

    private func events() throws(FileRefusal) -> EventLog? {
        guard let path = arguments.events else { return nil }
        return try EventLog(path)
    }

    private func log() throws(FileRefusal) -> Log? {
        let format = arguments.background.logFormat
        if let path = place.log { return try Log(path, format, of: place) }
        return format == .json ? Log(format, of: place) : nil
    }

    private var source: any NotebookStore {
        arguments.notebook == "-" ? StandardStreams() : LocalFile(arguments.notebook)
    }

    private var destination: (any NotebookStore)? {
        if arguments.result == .standardOutput { return StandardStreams() }
        // By another name it is the same place still.
        guard let path = arguments.resultPath, !LocalFile.isSame(path, arguments.notebook) else { return nil }
        return LocalFile(path)
    }
}

extension ExitStatus {
    /// The status that tells how a run ended.
    static func of(_ outcome: RunOutcome) -> Int32 {
        switch outcome {
        case .succeeded, .exited(status: 0): success
        case .raised: cellError
        case .exited(let status):
            (1...127).contains(status) && !taken.contains(Int32(status)) ? Int32(status) : cellError
        case .timedOut: limit
        case .kernelFailed: kernelDied
        case .stopped(.signal(let number)): signal(number)
        default: cellError
        }
    }

    private static let taken = [cellError, usage, storage, noKernel, kernelDied, limit]

    /// The status that tells why there was no run, or none that could be saved.
    static func of(_ error: any Error) -> Int32 {
        switch error {
        case is PlanError: usage
        case is KernelError: noKernel
        default: storage
        }
    }
}
