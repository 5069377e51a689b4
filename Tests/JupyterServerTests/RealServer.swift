import Foundation
import GalleyJSON
import GalleyTestSupport
import Testing

@testable import GalleyJupyterServer

/// A server of `.build/python-servers` on 127.0.0.1, which ends together with this object.
final class RealServer: Sendable {
    /// The folder of the server's files.
    let root: TemporaryFolder
    /// The home folder of the server's user, with Jupyter's folders `runtime`, `config` and `data`.
    let home: TemporaryFolder
    /// The base URL, with a slash at its end.
    let url: String
    let process: ServerProcess
    static let token = "sesame-\(UInt32.random(in: 0...UInt32.max))"

    /// The programs of the servers.
    static let python = Repository.root + "/.build/python-servers/bin/python"

    /// Starts a Jupyter Server with a token.
    ///
    /// - Parameter shell: The login shell of its terminals.
    init(_ options: String..., shell: String = "/bin/bash", environment: [String: String] = [:]) async throws {
        home = try TemporaryFolder()
        (root, process, url) = try await Self.started(
            ["-m", "jupyter_server", "--allow-root", "--no-browser", "--ServerApp.ip=127.0.0.1", "--ServerApp.port=0"]
                + ["--ServerApp.terminado_settings={\"shell_command\": [\"\(shell)\"]}"]
                + (options.contains { $0.contains("token=") } ? [] : ["--IdentityProvider.token=\(Self.token)"])
                + options,
            home, environment, pattern: #"(http://127\.0\.0\.1:[1-9]\d*/[^?\s]*)"#)
    }

    /// Starts a gateway with a token: `kernel_gateway`, or `enterprise_gateway` of `.build/python-enterprise`.
    init(gateway program: String) async throws {
        home = try TemporaryFolder()
        let isEnterprise = program == "enterprise_gateway"
        let name = isEnterprise ? "EnterpriseGatewayApp" : "KernelGatewayApp"
        (root, process, url) = try await Self.started(
            [
                "-m", program, "--\(name).ip=127.0.0.1", "--\(name).port=\(try Self.freePorts(1)[0])",
                "--\(name).auth_token=\(Self.token)",
            ], home,
            [:], python: isEnterprise ? Repository.root + "/.build/python-enterprise/bin/python" : Self.python,
            pattern: #"available at (http://127\.0\.0\.1:[1-9]\d*)"#)
    }

    private static func started(
        _ arguments: [String], _ home: TemporaryFolder, _ environment: [String: String],
        python: String = python, pattern: String
    ) async throws -> (TemporaryFolder, ServerProcess, String) {
        let root = try TemporaryFolder()
        let variables = [
            "HOME": home.path, "JUPYTER_RUNTIME_DIR": home("runtime"), "JUPYTER_CONFIG_DIR": home("config"),
            "JUPYTER_DATA_DIR": home("data"), "PYTHONUNBUFFERED": "1",
        ]
        let process = try ServerProcess(
            [python] + arguments + (arguments.contains("jupyter_server") ? ["--ServerApp.root_dir=\(root.path)"] : []),
            in: home, environment: variables.merging(environment) { $1 })
        return (root, process, try await process.firstMatch(of: pattern))
    }

    /// Returns ports that no server listens at.
    static func freePorts(_ count: Int) throws -> [Int] {
        let sockets = (0..<count).map { _ in socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0) }
        defer { for socket in sockets { close(socket) } }
        return try sockets.map { socket in
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
            var length = socklen_t(MemoryLayout<sockaddr_in>.size)
            let isBound = withUnsafeMutablePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    bind(socket, $0, length) == 0 && getsockname(socket, $0, &length) == 0
                }
            }
            guard isBound else { throw POSIXError(.EADDRINUSE) }
            return Int(UInt16(bigEndian: address.sin_port))
        }
    }

    /// Returns a new connection with the token.
    func connect() async throws -> ServerConnection {
        try await ServerAccess(url, .token(Self.token), environment: [:]).connect()
    }

    /// Returns the names of the server's terminals.
    func terminals(_ connection: ServerConnection) async throws -> [String] {
        try await connection.send("GET", ["terminals"]).json?.elements.compactMap { $0["name"]?.string } ?? ["?"]
    }
}
