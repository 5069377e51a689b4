import CZeroMQ
import Glibc
import JupyterProtocol

/// What libzmq keeps for all sockets of this process: its own threads, and a few descriptors.
///
/// There is one, made with the first connection and never ended. One for each connection would cost two threads and six
/// descriptors each, and libzmq ends the whole process when it runs out of those while it makes one.
///
/// Safe because the handle is set once, and libzmq lets any thread make sockets with it.
@safe final class Context: @unchecked Sendable {
    static let shared = Context()
    private let handle: UnsafeMutableRawPointer?

    private init() {
        unsafe handle = unsafe zmq_ctx_new()
        // Four sockets a kernel, and hundreds of kernels; libzmq's own limit is 1023.
        if let handle = unsafe handle { unsafe zmq_ctx_set(handle, ZMQ_MAX_SOCKETS, 16_384) }
    }

    /// Makes a socket that is connected, or will be when somebody listens there.
    func socket(_ kind: Int32, to address: String, identity: [UInt8]) throws(KernelFailure) -> Socket {
        do throws(ZeroMQError) {
            guard let handle = unsafe handle else { throw ZeroMQError(code: ENOMEM) }
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
