/// A TCP proxy between a client and a server of a test, which fails at the test's command as a network does.
///
/// Each method returns when the proxy does what it says. All but ``cut()`` and ``reset()`` apply to the connections
/// that exist and to new ones.
package final class CuttingProxy: Sendable {
    /// The way of bytes.
    package enum Direction: String, Sendable {
        case toServer = "to-server"
        case toClient = "to-client"
        case both
    }

    private let server: FixtureServer

    /// Starts a proxy in front of a port on 127.0.0.1.
    package init(to port: Int) throws { server = try FixtureServer("cutting_proxy.py", "\(port)") }

    /// The port that clients connect to.
    package var port: Int { server.port }

    /// The number of connections that clients have made.
    package var connectionCount: Int { get throws { try Int(server.command("count")) ?? -1 } }

    /// The number of connections that are open.
    package var openCount: Int { get throws { try Int(server.command("open")) ?? -1 } }

    /// Forwards all bytes, and accepts connections.
    package func pass() throws { try server.command("pass") }

    /// Forwards bytes this much later.
    package func delay(_ seconds: Double) throws { try server.command("delay \(seconds)") }

    /// Drops the bytes of a direction, while the connections stay open.
    package func swallow(_ direction: Direction = .both) throws {
        try server.command("swallow \(direction.rawValue)")
    }

    /// Reads nothing more from either side, so that senders wait.
    package func stall() throws { try server.command("stall") }

    /// Ends all connections in order (FIN).
    package func cut() throws { try server.command("cut") }

    /// Resets all connections (RST).
    package func reset() throws { try server.command("reset") }

    /// Closes the WebSockets of kernels in order, as a server does.
    package func close() throws { try server.command("close") }

    /// The number of bytes to the server that were swallowed.
    package var droppedCount: Int { get throws { try Int(server.command("dropped")) ?? -1 } }

    /// Refuses new connections. Those that exist stay.
    package func refuse() throws { try server.command("refuse") }
}
