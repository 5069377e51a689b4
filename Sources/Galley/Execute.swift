public import GalleyExecution
public import GalleyNotebook
public import GalleyStorage
import Synchronization

/// Runs a notebook and saves what it puts out: along the way and at the end, however that comes about.
///
/// A cell that raises an error, a limit that is reached, a kernel that dies, a stop from outside: all of them are results,
/// told by the report, and what was put out until then is saved. Where nothing is to be run no kernel is started, and what
/// is saved is what was read, byte for byte.
///
/// When the task is cancelled, the cell that runs is interrupted, what there is is saved, the kernel is ended, and the
/// report says so; all that within the grace period of the options.
///
/// - Parameters:
///   - location: The path of the notebook's file, or any location that the storage of the options opens.
///   - options: How it is run, and where the result goes. A file runs in its own folder unless they name another.
/// - Throws: ``StorageError`` and ``NotebookError`` where the notebook cannot be read, or could not be written;
///   ``PlanError`` where the options name a cell that is not there; ``KernelError`` where there is no kernel;
///   ``UnsavedRun`` where there was a run that could not be saved.
public func execute(_ location: String, _ options: Options = Options()) async throws -> Report {
    try await execute(location, { try RunStores(NotebookLocation(location), options) }, options)
}

/// Runs a notebook that is kept anywhere; otherwise as ``execute(_:_:)-(String,_)`` does.
///
/// - Parameters:
///   - source: Where the notebook is read from.
///   - destination: Where it is saved; nil for where the options say, and for the source itself if they say nothing.
///   - options: How it is run.
/// - Throws: What ``execute(_:_:)-(String,_)`` throws, and what the stores do.
public func execute(
    _ source: any NotebookStore, to destination: (any NotebookStore)? = nil, _ options: Options = Options()
) async throws -> Report {
    try await execute(source.name, { try RunStores(source, to: destination, options) }, options)
}

/// Runs a notebook that is in memory; no file is read or written.
///
/// - Returns: What has become of the notebook, and of the run.
/// - Throws: What ``execute(_:_:)-(String,_)`` throws.
@concurrent
public func execute(
    _ notebook: Notebook, _ options: Options = Options()
) async throws -> (notebook: Notebook, report: Report) {
    let store = MemoryStore(notebook)
    let report = try await execute(store, to: store, options)
    return (try store.notebook, report)
}

/// Runs a notebook, and tells what happens.
///
/// - Parameters:
///   - stop: Ends the run from outside; so does cancelling the task.
///   - observe: Is told what happens, in order, while the run waits.
package func execute(
    _ source: any NotebookStore, to destination: (any NotebookStore)? = nil, _ options: Options = Options(),
    stop: StopSignal = StopSignal(), observe: @escaping @Sendable (RunEvent) -> Void
) async throws -> Report {
    try await execute(
        source.name, { try RunStores(source, to: destination, options) }, options, stop: stop, observe: observe)
}

private func execute(
    _ name: String, _ stores: @escaping @Sendable () throws -> RunStores, _ options: Options,
    stop: StopSignal = StopSignal(), observe: @escaping @Sendable (RunEvent) -> Void = { _ in }
) async throws -> Report {
    try await withTaskCancellationHandler {
        // What is cancelled cannot wait for anything, and there is a lot to wait for: a run is ended in order.
        try await Task { try await runAlone(name, stores, options, stop: stop, observe: observe) }.value
    } onCancel: {
        stop.stop(.cancelled)
    }
}

/// Runs a notebook that is no batch's: the sinks of its options receive the events of a batch of one.
///
/// - Parameter observe: Receives the events of the run, after the sinks.
func runAlone(
    _ name: String, _ stores: @Sendable () throws -> RunStores, _ options: Options, stop: StopSignal,
    observe: @escaping @Sendable (RunEvent) -> Void
) async throws -> Report {
    let sinks = options.events
    let begin = ContinuousClock.now
    var job = JobReport(name, .leftOut)
    let warnings = Mutex<[String]>([])
    sinks.receive(.began(job: 0))
    let result: Result<Report, any Error>
    do {
        let runner = NotebookRunner(
            try stores(), options, stop: stop, receive: { sinks.receive(.notebook(job: 0, new: $0, old: $1)) }
        ) { event in
            if case .warning(let text) = event { warnings.withLock { $0.append(text) } }
            sinks.receive(.run(job: 0, event))
            observe(event)
        }
        let report = try await runner.run()
        (job.result, result) = (.ran(report), .success(report))
    } catch {
        (job.result, result) = (.failed(error), .failure(error))
    }
    (job.warnings, job.end) = (warnings.withLock(\.self), begin.duration(to: .now))
    sinks.receive(.ended(job: 0, job))
    await sinks.finish()
    return try result.get()
}

/// Says that what a run has put out could not be saved where it belongs.
public struct UnsavedRun: Error {
    /// Why not.
    public let reason: any Error
    /// Where it was saved instead; nil where that was not possible either.
    public let rescue: String?
    /// What became of the run.
    public let report: Report
}

extension UnsavedRun: CustomStringConvertible {
    /// What happened, and where the result is.
    public var description: String {
        "\(reason). " + (rescue.map { "The result is in \($0)" } ?? "The result of the run is lost")
    }
}
