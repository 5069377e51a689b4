import Foundation
import Glibc

/// A real Jupyter Server or gateway on 127.0.0.1, with a token. It ends, with its kernels, together with this object.
package final class JupyterServerProcess: Sendable {
    /// The programs.
    package enum Kind: Sendable {
        case server
        case gateway
        case enterpriseGateway
    }

    /// The Python of the servers, except that of the Enterprise Gateway.
    package static let python = Repository.root + "/.build/python-servers/bin/python"

    package let port: Int
    package let token: String
    /// The base URL without the token, with a slash at its end.
    package let url: String
    /// The root of the server's files.
    package let folder: TemporaryFolder
    /// The home folder of the server's user, with Jupyter's folders `runtime`, `config` and `data`.
    package let home: TemporaryFolder
    private let process: ServerProcess

    /// Starts a server, and waits until it listens.
    ///
    /// - Parameters:
    ///   - options: Further arguments, such as `--MappingKernelManager.cull_idle_timeout=1`.
    ///   - shell: The login shell of the server's terminals.
    ///   - port: The port of an earlier server; nil for a free one.
    package convenience init(
        _ kind: Kind = .server, _ options: String..., shell: String = "/bin/bash", port: Int? = nil,
        folder: TemporaryFolder? = nil, token: String = newToken()
    ) async throws {
        try await self.init(kind, options, shell: shell, port: port, folder: folder, token: token)
    }

    /// Starts a server with options in an array, and variables in addition to those of this process.
    package init(
        _ kind: Kind, _ options: [String], shell: String = "/bin/bash", port: Int? = nil,
        folder: TemporaryFolder? = nil, token: String = newToken(), environment: [String: String] = [:]
    ) async throws {
        let port = try port ?? FreePorts.take(1)[0]
        let folder = try folder ?? TemporaryFolder()
        (self.port, self.token, self.folder, home) = (port, token, folder, try TemporaryFolder())
        let python: String
        let program: [String]
        switch kind {
        case .server:
            python = Self.python
            program = [
                "-m", "jupyter_server", "--no-browser", "--allow-root", "--ip=127.0.0.1", "--port=\(port)",
                "--ServerApp.port_retries=0", "--ServerApp.root_dir=\(folder.path)",
                "--ServerApp.terminado_settings={\"shell_command\": [\"\(shell)\"]}",
                "--IdentityProvider.token=\(token)",
            ]
        case .gateway:
            python = Self.python
            program = [
                "-m", "kernel_gateway", "--KernelGatewayApp.ip=127.0.0.1", "--KernelGatewayApp.port=\(port)",
                "--KernelGatewayApp.port_retries=0", "--KernelGatewayApp.auth_token=\(token)",
                "--JupyterWebsocketPersonality.list_kernels=True",
            ]
        case .enterpriseGateway:
            python = Repository.root + "/.build/python-enterprise/bin/python"
            program = [
                "-m", "enterprise_gateway", "--EnterpriseGatewayApp.ip=127.0.0.1",
                "--EnterpriseGatewayApp.port=\(port)", "--EnterpriseGatewayApp.auth_token=\(token)",
            ]
        }
        let variables = [
            "HOME": home.path, "JUPYTER_RUNTIME_DIR": home("runtime"), "JUPYTER_DATA_DIR": home("data"),
            "JUPYTER_CONFIG_DIR": home("config"), "IPYTHONDIR": home("ipython"), "PYTHONUNBUFFERED": "1",
            "JUPYTER_PREFER_ENV_PATH": "1", "PYDEVD_DISABLE_FILE_VALIDATION": "1",
            // The Enterprise Gateway starts no kernel for root, unless root is not on its list.
            "EG_UNAUTHORIZED_USERS": "nobody",
        ]
        // The programs refuse an option that is given twice.
        let names = Set(options.map { $0.prefix { $0 != "=" } })
        let defaults = program.filter { !names.contains($0.prefix { $0 != "=" }) }
        process = try ServerProcess(
            [python] + defaults + options, in: home, environment: variables.merging(environment) { $1 })
        let url = try await process.firstMatch(of: #"(https?://127\.0\.0\.1:[1-9]\d*(?:/[^?\s]*)?)"#)
        self.url = url.hasSuffix("/") ? url : url + "/"
    }

    /// Returns a token that no other server has.
    package static func newToken() -> String { "t0ken-\(UInt32.random(in: 0...UInt32.max))" }

    /// Everything that the server has written.
    package var log: String { process.output }

    /// The processes of the server's kernels.
    package var kernelProcesses: [Int] { ServerProcess.descendants(of: process.id) }

    /// Ends the server and its kernels, as its user would.
    package func stop() { process.end() }
}
