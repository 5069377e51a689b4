import GalleyCZeroMQ
import GalleyJupyterProtocol

/// An error number of libzmq, such as `EAGAIN`.
struct ZeroMQError: Error, Hashable, CustomStringConvertible {
    let code: Int32
    /// The error of the last call on this thread.
    static var last: ZeroMQError { ZeroMQError(code: zmq_errno()) }
    var failure: KernelFailure { .disconnected("libzmq: \(self)") }
    // Safe because libzmq returns a string that is never freed.
    var description: String { unsafe String(cString: zmq_strerror(code)) }
}

// Safe because only the struct's methods use the handle, and never after it was closed.
/// A socket of a connection. The thread that creates it must also use and close it.
@safe struct ZeroMQSocket: ~Copyable {
    private let handle: UnsafeMutableRawPointer

    /// Creates a socket. `context` must outlive it.
    init(_ kind: Int32, in context: UnsafeMutableRawPointer) throws(ZeroMQError) {
        guard let handle = unsafe zmq_socket(context, kind) else { throw .last }
        unsafe self.handle = unsafe handle
    }

    deinit { unsafe zmq_close(handle) }

    func set(_ option: Int32, _ value: Int32) throws(ZeroMQError) {
        var value = value
        // Safe because the size is that of the value.
        if unsafe zmq_setsockopt(handle, option, &value, MemoryLayout<Int32>.size) != 0 { throw .last }
    }

    func set(_ option: Int32, _ value: [UInt8]) throws(ZeroMQError) {
        if unsafe zmq_setsockopt(handle, option, value, value.count) != 0 { throw .last }
    }

    func connect(to endpoint: String) throws(ZeroMQError) {
        if unsafe zmq_connect(handle, endpoint) != 0 { throw .last }
    }

    /// The item for `zmq_poll` that waits for messages of this socket.
    var pollItem: zmq_pollitem_t {
        unsafe zmq_pollitem_t(socket: handle, fd: 0, events: Int16(ZMQ_POLLIN), revents: 0)
    }

    /// Sends a whole message. Frames that cannot be sent yet wait in the socket.
    func send(_ frames: [[UInt8]]) throws(ZeroMQError) {
        for (index, frame) in frames.enumerated() {
            let flags = ZMQ_DONTWAIT | (index < frames.count - 1 ? ZMQ_SNDMORE : 0)
            // Safe because the array is passed with its own length.
            while unsafe zmq_send(handle, frame, frame.count, flags) == -1 {
                if zmq_errno() != EINTR { throw .last }
            }
        }
    }

    /// Receives the frames of the next message; returns nil if no message has arrived.
    func receive() throws(ZeroMQError) -> [[UInt8]]? {
        var frames: [[UInt8]] = []
        while true {
            var frame = zmq_msg_t()
            unsafe zmq_msg_init(&frame)
            defer { unsafe zmq_msg_close(&frame) }
            guard unsafe zmq_msg_recv(&frame, handle, ZMQ_DONTWAIT) != -1 else {
                if zmq_errno() == EINTR { continue }
                // libzmq delivers messages whole: only before the first frame can there be nothing to receive.
                if zmq_errno() == EAGAIN { return nil }
                throw .last
            }
            // Frames beyond the limit must be received too, because they would block the socket. They are dropped.
            if frames.count <= MessageCodec.frameLimit {
                // Safe because the bytes are copied while the frame is open.
                frames.append(
                    unsafe [UInt8](UnsafeRawBufferPointer(start: zmq_msg_data(&frame), count: zmq_msg_size(&frame))))
            }
            if unsafe zmq_msg_more(&frame) == 0 { return frames }
        }
    }
}
