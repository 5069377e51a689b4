import GalleyCZeroMQ
import Glibc
import GalleyJupyterProtocol
import Synchronization

/// What libzmq keeps for all sockets of this process: its own threads, and a few descriptors.
///
/// There is one, made with the first connection and never ended. One for each connection would cost two threads and six
/// descriptors each, and libzmq ends the whole process when it runs out of those while it makes one.
///
/// It begins to work with its first socket, which is made when it is first asked for.
final class ZeroMQContext: Sendable {
    static let shared = ZeroMQContext()
    private let handle = Mutex<Handle?>(nil)

    /// Safe because libzmq lets any thread make sockets with it, and it is never ended.
    @safe private struct Handle: @unchecked Sendable {
        let pointer: UnsafeMutableRawPointer
    }

    /// How many descriptors that takes, and then some. Where they are short, libzmq ends the process, or is good for
    /// nothing from then on.
    private static let descriptorsNeeded = 24
    /// How many threads that takes, and then some; likewise.
    private static let threadsNeeded = 4
    /// How much memory that takes, and then some; likewise.
    private static let memoryNeeded = 16 << 20

    /// Makes a socket that is connected, or will be when somebody listens there.
    func socket(
        _ kind: Int32, to address: String, identity: [UInt8], keys: CurveKeys?
    ) throws(KernelFailure) -> ZeroMQSocket {
        do throws(ZeroMQError) {
            let socket = try self.socket(kind)
            // Nothing is dropped because we are slow, and what is unsent when we leave is nobody's loss.
            try socket.set(ZMQ_RCVHWM, 0)
            try socket.set(ZMQ_SNDHWM, 0)
            try socket.set(ZMQ_LINGER, 0)
            // The kernel's sockets appear while we try; libzmq's own 100 ms would be waited for in vain.
            try socket.set(ZMQ_RECONNECT_IVL, 2)
            if let keys {
                try socket.set(ZMQ_CURVE_SERVERKEY, Array(keys.publicKey.utf8))
                try socket.set(ZMQ_CURVE_PUBLICKEY, Array(keys.publicKey.utf8))
                try socket.set(ZMQ_CURVE_SECRETKEY, Array(keys.secretKey.utf8))
            }
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

    private func socket(_ kind: Int32) throws(ZeroMQError) -> ZeroMQSocket {
        let handle = try begun()
        return try unsafe ZeroMQSocket(kind, in: handle.pointer)
    }

    /// Has the context begin to work, unless it has; throws where the system lacks what that takes.
    func start() throws(ZeroMQError) { _ = try begun() }

    private func begun() throws(ZeroMQError) -> Handle {
        try handle.withLock { handle throws(ZeroMQError) in
            if let handle { return handle }
            try Self.checkDescriptors()
            guard canStartThreads(Self.threadsNeeded) else { throw ZeroMQError(code: EAGAIN) }
            guard let memory = unsafe malloc(Self.memoryNeeded) else { throw ZeroMQError(code: ENOMEM) }
            unsafe free(memory)
            guard let pointer = unsafe zmq_ctx_new() else { throw .last }
            // Four sockets a kernel, and hundreds of kernels; libzmq's own limit is 1023.
            unsafe zmq_ctx_set(pointer, ZMQ_MAX_SOCKETS, 16_384)
            do throws(ZeroMQError) {
                _ = try unsafe ZeroMQSocket(ZMQ_DEALER, in: pointer)
            } catch {
                unsafe zmq_ctx_term(pointer)
                throw error
            }
            let new = unsafe Handle(pointer: pointer)
            handle = new
            return new
        }
    }

    /// Finds out whether there is room for the descriptors that the context is going to open.
    private static func checkDescriptors() throws(ZeroMQError) {
        var taken: [Int32] = []
        defer { for descriptor in taken { close(descriptor) } }
        for _ in 0..<descriptorsNeeded {
            let descriptor = unsafe open("/dev/null", O_RDONLY | O_CLOEXEC)
            guard descriptor >= 0 else { throw ZeroMQError(code: errno) }
            taken.append(descriptor)
        }
    }
}
