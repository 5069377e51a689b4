import GalleyConcurrency
import GalleyExecution
import GalleyStorage

/// Asks for something that may never come about: when the run is ended it is waited for no longer than the grace period.
struct StoreDeadline: Sendable {
    let stop: StopSignal
    let grace: Duration
    /// Whether the store is told at once that the run is ended. What is to be saved is to be saved all the same.
    var cancelsAtStop = true
    /// When the time of the run is over; nil where that is nothing to the store.
    var deadline: ContinuousClock.Instant?

    private static let least = Duration.seconds(1)
    /// A disk that is slow may still do it; so much less is left for saving the result elsewhere.
    private static let ofOwn = Duration.seconds(2)

    /// Says that something has taken too long.
    struct Exceeded: Error, CustomStringConvertible {
        let name: String
        var description: String { "\(name) did not respond in time after the run was stopped" }
    }

    /// Asks a store to do something to what it keeps. Before there is anything to be saved, a local store is waited for.
    /// Later it may be behind a disk that does not answer, and the result has to be saved elsewhere in time.
    func perform<Answer: Sendable>(
        _ store: any NotebookStore, _ operation: @escaping @Sendable () async throws -> Answer
    ) async throws -> Answer {
        if cancelsAtStop, store.isLocal { return try await operation() }
        return try await perform(naming: store.name, extra: store.isLocal ? Self.ofOwn : .zero, operation)
    }

    /// Asks, and returns the answer.
    ///
    /// - Parameter extra: How much longer than others it is waited for.
    func perform<Answer: Sendable>(
        naming name: String, extra: Duration = .zero, _ operation: @escaping @Sendable () async throws -> Answer
    ) async throws -> Answer {
        let operationTask = AbandonableTask(catching: {
            do {
                return try await operation()
            } catch {
                // What fails once it is not wanted any more has not failed.
                try Task.checkCancellation()
                throw error
            }
        })
        @Sendable func end(since moment: ContinuousClock.Instant) async throws {
            if cancelsAtStop { operationTask.cancel() }
            // A kernel may have taken most of the time, and a store deserves a chance.
            try await ContinuousClock().sleepInSteps(until: max(moment + grace, .now + Self.least) + extra)
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
        return try answer.get()
    }
}
