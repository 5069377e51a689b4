import Glibc
import GalleyJSON
import GalleyJupyterProtocol
import GalleyZeroMQTransport

/// What a kernel is told of where to listen.
struct ConnectionFile {
    let endpoints: Endpoints
    let key: Key
    let kernelName: String
    /// The keys that everything is encrypted with, where it is.
    var keys: CurveKeys?

    var bytes: [UInt8] {
        let (transport, address): (String, String) =
            switch endpoints {
            case .ipc(let prefix): ("ipc", prefix)
            case .tcp(let address, _, _): ("tcp", address)
            }
        var json: Value = [
            "control_port": .number(endpoints.port(of: .control)), "hb_port": .number(endpoints.heartbeatPort),
            "iopub_port": .number(endpoints.port(of: .iopub)), "ip": .string(address),
            "kernel_name": .string(kernelName),
            "key": .string(key.text), "shell_port": .number(endpoints.port(of: .shell)),
            "signature_scheme": "hmac-sha256", "stdin_port": .number(endpoints.port(of: .stdin)),
            "transport": .string(transport),
        ]
        if let keys {
            json["curve_publickey"] = .string(keys.publicKey)
            json["curve_secretkey"] = .string(keys.secretKey)
        }
        return Document(json).text.bytes
    }

    /// Ports of this machine that are free now; by the time the kernel takes them, somebody else may have.
    static func freePorts() -> Endpoints? {
        var sockets: [Int32] = []
        var ports: [Int] = []
        defer { for socket in sockets { close(socket) } }
        for _ in 0..<5 {
            let socket = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
            guard socket >= 0 else { return nil }
            sockets.append(socket)
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
            var length = socklen_t(MemoryLayout<sockaddr_in>.size)
            // Safe because the size passed is that of the value, which begins as every socket address does.
            let isBound = unsafe withUnsafeMutablePointer(to: &address) { pointer in
                unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                    unsafe bind(socket, address, length) == 0 && getsockname(socket, address, &length) == 0
                }
            }
            guard isBound else { return nil }
            ports.append(Int(UInt16(bigEndian: address.sin_port)))
        }
        return .tcp(
            address: "127.0.0.1", ports: Dictionary(uniqueKeysWithValues: zip(Channel.allCases, ports)),
            heartbeat: ports[4])
    }
}
