/// The attempts to open a lost connection again: their pauses grow, and their time is limited.
struct ReconnectionAttempts: Sendable {
    /// The time in which the connection must be restored.
    static let limit = Duration.seconds(60)
    /// The time after which a connection counts as restored.
    private static let stableTime = Duration.seconds(10)

    private var count = 0
    /// The time of the first cut or failure; nil if the connection counts as restored.
    private var start: Duration?
    /// The time since which there is a connection; nil if there is none.
    private var connected: Duration?

    /// Records a new connection.
    mutating func connect(at now: Duration) { connected = now }

    /// Records the end of a connection.
    ///
    /// - Returns: The pause before the next attempt; nil if the time is over.
    mutating func disconnect(at now: Duration) -> Duration? {
        guard start == nil else { return fail(at: now) }
        (connected, start) = (nil, now)
        return .zero
    }

    /// Records a failed attempt.
    ///
    /// - Returns: The pause before the next one; nil if the time is over.
    mutating func fail(at now: Duration) -> Duration? {
        connected = nil
        let begin = start ?? now
        start = begin
        guard now - begin < Self.limit else { return nil }
        count += 1
        return min(Duration.milliseconds(500) * (1 << min(count - 1, 4)), .seconds(5))
    }

    /// Forgets the earlier attempts, if a connection has lasted long enough.
    mutating func tick(at now: Duration) {
        guard let connected, now - connected >= Self.stableTime else { return }
        (count, start) = (0, nil)
    }
}
