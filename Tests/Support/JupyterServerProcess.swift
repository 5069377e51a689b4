import Foundation
import Glibc

/// A real Jupyter Server or Kernel Gateway on 127.0.0.1, with a token. It ends, with its kernels, together with this
/// object.
package final class JupyterServerProcess: Sendable {
    /// The programs.
    package enum Kind: Sendable {
        case server
        case gateway
    }

    /// The Python of the servers.
    package static let python = Repository.root + "/.build/python-servers/bin/python"

    package let port: Int
    package let token: String
    /// The root of the server's files.
    package let folder: TemporaryFolder
    private let process: ServerProcess

    /// Starts a server, and waits until it listens.
    ///
    /// - Parameters:
    ///   - options: Further arguments, such as `--MappingKernelManager.cull_idle_timeout=1`.
    ///   - port: The port of an earlier server; nil for a free one.
    package init(
        _ kind: Kind = .server, _ options: String..., port: Int? = nil, folder: TemporaryFolder? = nil,
        token: String = "t0ken-\(UInt32.random(in: 0...UInt32.max))"
    ) async throws {
        let port = try port ?? Self.freePort()
        let folder = try folder ?? TemporaryFolder()
        let program =
            switch kind {
            case .server:
                [
                    "-m", "jupyter_server", "--no-browser", "--allow-root", "--ip=127.0.0.1", "--port=\(port)",
                    "--ServerApp.port_retries=0", "--IdentityProvider.token=\(token)",
                    "--ServerApp.root_dir=\(folder.path)",
                ]
            case .gateway:
                [
                    "-m", "kernel_gateway", "--KernelGatewayApp.ip=127.0.0.1", "--KernelGatewayApp.port=\(port)",
                    "--KernelGatewayApp.port_retries=0", "--KernelGatewayApp.auth_token=\(token)",
                    "--JupyterWebsocketPersonality.list_kernels=True",
                ]
            }
        (self.port, self.token, self.folder) = (port, token, folder)
        process = try ServerProcess(
            [Self.python] + program + options, in: folder,
            environment: [
                "HOME": folder.path, "JUPYTER_RUNTIME_DIR": folder("runtime"), "JUPYTER_DATA_DIR": folder("data"),
                "JUPYTER_CONFIG_DIR": folder("config"), "IPYTHONDIR": folder("ipython"),
                "JUPYTER_PREFER_ENV_PATH": "1", "PYDEVD_DISABLE_FILE_VALIDATION": "1",
            ])
        _ = try await process.firstMatch(of: "(is running at|available at|running at:)")
    }

    /// The server's URL, without the token.
    package var url: String { "http://127.0.0.1:\(port)/" }

    /// Everything that the server has written.
    package var log: String { process.output }

    /// The processes of the server's kernels.
    package var kernelProcesses: [Int] { ServerProcess.descendants(of: process.id) }

    /// Ends the server and its kernels, as its user would.
    package func stop() { process.end() }

    /// Returns a port of 127.0.0.1 at which nothing listens.
    private static func freePort() throws -> Int {
        let file = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(file) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = withUnsafeMutablePointer(to: &address) { address in
            address.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(file, $0, length) == 0 && getsockname(file, $0, &length) == 0
            }
        }
        guard isBound else { throw POSIXError(.EADDRNOTAVAIL) }
        return Int(UInt16(bigEndian: address.sin_port))
    }
}
