import Foundation
import GalleyJSON
import GalleyTestSupport
import Testing

@testable import GalleyHTTP
@testable import GalleyJupyterServer

extension JupyterHubProcess {
    fileprivate func access(
        _ path: String, _ sentences: Sentences = Sentences(), timeout: Duration = .seconds(120), token: String? = nil
    ) -> ServerAccess {
        var access = ServerAccess(url + path, .token(token ?? self.token), environment: [:])
        (access.pollInterval, access.startTimeout) = (.milliseconds(100), timeout)
        access.onProgress = { sentences.add($0) }
        return access
    }
}

@Suite(.realKernel) struct `A server of a JupyterHub` {
    @Test func `The user's server is started with its progress, and stopped as asked`() async throws {
        let hub = try await JupyterHubProcess(["HUB_DELAY": "8"])
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

    @Test func `A token without a scope is an error that names it`() async throws {
        let hub = try await JupyterHubProcess()
        let client = HTTPClient(HTTPSettings(environment: [:]))
        func token(_ scope: String) async throws -> String {
            let reply = try await ServerAuthentication(.token(hub.token)).send(
                "POST", try HTTPURL(parsing: hub.url + "hub/api/users/ann/tokens"),
                json: ["scopes": .array([.string(scope)])], client: client)
            return try #require(reply.json?["token"]?.string)
        }
        for (granted, missing) in [("access:servers!user", "servers!user=ann"), ("servers!user", "access:servers")] {
            let access = hub.access("user/ann/", token: try await token(granted))
            let error = try await #require(throws: ServerError.self) { _ = try await access.connect() }
            guard case .scopeMissing(_, let scope) = error else { Issue.record("\(error)"); return }
            #expect(scope.hasPrefix(missing))
        }
    }

    @Test func `A server that is not running is an error if it may not be started`() async throws {
        let hub = try await JupyterHubProcess()
        for path in ["", "user/ann/"] {
            var access = hub.access(path)
            access.startsHubServer = false
            let error = try await #require(throws: ServerError.self) { _ = try await access.connect() }
            guard case .notStarted(_, "the user's server is not running") = error else {
                Issue.record("\(error)")
                return
            }
        }
        let connection = try await hub.access("").connect()
        #expect(connection.hub?.isStarted == true)
        var access = hub.access("")
        access.startsHubServer = false
        #expect(try await access.connect().hub?.isStarted == false)
    }

    @Test func `A start that fails for a time limit or is canceled is stopped as asked`() async throws {
        let hub = try await JupyterHubProcess(["HUB_DELAY": "4"])
        let slow = SharedServerConnection(hub.access("user/ann/", timeout: .milliseconds(1)))
        await #expect(throws: ServerError.self) { _ = try await slow.open() }
        #expect(slow.startedHubServer?.isStarted == true)
        // The hub stops the server only when the start has ended.
        try await JupyterServer(slow).stopHubServer()
        let sentences = Sentences()
        let canceled = SharedServerConnection(hub.access("user/ann/", sentences))
        let task = Task { _ = try await canceled.open() }
        #expect(try await eventually { sentences.all.contains { $0.contains("Looking for a machine") } })
        task.cancel()
        await #expect(throws: ServerError.self) { try await task.value }
        try await JupyterServer(canceled).stopHubServer()
        var access = hub.access("user/ann/")
        access.startsHubServer = false
        let error = try await #require(throws: ServerError.self) { _ = try await access.connect() }
        guard case .notStarted = error else { Issue.record("\(error)"); return }
    }

    @Test func `A named server is started under its own address`() async throws {
        let hub = try await JupyterHubProcess()
        let connection = try await hub.access("user/ann/gpu/lab").connect()
        #expect(connection.base.path == "/user/ann/gpu" && connection.hub?.isStarted == true)
        #expect(try await connection.send("GET", ["status"]).isSuccess)
        try await connection.hub?.stop()
    }

    @Test func `A server that cannot start is an error with the hub's reason`() async throws {
        let hub = try await JupyterHubProcess(["HUB_FAILS": "1"])
        let error = try await #require(throws: ServerError.self) { _ = try await hub.access("user/ann/").connect() }
        #expect(!"\(error)".contains(hub.token) && !"\(error)".contains("<"))
        switch error {
        case .notStarted: break
        default: Issue.record("\(error)")
        }
    }

    @Test func `A server that starts too slowly, a wrong token and another user are errors`() async throws {
        let hub = try await JupyterHubProcess(["HUB_DELAY": "600"])
        let slow = try await #require(throws: ServerError.self) {
            _ = try await hub.access("user/ann/", timeout: .seconds(3)).connect()
        }
        guard case .notReady = slow else { Issue.record("\(slow)"); return }
        for path in ["", "user/ann/"] {
            let wrong = hub.access(path, token: "sesame")
            let error = try await #require(throws: ServerError.self) { _ = try await wrong.connect() }
            guard case .credentialsRefused = error else { Issue.record("\(error)"); return }
        }
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

    @Test(arguments: ["ann is already running", "ann is pending spawn"])
    func `A server that another client has started is waited for, and not stopped`(message: String) async throws {
        let (isStarted, _) = try await connect(
            """
            {"path": "/user/ann/api", "answers": [\(Self.down), \(Self.down), \(Self.running)]},
            {"method": "POST", "path": "/hub/api/users/ann/server", "answers": [
              {"status": 400, "json": {"message": "\(message)"}}]}
            """, path: "hub/home")
        #expect(!isStarted)
    }

    @Test func `A start whose answer a proxy has lost is one of this connection`() async throws {
        let (isStarted, _) = try await connect(
            """
            {"path": "/user/ann/api", "answers": [\(Self.down), \(Self.down), \(Self.running)]},
            {"method": "POST", "path": "/hub/api/users/ann/server", "answers": [{"status": 504},
              {"status": 400, "json": {"message": "ann is pending spawn"}}]}
            """)
        #expect(isStarted)
    }

    @Test func `A server that refuses the token while it starts is an error at once`() async throws {
        let error = try await #require(throws: ServerError.self) {
            _ = try await connect(
                """
                {"path": "/user/ann/api", "answers": [\(Self.down), {"status": 403, "json": {"message": "Forbidden"}}]},
                {"method": "POST", "path": ".*", "answers": [{"status": 202}]}
                """)
        }
        guard case .scopeMissing(_, "access:servers!user=ann") = error else { Issue.record("\(error)"); return }
    }

    @Test(
        arguments: [
            (403, #"{"message": "scopes"}"#, "servers!user"),
            (403, #"{"message": "Missing or invalid credentials."}"#, "refuses the token"),
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
        let event = #"data: {\"failed\": true, \"message\": \"Spawn failed: no room\"}\n\n"#
        let error = try await #require(throws: ServerError.self) {
            _ = try await connect(
                """
                {"path": "/user/ann/api", "answers": [\(Self.down)]},
                {"method": "POST", "path": ".*", "answers": [{"status": 202}]},
                {"path": "/hub/api/users/ann/server/progress", "answers": [{"body": "\(event)"}]}
                """)
        }
        guard case .notStarted(_, let state) = error else { Issue.record("\(error)"); return }
        #expect(state == "Spawn failed: no room")
    }
}
