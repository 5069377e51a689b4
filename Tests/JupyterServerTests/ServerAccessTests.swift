import GalleyJSON
import GalleyStorage
import GalleyTestSupport
import Testing

@testable import GalleyHTTP
@testable import GalleyJupyterServer

/// The rules of a server that accepts the requests with one header field.
private func accepting(_ header: String, _ value: String, _ more: String = "") -> String {
    """
    [{"path": "/api", "answers": [{"json": {"version": "2.21.1"}}]},
     {"path": "/api/kernelspecs", "header": ["\(header)", "\(value)"], "answers": [{"json": {"kernelspecs": {}}}]},
     {"path": "/api/kernelspecs", "answers": [{"status": 403, "json": {"message": "Forbidden", "reason": null}}]}
     \(more)]
    """
}

@Suite struct `The access to a Jupyter server` {
    private func connect(
        _ url: String, _ credentials: ServerCredentials = .automatic, environment: [String: String] = [:]
    ) async throws -> ServerConnection {
        var access = ServerAccess(url, credentials, environment: environment)
        (access.pollInterval, access.startTimeout) = (.milliseconds(10), .seconds(60))
        return try await access.connect()
    }

    @Test func `A token is sent with each request, and never in an address`() async throws {
        let server = try await ScriptedServer(accepting("Authorization", "token sesame"))
        let connection = try await connect(server.url + "lab?token=sesame")
        #expect(connection.kind == .jupyterServer(version: "2.21.1"))
        _ = try await connection.send("POST", ["a b", "c/d"], query: [.init(name: "q", value: "1 2")], json: ["x": 1])
        let requests = try server.requests
        #expect(requests.allSatisfy { $0.headers["authorization"] == "token sesame" && !$0.path.contains("sesame") })
        let last = try #require(requests.last)
        #expect(last.method == "POST" && last.path == "/api/a%20b/c%2Fd?q=1%202" && last.body == #"{"x":1}"#)
        #expect(last.headers["content-type"] == "application/json")
        let socket = connection.webSocket(["api", "kernels", "k"], query: [.init(name: "session_id", value: "s")])
        #expect(socket.headers["Authorization"] == "token sesame")
        #expect(socket.url.text == server.url + "api/kernels/k?session_id=s")
        #expect(!"\(connection)".contains("sesame"))
    }

    @Test func `A wrong token, and a missing one, are errors that say what to do`() async throws {
        let server = try await ScriptedServer(accepting("Authorization", "token sesame"))
        let wrong = try await #require(throws: ServerError.self) { _ = try await connect(server.url, .token("seam")) }
        let missing = try await #require(throws: ServerError.self) { _ = try await connect(server.url) }
        guard case .credentialsRefused(_, .token) = wrong, case .credentialsMissing = missing else {
            Issue.record("\(wrong), \(missing)")
            return
        }
        #expect(!"\(wrong)".contains("seam") && "\(missing)".contains("JUPYTER_TOKEN"))
        #expect(!wrong.isTransient && !missing.isTransient)
    }

    @Test(
        arguments: [
            (403, #""json": {"message": "'_xsrf' argument missing from POST", "reason": null}"#, "refuses the token"),
            (403, #""json": {"message": "Forbidden"}"#, "refuses the token"),
            (403, #""json": {"message": "a <b data-token='sesame'> page"}"#, "refuses the token"),
            (401, #""json": {"message": "no"}"#, "refuses the token"),
            (403, #""body": "<html><body data-jupyter-api-token=sesame>""#, "refuses the token"),
            (
                403, #""json": {"message": "Terminals of sesame are off\n"}"#,
                "forbids the request: Terminals of … are off"
            ),
        ])
    func `The error of a refusal contains its reason, without the token`(status: Int, body: String, part: String)
        async throws
    {
        let server = try await ScriptedServer(
            accepting(
                "Authorization", "token sesame",
                #", {"method": "POST", "path": ".*", "answers": [{"status": \#(status), \#(body)}]}"#))
        let connection = try await connect(server.url, .token("sesame"))
        let error = try await #require(throws: ServerError.self) { _ = try await connection.send("POST", ["x"]) }
        #expect("\(error)".contains(part) && !"\(error)".contains("sesame") && !"\(error)".contains("<"), "\(error)")
    }

    @Test func `An HTML page of the server is in no reply and in no error`() async throws {
        let page = #""body": "<!DOCTYPE html><body data-jupyter-api-token=sesame>""#
        let server = try await ScriptedServer(
            accepting("Authorization", "token sesame", #", {"path": ".*", "answers": [{"status": 500, \#(page)}]}"#))
        let connection = try await connect(server.url, .token("sesame"))
        let reply = try await connection.send("GET", ["x"])
        #expect(reply.status == 500 && reply.json == nil && reply.reason == nil)
        #expect("\(connection.failure(reply, "GET api/x"))".hasSuffix("'GET api/x' failed with HTTP status 500"))
        #expect(connection.failure(reply, "GET api/x").isTransient)
    }

    @Test(
        arguments: [
            #"[{"path": ".*", "answers": [{"body": "<html>Welcome</html>"}]}]"#, "[]",
            #"[{"path": ".*", "answers": [{"json": {"a": 1}}]}]"#, #"[{"path": ".*", "answers": [{"json": [1]}]}]"#,
        ])
    func `An address without a Jupyter server is an error`(rules: String) async throws {
        let server = try await ScriptedServer(rules)
        let error = try await #require(throws: ServerError.self) { _ = try await connect(server.url) }
        guard case .notAServer = error else { Issue.record("\(error)"); return }
    }

    @Test func `A server that does not listen is an error with the address, without the token`() async throws {
        let error = try await #require(throws: ServerError.self) {
            _ = try await connect("http://127.0.0.1:1/?token=sesame")
        }
        guard case .http = error else { Issue.record("\(error)"); return }
        #expect("\(error)".contains("127.0.0.1:1") && !"\(error)".contains("sesame"))
    }

    @Test(arguments: [("Jupyter Kernel Gateway API", false), ("Jupyter Enterprise Gateway API", true)])
    func `A gateway is recognized by its versions and the name of its API`(
        title: String, isEnterprise: Bool
    ) async throws {
        let server = try await ScriptedServer(
            """
            [{"path": "/api", "header": ["Authorization", "token sesame"],
              "answers": [{"json": {"version": "2.21.1", "gateway_version": "3.1"}}]},
             {"path": "/api/kernelspecs", "header": ["Authorization", "token sesame"],
              "answers": [{"json": {"kernelspecs": {}}}]},
             {"path": "/api/swagger.json", "header": ["Authorization", "token sesame"],
              "answers": [{"json": {"info": {"title": "\(title)"}}}]},
             {"path": "/api/kernels", "header": ["Authorization", "token sesame"],
              "answers": [{"status": 403, "json": {"message": "Forbidden"}}]},
             {"path": ".*", "answers": [{"status": 401, "json": {"message": "Unauthorized"}}]}]
            """)
        let connection = try await connect(server.url, .token("sesame"))
        #expect(
            connection.kind == (isEnterprise ? .enterpriseGateway(version: "3.1") : .kernelGateway(version: "3.1")))
        // A gateway forbids the list of kernels to the right token.
        let error = try await #require(throws: ServerError.self) { _ = try await connection.send("GET", ["kernels"]) }
        guard case .forbidden = error else { Issue.record("\(error)"); return }
        let wrong = try await #require(throws: ServerError.self) { _ = try await connect(server.url, .token("x")) }
        guard case .credentialsRefused = wrong else { Issue.record("\(wrong)"); return }
    }

    @Test(.realKernel, arguments: [JupyterServerProcess.Kind.gateway, .enterpriseGateway])
    func `A real gateway is recognized, refuses another token, and has neither notebooks nor terminals`(
        kind: JupyterServerProcess.Kind
    ) async throws {
        let listing = kind == .gateway ? ["--JupyterWebsocketPersonality.list_kernels=False"] : []
        let server = try await JupyterServerProcess(kind, listing)
        let connection = try await server.connect()
        switch connection.kind {
        case .kernelGateway: #expect(kind == .gateway)
        case .enterpriseGateway(let version): #expect(kind == .enterpriseGateway && version == "3.3.0")
        case .jupyterServer: Issue.record("\(connection.kind)")
        }
        #expect(connection.kind.isGateway)
        let forbidden = try await #require(throws: ServerError.self) {
            _ = try await connection.send("GET", ["kernels"])
        }
        guard case .forbidden = forbidden else { Issue.record("\(forbidden)"); return }
        let wrong = try await #require(throws: ServerError.self) { _ = try await connect(server.url, .token("seam")) }
        guard case .credentialsRefused(_, .token) = wrong else { Issue.record("\(wrong)"); return }
        await #expect(throws: ServerError.noTerminals(connection.base.origin)) {
            _ = try await ServerTerminal(connection).run("echo") { _ in }
        }
        let files = ServerContents { () throws(ServerError) in connection }
        await #expect(throws: ServerContentsError.noContents(server: "\(connection.base.origin)")) {
            _ = try await files.store(at: "jupyter:n.ipynb").read()
        }
    }

    @Test func `A connection is shared, and is made again after an error`() async throws {
        let server = try await ScriptedServer(
            """
            [{"path": "/api", "answers": [{"status": 418, "json": {}}, {"status": 418, "json": {}}, {"json": {"version": "2"}}]},
             {"path": "/api/kernelspecs", "answers": [{"json": {"kernelspecs": {}}}]}]
            """)
        let lazy = SharedServerConnection(ServerAccess(server.url, .none, environment: [:]))
        #expect(try server.requests.isEmpty)
        await #expect(throws: ServerError.self) { _ = try await lazy.open() }
        let connections = try await withThrowingTaskGroup { group in
            for _ in 0..<20 { group.addTask { try await ObjectIdentifier(lazy.open()) } }
            return try await group.reduce(into: Set()) { $0.insert($1) }
        }
        #expect(connections.count == 1)
        #expect(try server.requests.count { $0.path == "/api/kernelspecs" } == 1)
    }
}

@Suite struct `The token of a Jupyter server` {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func token(_ address: String, _ environment: [String: String] = [:]) throws -> String? {
        try ServerTokens(environment: environment).token(for: ServerAddress(address))
    }

    private func serverFile(_ name: String, port: Int, base: String = "/", token: String, age: Int) throws {
        try folder.file(name, #"{"port": \#(port), "base_url": "\#(base)", "token": "\#(token)", "url": "x"}"#)
        #expect(runCommand("touch", "-d", "@\(1_000_000 - age)", folder(name)))
    }

    @Test func `The token comes from the URL, the environment, or Jupyter's files, in this order`() throws {
        try serverFile("jpserver-1.json", port: 8888, token: "runtime", age: 1)
        try folder.file("token", "  file\n")
        var environment = ["JUPYTER_RUNTIME_DIR": folder.path]
        #expect(try token("http://localhost:8888", environment) == "runtime")
        environment["JUPYTER_TOKEN_FILE"] = folder("token")
        #expect(try token("http://localhost:8888", environment) == "file")
        environment["JUPYTER_TOKEN"] = "variable"
        #expect(try token("http://localhost:8888", environment) == "variable")
        #expect(try token("http://localhost:8888/?token=url", environment) == "url")
        #expect(try token("http://localhost:8888") == nil)
    }

    @Test func `Jupyter's files give the token of the newest server at the same address of this machine`() throws {
        try serverFile("jpserver-1.json", port: 8888, token: "old", age: 50)
        try serverFile("jpserver-2.json", port: 8888, token: "new", age: 2)
        try serverFile("nbserver-3.json", port: 8889, token: "other", age: 1)
        try serverFile("jpserver-4.json", port: 8888, base: "/base/", token: "base", age: 1)
        try serverFile("kernel-5.json", port: 8888, token: "kernel", age: 0)
        try folder.file("jpserver-6.json", "{")
        try folder.file("jpserver-7.json", String(repeating: " ", count: 70_000) + #"{"port": 8888, "token": "long"}"#)
        let environment = ["JUPYTER_RUNTIME_DIR": folder.path]
        for (address, expected) in [
            ("http://localhost:8888/lab", "new"), ("http://127.0.0.1:8888", "new"), ("http://[::1]:8888", "new"),
            ("http://localhost:8889", "other"), ("http://localhost:8888/base/tree", "base"),
            ("http://localhost:8890", nil), ("http://example.org:8888", nil),
            ("http://127.0.0.1.example.org:8888", nil),
            ("http://localhost:8888/other", nil),
        ] as [(String, String?)] {
            #expect(try token(address, environment) == expected, "\(address)")
        }
    }

    @Test func `A file of Jupyter's that another user owns, or a link, is not read`() throws {
        try serverFile("jpserver-1.json", port: 8888, token: "mine", age: 50)
        try serverFile("elsewhere", port: 8888, token: "link", age: 1)
        #expect(runCommand("ln", "-s", folder("elsewhere"), folder("jpserver-2.json")))
        if isRoot {
            try serverFile("jpserver-3.json", port: 8888, token: "foreign", age: 1)
            #expect(runCommand("chown", "65534", folder("jpserver-3.json")))
        }
        #expect(try token("http://localhost:8888", ["JUPYTER_RUNTIME_DIR": folder.path]) == "mine")
    }

    @Test(arguments: ["HOME", "XDG_DATA_HOME", "JUPYTER_DATA_DIR"])
    func `Jupyter's runtime folder is found as Jupyter finds it`(variable: String) throws {
        let inner = ["HOME": ".local/share/jupyter/runtime", "XDG_DATA_HOME": "jupyter/runtime"][variable] ?? "runtime"
        #expect(runCommand("mkdir", "-p", folder(inner)))
        try serverFile("\(inner)/jpserver-1.json", port: 8888, token: "found", age: 1)
        #expect(try token("http://localhost:8888", [variable: folder.path]) == "found")
    }

    @Test(arguments: ["", " \n", "two words", "two\nlines", "b\u{1}d", "é"])
    func `A token file without a token is an error with its path and not its contents`(contents: String) throws {
        try folder.file("token", contents)
        let error = try #require(throws: ServerError.self) { try ServerTokens.token(inFile: folder("token")) }
        #expect("\(error)".contains(folder("token")) && !"\(error)".contains("two"))
    }

    @Test func `A token file that does not exist, a folder and an endless file are errors`() throws {
        for path in [folder("none"), folder.path, "/dev/zero"] {
            #expect(throws: ServerError.self) { try ServerTokens.token(inFile: path) }
        }
        try folder.file("long", String(repeating: "x", count: 70_000))
        #expect(throws: ServerError.self) { try ServerTokens.token(inFile: folder("long")) }
    }
}
