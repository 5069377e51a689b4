import Glibc
import GalleyJSON
import GalleyJupyterProtocol

/// A connection file: the addresses of a kernel and the key that signs its messages.
package struct ConnectionFile: Sendable {
    /// The addresses of the kernel's channels.
    package let endpoints: Endpoints
    /// The key that signs messages.
    package let key: SigningKey
    /// The name of the kernel; empty if the file contains none.
    package let kernelName: String
    /// The CURVE keys; nil if the connection is not encrypted.
    package let keys: CurveKeys?

    /// Creates the connection file of a kernel to be started.
    package init(endpoints: Endpoints, key: SigningKey, kernelName: String, keys: CurveKeys? = nil) {
        (self.endpoints, self.key, self.kernelName, self.keys) = (endpoints, key, kernelName, keys)
    }

    /// The reason why a file is not a valid connection file.
    package struct Problem: Error, CustomStringConvertible {
        package let description: String
    }

    /// Parses a connection file that another program has written.
    package init(parsing bytes: [UInt8]) throws(Problem) {
        guard let json = try? Document(parsing: bytes).root, json.kind == .object else {
            throw Problem(description: "it is not a JSON object")
        }
        func port(_ name: String) throws(Problem) -> Int {
            guard let port = json["\(name)_port"]?.int, (1...65_535).contains(port) else {
                throw Problem(description: "it has no valid '\(name)_port'")
            }
            return port
        }
        let transport = json["transport"]?.string ?? "tcp"
        guard let transport = Endpoints.Transport(rawValue: transport) else {
            throw Problem(description: "its transport is '\(transport)', not 'tcp' or 'ipc'")
        }
        let scheme = json["signature_scheme"]?.string ?? "hmac-sha256"
        key = SigningKey(text: json["key"]?.string ?? "")
        guard key.isEmpty || scheme == "hmac-sha256" else {
            throw Problem(description: "its signature scheme is '\(scheme)', not 'hmac-sha256'")
        }
        let address = json["ip"]?.string ?? "127.0.0.1"
        // The kernel listens on all addresses of this machine, so the loopback address works.
        let isAny = transport == .tcp && ["", "*", "0.0.0.0"].contains(address)
        var ports: [Channel: Int] = [:]
        for channel in Channel.allCases { ports[channel] = try port(channel.rawValue) }
        endpoints = Endpoints(
            transport, isAny ? "127.0.0.1" : address, ports: ports, heartbeat: json["hb_port"]?.int ?? 0)
        kernelName = json["kernel_name"]?.string ?? ""
        keys = json["curve_publickey"]?.string.flatMap { publicKey in
            json["curve_secretkey"]?.string.map { CurveKeys(publicKey: publicKey, secretKey: $0) }
        }
    }

    /// The contents of the file.
    package var bytes: [UInt8] {
        var json: Value = [
            "control_port": .number(endpoints.port(of: .control)), "hb_port": .number(endpoints.heartbeatPort),
            "iopub_port": .number(endpoints.port(of: .iopub)), "ip": .string(endpoints.address),
            "kernel_name": .string(kernelName), "key": .string(key.text),
            "shell_port": .number(endpoints.port(of: .shell)), "signature_scheme": "hmac-sha256",
            "stdin_port": .number(endpoints.port(of: .stdin)), "transport": .string(endpoints.transport.rawValue),
        ]
        if let keys {
            json["curve_publickey"] = .string(keys.publicKey)
            json["curve_secretkey"] = .string(keys.secretKey)
        }
        return Document(json).text.bytes
    }

    /// Returns free ports of this machine. Another process may take them before the kernel does.
    package static func freePorts() -> Endpoints? {
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
            // Safe because the size passed is that of the value, which has the common layout of socket addresses.
            let isBound = unsafe withUnsafeMutablePointer(to: &address) { pointer in
                unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                    unsafe bind(socket, address, length) == 0 && getsockname(socket, address, &length) == 0
                }
            }
            guard isBound else { return nil }
            ports.append(Int(UInt16(bigEndian: address.sin_port)))
        }
        return Endpoints(
            .tcp, "127.0.0.1", ports: Dictionary(uniqueKeysWithValues: zip(Channel.allCases, ports)),
            heartbeat: ports[4])
    }
}
