/// The frames that a connection has to send, in their order.
///
/// Control frames go before the messages that wait. Of the answers to pings only the newest waits, as the protocol
/// allows, so that a server that sends pings and reads nothing does not fill the memory.
struct WebSocketOutbox: Sendable {
    /// The encoded frame that is being sent, from `sent` on.
    private var current: [UInt8] = []
    private var sent = 0
    private var messages: [WebSocket.Message] = []
    private var next = 0
    private var pong: [UInt8]?
    private var hasPing = false
    private var close: WebSocketClose?
    private var hasClosed = false

    private var waitingBytes = 0

    /// The number of bytes that have not been sent.
    var unsentBytes: Int { waitingBytes + current.count - sent }

    /// Whether all has been sent.
    var isEmpty: Bool {
        sent == current.count && next == messages.count && pong == nil && !hasPing && close == nil
    }

    mutating func add(_ message: WebSocket.Message) {
        guard !hasClosed else { return }
        messages.append(message)
        waitingBytes += message.bytes.count
    }

    mutating func addPing() { hasPing = !hasClosed }

    mutating func addPong(_ payload: [UInt8]) { if !hasClosed { pong = payload } }

    /// Adds the close frame, after which nothing more can be added. A second close frame is ignored.
    ///
    /// - Parameter isUrgent: Whether the waiting messages are dropped, because the server reads no more.
    mutating func addClose(_ frame: WebSocketClose, isUrgent: Bool) {
        if isUrgent {
            (messages, next, pong, hasPing) = ([], 0, nil, false)
            waitingBytes = 0
        }
        guard !hasClosed else { return }
        (close, hasClosed) = (frame, true)
    }

    /// Returns bytes to send now: the rest of a frame; nil if there are none.
    mutating func bytesToSend() -> ArraySlice<UInt8>? {
        if sent == current.count {
            guard let frame = takeFrame() else { return nil }
            (current, sent) = (frame, 0)
        }
        return current[sent...]
    }

    /// Removes bytes that have been sent.
    mutating func markSent(_ count: Int) {
        sent += count
        guard sent == current.count else { return }
        (current, sent) = ([], 0)
    }

    private mutating func takeFrame() -> [UInt8]? {
        let key = UInt32.random(in: 0...UInt32.max)
        if let pong {
            self.pong = nil
            return WebSocketFrame.encode(.pong, pong, key: key)
        }
        if hasPing {
            hasPing = false
            return WebSocketFrame.encode(.ping, [], key: key)
        }
        if next < messages.count {
            let message = messages[next]
            next += 1
            waitingBytes -= message.bytes.count
            // The queue is moved up only when half of it is used, so that a long queue costs no quadratic time.
            if next * 2 >= messages.count {
                messages.removeFirst(next)
                next = 0
            }
            switch message {
            case .text(let bytes): return WebSocketFrame.encode(.text, bytes, key: key)
            case .binary(let bytes): return WebSocketFrame.encode(.binary, bytes, key: key)
            }
        }
        if let close {
            self.close = nil
            return WebSocketFrame.encode(.close, close.payload, key: key)
        }
        return nil
    }
}
