/// Waits for what somebody else's code answers, for as long as the answer is wanted.
package struct AbandonableTask<Answer: Sendable>: Sendable {
    private enum State {
        case waiting
        case over(Answer?)
    }

    private let state = AsyncState(State.waiting)
    private let work: Task<Void, Never>

    /// Begins; the code is run by a task of its own, which is cancelled when the answer is not wanted any more.
    ///
    /// - Parameter late: Is given an answer that nobody waits for any more.
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
            // What is cancelled cannot wait for anything.
            if isLate { await Task { await late(answer) }.value }
        }
    }

    /// Begins something that can fail.
    package init<Success>(
        catching body: @escaping @Sendable () async throws -> Success,
        late: @escaping @Sendable (Answer) async -> Void = { _ in }
    ) where Answer == Result<Success, any Error> {
        self.init({ do { return .success(try await body()) } catch { return .failure(error) } }, late: late)
    }

    /// Tells the code that its answer is not wanted any more, and waits for what it does then.
    package func cancel() { work.cancel() }

    /// Waits no longer.
    package func giveUp() {
        // In this order: what the code says of its cancellation is no answer.
        state.change { if case .waiting = $0 { $0 = .over(nil) } }
        work.cancel()
    }

    /// Waits for the answer for a while, whether or not the task is cancelled; nil where it does not come.
    package func answer(within limit: Duration) async -> Answer? {
        let alarm = Task {
            try await ContinuousClock().rest(until: .now + min(limit, .endless))
            giveUp()
        }
        defer { alarm.cancel() }
        return await answer()
    }

    /// Waits for the answer, whether or not the task is cancelled; nil where somebody has given up.
    package func answer() async -> Answer? {
        await Task { await state.first { if case .over(let answer) = $0 { Optional(answer) } else { nil } } }.value
            ?? nil
    }
}
