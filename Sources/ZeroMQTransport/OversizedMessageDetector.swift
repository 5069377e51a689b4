import GalleyJupyterProtocol
import Glibc

/// Finds out whether a message arrives on a connection that never ends.
///
/// libzmq keeps the frames of a message to itself until the last one is there, and has no limit for them. So the memory of
/// this process is watched while nothing whole arrives. Where it has grown by more than any message needs, and the connection
/// is not idle, the memory is the message's.
struct OversizedMessageDetector {
    private let endpoints: Endpoints
    /// The memory of this process when something whole arrived last.
    private var memory: Int?
    /// A message may have this many bytes.
    static let limit = 1 << 30
    /// How many looks at the connection tell whether it is idle: between two, libzmq may just have taken out everything.
    private static let looks = 40

    init(_ endpoints: Endpoints) { self.endpoints = endpoints }

    /// Takes note that something whole has arrived.
    mutating func arrived() { memory = nil }

    /// Looks, after a while in which nothing whole arrived; returns whether a message comes that is too large.
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
        // What has grown is something else's, and is not looked at again.
        if unread < 2 { memory = now }
        return unread > 1
    }

    /// How many bytes of memory this process has that are not shared with others.
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
        // Safe because the call fills a variable of its own kind.
        let failed = unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        return failed == 0 ? Int32(min(limit.rlim_cur, 1 << 16)) : 1024
    }

    /// Whether a descriptor is that of a socket which is connected to one of the channels.
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
        // Safe because the size passed is that of the value, which begins as every socket address does.
        return unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                unsafe getpeername(descriptor, address, &length) == 0
            }
        }
    }

    private static func hasUnreadBytes(_ descriptor: Int32) -> Bool {
        var item = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        // Safe because it is one item.
        return unsafe poll(&item, 1, 0) == 1 && item.revents & Int16(POLLIN) != 0
    }
}
