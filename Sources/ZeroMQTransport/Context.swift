import CZeroMQ
import JupyterProtocol

/// What libzmq keeps for the sockets of one connection.
@safe struct Context: ~Copyable {
    private let handle: UnsafeMutableRawPointer

    init() throws(KernelFailure) {
        guard let handle = unsafe zmq_ctx_new() else { throw ZeroMQError.last.failure }
        unsafe self.handle = unsafe handle
    }

    deinit { unsafe zmq_ctx_term(handle) }

    /// Makes a socket that is connected, or will be when somebody listens there.
    func socket(_ kind: Int32, to address: String, identity: [UInt8]) throws(KernelFailure) -> Socket {
        do throws(ZeroMQError) {
            let socket = try unsafe Socket(kind, in: handle)
            // Nothing is dropped because we are slow, and what is unsent when we leave is nobody's loss.
            try socket.set(ZMQ_RCVHWM, 0)
            try socket.set(ZMQ_SNDHWM, 0)
            try socket.set(ZMQ_LINGER, 0)
            // The kernel's sockets appear while we try; libzmq's own 100 ms would be waited for in vain.
            try socket.set(ZMQ_RECONNECT_IVL, 2)
            if kind == ZMQ_SUB {
                try socket.set(ZMQ_SUBSCRIBE, [])
            } else {
                try socket.set(ZMQ_ROUTING_ID, identity)
            }
            try socket.connect(to: address)
            return socket
        } catch {
            throw error.failure
        }
    }
}
