import GalleyJupyterProtocol
import Glibc

/// Detects a message that exceeds the size limit or never ends.
///
/// libzmq holds back the frames of a message until the last one has arrived, without a limit. The detector therefore
/// watches the memory of this process while no whole message arrives. If the memory has grown by more than the size
/// limit and the connection is not idle, it attributes the growth to an incoming message.
struct OversizedMessageDetector {
    private let endpoints: Endpoints
    /// The memory of this process at the first check after the last whole message.
    private var memory: Int?
    /// The maximum size of a message, in bytes.
    static let limit = 1 << 30
    /// The number of samples that decide whether the connection is idle. A single sample can find the buffers just
    /// emptied by libzmq.
    private static let looks = 40

    init(_ endpoints: Endpoints) { self.endpoints = endpoints }

    /// Records that a whole message has arrived.
    mutating func arrived() { memory = nil }

    /// Checks for an oversized message, after a period without whole messages; returns true if one is arriving.
    mutating func isFlooded() -> Bool {
        guard let now = Self.residentMemory else { return false }
        guard let before = memory else {
            memory = now
            return false
        }
        guard now - before > Self.limit else { return false }
        let descriptors = (0..<Self.openFiles).filter(isOwn)
        var unread = 0
        for _ in 0..<Self.looks {
            if descriptors.contains(where: Self.hasUnreadBytes) { unread += 1 }
            usleep(2000)
        }
        // The memory grew for another reason; the next check starts from the new size.
        if unread < 2 { memory = now }
        return unread > 1
    }

    /// The resident memory of this process that is not shared, in bytes.
    private static var residentMemory: Int? {
        let file = unsafe open("/proc/self/statm", O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { close(file) }
        var bytes = [UInt8](repeating: 0, count: 256)
        // Safe because the buffer is passed with its own length.
        let count = unsafe read(file, &bytes, bytes.count)
        let words = String(decoding: bytes.prefix(max(0, count)), as: UTF8.self).split(separator: " ").compactMap {
            Int($0)
        }
        return words.count > 2 ? (words[1] - words[2]) * Int(sysconf(Int32(_SC_PAGESIZE))) : nil
    }

    private static var openFiles: Int32 {
        var limit = rlimit()
        // Safe because the call fills a variable of the expected type.
        let failed = unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        return failed == 0 ? Int32(min(limit.rlim_cur, 1 << 16)) : 1024
    }

    /// Whether a file descriptor is a socket that is connected to one of the channels.
    private func isOwn(_ descriptor: Int32) -> Bool {
        switch endpoints.transport {
        case .ipc:
            var address = sockaddr_un()
            guard Self.getPeer(of: descriptor, &address), address.sun_family == sa_family_t(AF_UNIX) else {
                return false
            }
            let path = unsafe withUnsafeBytes(of: &address.sun_path) { unsafe Array($0.prefix { $0 != 0 }) }
            return path.starts(with: Array("\(endpoints.address)-".utf8))
        case .tcp:
            var address = sockaddr_in()
            guard Self.getPeer(of: descriptor, &address), address.sin_family == sa_family_t(AF_INET) else {
                return false
            }
            let port = Int(UInt16(bigEndian: address.sin_port))
            return Channel.allCases.contains { endpoints.port(of: $0) == port }
        }
    }

    private static func getPeer<Address>(of descriptor: Int32, _ address: inout Address) -> Bool {
        var length = socklen_t(MemoryLayout<Address>.size)
        // Safe because the size passed is that of the value, which has the common layout of socket addresses.
        return unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                unsafe getpeername(descriptor, address, &length) == 0
            }
        }
    }

    private static func hasUnreadBytes(_ descriptor: Int32) -> Bool {
        var item = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        // Safe because exactly one item is passed.
        return unsafe poll(&item, 1, 0) == 1 && item.revents & Int16(POLLIN) != 0
    }
}
