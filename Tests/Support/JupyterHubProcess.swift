import Foundation

/// A JupyterHub on 127.0.0.1 with the user `ann`, which ends together with this object.
package final class JupyterHubProcess: Sendable {
    /// The hub's address, with a slash at its end.
    package let url: String
    /// A token of the user.
    package let token: String
    private let process: ServerProcess

    /// Starts a hub with the variables that `Tests/Fixtures/servers/hub_config.py` describes, and waits until it
    /// listens.
    package init(_ environment: [String: String] = [:]) async throws {
        let folder = try TemporaryFolder()
        let ports = try FreePorts.take(3)
        url = "http://127.0.0.1:\(ports[0])/"
        let variables = [
            "HUB_FOLDER": folder.path, "HUB_PORTS": ports.map(String.init).joined(separator: ","),
            "HOME": folder.path, "PYTHONUNBUFFERED": "1",
            "PATH": Repository.root + "/.build/python-servers/bin:/usr/bin:/bin",
        ].merging(environment) { $1 }
        let program = [JupyterServerProcess.python, "-m", "jupyterhub"]
        let configuration = ["-f", Repository.fixture("servers/hub_config.py")]
        process = try ServerProcess(program + configuration, in: folder, environment: variables)
        _ = try await process.firstMatch(of: "(JupyterHub is now running)")
        let printed = try await ServerProcess.output(
            of: program + ["token"] + configuration + ["ann"], environment: variables)
        guard let token = printed?.split(separator: "\n").last else {
            throw ServerProcess.Failure(description: "the hub has made no token:\n\(process.output)")
        }
        self.token = String(token)
    }
}
