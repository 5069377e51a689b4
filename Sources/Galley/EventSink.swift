/// A receiver of the events of running notebooks, which can print progress, write a log or count.
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
/// A sink in ``RunHooks/events`` receives the events of its notebook, from ``BatchEvent/began(job:)`` to
/// ``BatchEvent/ended(job:_:)``. A notebook that runs outside a batch is job 0. A sink in ``Batch/events`` receives the
/// events of all notebooks of the batch, then ``BatchEvent/finished(_:)``.
///
/// Each event goes to the sinks in their order: those of the notebook first, then those of the batch. A sink cannot
/// change an event, or withhold it from other sinks. Sinks receive all events, including those that a ``Run`` drops
/// when its reader is slow.
public protocol EventSink: Sendable {
    /// Receives an event when it happens.
    ///
    /// The events of a notebook arrive in order. The run waits until the method returns.
    ///
    /// - Important: The method must not block. It runs on the threads of Swift's tasks, and on the thread that
    ///   exchanges messages with the kernels: a sink that waits for a disk or a lock delays all runs of the process.
    ///   Several notebooks can call it at the same time, and one notebook can call it with ``RunEvent/saved(_:)`` or
    ///   ``RunEvent/warning(_:)`` during another call.
    func receive(_ event: BatchEvent)

    /// Completes the work that the events started, such as writing buffered data.
    ///
    /// It is called after the last event: once for each notebook whose options contain the sink, and once for each
    /// batch that contains it. All sinks finish at the same time. The run or the batch returns when all of them have
    /// finished, and there is no time limit. Does nothing by default.
    func finish() async
}

extension EventSink {
    /// Does nothing.
    public func finish() async {}
}

extension [any EventSink] {
    /// Passes an event to each sink in turn.
    func receive(_ event: BatchEvent) { for sink in self { sink.receive(event) } }

    /// Waits until all sinks have finished.
    func finish() async {
        await withDiscardingTaskGroup { group in
            for sink in self { group.addTask { await sink.finish() } }
        }
    }
}
