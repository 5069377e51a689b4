import Execution
import Galley
import Glibc
import LocalKernels
import Notebook
import Storage
import Synchronization

/// `galley execute`: one notebook is run.
final class ExecuteCommand: Sendable {
    private let arguments: ExecuteArguments
    private let ending = Mutex<Int32?>(nil)

    init(_ arguments: ExecuteArguments) {
        self.arguments = arguments
    }

    /// The status to end with, once everything is saved.
    var status: Int32? { ending.withLock(\.self) }

    /// Runs it and returns the status to end with.
    func run(_ stop: StopSwitch) async -> Int32 {
        let log: EventLog?
        do throws(EventLog.Refusal) {
            log = try arguments.events.map { path throws(EventLog.Refusal) in
                try EventLog(path, apartFrom: [arguments.notebook] + (arguments.resultPath.map { [$0] } ?? []))
            }
        } catch {
            Terminal.complain("galley: --events \(error.path): \(error.reason)")
            return ExitStatus.storage
        }
        let progress = Progress(arguments)
        let name = arguments.notebook
        let observe: @Sendable (RunEvent) -> Void = { event in
            progress.receive(event)
            log?.write(event, notebook: name)
        }
        let status: Int32
        do {
            if case .folder(let path) = arguments.result { try await LocalFile.makeFolder(path, for: source.owner()) }
            let report = try await execute(
                source, to: destination, arguments.options, stop: stop, observe: observe)
            progress.end(report)
            status = ExitStatus.of(report.outcome)
            log?.end(status, report)
        } catch {
            status = ExitStatus.of(error)
            let problem = (error as? NotebookError).map { "\(name): \($0)" } ?? "\(error)"
            progress.end(problem, (error as? UnsavedRun)?.report)
            log?.end(status, problem)
        }
        ending.withLock { $0 = status }
        await progress.finish()
        if let log, await !log.finish() {
            Terminal.complain("galley: \(name): not all events could be written to \(arguments.events ?? "")")
        }
        return status
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
