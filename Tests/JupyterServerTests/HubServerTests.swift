import Foundation
import GalleyJSON
import GalleyTestSupport
import Testing

@testable import GalleyHTTP
@testable import GalleyJupyterServer

/// A JupyterHub on 127.0.0.1 with the user `ann`, which ends together with this object.
private final class RealHub: Sendable {
    let url: String
    let token: String
    let process: ServerProcess

    init(_ environment: [String: String] = [:]) async throws {
        let folder = try TemporaryFolder()
        let ports = try JupyterServerProcess.freePorts(3)
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
        let printed = try ServerProcess.output(
            of: program[0], program[1], program[2], "token", configuration[0], configuration[1], "ann",
            environment: variables)
        token = try #require(printed?.split(separator: "\n").last.map(String.init))
    }

    func access(_ path: String, _ sentences: Sentences = Sentences(), timeout: Duration = .seconds(120)) -> ServerAccess
    {
        var access = ServerAccess(url + path, .token(token), environment: [:])
        (access.pollInterval, access.startTimeout) = (.milliseconds(100), timeout)
        access.onProgress = { sentences.add($0) }
        return access
    }
}

@Suite(.realKernel) struct `A server of a JupyterHub` {
    @Test func `The user's server is started with its progress, and stopped as asked`() async throws {
        let hub = try await RealHub(["HUB_DELAY": "3"])
        let sentences = Sentences()
        // The address of the hub alone: the token tells the user.
        let connection = try await hub.access("", sentences).connect()
        #expect(connection.base.path == "/user/ann" && connection.kind == .jupyterServer(version: "2.21.1"))
        #expect(sentences.all.first?.contains("is starting the server of ann") == true)
        #expect(sentences.all.contains("Looking for a machine") || sentences.all.contains("Found a machine"))
        #expect(connection.hub?.isStarted == true)
        #expect(try await connection.send("GET", ["status"]).isSuccess)
        // A WebSocket through the hub's proxy.
        let output = Sentences()
        let status = try await ServerTerminal(connection).run("echo hi; exit 6") {
            output.add(String(decoding: $0, as: UTF8.self))
        }
        #expect(status == 6 && output.all.joined() == "hi\n")
        // A second connection finds the server running, and does not stop it.
        let second = try await hub.access("user/ann/lab").connect()
        #expect(second.hub?.isStarted == false)
        try await second.hub?.stop()
        #expect(try await connection.send("GET", ["status"]).isSuccess)
        try await connection.hub?.stop()
        let third = try await hub.access("hub/user/ann/lab", sentences).connect()
        #expect(third.hub?.isStarted == true)
        #expect(!"\(sentences.all)".contains(hub.token))
    }

    @Test func `A named server is started under its own address`() async throws {
        let hub = try await RealHub()
        let connection = try await hub.access("user/ann/gpu/lab").connect()
        #expect(connection.base.path == "/user/ann/gpu" && connection.hub?.isStarted == true)
        #expect(try await connection.send("GET", ["status"]).isSuccess)
        try await connection.hub?.stop()
    }

    @Test func `A server that cannot start is an error with the hub's reason`() async throws {
        let hub = try await RealHub(["HUB_FAILS": "1"])
        let error = try await #require(throws: ServerError.self) { _ = try await hub.access("user/ann/").connect() }
        #expect(!"\(error)".contains(hub.token) && !"\(error)".contains("<"))
        switch error {
        case .notStarted: break
        default: Issue.record("\(error)")
        }
    }

    @Test func `A server that starts too slowly, a wrong token and another user are errors`() async throws {
        let hub = try await RealHub(["HUB_DELAY": "600"])
        let slow = try await #require(throws: ServerError.self) {
            _ = try await hub.access("user/ann/", timeout: .seconds(3)).connect()
        }
        guard case .notReady = slow else { Issue.record("\(slow)"); return }
        let wrong = ServerAccess(hub.url, .token("sesame"), environment: [:])
        let error = try await #require(throws: ServerError.self) { _ = try await wrong.connect() }
        guard case .credentialsRefused = error else { Issue.record("\(error)"); return }
        let other = try await #require(throws: ServerError.self) { _ = try await hub.access("user/bob/").connect() }
        switch other {
        case .notStarted, .scopeMissing: break
        default: Issue.record("\(other)")
        }
    }
}

@Suite struct `A server of a scripted hub` {
    private static let hub = """
        {"path": "/hub/api", "answers": [{"json": {"version": "6"}, "headers": [["X-JupyterHub-Version", "6"]]}]},
        {"path": "/hub/api/user", "answers": [{"json": {"name": "ann"}}]},
        {"path": "/user/ann/api/kernelspecs", "answers": [{"json": {"kernelspecs": {}}}]}
        """
    private static let down = #"{"status": 424, "json": {"message": "not running"}}"#
    private static let running = #"{"json": {"version": "2"}}"#

    private func connect(_ rules: String, path: String = "user/ann/") async throws -> (Bool, [String]) {
        let server = try await ScriptedServer("[\(Self.hub), \(rules)]")
        var access = ServerAccess(server.url + path, .token("sesame"), environment: [:])
        (access.pollInterval, access.startTimeout) = (.milliseconds(10), .seconds(60))
        let sentences = Sentences()
        access.onProgress = { sentences.add($0) }
        let connection = try await access.connect()
        let paths = try server.requests.map { "\($0.method) \($0.path)" }
        #expect(!"\(sentences.all)".contains("sesame"))
        return (connection.hub?.isStarted == true, paths)
    }

    @Test func `A hub that is busy, or whose server is stopping, is asked again`() async throws {
        let (isStarted, paths) = try await connect(
            """
            {"path": "/user/ann/api", "answers": [\(Self.down), \(Self.down), \(Self.down), \(Self.running)]},
            {"method": "POST", "path": "/hub/api/users/ann/server", "answers": [
              {"status": 429, "json": {"message": "Too many users are starting"}},
              {"status": 400, "json": {"message": "ann is pending stop"}}, {"status": 202}]},
            {"path": "/hub/api/users/ann/server/progress", "answers": [{"headers":
              [["Content-Type", "text/event-stream"]], "body": "data: {\\"progress\\": 5, \\"message\\": \\"x\\"}\\n\\n"}]}
            """)
        #expect(isStarted && paths.count { $0.hasPrefix("POST") } == 3)
    }

    @Test func `A server that is starting already is waited for`() async throws {
        let (isStarted, _) = try await connect(
            """
            {"path": "/user/ann/api", "answers": [\(Self.down), \(Self.down), \(Self.running)]},
            {"method": "POST", "path": "/hub/api/users/ann/server", "answers": [
              {"status": 400, "json": {"message": "ann is already running"}}]}
            """, path: "hub/home")
        #expect(isStarted)
    }

    @Test(
        arguments: [
            (403, #"{"message": "scopes"}"#, "servers!user"),
            (404, #"{"message": "No such user: sesame"}"#, "No such user: …"),
            (400, #"{"message": "Named servers are not enabled."}"#, "Named servers are not enabled"),
            (500, #"{"message": "Error in Authenticator.pre_spawn_start"}"#, "pre_spawn_start"),
        ])
    func `The error of a refused start contains the hub's reason`(status: Int, json: String, part: String) async throws
    {
        let error = try await #require(throws: ServerError.self) {
            _ = try await connect(
                """
                {"path": "/user/ann/api", "answers": [\(Self.down)]},
                {"method": "POST", "path": ".*", "answers": [{"status": \(status), "json": \(json)}]}
                """)
        }
        #expect("\(error)".contains(part) && !"\(error)".contains("sesame"), "\(error)")
    }

    @Test func `The error of a failed start is the hub's last event`() async throws {
        let event = #"data: {\"failed\": true, \"message\": \"Spawn failed: no <b>room\"}\n\n"#
        let error = try await #require(throws: ServerError.self) {
            _ = try await connect(
                """
                {"path": "/user/ann/api", "answers": [\(Self.down)]},
                {"method": "POST", "path": ".*", "answers": [{"status": 202}]},
                {"path": "/hub/api/users/ann/server/progress", "answers": [{"body": "\(event)"}]}
                """)
        }
        guard case .notStarted(_, let state) = error else { Issue.record("\(error)"); return }
        #expect(state == "Spawn failed: no <b>room")
    }
}
