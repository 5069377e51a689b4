import GalleyConcurrency
public import GalleyExecution
import GalleyJupyterProtocol
public import GalleyStorage

/// A run of a notebook that you can follow and cancel while your code does something else.
///
///     let run = Run("report.ipynb")
///     for await event in run.events {
///         if case .cellFinished(let cell) = event { print(cell.number, cell.title) }
///     }
///     let report = try await run.report
///
/// The run starts at once. It is canceled when nothing refers to the run or to its ``events`` anymore.
public final class Run: Sendable {
    private let stop = StopSignal()
    private let queue = AsyncState(EventQueue<RunEvent>())
    private let finished = AsyncState(0.0)
    private let work: Task<Report, any Error>

    /// Starts running the notebook at a location, as ``execute(_:_:)-(String,_)`` does.
    public convenience init(_ location: String, _ options: Options = Options()) {
        self.init(location, options) { try RunStores(NotebookLocation(location), options) }
    }

    /// Starts running the notebook in a store, as ``execute(_:to:_:)`` does.
    public convenience init(
        _ source: any NotebookStore, to destination: (any NotebookStore)? = nil, _ options: Options = Options()
    ) {
        self.init(source.name, options) { try RunStores(source, to: destination, options) }
    }

    private init(_ name: String, _ options: Options, _ stores: @escaping @Sendable () throws -> RunStores) {
        work = Task { [stop, queue, finished] in
            defer { queue.change { $0.finish() } }
            do {
                return try await runAlone(name, stores, options, stop: stop) { event in
                    if let fraction = event.fractionCompleted { finished.change { $0 = fraction } }
                    queue.change { $0.add(event) }
                }
            } catch {
                queue.change { $0.add(.failed(error)) }
                throw error
            }
        }
    }

    deinit { stop.cancelOnce() }

    /// Ends the run: interrupts the running cell, saves the outputs so far, and shuts the kernel down.
    ///
    /// This takes at most the grace period of the options. A second call kills the kernel at once.
    ///
    /// - Parameter reason: The reason that the report gives.
    public func cancel(_ reason: StopReason = .cancelled) { stop.stop(reason) }

    /// The completed fraction of the run, from 0 to 1: completed cells divided by cells to run.
    ///
    ///     let run = Run("report.ipynb")
    ///     for await event in run.events {
    ///         if let fraction = event.fractionCompleted { print("\(Int(fraction * 100)) %") }
    ///     }
    ///     print(run.fractionCompleted)
    ///
    /// The fraction never decreases, and is 1 after a success. If the run ends before its last cell, the fraction keeps
    /// its last value.
    public var fractionCompleted: Double { finished.look(\.self) }

    /// The report of the run, available when the run has ended.
    ///
    /// If the waiting task is canceled, the run is canceled too.
    ///
    /// - Throws: The errors of ``execute(_:_:)-(String,_)``.
    public var report: Report {
        get async throws {
            try await withTaskCancellationHandler {
                try await work.value
            } onCancel: {
                stop.cancelOnce()
            }
        }
    }

    /// The events of the run in order. The last one is ``RunEvent/finished(_:)`` or ``RunEvent/failed(_:)``.
    ///
    /// The run does not wait for the reader. Unread events are kept, with up to 16 MB of outputs. Outputs beyond that
    /// are dropped, and a ``RunEvent/outputsDropped(count:)`` takes their place. Some ``RunEvent/saved(_:)`` events may
    /// be dropped too. All other events are kept, and the notebook contains all outputs in any case.
    ///
    /// Several loops can follow one another: each continues where the previous one stopped. Two loops at the same time
    /// share the events. If the task that runs the loop is canceled, the loop ends early and the run continues.
    public var events: EventSequence<RunEvent> { EventSequence(of: self, queue) }
}

/// A run of many notebooks that you can follow and cancel while your code does something else.
///
/// The run starts at once. It is canceled when nothing refers to the run or to its ``events`` anymore.
public final class BatchRun: Sendable {
    private let stop = StopSignal()
    private let queue = AsyncState(EventQueue<BatchEvent>())
    private let finished = AsyncState(0)
    private let count: Int
    private let work: Task<BatchReport, Never>

    /// Starts running the notebooks of a batch.
    public init(_ batch: Batch) {
        count = batch.jobs.count
        work = Task { [stop, queue, finished] in
            defer { queue.change { $0.finish() } }
            return await batch.run(stop: stop) { event in
                if case .ended = event { finished.change { $0 += 1 } }
                queue.change { $0.add(event) }
            }
        }
    }

    deinit { stop.cancelOnce() }

    /// Ends all runs within the grace period of their options, and starts no more notebooks. A second call kills the
    /// kernels at once.
    ///
    /// - Parameter reason: The reason that the reports give.
    public func cancel(_ reason: StopReason = .cancelled) { stop.stop(reason) }

    /// The completed fraction of the batch, from 0 to 1: completed notebooks divided by all notebooks.
    ///
    /// Notebooks that were never started do not count as completed. If the batch is canceled, the fraction keeps its
    /// last value.
    public var fractionCompleted: Double { count == 0 ? 1 : Double(finished.look(\.self)) / Double(count) }

    /// The report of the batch, available when all runs have ended.
    ///
    /// If the waiting task is canceled, the runs are canceled too.
    public var report: BatchReport {
        get async {
            await withTaskCancellationHandler {
                await work.value
            } onCancel: {
                stop.cancelOnce()
            }
        }
    }

    /// The events of all runs. Unread events are kept as described for ``Run/events``.
    public var events: EventSequence<BatchEvent> { EventSequence(of: self, queue) }
}

/// The events of a run, or the outputs of an ``Execution``, in order.
public struct EventSequence<Event: Sendable>: AsyncSequence, Sendable {
    /// The source of the events, which stays alive while a loop reads them.
    private let run: any AnyObject & Sendable
    private let take: @Sendable () async -> Event?

    init(of run: any AnyObject & Sendable, _ queue: AsyncState<EventQueue<Event>>) where Event: QueuedEvent {
        self.run = run
        take = {
            guard !Task.isCancelled, case .event(let event) = await queue.first({ $0.take() }) else { return nil }
            return event
        }
    }

    /// Returns an iterator that starts with the first unread event.
    public func makeAsyncIterator() -> Iterator { Iterator(events: self) }

    /// An iterator over the events.
    public struct Iterator: AsyncIteratorProtocol {
        fileprivate let events: EventSequence

        /// Waits for the next event and returns it; nil at the end, and if the task is canceled.
        public func next() async -> Event? { await events.take() }
    }
}
