import Testing

@testable import GalleyHTTP

/// A session with a clock of the test, and what it has sent as a server reads it.
struct SessionRun {
    var session: WebSocketSession
    private(set) var now = ContinuousClock.now
    /// The opcodes and payloads that the session has sent.
    private(set) var sent: [ClientFrame] = []
    private(set) var messages: [WebSocket.Message] = []

    init(limits: WebSocketLimits = WebSocketLimits()) { session = WebSocketSession(limits: limits, at: now) }

    mutating func receive(_ bytes: [UInt8]) {
        messages += session.receive(bytes[...], at: now)
        flush()
    }

    mutating func close(_ code: Int? = 1000, _ reason: String = "") {
        session.close(WebSocketClose(code: code, reason: reason), at: now)
        flush()
    }

    mutating func send(_ text: String) {
        session.send(.text(Array(text.utf8)))
        flush()
    }

    mutating func flush() {
        var bytes: [UInt8] = []
        while let part = session.bytesToSend() {
            bytes += part
            session.markSent(part.count)
        }
        sent += ClientFrame.decode(bytes)
    }

    /// Lets time pass, without sending anything.
    mutating func wait(_ duration: Duration) {
        now += duration
        session.advance(to: now)
    }

    mutating func waitAndFlush(_ duration: Duration) {
        wait(duration)
        flush()
    }
}

/// A frame as a server decodes it.
struct ClientFrame: Hashable {
    let first: UInt8
    let payload: [UInt8]
    let key: [UInt8]

    init(_ first: UInt8, _ payload: [UInt8] = [], key: [UInt8] = []) {
        (self.first, self.payload, self.key) = (first, payload, key)
    }

    static func == (one: Self, other: Self) -> Bool { one.first == other.first && one.payload == other.payload }

    func hash(into hasher: inout Hasher) { hasher.combine(payload) }

    /// Decodes whole masked frames, independently of the encoder.
    static func decode(_ bytes: [UInt8]) -> [ClientFrame] {
        var (frames, at): ([ClientFrame], Int) = ([], 0)
        while at < bytes.count {
            let first = bytes[at]
            #expect(bytes[at + 1] & 0x80 != 0, "a frame of a client is masked")
            var count = Int(bytes[at + 1] & 0x7F)
            at += 2
            let more = count == 126 ? 2 : count == 127 ? 8 : 0
            if more > 0 { count = bytes[at..<at + more].reduce(0) { $0 << 8 | Int($1) } }
            at += more
            let key = Array(bytes[at..<at + 4])
            at += 4
            frames.append(ClientFrame(first, (0..<count).map { bytes[at + $0] ^ key[$0 % 4] }, key: key))
            at += count
        }
        return frames
    }
}

extension SessionRun {
    /// Sends the rest of a frame whose beginning the test has sent.
    mutating func sendRest() {
        while let part = session.bytesToSend() { session.markSent(part.count) }
    }
}
