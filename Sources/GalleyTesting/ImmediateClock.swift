import GalleyConcurrency
import GalleyJupyterProtocol

/// A clock for tests, on which sleeping takes no real time: when tasks sleep, the clock jumps ahead.
///
/// If several tasks sleep, the one with the earliest deadline wakes first.
package final class ImmediateClock: Clock {
    /// A moment, measured from the start of the clock.
    package struct Instant: InstantProtocol {
        var sinceStart: Duration

        /// Returns the moment after this duration.
        package func advanced(by duration: Duration) -> Instant { Instant(sinceStart: sinceStart + duration) }
        /// Returns the duration between two moments.
        package func duration(to other: Instant) -> Duration { other.sinceStart - sinceStart }
        /// Returns whether one moment comes before another.
        package static func < (one: Instant, other: Instant) -> Bool { one.sinceStart < other.sinceStart }
    }

    private struct State {
        var now = Duration.zero
        var next = 0
        /// The deadlines of the sleeping tasks.
        var ends: [Int: Duration] = [:]
        /// Whether a task is advancing the clock.
        var isDriven = false
    }

    private let state = AsyncState(State())
    private let isQuiet: @Sendable () -> Bool

    /// Creates a clock that starts at zero.
    ///
    /// - Parameter isQuiet: Whether the code under test is only sleeping. The clock stands still while it returns
    ///   false.
    package init(isQuiet: @escaping @Sendable () -> Bool = { true }) { self.isQuiet = isQuiet }

    /// The current moment.
    package var now: Instant { state.look { Instant(sinceStart: $0.now) } }
    /// One nanosecond.
    package var minimumResolution: Duration { .nanoseconds(1) }

    /// Sleeps until the clock has been advanced to a deadline.
    package func sleep(until deadline: Instant, tolerance: Duration?) async throws {
        let (number, isFirst) = state.change { state in
            state.next += 1
            state.ends[state.next] = deadline.sinceStart
            defer { state.isDriven = true }
            return (state.next, !state.isDriven)
        }
        if isFirst { Task { while await goOn() {} } }
        _ = await state.first { $0.now >= deadline.sinceStart ? true : nil }
        state.change { $0.ends[number] = nil }
        try Task.checkCancellation()
    }

    /// Advances the clock to the earliest deadline if the code is quiet; returns false if no task sleeps.
    private func goOn() async -> Bool {
        // Other tasks that are about to sleep get time to do so. On a busy machine that takes a moment.
        try? await Task.sleep(for: .milliseconds(10))
        for _ in 0..<50 { await Task.yield() }
        let isQuiet = isQuiet()
        return state.change { state in
            guard let first = state.ends.min(by: { $0.value < $1.value }) else {
                state.isDriven = false
                return false
            }
            if isQuiet {
                state.ends[first.key] = nil
                state.now = max(state.now, first.value)
            }
            return true
        }
    }
}
