import Foundation
import GalleyConcurrency
import GalleyJSON
import GalleyTestSupport
import Synchronization
import Testing

@testable import GalleyHTTP
@testable import GalleyJupyterServer

/// Output that a test collects.
private final class Collected: Sendable {
    private let bytes = Mutex<[UInt8]>([])
    func add(_ part: [UInt8]) { bytes.withLock { $0 += part } }
    var text: String { bytes.withLock { String(decoding: $0, as: UTF8.self) } }
}

@Suite(.realKernel) struct `A terminal of a Jupyter server` {
    private func run(
        _ command: String, on connection: ServerConnection, in folder: String? = nil, limit: Duration? = .seconds(120)
    ) async throws -> (status: Int, output: String) {
        let output = Collected()
        var terminal = ServerTerminal(connection)
        terminal.interruptTimeout = .seconds(60)
        let status = try await terminal.run(command, in: folder, limit: limit) { output.add($0) }
        return (status, output.text)
    }

    @Test(arguments: ["/bin/bash", "/bin/dash", "/usr/bin/zsh", "/usr/bin/fish"])
    func `A command runs in any login shell, with its output and its exit status`(shell: String) async throws {
        let server = try await JupyterServerProcess(shell: shell)
        let connection = try await server.connect()
        #expect(try await run("echo hi; exit 3", on: connection) == (3, "hi\n"))
        let lines =
            "for i in 1 2\ndo\n  printf '%s \"%s\"\\t\\\\n\\n' \"$i\" 'é $HOME `x` !!'\ndone\n# "
            + "x'%\\".repeated(5000)
        let expected = "1 \"é $HOME `x` !!\"\t\\n\n2 \"é $HOME `x` !!\"\t\\n\n"
        #expect(try await run(lines, on: connection) == (0, expected))
        #expect(try await run("kill -9 $$", on: connection).status == 137)
        #expect(try await run("tty < /dev/stdout >&2; test -t 1", on: connection).status == 0)
        // A command has no input, so it does not wait for it.
        #expect(try await run("cat; read x; echo $?", on: connection) == (0, "1\n"))
        #expect(try await server.terminals(connection).isEmpty)
    }

    @Test func `A command runs in a folder of the server, and long output arrives whole`() async throws {
        let server = try await JupyterServerProcess()
        let connection = try await server.connect()
        try FileManager.default.createDirectory(atPath: server.folder("a b"), withIntermediateDirectories: false)
        #expect(try await run("basename \"$PWD\"", on: connection, in: "a b") == (0, "a b\n"))
        let (status, output) = try await run("seq 200000", on: connection)
        #expect(status == 0)
        #expect(output == (1...200_000).map { "\($0)\n" }.joined())
        // Bytes that are not UTF-8 are replaced by the server.
        #expect(try await run(#"printf 'a\377b\015\n'"#, on: connection) == (0, "a\u{FFFD}b\r\n"))
    }

    @Test func `A command cannot find the mark of its exit status`() async throws {
        let server = try await JupyterServerProcess()
        let connection = try await server.connect()
        let search = """
            for process in $PPID $$; do
              tr '\\0' '\\n' < /proc/$process/environ; tr '\\0' '\\n' < /proc/$process/cmdline
            done
            set; env; export -p; cat ~/.bash_history ~/.*history 2>/dev/null; history
            """
        let (status, output) = try await run(search, on: connection)
        #expect(status == 0 && output.contains("galley_m"))
        // The mark is a text of 26 letters and digits, of which the typed line contains only halves.
        let texts = output.matches(of: /[0-9a-z]{26}/).map { String($0.output) }
        #expect(texts.isEmpty, "\(texts)")
    }

    @Test func `Output that looks like a status does not end the command`() async throws {
        let server = try await JupyterServerProcess()
        let connection = try await server.connect()
        let (status, output) = try await run(
            "printf '%s:0;' galley_m \"$galley_m\" \"$galley_t\"; echo; stty echo </dev/tty; exit 7", on: connection)
        #expect(status == 7 && output == "galley_m:0;:0;:0;\n")
    }

    @Test(arguments: ["kill -9 $PPID; sleep 600", "sleep 600 & kill -9 $PPID; wait"])
    func `A shell that is killed is an error and not a hang`(command: String) async throws {
        let server = try await JupyterServerProcess()
        let connection = try await server.connect()
        let error = try await #require(throws: ServerError.self) { _ = try await run(command, on: connection) }
        #expect(error == .shellEnded)
        #expect(try await server.terminals(connection).isEmpty)
    }

    @Test func `A command that runs out of time is interrupted, and its terminal removed`() async throws {
        let server = try await JupyterServerProcess()
        let connection = try await server.connect()
        let file = server.folder("process")
        let error = try await #require(throws: ServerError.self) {
            _ = try await run("echo $$ > \(file); exec sleep 600", on: connection, limit: .seconds(3))
        }
        #expect(error == .commandTimedOut(.seconds(3)))
        let process = try #require(Int(try String(contentsOfFile: file, encoding: .utf8).filter(\.isNumber)))
        #expect(try await eventually { !isAlive(process) })
        #expect(try await server.terminals(connection).isEmpty)
    }

    @Test func `A canceled command is interrupted, and its terminal removed`() async throws {
        let server = try await JupyterServerProcess()
        let connection = try await server.connect()
        let started = AsyncPromise<Void>()
        let output = Collected()
        let task = Task {
            var terminal = ServerTerminal(connection)
            terminal.interruptTimeout = .seconds(60)
            return try await terminal.run(
                "trap 'echo interrupted; exit 1' INT; echo started; while :; do sleep 0.1; done"
            ) {
                output.add($0)
                if output.text.contains("started") { started.set(()) }
            }
        }
        #expect(await started.value(within: .seconds(120)) != nil)
        task.cancel()
        let error = try await #require(throws: ServerError.self) { _ = try await task.value }
        #expect(error == .http(.canceled) && output.text == "started\ninterrupted\n")
        #expect(try await server.terminals(connection).isEmpty)
    }

    @Test func `A server that ends in the middle of a command is an error`() async throws {
        let server = try await JupyterServerProcess()
        let connection = try await server.connect()
        let output = Collected()
        let task = Task {
            try await ServerTerminal(connection).run("echo started; exec sleep 600") { output.add($0) }
        }
        #expect(try await eventually { output.text == "started\n" })
        server.stop()
        await #expect(throws: ServerError.self) { _ = try await task.value }
    }

    @Test func `A server without terminals is an error that says so`() async throws {
        let server = try await JupyterServerProcess(.server, "--ServerApp.terminals_enabled=False")
        let connection = try await server.connect()
        let error = try await #require(throws: ServerError.self) { _ = try await run("echo", on: connection) }
        guard case .noTerminals = error else { Issue.record("\(error)"); return }
    }

    @Test func `A login shell that never reads is an error`() async throws {
        let folder = try TemporaryFolder()
        try folder.file("shell", "#!/bin/sh\nexec sleep 600\n", mode: 0o755)
        let server = try await JupyterServerProcess(shell: folder("shell"))
        let connection = try await server.connect()
        var terminal = ServerTerminal(connection)
        (terminal.startTimeout, terminal.retryInterval) = (.seconds(2), .milliseconds(500))
        await #expect(throws: ServerError.shellSilent(.seconds(2))) { _ = try await terminal.run("echo") { _ in } }
        #expect(try await server.terminals(connection).isEmpty)
    }
}

@Suite struct `A terminal of a scripted server` {
    private func connect(_ rules: String) async throws -> (ServerConnection, ScriptedServer) {
        let server = try await ScriptedServer(
            """
            [{"path": "/api", "answers": [{"json": {"version": "2"}}]},
             {"path": "/api/kernelspecs", "answers": [{"json": {"kernelspecs": {}}}]}, \(rules)]
            """)
        return (try await ServerAccess(server.url, .token("sesame"), environment: [:]).connect(), server)
    }

    private func names(_ method: String, _ server: ScriptedServer) throws -> [String] {
        try server.requests.filter { $0.method == method }.map { request in
            let name = try Document(parsing: Array(request.body.utf8)).root["name"]?.string
            return name ?? String(request.path.split(separator: "/").last ?? "")
        }
    }

    @Test func `A terminal whose creation has no answer is removed by its name`() async throws {
        let (connection, server) = try await connect(
            """
            {"method": "POST", "path": "/api/terminals", "answers": [{"status": 504}]},
            {"method": "DELETE", "path": "/api/terminals/galley_.*", "answers": [{"status": 204}]}
            """)
        let warnings = Sentences()
        let error = try await #require(throws: ServerError.self) {
            _ = try await ServerTerminal(connection).run("echo", warn: { warnings.add($0) }) { _ in }
        }
        guard case .failed(_, _, 504, _) = error else { Issue.record("\(error)"); return }
        let removed = try server.requests.filter { $0.method == "DELETE" }.map(\.path)
        let made = try names("POST", server)
        #expect(made.count == 1 && removed == ["/api/terminals/\(made[0])"] && warnings.all.isEmpty)
    }

    @Test func `A terminal that cannot be removed is warned of, and the error of the command stays`() async throws {
        let (connection, server) = try await connect(
            """
            {"method": "POST", "path": "/api/terminals", "answers": [{"json": {"name": "galley_1"}}]},
            {"path": "/terminals/websocket/galley_1", "answers": [
              {"status": 403, "json": {"message": "no token sesame"}}]},
            {"method": "DELETE", "path": ".*", "answers": [{"status": 500, "json": {"message": "not sesame"}}]}
            """)
        defer { withExtendedLifetime(server) {} }
        let warnings = Sentences()
        let error = try await #require(throws: ServerError.self) {
            _ = try await ServerTerminal(connection).run("echo", warn: { warnings.add($0) }) { _ in }
        }
        guard case .terminalLost(let reason) = error else { Issue.record("\(error)"); return }
        #expect(reason.contains("no token …"), "\(reason)")
        #expect(warnings.all.count == 1 && warnings.all[0].contains("galley_1 may still run"), "\(warnings.all)")
        #expect(!"\(error)\(warnings.all)".contains("sesame"))
    }
}

extension String {
    fileprivate func repeated(_ count: Int) -> String { String(repeating: self, count: count) }
}
