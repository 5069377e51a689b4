import GalleyCZeroMQ
import GalleyConcurrency
import Glibc
import GalleyJupyterProtocol
import Synchronization

/// The libzmq context that all sockets of this process share, with its threads and file descriptors.
///
/// It is created with the first connection and never ends. A context for each connection would need two threads and six
/// file descriptors, and libzmq aborts the process if it runs out of them while it creates a context.
///
/// libzmq starts the context with its first socket, so ``start()`` creates one at once.
final class ZeroMQContext: Sendable {
    static let shared = ZeroMQContext()
    private let handle = Mutex<Handle?>(nil)

    /// Safe because any thread may create sockets with a libzmq context, and this context never ends.
    @safe private struct Handle: @unchecked Sendable {
        let pointer: UnsafeMutableRawPointer
    }

    /// The file descriptors that libzmq needs, with a margin. If they run out, libzmq aborts the process or stops
    /// working.
    private static let descriptorsNeeded = 24
    /// The threads that libzmq needs, with a margin.
    private static let threadsNeeded = 4
    /// The memory that libzmq needs, with a margin, in bytes.
    private static let memoryNeeded = 16 << 20

    /// Creates a socket that connects to `address` as soon as the peer listens.
    func socket(
        _ kind: Int32, to address: String, identity: [UInt8], keys: CurveKeys?
    ) throws(KernelFailure) -> ZeroMQSocket {
        do throws(ZeroMQError) {
            let socket = try self.socket(kind)
            // Without these limits, libzmq drops no messages from a fast kernel. Unsent messages are dropped on close.
            try socket.set(ZMQ_RCVHWM, 0)
            try socket.set(ZMQ_SNDHWM, 0)
            try socket.set(ZMQ_LINGER, 0)
            // The kernel creates its sockets soon; libzmq's default of 100 ms would delay the connection.
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

    /// Starts the context if necessary.
    ///
    /// - Throws: ``ZeroMQError`` if the system lacks file descriptors, threads or memory.
    func start() throws(ZeroMQError) { _ = try begun() }

    private func begun() throws(ZeroMQError) -> Handle {
        try handle.withLock { handle throws(ZeroMQError) in
            if let handle { return handle }
            try Self.checkDescriptors()
            guard canStartThreads(Self.threadsNeeded) else { throw ZeroMQError(code: EAGAIN) }
            guard let memory = unsafe malloc(Self.memoryNeeded) else { throw ZeroMQError(code: ENOMEM) }
            unsafe free(memory)
            guard let pointer = unsafe zmq_ctx_new() else { throw .last }
            // Each kernel uses four sockets; libzmq's default limit is 1023.
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

    /// Checks whether the process can open the file descriptors that the context needs.
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
