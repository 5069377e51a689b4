import GalleyConcurrency
import GalleyExecution
import GalleyStorage

/// A time limit for store operations that may never return. After the run was stopped, it waits for the grace period
/// only.
struct StoreDeadline: Sendable {
    let stop: StopSignal
    let grace: Duration
    /// Whether a stop cancels the operation at once. An operation that saves a result is not canceled.
    var cancelsAtStop = true
    /// When the total time limit of the run expires; nil if it does not apply to the operation.
    var deadline: ContinuousClock.Instant?

    private static let least = Duration.seconds(1)
    /// The additional time for a local store, because a slow disk may still respond. It leaves less time to save the
    /// result elsewhere.
    private static let ofOwn = Duration.seconds(2)
    /// The additional time for a remote store after the operation was canceled, in which the store can remove the
    /// parts of an upload.
    private static let ofCancellation = Duration.milliseconds(1500)

    /// The error of an operation that took too long.
    struct Exceeded: Error, CustomStringConvertible {
        let name: String
        var description: String { "\(name) did not respond in time after the run was stopped" }
    }

    /// Performs an operation of a store.
    ///
    /// Before there is a result to save, the wait for a local store has no limit. Later it has one: the disk may not
    /// respond, and the result has to be saved elsewhere in time.
    func perform<Answer: Sendable>(
        _ store: any NotebookStore, _ operation: @escaping @Sendable () async throws -> Answer
    ) async throws -> Answer {
        if cancelsAtStop, store.isLocal { return try await operation() }
        return try await perform(naming: store.name, extra: store.isLocal ? Self.ofOwn : .zero, operation)
    }

    /// Performs an operation and returns its result.
    ///
    /// - Parameter extra: The additional time to wait, for an operation that does not end when it is canceled.
    /// - Throws: ``Exceeded`` if the operation does not return in time, and any error of the operation.
    func perform<Answer: Sendable>(
        naming name: String, extra: Duration = .zero, _ operation: @escaping @Sendable () async throws -> Answer
    ) async throws -> Answer {
        let operationTask = AbandonableTask(catching: {
            do {
                return try await operation()
            } catch {
                // The error of a canceled operation is not a failure of the store.
                try Task.checkCancellation()
                throw error
            }
        })
        let isOver = AsyncState(false)
        @Sendable func end(since moment: ContinuousClock.Instant) async throws {
            if cancelsAtStop { operationTask.cancel() }
            // The kernel may have used most of the grace period, so the store has at least one second.
            try await ContinuousClock().sleepInSteps(until: max(moment + grace, .now + Self.least) + extra)
            isOver.change { $0 = true }
            operationTask.cancel()
            if extra == .zero { try await ContinuousClock().sleepInSteps(until: .now + Self.ofCancellation) }
            operationTask.abandon()
        }
        let alarms = [
            Task { if let moment = await stop.firstUse() { try await end(since: moment) } },
            Task {
                guard let deadline else { return }
                try await ContinuousClock().sleepInSteps(until: deadline)
                try await end(since: deadline)
            },
        ]
        defer { for alarm in alarms { alarm.cancel() } }
        guard let answer = await operationTask.answer() else { throw Exceeded(name: name) }
        if case .failure = answer, isOver.look(\.self) { throw Exceeded(name: name) }
        return try answer.get()
    }
}
