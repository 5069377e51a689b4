extension Clock where Duration == Swift.Duration {
    /// Sleeps until a moment that may be far away, at most one minute at a time.
    ///
    /// The system keeps a canceled timer until it would have fired. Short steps limit how long that takes.
    package func sleepInSteps(until end: Instant) async throws {
        repeat {
            try await sleep(until: Swift.min(end, now.advanced(by: .seconds(60))), tolerance: nil)
        } while now < end
    }
}

extension Duration {
    /// A duration that no wait reaches, and that clocks can still add to the current time.
    package static let endless = Duration.seconds(1_000_000_000)
}
