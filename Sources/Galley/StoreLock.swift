import GalleyStorage
import Synchronization

/// A run's lock on the store of its result.
///
/// It is released when the run has ended, and every operation that the run began in the store has ended too.
final class StoreLock: Sendable {
    private struct State {
        var isLocked = false
        var isOver = false
        var ongoing = 0
    }

    private let store: any NotebookStore
    private let state = Mutex(State())

    /// Prepares to lock a store.
    init(on store: any NotebookStore) { self.store = store }

    /// Locks the store.
    func lock() async throws {
        try await perform {
            try await store.lock()
            state.withLock { $0.isLocked = true }
        }
    }

    /// Performs an operation in the store, which may outlast the run.
    ///
    /// - Throws: `CancellationError` if the run has ended, and any error of the operation.
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

    /// Records that the run has ended.
    func unlock() async { await change { $0.isOver = true } }

    private func change(_ body: (inout State) -> Void) async {
        let isTime = state.withLock { state in
            body(&state)
            guard state.isOver, state.isLocked, state.ongoing == 0 else { return false }
            state.isLocked = false
            return true
        }
        // This task may have been canceled, but the store must be unlocked in any case.
        if isTime { await Task { [store] in await store.unlock() }.value }
    }
}
