import GalleyHTTP
import GalleyJSON

/// The WebSocket of a kernel.
struct WebSocketServerSocket: ServerSocket {
    let socket: WebSocket

    var subprotocol: String? { socket.subprotocol }

    func send(_ frame: ServerWireFormat.Frame) {
        switch frame {
        case .text(let bytes): socket.send(.text(bytes))
        case .binary(let bytes): socket.send(.binary(bytes))
        }
    }

    func close() async { await socket.close() }
    func abort() { socket.abort() }
}

extension ServerKernelEndpoint {
    /// The time limits for a question about the kernel, and for a new connection. A server answers the second only when
    /// the kernel responds.
    private static let (questionTimeout, openTimeout) = (Duration.seconds(10), Duration.seconds(70))

    /// Creates the calls for a kernel.
    init(_ connection: ServerConnection, kernel: String, session: String) {
        open = { subprotocol, receive, end in
            let (url, headers) = connection.webSocket(
                ["api", "kernels", kernel, "channels"], query: [HTTPURL.QueryItem(name: "session_id", value: session)])
            let socket = try await WebSocket.connect(
                to: url, using: connection.client, headers: headers, subprotocols: subprotocol.map { [$0] } ?? [],
                timeout: Self.openTimeout
            ) { message in
                switch message {
                case .text(let bytes): receive(.text(bytes))
                case .binary(let bytes): receive(.binary(bytes))
                }
            } onEnd: { ending in
                switch ending {
                // Without a code, the connection was closed by something other than the server.
                case .closed(code: .some, _): end(.closed)
                case .closed, .failed: end(.broken)
                }
            }
            return WebSocketServerSocket(socket: socket)
        }
        state = {
            let reply = try? await connection.send(
                "GET", ["kernels", kernel], timeout: Self.questionTimeout, isRepeatable: false)
            switch reply?.status {
            case 200?:
                guard let json = reply?.json, let execution = json["execution_state"]?.string else { return .unknown }
                return .present(execution, connections: json["connections"]?.int)
            // A proxy without a server behind it answers 404 too, but not in JSON.
            case 404? where reply?.json != nil: return .missing
            default: return .unknown
            }
        }
    }
}
