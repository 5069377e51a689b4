import Synchronization

/// A state behind a lock. Tasks can wait until it meets a condition.
package final class AsyncState<State: Sendable>: Sendable {
    private struct Guarded {
        var state: State
        /// Increases with each change.
        var revision = 0
        var waiting: [Int: CheckedContinuation<Void, Never>] = [:]
        var next = 0
    }

    private let guarded: Mutex<Guarded>

    /// Creates a lock with an initial state.
    package init(_ state: State) { guarded = Mutex(Guarded(state: state)) }

    /// Changes the state, and wakes the waiting tasks.
    @discardableResult
    package func change<Result: Sendable>(_ body: (inout State) -> Result) -> Result {
        let (result, waiting) = guarded.withLock { guarded in
            let result = body(&guarded.state)
            guarded.revision += 1
            defer { guarded.waiting = [:] }
            return (result, guarded.waiting)
        }
        for one in waiting.values { one.resume() }
        return result
    }

    /// Reads the state.
    package func look<Result: Sendable>(_ body: (State) -> Result) -> Result { guarded.withLock { body($0.state) } }

    /// Whether a task is waiting.
    package var hasWaitingTask: Bool { guarded.withLock { !$0.waiting.isEmpty } }

    /// Waits until `take` returns a value, and returns that value; nil if the task is canceled first. `take` may change
    /// the state.
    package func first<Result: Sendable>(_ take: (inout State) -> Result?) async -> Result? {
        while true {
            // A task that is canceled after this line checks once more, so it misses no value.
            let isCancelled = Task.isCancelled
            let (found, revision) = guarded.withLock { (take(&$0.state), $0.revision) }
            if found != nil || isCancelled { return found }
            await waitForRevision(since: revision)
        }
    }

    /// Waits for a later revision, or until the task is canceled.
    private func waitForRevision(since revision: Int) async {
        let number = guarded.withLock { guarded in
            guarded.next += 1
            return guarded.next
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isThere = guarded.withLock { guarded in
                    let isThere = guarded.revision != revision || Task.isCancelled
                    if !isThere { guarded.waiting[number] = continuation }
                    return isThere
                }
                if isThere { continuation.resume() }
            }
        } onCancel: {
            guarded.withLock { $0.waiting.removeValue(forKey: number) }?.resume()
        }
    }
}
