import GalleyExecution
import GalleyHTTP
import GalleyJSON
import GalleyJupyterProtocol
import GalleyNotebook
import GalleyTestSupport
import Synchronization
import Testing

@testable import GalleyJupyterServer

extension JupyterServerProcess {
    /// A provider of the server's kernels, perhaps through a proxy's port.
    func provider(port: Int? = nil) -> JupyterServer {
        JupyterServer("http://127.0.0.1:\(port ?? self.port)/", credentials: .token(token))
    }

    /// Returns a new connection with the token.
    func connect() async throws -> ServerConnection {
        try await ServerAccess(url, .token(token), environment: [:]).connect()
    }

    /// Returns the names of the server's terminals.
    func terminals(_ connection: ServerConnection) async throws -> [String] {
        try await connection.send("GET", ["terminals"]).json?.elements.compactMap { $0["name"]?.string } ?? ["?"]
    }

    /// Returns the IDs of the server's kernels.
    func kernels() async throws -> [String] {
        let reply = try await provider().connection.open().send("GET", ["kernels"])
        return try #require(reply.json).elements.compactMap { $0["id"]?.string }
    }

    /// Sends a request about all kernels, as another client would.
    func sendAboutKernels(_ method: String, _ action: String...) async throws {
        let connection = try await provider().connection.open()
        for id in try await kernels() { _ = try await connection.send(method, ["kernels", id] + action) }
    }
}

/// The result of a run on a server.
struct ServerRun: Sendable {
    let outcome: RunOutcome
    let cells: [CellReport]
    let notebook: Notebook
    let warnings: [String]

    func text(_ cell: Int) -> String { notebook.cells[cell].outputs.compactMap(\.text).joined() }
}

/// Runs cells on a server.
///
/// - Parameter watch: Receives each output, and the number of its cell.
func run(
    _ cells: [String], on provider: JupyterServer, _ settings: RunSettings = RunSettings(),
    request: KernelRequest = KernelRequest("python3"), hooks: CellHooks = CellHooks(),
    watch: @escaping @Sendable (Int, IOPubMessage) -> Void = { _, _ in }
) async throws -> ServerRun {
    var notebook = Notebook()
    for source in cells { notebook.cells.append(Cell.code(source)) }
    let warnings = Mutex<[String]>([])
    var request = request
    request.warn = { text in warnings.withLock { $0.append(text) } }
    return try await provider.withKernel(request) { [notebook] kernel in
        let plan = try Plan(for: notebook, settings)
        let executor = Executor(notebook, plan, on: kernel, settings, hooks: hooks) { event in
            switch event {
            case .warning(let text): warnings.withLock { $0.append(text) }
            case .output(let cell, let output): watch(cell.number, output)
            case .widgetChanged(let cell, let comm): watch(cell.number, .comm(comm))
            default: break
            }
        }
        let (outcome, reports) = await executor.run()
        async let late: Void = executor.receiveUntilEnd()
        await kernel.shutdown()
        await late
        return ServerRun(
            outcome: outcome, cells: reports, notebook: executor.notebook, warnings: warnings.withLock(\.self))
    }
}
