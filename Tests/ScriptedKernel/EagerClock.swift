import Synchronization

/// A clock on which all waiting is over at once: time goes on whenever somebody waits for it.
///
/// Of several who wait, the one whose time comes first is woken first.
public final class EagerClock: Clock {
    /// A moment, by the time since the clock began.
    public struct Instant: InstantProtocol {
        var sinceStart: Duration

        /// Returns a later moment.
        public func advanced(by duration: Duration) -> Instant { Instant(sinceStart: sinceStart + duration) }
        /// Returns the time between two moments.
        public func duration(to other: Instant) -> Duration { other.sinceStart - sinceStart }
        /// Orders moments by time.
        public static func < (one: Instant, other: Instant) -> Bool { one.sinceStart < other.sinceStart }
    }

    private struct State {
        var now = Duration.zero
        var next = 0
        var sleepers: [Int: (end: Duration, continuation: CheckedContinuation<Void, Never>)] = [:]
    }

    private let state = Mutex(State())

    /// Begins at zero.
    public init() {}

    /// The moment that it is.
    public var now: Instant { state.withLock { Instant(sinceStart: $0.now) } }
    /// Any time can be told apart.
    public var minimumResolution: Duration { .nanoseconds(1) }

    /// Waits for a moment, which makes it come.
    public func sleep(until deadline: Instant, tolerance: Duration?) async throws {
        let number = state.withLock { state in
            state.next += 1
            return state.next
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isOver = state.withLock { state in
                    if Task.isCancelled || deadline.sinceStart <= state.now { return true }
                    state.sleepers[number] = (deadline.sinceStart, continuation)
                    return false
                }
                if isOver { continuation.resume() }
                // Whoever else was about to wait gets the chance to, so that the earliest is woken first.
                Task {
                    for _ in 0..<50 { await Task.yield() }
                    self.wakeNext()
                }
            }
        } onCancel: {
            state.withLock { $0.sleepers.removeValue(forKey: number) }?.continuation.resume()
        }
        try Task.checkCancellation()
    }

    private func wakeNext() {
        let sleeper = state.withLock { state -> CheckedContinuation<Void, Never>? in
            guard let first = state.sleepers.min(by: { $0.value.end < $1.value.end }) else { return nil }
            state.now = max(state.now, first.value.end)
            return state.sleepers.removeValue(forKey: first.key)?.continuation
        }
        sleeper?.resume()
    }
}
