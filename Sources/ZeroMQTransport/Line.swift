import CZeroMQ
import Glibc
import JupyterProtocol
import Synchronization

/// What the users of a connection leave for its thread.
final class Line: Sendable {
    private struct State {
        var waiting: [Message] = []
        var closing: Closing?
    }

    /// How the conversation is to end.
    enum Closing: Sendable {
        /// At once.
        case now
        /// When nothing more is on the way; then with this failure, if there is one.
        case afterwards(KernelFailure?)
    }

    /// Set when the thread has closed the sockets.
    let ended = Latch<Void>()
    private let state = Mutex(State())
    /// A byte in one end wakes the thread, which waits at the other.
    private let bell: (ring: Int32, hear: Int32)

    init() throws(KernelFailure) {
        var ends: [Int32] = [-1, -1]
        let kind = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
        guard unsafe socketpair(AF_UNIX, kind, 0, &ends) == 0 else {
            throw .disconnected("no socket could be made: \(unsafe String(cString: strerror(errno)))")
        }
        bell = (ends[0], ends[1])
    }

    deinit {
        Glibc.close(bell.ring)
        Glibc.close(bell.hear)
    }

    var pollItem: zmq_pollitem_t {
        unsafe zmq_pollitem_t(socket: nil, fd: bell.hear, events: Int16(ZMQ_POLLIN), revents: 0)
    }

    func put(_ message: Message) {
        state.withLock { $0.waiting.append(message) }
        ring()
    }

    func close() {
        state.withLock { $0.closing = .now }
        ring()
    }

    func close(with failure: KernelFailure?) {
        state.withLock { if $0.closing == nil { $0.closing = .afterwards(failure) } }
        ring()
    }

    private func ring() {
        // When there is no room for one more byte the thread is about to look anyway.
        _ = unsafe send(bell.ring, [1], 1, Int32(MSG_NOSIGNAL))
    }

    /// Takes what has been left.
    func take() -> (messages: [Message], closing: Closing?) {
        var bytes = [UInt8](repeating: 0, count: 256)
        while unsafe read(bell.hear, &bytes, bytes.count) == bytes.count {}
        return state.withLock { state in
            defer { state.waiting = [] }
            return (state.waiting, state.closing)
        }
    }
}
