/// Runs code that may never return, and waits for its answer until the caller gives up.
package struct AbandonableTask<Answer: Sendable>: Sendable {
    private enum State {
        case waiting
        case over(Answer?)
    }

    private let state = AsyncState(State.waiting)
    private let work: Task<Void, Never>

    /// Runs the code in a task of its own, which is cancelled when the caller gives up.
    ///
    /// - Parameter late: Receives an answer that comes after the caller gave up.
    package init(
        _ body: @escaping @Sendable () async -> Answer, late: @escaping @Sendable (Answer) async -> Void = { _ in }
    ) {
        work = Task { [state] in
            let answer = await body()
            let isLate = state.change { state in
                guard case .waiting = state else { return true }
                state = .over(answer)
                return false
            }
            // A cancelled task cannot wait, so another one does.
            if isLate { await Task { await late(answer) }.value }
        }
    }

    /// Runs code that can throw.
    package init<Success>(
        catching body: @escaping @Sendable () async throws -> Success,
        late: @escaping @Sendable (Answer) async -> Void = { _ in }
    ) where Answer == Result<Success, any Error> {
        self.init({ do { return .success(try await body()) } catch { return .failure(error) } }, late: late)
    }

    /// Cancels the code, and goes on waiting for its answer.
    package func cancel() { work.cancel() }

    /// Cancels the code, and stops waiting for its answer.
    package func abandon() {
        // In this order: what the code says of its cancellation is no answer.
        state.change { if case .waiting = $0 { $0 = .over(nil) } }
        work.cancel()
    }

    /// Waits for the answer for a while, whether or not the task is cancelled; nil if it does not come in time.
    package func answer(within limit: Duration) async -> Answer? {
        let alarm = Task {
            try await ContinuousClock().sleepInSteps(until: .now + min(limit, .endless))
            abandon()
        }
        defer { alarm.cancel() }
        return await answer()
    }

    /// Waits for the answer, whether or not the task is cancelled; nil if the caller gave up.
    package func answer() async -> Answer? {
        await Task { await state.first { if case .over(let answer) = $0 { Optional(answer) } else { nil } } }.value
            ?? nil
    }
}
