import GalleyStorage
import Synchronization

/// A run's lock on the store that its result goes to.
///
/// It is let go once the run is over, and not before what the run has begun in the store and no longer waits for.
final class StoreLock: Sendable {
    private struct State {
        var isLocked = false
        var isOver = false
        var ongoing = 0
    }

    private let store: any NotebookStore
    private let state = Mutex(State())

    /// Will lock the store.
    init(on store: any NotebookStore) { self.store = store }

    /// Locks it.
    func lock() async throws {
        try await perform {
            try await store.lock()
            state.withLock { $0.isLocked = true }
        }
    }

    /// Does something in the store that may outlast the run.
    func perform<Answer>(_ body: () async throws -> Answer) async throws -> Answer {
        let isLate = state.withLock { state in
            if !state.isOver { state.ongoing += 1 }
            return state.isOver
        }
        if isLate { throw CancellationError() }
        let answer: Result<Answer, any Error>
        do { answer = .success(try await body()) } catch { answer = .failure(error) }
        await change { $0.ongoing -= 1 }
        return try answer.get()
    }

    /// Says that the run is over.
    func unlock() async { await change { $0.isOver = true } }

    private func change(_ body: (inout State) -> Void) async {
        let isTime = state.withLock { state in
            body(&state)
            guard state.isOver, state.isLocked, state.ongoing == 0 else { return false }
            state.isLocked = false
            return true
        }
        // Whatever was waited for in vain has been cancelled, and this is to be done all the same.
        if isTime { await Task { [store] in await store.unlock() }.value }
    }
}
