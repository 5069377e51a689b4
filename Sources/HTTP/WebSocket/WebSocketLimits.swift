/// The limits of a WebSocket connection.
package struct WebSocketLimits: Hashable, Sendable {
    /// The largest message that is received, in bytes.
    package var maximumMessage = 1 << 30
    /// The time between pings, which also keep proxies from ending the connection; nil if none are sent.
    package var pingInterval: Duration? = .seconds(20)
    /// The time without any bytes from the server, after a ping, that ends the connection.
    package var pongTimeout = Duration.seconds(20)

    package init() {}
}
