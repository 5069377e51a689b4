package import GalleyJupyterProtocol

/// Where the channels of a kernel are.
package enum Endpoints: Hashable, Sendable {
    /// Sockets in a folder, named by this path, a hyphen and a number.
    case ipc(prefix: String)
    /// Ports of this machine, by channel, and one more for the heartbeat.
    case tcp(address: String, ports: [Channel: Int], heartbeat: Int)

    /// Where a channel is, as libzmq spells it.
    package func address(of channel: Channel) -> String {
        switch self {
        case .ipc(let prefix): "ipc://\(prefix)-\(port(of: channel))"
        case .tcp(let address, _, _): "tcp://\(address):\(port(of: channel))"
        }
    }

    /// The file that is there once the kernel listens; nil where there is none to wait for.
    var socket: String? {
        if case .ipc(let prefix) = self { "\(prefix)-\(port(of: .shell))" } else { nil }
    }

    /// The number of a channel in a connection file.
    package func port(of channel: Channel) -> Int {
        switch self {
        case .ipc: Channel.allCases.firstIndex(of: channel).map { $0 + 1 } ?? 0
        case .tcp(_, let ports, _): ports[channel] ?? 0
        }
    }

    /// The number of the heartbeat in a connection file.
    package var heartbeatPort: Int {
        switch self {
        case .ipc: Channel.allCases.count + 1
        case .tcp(_, _, let port): port
        }
    }
}
