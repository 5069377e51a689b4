import GalleyConcurrency

/// A clock that measures the time since a run began.
package struct RunClock: Sendable {
    /// Returns the time since the run began.
    package let now: @Sendable () -> Duration
    /// Sleeps until this much time has passed since the run began.
    package let sleep: @Sendable (_ end: Duration) async throws -> Void

    /// Starts the clock; the run began `elapsed` ago.
    package init(_ clock: some Clock<Duration>, elapsed: Duration) {
        let origin = clock.now
        now = { elapsed + origin.duration(to: clock.now) }
        sleep = { try await clock.sleepInSteps(until: origin.advanced(by: min($0 - elapsed, .endless))) }
    }
}
