package import GalleyJupyterProtocol

/// The addresses of a kernel's channels.
package struct Endpoints: Hashable, Sendable {
    /// The transport of the channels.
    package let transport: Transport
    /// The host, or the common prefix of the socket paths.
    package let address: String
    /// The number of each channel: its port, or the suffix of its socket path.
    private let ports: [Channel: Int]
    /// The number of the heartbeat channel.
    package let heartbeatPort: Int

    /// The transports of messages.
    package enum Transport: String, Hashable, Sendable {
        case ipc, tcp
    }

    /// Creates endpoints with the numbers of the channels.
    package init(_ transport: Transport, _ address: String, ports: [Channel: Int], heartbeat: Int) {
        (self.transport, self.address, self.ports, heartbeatPort) = (transport, address, ports, heartbeat)
    }

    /// Returns Unix sockets with paths made of this prefix, a hyphen and a number.
    package static func ipc(prefix: String) -> Endpoints {
        let ports = Dictionary(uniqueKeysWithValues: zip(Channel.allCases, 1...))
        return Endpoints(.ipc, prefix, ports: ports, heartbeat: ports.count + 1)
    }

    /// Returns the address of a channel in libzmq's form.
    package func address(of channel: Channel) -> String {
        transport == .ipc ? "ipc://\(path(of: channel))" : "tcp://\(address):\(port(of: channel))"
    }

    /// Returns the path of a channel's socket.
    package func path(of channel: Channel) -> String { "\(address)-\(port(of: channel))" }

    /// The socket file that exists once the kernel listens; nil for TCP.
    var socket: String? { transport == .ipc ? path(of: .shell) : nil }

    /// Returns the number of a channel, as in a connection file.
    package func port(of channel: Channel) -> Int { ports[channel] ?? 0 }
}
