/// Receives events while notebooks run: prints progress, writes a log, counts.
///
///     struct Console: EventSink {
///         func receive(_ event: BatchEvent) {
///             if case .ended(let job, let report) = event { print(job, report.name, report.isSuccess) }
///         }
///     }
///
///     var options = Options()
///     options.events = [Console()]
///     let report = try await execute("report.ipynb", options)
///     print(report.outcome.status)
///
/// A sink of ``RunHooks/events`` receives the events of its notebook, from ``BatchEvent/began(job:)`` to
/// ``BatchEvent/ended(job:_:)``. A notebook that runs on its own is job 0. A sink of ``Batch/events`` receives the events
/// of all notebooks of the batch, then ``BatchEvent/finished(_:)``.
///
/// Each event goes to the sinks in their order, those of the notebook before those of the batch. A sink cannot change an
/// event, and cannot keep it from the others. Where a ``Run`` keeps events until its loop takes them and leaves some out,
/// a sink receives all of them.
public protocol EventSink: Sendable {
    /// Receives an event when it happens.
    ///
    /// The events of a notebook arrive in their order. The run waits until the method returns.
    ///
    /// - Important: The method must not block. It runs on the threads of Swift's tasks, and on the thread that exchanges
    ///   messages with the kernels: a sink that waits for a disk or a lock holds up all runs of the process. Several
    ///   notebooks call it at the same time, and one notebook can call it with ``RunEvent/saved(_:)`` or
    ///   ``RunEvent/warning(_:)`` during another call.
    func receive(_ event: BatchEvent)

    /// Completes what the events have begun, such as writing what waits in memory.
    ///
    /// It runs after the last event: once for each notebook whose options name the sink, and once for each batch that does.
    /// The sinks complete at the same time. The run or the batch returns when all of them have, and no limit cuts them off.
    /// Does nothing by default.
    func finish() async
}

extension EventSink {
    /// Does nothing.
    public func finish() async {}
}

extension [any EventSink] {
    /// Hands an event to each sink in turn.
    func receive(_ event: BatchEvent) { for sink in self { sink.receive(event) } }

    /// Waits until all sinks are complete.
    func finish() async {
        await withDiscardingTaskGroup { group in
            for sink in self { group.addTask { await sink.finish() } }
        }
    }
}
