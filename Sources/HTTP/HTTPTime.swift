import Glibc

/// The time and the chance that a client uses, which tests replace.
package struct HTTPTime: Sendable {
    /// A time that only increases, from any beginning.
    package var uptime: @Sendable () -> Duration
    /// The seconds since the beginning of 1970.
    package var date: @Sendable () -> Int
    /// Waits.
    package var sleep: @Sendable (Duration) async throws -> Void
    /// A number from 0 to 1.
    package var random: @Sendable () -> Double

    /// Creates a time of these functions.
    package init(
        uptime: @escaping @Sendable () -> Duration, date: @escaping @Sendable () -> Int,
        sleep: @escaping @Sendable (Duration) async throws -> Void, random: @escaping @Sendable () -> Double
    ) {
        self.uptime = uptime
        self.date = date
        self.sleep = sleep
        self.random = random
    }

    /// The system's clocks.
    package static let system: HTTPTime = {
        let start = ContinuousClock.now
        return HTTPTime(
            uptime: { ContinuousClock.now - start }, date: { Glibc.time(nil) },
            sleep: { try await Task.sleep(for: $0) }, random: { .random(in: 0...1) })
    }()
}
