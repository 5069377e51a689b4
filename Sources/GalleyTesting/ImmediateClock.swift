import GalleyConcurrency
import GalleyJupyterProtocol

/// A clock on which all waiting is over at once: time goes on whenever somebody waits for it.
///
/// Of several who wait, the one whose time comes first is woken first.
package final class ImmediateClock: Clock {
    /// A moment, by the time since the clock began.
    package struct Instant: InstantProtocol {
        var sinceStart: Duration

        /// Returns a later moment.
        package func advanced(by duration: Duration) -> Instant { Instant(sinceStart: sinceStart + duration) }
        /// Returns the time between two moments.
        package func duration(to other: Instant) -> Duration { other.sinceStart - sinceStart }
        /// Orders moments by time.
        package static func < (one: Instant, other: Instant) -> Bool { one.sinceStart < other.sinceStart }
    }

    private struct State {
        var now = Duration.zero
        var next = 0
        /// The moments that are waited for.
        var ends: [Int: Duration] = [:]
        /// Whether somebody sees to it that they come.
        var isDriven = false
    }

    private let state = AsyncState(State())
    private let isQuiet: @Sendable () -> Bool

    /// Begins at zero.
    ///
    /// - Parameter isQuiet: Whether nothing goes on but waiting; time stands still as long as something does.
    package init(isQuiet: @escaping @Sendable () -> Bool = { true }) { self.isQuiet = isQuiet }

    /// The moment that it is.
    package var now: Instant { state.look { Instant(sinceStart: $0.now) } }
    /// Any time can be told apart.
    package var minimumResolution: Duration { .nanoseconds(1) }

    /// Waits for a moment, which makes it come.
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

    /// Lets the earliest moment come; returns whether there is somebody who waits for one.
    private func goOn() async -> Bool {
        // Whoever else was about to wait gets the chance to. On a machine that has much else to do that takes a moment.
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
