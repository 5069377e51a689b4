/// How often and when a failed request is repeated.
package struct RetryPolicy: Hashable, Sendable {
    /// The greatest number of attempts, the first one included.
    package var attempts = 4
    /// The pause after the first attempt, before jitter. It doubles with each attempt.
    package var firstDelay: Duration = .milliseconds(250)
    /// The longest pause, unless the server asks for a longer one.
    package var longestDelay: Duration = .seconds(8)

    /// Creates the default policy.
    package init() {}

    /// A policy that repeats nothing.
    package static let never: RetryPolicy = {
        var policy = RetryPolicy()
        policy.attempts = 1
        return policy
    }()

    /// The outcome of an attempt.
    enum Outcome {
        case status(Int, retryAfter: Duration?)
        /// Whether the server may have received something of the request.
        case failure(HTTPError, mayHaveArrived: Bool)
    }

    /// Returns the pause before the next attempt; nil if there is none.
    ///
    /// - Parameters:
    ///   - attempt: The number of the attempt that ended, from 1.
    ///   - random: A number from 0 to 1, which spreads the attempts of clients that failed together.
    ///   - remaining: The time that is left for the exchange.
    func delay(
        after attempt: Int, _ outcome: Outcome, isRepeatable: Bool, random: Double, remaining: Duration
    ) -> Duration? {
        guard attempt < attempts else { return nil }
        let doubled = firstDelay * (1 << min(attempt - 1, 16))
        var delay = min(doubled, longestDelay) * (0.5 + 0.5 * min(max(random, 0), 1))
        switch outcome {
        case .status(let status, let wanted):
            guard isRepeatable, [429, 502, 503, 504].contains(status) else { return nil }
            if let wanted { delay = max(delay, wanted) }
        case .failure(let error, let mayHaveArrived):
            guard error.isTransient, isRepeatable || !mayHaveArrived else { return nil }
        }
        return delay < remaining ? delay : nil
    }
}
