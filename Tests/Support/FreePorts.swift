import Foundation
import Synchronization

/// Ports of 127.0.0.1 for servers that a test starts.
///
/// They are outside the range from which the system takes ports for connections, and each is handed out once, so that
/// nothing takes a port before its server listens.
package enum FreePorts {
    private static let range = 10_000..<30_000
    private static let next = Mutex(Int.random(in: range))

    /// Returns ports at which nothing listens.
    package static func take(_ count: Int) throws -> [Int] {
        var ports: [Int] = []
        for _ in range where ports.count < count {
            let port = next.withLock { next in
                next = next + 1 < range.upperBound ? next + 1 : range.lowerBound
                return next
            }
            if isFree(port) { ports.append(port) }
        }
        guard ports.count == count else { throw POSIXError(.EADDRNOTAVAIL) }
        return ports
    }

    private static func isFree(_ port: Int) -> Bool {
        let socket = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(socket) }
        return withLoopbackAddress(port) { bind(socket, $0, $1) == 0 }
    }
}

/// Calls `body` with the address of a port of 127.0.0.1, as `bind` and `connect` take it.
func withLoopbackAddress<Result>(
    _ port: Int, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result
) -> Result {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
    address.sin_port = in_port_t(port).bigEndian
    return withUnsafePointer(to: &address) { address in
        address.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
        }
    }
}
