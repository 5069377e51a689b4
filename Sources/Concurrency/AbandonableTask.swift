/// A task for code that may never return. The caller can stop waiting for its answer.
package struct AbandonableTask<Answer: Sendable>: Sendable {
    private enum State {
        case waiting
        case over(Answer?)
    }

    private let state = AsyncState(State.waiting)
    private let work: Task<Void, Never>

    /// Runs code in a new task, which is canceled when the caller stops waiting.
    ///
    /// - Parameter late: Receives an answer that arrives after the caller has stopped waiting.
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
            // A canceled task cannot wait, so a new one does.
            if isLate { await Task { await late(answer) }.value }
        }
    }

    /// Runs code that can throw. The answer contains its value or its error.
    package init<Success>(
        catching body: @escaping @Sendable () async throws -> Success,
        late: @escaping @Sendable (Answer) async -> Void = { _ in }
    ) where Answer == Result<Success, any Error> {
        self.init({ do { return .success(try await body()) } catch { return .failure(error) } }, late: late)
    }

    /// Cancels the code. The caller still waits for its answer.
    package func cancel() { work.cancel() }

    /// Cancels the code. The caller stops waiting for its answer.
    package func abandon() {
        // This comes first, so that the result of the cancellation does not count as an answer.
        state.change { if case .waiting = $0 { $0 = .over(nil) } }
        work.cancel()
    }

    /// Waits for the answer for at most `limit`, even if the task is canceled. After that, abandons the code and
    /// returns nil.
    package func answer(within limit: Duration) async -> Answer? {
        let alarm = Task {
            try await ContinuousClock().sleepInSteps(until: .now + min(limit, .endless))
            abandon()
        }
        defer { alarm.cancel() }
        return await answer()
    }

    /// Waits for the answer, even if the task is canceled; returns nil if the code is abandoned.
    package func answer() async -> Answer? {
        await Task { await state.first { if case .over(let answer) = $0 { Optional(answer) } else { nil } } }.value
            ?? nil
    }
}
