/// The reason why a WebSocket connection could not be made, or failed.
package enum WebSocketError: Error, Hashable, Sendable {
    /// The connection beneath could not be made, or broke.
    case connection(HTTPError)
    /// The server answered the handshake with another status than 101. The message is that of a JSON body: other
    /// bodies, such as HTML pages, may hold tokens.
    case refused(status: Int, message: String?)
    /// The server answered the handshake with a redirect to an origin.
    case redirected(status: Int, to: HTTPURL.Origin?)
    /// The server answered the handshake in a way that is not that of a WebSocket.
    case badHandshake(reason: String)
    /// The server broke the protocol after the handshake.
    case protocolViolation(reason: String)
    /// The server sent a message of more bytes than the limit.
    case tooLarge(limit: Int)
    /// The server sent nothing for this time, although it was asked to.
    case silent(Duration)
    /// This side ended the connection at once.
    case canceled
}

extension WebSocketError {
    /// Whether another attempt may succeed.
    package var isTransient: Bool {
        switch self {
        case .connection(let error): error.isTransient
        case .refused(let status, _): [408, 429, 500, 502, 503, 504].contains(status)
        case .silent: true
        case .redirected, .badHandshake, .protocolViolation, .tooLarge, .canceled: false
        }
    }
}

extension WebSocketError: CustomStringConvertible {
    /// What failed, why, and how to fix it.
    package var description: String {
        switch self {
        case .connection(let error): "\(error)"
        case .refused(let status, let message):
            "The server refused the WebSocket connection with HTTP status \(status)\(message.map { ": \($0)" } ?? "")"
                + (status == 401 || status == 403 ? ". Check the credentials for the server" : "")
        case .redirected(let status, let origin):
            "The server redirects the WebSocket connection\(origin.map { " to \($0)" } ?? "") (HTTP status \(status)). "
                + "Use the URL that it redirects to"
        case .badHandshake(let reason):
            "The server did not open a WebSocket connection: \(reason). A proxy in between must forward the Upgrade "
                + "header"
        case .protocolViolation(let reason): "The server violated the WebSocket protocol: \(reason)"
        case .tooLarge(let limit): "The server sent a WebSocket message of more than \(limit) bytes"
        case .silent(let time): "The server sent nothing over the WebSocket connection for \(time.components.seconds) s"
        case .canceled: "The WebSocket connection was canceled"
        }
    }
}
