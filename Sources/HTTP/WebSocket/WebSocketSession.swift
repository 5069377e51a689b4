/// The course of an open WebSocket connection: what it delivers and sends, and when it ends.
///
/// The session does nothing itself. Its owner passes it all that arrives and the time, and sends what it asks for.
struct WebSocketSession: Sendable {
    typealias Instant = ContinuousClock.Instant

    private enum Phase: Sendable {
        case open
        /// This side has closed, and waits until a moment for the close frame of the server.
        case closing(Instant)
        /// Nothing more is delivered. The session sends its close frame, and waits until a moment for the end of the
        /// connection, which is the server's to make.
        case leaving(WebSocket.Ending, Instant)
        case over(WebSocket.Ending)
    }

    /// The time that the server has to answer a close frame.
    static let closeTimeout = Duration.seconds(5)
    /// The time that the server has to end the connection after the last frame.
    static let endTimeout = Duration.seconds(2)

    private let limits: WebSocketLimits
    private var decoder: WebSocketDecoder
    private var outbox = WebSocketOutbox()
    private var phase = Phase.open
    /// The time of the last ping, or of the beginning.
    private var lastPing: Instant
    /// The time since which a ping has no answer; nil if none is waited for.
    private var silentSince: Instant?

    init(limits: WebSocketLimits, at now: Instant) {
        self.limits = limits
        decoder = WebSocketDecoder(largestMessage: limits.maximumMessage)
        lastPing = now
    }

    /// The ending of the session; nil until it is over.
    var ending: WebSocket.Ending? { if case .over(let ending) = phase { ending } else { nil } }

    var unsentBytes: Int { outbox.unsentBytes }

    // MARK: - From the server

    /// Decodes bytes that have arrived, and returns their messages.
    mutating func receive(_ bytes: ArraySlice<UInt8>, at now: Instant) -> [WebSocket.Message] {
        // Any bytes show that the server is alive: the answer to a ping may wait behind a long message.
        silentSince = nil
        switch phase {
        case .open, .closing: break
        case .leaving, .over: return []
        }
        var messages: [WebSocket.Message] = []
        do throws(WebSocketViolation) {
            var (pong, close): ([UInt8]?, WebSocket.Ending?) = (nil, nil)
            // A violation after these events must not undo them.
            defer { react(pong: pong, close: close, at: now) }
            try decoder.decode(bytes) { event in
                switch event {
                case .message(let message): messages.append(message)
                case .ping(let payload): pong = payload
                case .pong: break
                case .close(let code, let reason): close = .closed(code: code, reason: reason)
                }
            }
        } catch {
            leave(
                .failed(
                    error == .tooLarge
                        ? .tooLarge(limit: limits.maximumMessage) : .protocolViolation(reason: error.reason)),
                WebSocketClose(code: error.code, reason: error.reason), at: now)
        }
        return messages
    }

    private mutating func react(pong: [UInt8]?, close: WebSocket.Ending?, at now: Instant) {
        if let pong { outbox.addPong(pong) }
        // The answer repeats the code of the server, and not its reason.
        if case .closed(let code, _)? = close, let close {
            leave(close, WebSocketClose(code: code, reason: ""), at: now)
        }
    }

    private mutating func leave(_ ending: WebSocket.Ending, _ frame: WebSocketClose, at now: Instant) {
        outbox.addClose(frame, isUrgent: true)
        phase = .leaving(ending, now + Self.endTimeout)
    }

    /// Records that the connection has ended, or that it failed with an error.
    mutating func receiveEnd(_ error: WebSocketError) {
        switch phase {
        case .open: phase = .over(.failed(error))
        case .closing: phase = .over(.closed(code: nil, reason: ""))
        case .leaving(let ending, _): phase = .over(ending)
        case .over: break
        }
    }

    // MARK: - From this side

    /// Queues a message. After ``close(_:at:)``, it is dropped.
    mutating func send(_ message: WebSocket.Message) { outbox.add(message) }

    /// Closes the connection after the queued messages. Messages that arrive until the server closes it too are still
    /// delivered.
    mutating func close(_ frame: WebSocketClose, at now: Instant) {
        guard case .open = phase else { return }
        outbox.addClose(frame, isUrgent: false)
        phase = .closing(now + Self.closeTimeout)
    }

    /// Ends the session at once.
    mutating func abort() { if ending == nil { phase = .over(.failed(.canceled)) } }

    /// Returns bytes to send now; nil if there are none.
    mutating func bytesToSend() -> ArraySlice<UInt8>? { ending == nil ? outbox.bytesToSend() : nil }

    /// Records that the system has accepted bytes.
    mutating func markSent(_ count: Int) { outbox.markSent(count) }

    /// Records that the server's machine has taken some of the bytes that wait for it. A ping behind them cannot have
    /// been answered yet.
    mutating func markProgress(at now: Instant) { if silentSince != nil { silentSince = now } }

    // MARK: - Time

    /// The next moment at which ``advance(to:)`` does something; nil if there is none.
    var deadline: Instant? {
        switch phase {
        case .open: pingDeadline
        case .closing(let end): min(end, pingDeadline ?? end)
        case .leaving(_, let end): end
        case .over: nil
        }
    }

    private var pingDeadline: Instant? {
        guard let interval = limits.pingInterval else { return nil }
        return silentSince.map { $0 + limits.pongTimeout } ?? lastPing + interval
    }

    /// Does what is due: sends a ping, or ends the session after a timeout. The owner passes all bytes that have
    /// arrived before it calls this, so that a pause of the machine does not count as silence of the server.
    mutating func advance(to now: Instant) {
        switch phase {
        case .closing(let end) where now >= end: phase = .over(.failed(.silent(Self.closeTimeout)))
        case .leaving(let ending, let end) where now >= end: phase = .over(ending)
        case .open, .closing:
            guard let pingDeadline, now >= pingDeadline else { return }
            if silentSince == nil {
                outbox.addPing()
                (lastPing, silentSince) = (now, now)
            } else {
                phase = .over(.failed(.silent(limits.pongTimeout)))
            }
        case .leaving, .over: break
        }
    }
}
