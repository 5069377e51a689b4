import GalleyConcurrency

/// A run's own time, which begins with zero.
struct Timekeeper: Sendable {
    /// Returns how long the run has lasted.
    let now: @Sendable () -> Duration
    /// Waits until it has lasted so long.
    let sleep: @Sendable (_ end: Duration) async throws -> Void

    /// Measures by a clock; the run may have lasted for a while.
    init(_ clock: some Clock<Duration>, elapsed: Duration) {
        let origin = clock.now
        now = { elapsed + origin.duration(to: clock.now) }
        sleep = { try await clock.rest(until: origin.advanced(by: min($0 - elapsed, .endless))) }
    }
}
