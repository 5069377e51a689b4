import GalleyConcurrency
public import GalleyExecution
import GalleyJupyterProtocol
public import GalleyStorage

/// A run of a notebook that goes on while its caller does something else, follows it, or ends it.
///
///     let run = Run("report.ipynb")
///     for await event in run.events {
///         if case .cellFinished(let cell) = event { print(cell.number, cell.title) }
///     }
///     let report = try await run.report
///
/// It begins at once. A run that nobody holds any more, neither itself nor its events, is cancelled.
public final class Run: Sendable {
    private let stop = StopSignal()
    private let queue = AsyncState(EventQueue<RunEvent>())
    private let finished = AsyncState(0.0)
    private let work: Task<Report, any Error>

    /// Runs a notebook, as ``execute(_:_:)-(String,_)`` does.
    public convenience init(_ location: String, _ options: Options = Options()) {
        self.init(location, options) { try RunStores(NotebookLocation(location), options) }
    }

    /// Runs a notebook that is kept anywhere, as ``execute(_:to:_:)`` does.
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

    /// Ends the run: the cell that runs is interrupted, what there is is kept and saved, the kernel is ended.
    ///
    /// It takes no longer than the grace period of the options. When it is called again the kernel is killed at once.
    ///
    /// - Parameter reason: What the report and the notebook are to say.
    public func cancel(_ reason: StopReason = .cancelled) { stop.stop(reason) }

    /// How much of the run is over, from 0 to 1: the cells that are over, of those that are to be run.
    ///
    ///     let run = Run("report.ipynb")
    ///     for await event in run.events {
    ///         if let fraction = event.fractionCompleted { print("\(Int(fraction * 100)) %") }
    ///     }
    ///     print(run.fractionCompleted)
    ///
    /// It never falls, and is 1 after a success. A run that ends before its last cell leaves it where it was.
    public var fractionCompleted: Double { finished.look(\.self) }

    /// Waits for the end of the run, and returns what became of it.
    ///
    /// When the task that waits is cancelled, so is the run.
    ///
    /// - Throws: What ``execute(_:_:)-(String,_)`` throws.
    public var report: Report {
        get async throws {
            try await withTaskCancellationHandler {
                try await work.value
            } onCancel: {
                stop.cancelOnce()
            }
        }
    }

    /// What happens in the run, from its beginning to its end, which is ``RunEvent/finished(_:)`` or
    /// ``RunEvent/failed(_:)``.
    ///
    /// The run waits for nobody who listens. What is not listened to is kept, up to 16 MB of outputs; where there is no
    /// room for more, a ``RunEvent/outputsDropped(count:)`` stands for those that were left out. All other events are kept, but
    /// for some that merely say that it was saved, and the notebook has all outputs in any case.
    ///
    /// Loops can take turns: each goes on where the one before it was left. Two loops at once share the events. When the
    /// task that listens is cancelled its loop ends, which is nothing to the run: its last events are not heard there.
    public var events: EventSequence<RunEvent> { EventSequence(of: self, queue) }
}

/// A run of many notebooks that goes on while its caller does something else, follows it, or ends it.
///
/// It begins at once. A run that nobody holds any more, neither itself nor its events, is cancelled.
public final class BatchRun: Sendable {
    private let stop = StopSignal()
    private let queue = AsyncState(EventQueue<BatchEvent>())
    private let finished = AsyncState(0)
    private let count: Int
    private let work: Task<BatchReport, Never>

    /// Runs the notebooks of a batch.
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

    /// Ends all runs, and begins no other: within the grace period. When it is called again the kernels are killed.
    ///
    /// - Parameter reason: What the reports and the notebooks are to say.
    public func cancel(_ reason: StopReason = .cancelled) { stop.stop(reason) }

    /// How much of the batch is over, from 0 to 1: the notebooks that are over, of all.
    ///
    /// Notebooks that were not begun do not count, so a batch that is cancelled leaves it where it was.
    public var fractionCompleted: Double { count == 0 ? 1 : Double(finished.look(\.self)) / Double(count) }

    /// Waits for the end of all runs, and returns what became of them.
    ///
    /// When the task that waits is cancelled, so are the runs.
    public var report: BatchReport {
        get async {
            await withTaskCancellationHandler {
                await work.value
            } onCancel: {
                stop.cancelOnce()
            }
        }
    }

    /// What happens in the runs, from the beginning to the end; what is not listened to is kept as in ``Run/events``.
    public var events: EventSequence<BatchEvent> { EventSequence(of: self, queue) }
}

/// What happens in a run, in its order.
public struct EventSequence<Event: Sendable>: AsyncSequence, Sendable {
    /// The run: whoever listens holds it.
    private let run: any AnyObject & Sendable
    private let take: @Sendable () async -> Event?

    init(of run: any AnyObject & Sendable, _ queue: AsyncState<EventQueue<Event>>) where Event: QueuedEvent {
        self.run = run
        take = {
            guard !Task.isCancelled, case .event(let event) = await queue.first({ $0.take() }) else { return nil }
            return event
        }
    }

    /// Begins to listen, or goes on with it.
    public func makeAsyncIterator() -> Iterator { Iterator(events: self) }

    /// Takes one event after another.
    public struct Iterator: AsyncIteratorProtocol {
        fileprivate let events: EventSequence

        /// Returns the next event; nil at the end, and where the task is cancelled.
        public func next() async -> Event? { await events.take() }
    }
}
