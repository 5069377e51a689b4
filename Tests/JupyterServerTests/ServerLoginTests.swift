import Foundation
import GalleyJSON
import GalleyTestSupport
import Synchronization
import Testing

@testable import GalleyHTTP
@testable import GalleyJupyterServer

/// Sentences that a test collects.
final class Sentences: Sendable {
    private let list = Mutex<[String]>([])
    func add(_ sentence: String) { list.withLock { $0.append(sentence) } }
    var all: [String] { list.withLock(\.self) }
}

@Suite struct `A login with a password` {
    /// The rules of a server with a password: the cookie `_xsrf` with the page, a redirect after the right password.
    private static func rules(_ more: String = "") -> String {
        """
        [{"path": "/base/login", "answers": [{"body": "<html>", "headers": [["Set-Cookie", "_xsrf=mark; Path=/base"]]}]},
         {"method": "POST", "path": "/base/login", "cookie": "_xsrf=mark",
          "answers": [{"status": 302, "headers": [["Location", "/base/"], ["Set-Cookie", "login=1; Path=/base"]]},
            {"status": 302, "headers": [["Location", "/base/"], ["Set-Cookie", "login=2; Path=/base"]]},
            {"status": 401, "body": "<html>Invalid credentials"}]},
         {"path": "/base/api", "answers": [{"json": {"version": "2"}}]},
         {"path": "/base/api/kernelspecs", "cookie": "login=1", "answers": [{"json": {"kernelspecs": {}}}]}
         \(more)]
        """
    }

    @Test func `The login page's cookies log in, and changes carry the XSRF token`() async throws {
        let server = try await ScriptedServer(
            Self.rules(
                #", {"method": "POST", "path": "/base/api/x", "header": ["X-XSRFToken", "mark"], "cookie": "login=1", "#
                    + #""answers": [{"json": {}}]}"#))
        let connection = try await ServerAccess(server.url + "base/lab", .password("se same&=é%"), environment: [:])
            .connect()
        #expect(try await connection.send("POST", ["x"]).isSuccess)
        let login = try #require(try server.requests.first { $0.method == "POST" })
        #expect(login.body == "password=se%20same%26%3D%C3%A9%25&_xsrf=mark")
        #expect(login.headers["content-type"] == "application/x-www-form-urlencoded")
        let socket = connection.webSocket(["api", "kernels", "k"])
        #expect(connection.client.cookies.header(for: socket.url)?.contains("login=1") == true)
    }

    @Test func `An expired login is repeated once, also for many requests at a time`() async throws {
        let server = try await ScriptedServer(
            Self.rules(
                """
                , {"path": "/base/api/x", "cookie": "login=2", "answers": [{"json": {"x": 1}}]},
                {"path": "/base/api/.*", "answers": [{"status": 403, "json": {"message": "Forbidden"}}]}
                """))
        let connection = try await ServerAccess(server.url + "base", .password("sesame"), environment: [:]).connect()
        let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<10 { group.addTask { try await connection.send("GET", ["x"]).status } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(statuses == [Int](repeating: 200, count: 10))
        #expect(try server.requests.count { $0.method == "POST" } == 2)
        // The second login does not help here.
        let error = try await #require(throws: ServerError.self) { _ = try await connection.send("GET", ["y"]) }
        guard case .credentialsRefused(_, .password) = error else { Issue.record("\(error)"); return }
        #expect(!"\(error)".contains("sesame"))
    }

    @Test(.realKernel) func `A real server accepts its password, refuses another, and accepts changes`() async throws {
        let hash = try #require(
            try await ServerProcess.output(
                of: [
                    JupyterServerProcess.python, "-c",
                    "from jupyter_server.auth import passwd; print(passwd('sesame'))",
                ]))
        let server = try await JupyterServerProcess(
            .server, "--IdentityProvider.token=", "--PasswordIdentityProvider.hashed_password=\(hash)",
            "--ServerApp.base_url=/base/")
        let access = ServerAccess(server.url + "lab", .password("sesame"), environment: [:])
        let connection = try await access.connect()
        let reply = try await connection.send("PUT", ["contents", "x"], json: ["type": "directory"])
        #expect(reply.status == 201)
        #expect(try await ServerTerminal(connection).run("exit 4") { _ in } == 4)
        let wrong = ServerAccess(server.url, .password("seam"), environment: [:])
        let error = try await #require(throws: ServerError.self) { _ = try await wrong.connect() }
        guard case .credentialsRefused(_, .password) = error else { Issue.record("\(error)"); return }
        let missing = ServerAccess(server.url, environment: [:])
        let other = try await #require(throws: ServerError.self) { _ = try await missing.connect() }
        guard case .credentialsMissing = other else { Issue.record("\(other)"); return }
        #expect(!server.log.contains("sesame"))
    }

    @Test(.realKernel) func `A real server with a token refuses another one, and none`() async throws {
        let server = try await JupyterServerProcess()
        for (credentials, method) in [(ServerCredentials.token("seam"), "GET"), (.automatic, "GET")] {
            let access = ServerAccess(server.url, credentials, environment: [:])
            let error = try await #require(throws: ServerError.self, "\(method)") { _ = try await access.connect() }
            switch error {
            case .credentialsRefused(_, .token), .credentialsMissing: break
            default: Issue.record("\(error)")
            }
            #expect(!"\(error)".contains("seam"))
        }
        let automatic = ServerAccess(
            server.url, environment: ["JUPYTER_RUNTIME_DIR": server.home("runtime")])
        #expect(try await automatic.connect().kind == .jupyterServer(version: "2.21.1"))
    }
}

@Suite struct `A login URL` {
    private func access(
        _ url: String, _ sentences: Sentences = Sentences(), timeout: Duration = .seconds(100)
    ) -> ServerAccess {
        var access = ServerAccess("", .loginURL(url), environment: [:])
        (access.pollInterval, access.startTimeout) = (.milliseconds(10), timeout)
        access.onProgress = { sentences.add($0) }
        return access
    }

    private func studio(_ states: String, port: Int = 1) async throws -> (url: String, ServerProcess) {
        let process = try ServerProcess(
            ["python3", Repository.fixture("servers/studio.py"), "\(port)", "sesame", states], in: TemporaryFolder())
        return (try await process.firstMatch(of: "(http://\\S+)"), process)
    }

    @Test(.realKernel) func `A presigned URL leads through a starting studio to its server`() async throws {
        let server = try await JupyterServerProcess(
            .server, "--IdentityProvider.token=", "--ServerApp.base_url=/jupyter/default/",
            "--ServerApp.allow_unauthenticated_access=True")
        let port = try #require(Int(server.url.split(separator: ":")[2].prefix { $0.isNumber }))
        let (url, process) = try await studio("Pending,Pending,Pending,InService", port: port)
        defer { process.end() }
        let sentences = Sentences()
        let connection = try await access(url + "auth?token=sesame", sentences).connect()
        #expect(connection.base.path == "/jupyter/default" && connection.kind == .jupyterServer(version: "2.21.1"))
        #expect(sentences.all.count == 1 && sentences.all[0].contains("Pending"))
        #expect(try await connection.send("PUT", ["contents", "x"], json: ["type": "directory"]).status == 201)
        let output = Sentences()
        let status = try await ServerTerminal(connection).run("echo hi; exit 5") {
            output.add(String(decoding: $0, as: UTF8.self))
        }
        #expect(status == 5 && output.all.joined() == "hi\n")
        // The URL works once.
        let error = try await #require(throws: ServerError.self) {
            _ = try await access(url + "auth?token=sesame").connect()
        }
        guard case .credentialsRefused(_, .login) = error else { Issue.record("\(error)"); return }
        #expect(!"\(error)\(sentences.all)".contains("sesame"))
    }

    @Test(arguments: ["Failed", "Deleted", "Deleting", "Pending,Failed"])
    func `An application that does not become ready is an error with its state`(states: String) async throws {
        let (url, process) = try await studio(states)
        defer { process.end() }
        let error = try await #require(throws: ServerError.self) {
            _ = try await access(url + "auth?token=sesame").connect()
        }
        guard case .notStarted(_, let state) = error else { Issue.record("\(error)"); return }
        #expect(state.contains(states.split(separator: ",").last ?? "") && !"\(error)".contains("sesame"))
    }

    @Test func `An application that takes too long is an error with its state, and canceling ends the wait`()
        async throws
    {
        let (url, process) = try await studio("Pending")
        defer { process.end() }
        let slow = access(url + "auth?token=sesame", timeout: .milliseconds(300))
        let error = try await #require(throws: ServerError.self) { _ = try await slow.connect() }
        guard case .notReady(_, let state, _) = error else { Issue.record("\(error)"); return }
        #expect(state.contains("Pending"))
        let (other, second) = try await studio("Pending")
        defer { second.end() }
        let sentences = Sentences()
        let patient = access(other + "auth?token=sesame", sentences)
        let task = Task { try await patient.connect() }
        #expect(try await eventually { !sentences.all.isEmpty })
        task.cancel()
        await #expect(throws: ServerError.http(.canceled)) { _ = try await task.value }
    }

    @Test(arguments: ["http://127.0.0.1:1/auth?token=sesame", "nonsense?token=sesame", "ftp://h/?token=sesame"])
    func `A login URL that cannot be opened is in no error`(url: String) async throws {
        let error = try await #require(throws: ServerError.self) { _ = try await access(url).connect() }
        #expect(!"\(error)".contains("sesame") && !"\(error)".isEmpty)
    }

    @Test(
        arguments: [
            ("http://h/jupyter/default/lab?x", "/jupyter/default"), ("http://h/jupyter/default", "/jupyter/default"),
            ("http://h/jupyter", "/jupyter/default"), ("http://h/x/jupyter/two/lab/tree", "/x/jupyter/two"),
            ("http://h/lab", "/"), ("http://h/user/ann/lab", "/user/ann"),
        ])
    func `The base is found where the redirects end`(page: String, path: String) throws {
        #expect(StudioLogin.base(at: try HTTPURL(parsing: page)).path == path)
    }
}
