import GalleyHTTP

/// The attempts of one request: decides after each what comes next. Does no I/O.
struct RequestAttempts: Sendable {
    /// The outcome of an attempt.
    enum Outcome {
        case reply(StoreReply)
        case failure(HTTPError)
    }

    /// The next step.
    enum Step: Hashable {
        /// The answer stands.
        case finish
        /// Send the request again after a pause.
        case wait(Duration)
        /// Sign the request for another region.
        case useRegion(String)
        /// Sign the request with other keys.
        case renewKeys
        /// Sign the request with a date that is so many seconds later.
        case correctClock(Int)
    }

    /// The facts of the attempt that ended.
    struct Context {
        var method: String
        /// The region for which the request was signed.
        var region: String
        /// The date with which it was signed.
        var date: Int
        /// Whether it was signed with temporary keys.
        var hasToken: Bool
        /// A number from 0 to 1, which spreads the attempts of clients that failed together.
        var random: Double
    }

    private let maximum: Int
    private var number = 1
    private var hasChangedRegion = false
    private var hasRenewedKeys = false
    private var hasCorrectedClock = false
    /// Whether an earlier attempt may have had its effect, though its answer is unknown.
    private(set) var mayHaveArrived = false

    /// The longest pause.
    private static let longestPause = Duration.seconds(20)
    /// The seconds by which a clock is wrong for sure. A store refuses requests that are 15 minutes off.
    private static let skewLimit = 240

    init(maximum: Int) { self.maximum = max(1, maximum) }

    /// Decides what follows an attempt.
    mutating func next(after outcome: Outcome, _ context: Context) -> Step {
        switch outcome {
        case .failure(let error):
            guard error.isTransient else { return .finish }
            mayHaveArrived = true
            return pause(context, throttled: false, atLeast: nil)
        case .reply(let reply): return next(after: reply, context)
        }
    }

    private mutating func next(after reply: StoreReply, _ context: Context) -> Step {
        guard reply.status >= 300 else { return .finish }
        if !hasChangedRegion, let region = reply.region, region != context.region, Self.isRedirect(reply, context) {
            hasChangedRegion = true
            return .useRegion(region)
        }
        if !hasCorrectedClock, let date = reply.date, abs(date - context.date) > Self.skewLimit,
            reply.code == "RequestTimeTooSkewed" || reply.code == "RequestExpired"
                || reply.status == 403 && reply.code.isEmpty
        {
            hasCorrectedClock = true
            return .correctClock(date - context.date)
        }
        if !hasRenewedKeys, context.hasToken, StoreReply.expirationCodes.contains(reply.code) {
            hasRenewedKeys = true
            return .renewKeys
        }
        if [500, 502, 503, 504, 429].contains(reply.status) || StoreReply.transientCodes.contains(reply.code) {
            if reply.status >= 500 { mayHaveArrived = true }
            let isThrottled = [429, 503].contains(reply.status) || StoreReply.throttlingCodes.contains(reply.code)
            return pause(context, throttled: isThrottled, atLeast: reply.retryAfter)
        }
        return .finish
    }

    private mutating func pause(_ context: Context, throttled: Bool, atLeast least: Int?) -> Step {
        guard number < maximum else { return .finish }
        let base: Duration = throttled ? .seconds(1) : .milliseconds(250)
        let pause = min(base * (1 << min(number - 1, 16)), Self.longestPause) * min(max(context.random, 0), 1)
        number += 1
        return .wait(max(pause, .seconds(min(least ?? 0, 20))))
    }

    private static func isRedirect(_ reply: StoreReply, _ context: Context) -> Bool {
        let codes = [
            "PermanentRedirect", "AuthorizationHeaderMalformed", "TemporaryRedirect", "IncorrectEndpoint",
            "IllegalLocationConstraintException",
        ]
        return [301, 307].contains(reply.status) || codes.contains(reply.code)
            || context.method == "HEAD" && [400, 403].contains(reply.status)
    }
}
