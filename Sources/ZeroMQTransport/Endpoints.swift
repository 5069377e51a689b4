package import GalleyJupyterProtocol

/// Where the channels of a kernel are.
package struct Endpoints: Hashable, Sendable {
    /// How messages travel.
    package let transport: Transport
    /// A host, or the path that the sockets' paths begin with.
    package let address: String
    /// The number of each channel: a port, or the end of a socket's path.
    private let ports: [Channel: Int]
    /// The number of the heartbeat.
    package let heartbeatPort: Int

    /// The ways in which messages travel.
    package enum Transport: String, Hashable, Sendable {
        case ipc, tcp
    }

    /// Names the channels by their numbers.
    package init(_ transport: Transport, _ address: String, ports: [Channel: Int], heartbeat: Int) {
        (self.transport, self.address, self.ports, heartbeatPort) = (transport, address, ports, heartbeat)
    }

    /// Sockets in a folder, named by this path, a hyphen and a number.
    package static func ipc(prefix: String) -> Endpoints {
        let ports = Dictionary(uniqueKeysWithValues: zip(Channel.allCases, 1...))
        return Endpoints(.ipc, prefix, ports: ports, heartbeat: ports.count + 1)
    }

    /// Where a channel is, as libzmq spells it.
    package func address(of channel: Channel) -> String {
        transport == .ipc ? "ipc://\(path(of: channel))" : "tcp://\(address):\(port(of: channel))"
    }

    /// The path of a channel's socket.
    package func path(of channel: Channel) -> String { "\(address)-\(port(of: channel))" }

    /// The file that is there once the kernel listens; nil where there is none to wait for.
    var socket: String? { transport == .ipc ? path(of: .shell) : nil }

    /// The number of a channel in a connection file.
    package func port(of channel: Channel) -> Int { ports[channel] ?? 0 }
}
