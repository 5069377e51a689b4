import GalleyCLinux
import GalleyConcurrency
import Glibc
import Synchronization

/// What callers ask of a connection's thread, and the event that wakes it.
final class WebSocketMailbox: Sendable {
    /// The requests since the last look.
    struct Requests: Sendable {
        var messages: [WebSocket.Message] = []
        var close: WebSocketClose?
        var isAborted = false
    }

    private struct State {
        var requests = Requests()
        var waitingBytes = 0
        /// The bytes that the thread has taken and not sent.
        var takenBytes = 0
        var isOpen = false
        var isOver = false
    }

    /// Fulfilled when the connection has ended and its owner knows.
    let ended = AsyncPromise<Void>()
    private let state = Mutex(State())
    private let event: Int32

    init() throws(WebSocketError) {
        event = clinux_make_event()
        guard event >= 0 else {
            throw .connection(.noResources(reason: unsafe String(cString: strerror(errno))))
        }
    }

    deinit { Glibc.close(event) }

    // MARK: - For callers

    func send(_ message: WebSocket.Message) {
        change { state in
            guard !state.isOver, state.requests.close == nil else { return }
            state.requests.messages.append(message)
            state.waitingBytes += message.bytes.count
        }
    }

    func close(_ frame: WebSocketClose) {
        change { if $0.requests.close == nil { $0.requests.close = frame } }
    }

    func abort() { change { $0.requests.isAborted = true } }

    /// Aborts a connection that is not open yet.
    func cancelOpening() { change { if !$0.isOpen { $0.requests.isAborted = true } } }

    var unsentBytes: Int { state.withLock { $0.waitingBytes + $0.takenBytes } }

    private func change(_ body: (inout State) -> Void) {
        state.withLock { body(&$0) }
        var one: UInt64 = 1
        // Safe because the eight bytes are those of the number. A full counter wakes the thread as well.
        _ = unsafe write(event, &one, 8)
    }

    // MARK: - For the thread

    /// Returns the requests since the last call. A close request stays, so that later messages are dropped.
    func takeRequests() -> Requests {
        state.withLock { state in
            defer {
                state.takenBytes += state.waitingBytes
                (state.requests.messages, state.waitingBytes) = ([], 0)
            }
            return state.requests
        }
    }

    var isAborted: Bool { state.withLock { $0.requests.isAborted } }

    /// Marks the connection as open; returns false if it was canceled before.
    func markOpen() -> Bool {
        state.withLock { state in
            state.isOpen = !state.requests.isAborted
            return state.isOpen
        }
    }

    func setTakenBytes(_ count: Int) { state.withLock { $0.takenBytes = count } }

    /// Drops the messages that wait, and all later ones.
    func markEnded() {
        state.withLock { state in
            (state.isOver, state.requests.messages) = (true, [])
            (state.waitingBytes, state.takenBytes) = (0, 0)
        }
    }

    /// Waits until the descriptor is readable, or writable if asked for, a caller asks for something, or a moment
    /// comes.
    func wait(for descriptor: Int32, isWriting: Bool, until deadline: ContinuousClock.Instant?) {
        var items = [
            pollfd(fd: descriptor, events: Int16(isWriting ? POLLIN | POLLOUT : POLLIN), revents: 0),
            pollfd(fd: event, events: Int16(POLLIN), revents: 0),
        ]
        // Safe because the array is passed with its own length. An interrupting signal only ends the wait early.
        _ = unsafe poll(&items, 2, Self.milliseconds(until: deadline))
        var count: UInt64 = 0
        // Safe because the eight bytes are those of the number.
        if items[1].revents != 0 { _ = unsafe read(event, &count, 8) }
    }

    /// Returns the milliseconds to a moment, rounded up, and at most an hour; -1 without a moment.
    private static func milliseconds(until deadline: ContinuousClock.Instant?) -> Int32 {
        guard let deadline else { return -1 }
        let (seconds, attoseconds) = (deadline - .now).components
        guard seconds >= 0, attoseconds >= 0 else { return 0 }
        return Int32(min(seconds, 3600) * 1000 + (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000)
    }
}
