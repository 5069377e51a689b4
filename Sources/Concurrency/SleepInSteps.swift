extension Clock where Duration == Swift.Duration {
    /// Sleeps until a moment that may be far away: a minute at a time, because the system keeps what was cancelled until its
    /// time comes.
    package func sleepInSteps(until end: Instant) async throws {
        repeat {
            try await sleep(until: Swift.min(end, now.advanced(by: .seconds(60))), tolerance: nil)
        } while now < end
    }
}

extension Duration {
    /// For ever: clocks cannot count much further.
    package static let endless = Duration.seconds(1_000_000_000)
}
