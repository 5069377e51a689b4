import GalleyCLinux
import GalleyJupyterProtocol
import GalleyZeroMQTransport
import Glibc

/// The process on this machine that listens at the endpoints of a connection file.
struct ListeningProcess: Sendable {
    /// The process ID.
    let number: pid_t

    /// Finds the process; nil if it is not on this machine or this user may not see it.
    init?(at endpoints: Endpoints) {
        let found: pid_t? =
            switch endpoints.transport {
            case .ipc: unsafe clinux_find_listener(endpoints.path(of: .shell))
            case .tcp: Self.listener(onPort: endpoints.port(of: .shell))
            }
        guard let found, found > 0 else { return nil }
        number = found
    }

    /// The name of the user that the process runs as; nil if that user has no name.
    var userName: String? {
        var status = stat()
        guard unsafe stat("/proc/\(number)", &status) == 0, let entry = unsafe getpwuid(status.st_uid) else {
            return nil
        }
        // Safe because the string is copied at once.
        return unsafe String(cString: entry.pointee.pw_name)
    }

    /// Sends SIGINT, which interrupts the kernel.
    func interrupt() { kill(number, SIGINT) }

    /// Finds the process of this user that listens on a port.
    private static func listener(onPort port: Int) -> pid_t? {
        guard let socket = socket(onPort: port) else { return nil }
        let wanted = "socket:[\(socket)]"
        for process in ConnectionFileSearch.names(in: "/proc").compactMap({ pid_t($0) }) {
            for file in ConnectionFileSearch.names(in: "/proc/\(process)/fd") {
                var target = [CChar](repeating: 0, count: 64)
                // Safe because the array is passed with its own length.
                let length = unsafe readlink("/proc/\(process)/fd/\(file)", &target, target.count)
                guard length > 0 else { continue }
                if String(decoding: target.prefix(length).map { UInt8(bitPattern: $0) }, as: UTF8.self) == wanted {
                    return process
                }
            }
        }
        return nil
    }

    /// Returns the inode of the socket that listens on a port, from the system's tables.
    private static func socket(onPort port: Int) -> Substring? {
        let hexadecimal = String(port, radix: 16, uppercase: true)
        let ending = ":" + String(repeating: "0", count: 4 - hexadecimal.count) + hexadecimal
        for list in ["/proc/net/tcp", "/proc/net/tcp6"] {
            // number, local address, remote address, state ("0A" is LISTEN), five more fields, and the inode
            for line in text(list).split(separator: "\n").dropFirst() {
                let fields = line.split(separator: " ")
                if fields.count > 9, fields[3] == "0A", fields[1].hasSuffix(ending) { return fields[9] }
            }
        }
        return nil
    }

    private static func text(_ path: String) -> String {
        let file = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return "" }
        defer { close(file) }
        var (bytes, part) = ([UInt8](), [UInt8](repeating: 0, count: 1 << 16))
        while bytes.count < 1 << 24 {
            // Safe because the array is passed with its own length.
            let count = unsafe read(file, &part, part.count)
            guard count > 0 else { break }
            bytes += part[..<count]
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
