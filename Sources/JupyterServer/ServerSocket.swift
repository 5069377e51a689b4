import GalleyHTTP

/// A connection to a server that carries the messages of one kernel.
protocol ServerSocket: Sendable {
    /// The subprotocol that the server chose; nil if it chose none.
    var subprotocol: String? { get }

    /// Sends a frame, without waiting.
    func send(_ frame: ServerWireFormat.Frame)

    /// Closes the connection, and waits for a few seconds until the server has done so too.
    func close() async

    /// Closes the connection at once.
    func abort()
}

/// The end of a ``ServerSocket``.
enum ServerSocketEnding: Hashable, Sendable {
    /// The server closed the connection in an orderly way.
    case closed
    /// The connection broke.
    case broken
}

/// The calls to a server about one kernel.
struct ServerKernelEndpoint: Sendable {
    /// Opens a connection, and offers a subprotocol. `receive` and `end` are called on a thread of the connection, in
    /// order.
    var open:
        @Sendable (
            _ subprotocol: String?,
            _ receive: @escaping @Sendable (ServerWireFormat.Frame) -> Void,
            _ end: @escaping @Sendable (ServerSocketEnding) -> Void
        ) async throws -> any ServerSocket
    /// Asks for the state of the kernel.
    var state: @Sendable () async -> ServerKernelState.ReportedState
}
