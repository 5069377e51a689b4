public import GalleyExecution
public import GalleyNotebook
public import GalleyStorage
import Synchronization

/// Runs a notebook, and saves its outputs during the run and at the end.
///
/// A cell that raises an error, an exceeded limit, a dead kernel and a canceled run are results: the report describes
/// them, and the outputs so far are saved. If no cell is to be run, no kernel is started, and the result is a
/// byte-for-byte copy of the notebook, apart from changes by ``RunHooks/preparations``.
///
/// If the task is canceled, the running cell is interrupted, the outputs so far are saved, and the kernel is shut down.
/// The report then says that the run was stopped. This takes at most the grace period of the options.
///
/// - Parameters:
///   - location: The path of the notebook's file, or any location that the storage of the options opens.
///   - options: How to run the notebook, and where to save the result. By default, a file runs in its own folder.
/// - Throws: ``StorageError`` and ``NotebookError`` if the notebook cannot be read, or its result could not be written;
///   ``PlanError`` if the options name a cell that does not exist; ``KernelError`` if the kernel does not exist or does
///   not start; ``UnsavedRun`` if the notebook has run and the result cannot be saved.
public func execute(_ location: String, _ options: Options = Options()) async throws -> Report {
    try await execute(location, { try RunStores(NotebookLocation(location), options) }, options)
}

/// Runs the notebook in a store. Otherwise the same as ``execute(_:_:)-(String,_)``.
///
/// - Parameters:
///   - source: The store to read the notebook from.
///   - destination: The store to save the result to; nil for the place in the options or, without one, `source`.
///   - options: How to run the notebook.
/// - Throws: The errors of ``execute(_:_:)-(String,_)``, and those of the stores.
public func execute(
    _ source: any NotebookStore, to destination: (any NotebookStore)? = nil, _ options: Options = Options()
) async throws -> Report {
    try await execute(source.name, { try RunStores(source, to: destination, options) }, options)
}

/// Runs a notebook in memory. No file is read or written.
///
/// - Returns: The notebook with its new outputs, and the report of the run.
/// - Throws: The errors of ``execute(_:_:)-(String,_)``.
@concurrent
public func execute(
    _ notebook: Notebook, _ options: Options = Options()
) async throws -> (notebook: Notebook, report: Report) {
    let store = MemoryStore(notebook)
    let report = try await execute(store, to: store, options)
    return (try store.notebook, report)
}

/// Runs a notebook, and reports its events.
///
/// - Parameters:
///   - stop: Ends the run from outside, as canceling the task does.
///   - observe: Receives the events in order. The run waits until it returns.
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
        // Ending a run in order means waiting, and a canceled task cannot wait. The run has a task of its own.
        try await Task { try await runAlone(name, stores, options, stop: stop, observe: observe) }.value
    } onCancel: {
        stop.stop(.cancelled)
    }
}

/// Runs a notebook outside a batch. The sinks of its options receive the events of a batch of one.
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

/// The error of a run whose result could not be saved to its destination.
public struct UnsavedRun: Error {
    /// Why the result could not be saved.
    public let reason: any Error
    /// The path that the result was saved to instead; nil if that failed too.
    public let rescue: String?
    /// The report of the run.
    public let report: Report
}

extension UnsavedRun: CustomStringConvertible {
    /// The reason, and where the result is.
    public var description: String {
        "\(reason). " + (rescue.map { "The result is in \($0)" } ?? "The result of the run is lost")
    }
}
