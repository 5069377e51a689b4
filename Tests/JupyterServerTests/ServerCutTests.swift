import Foundation
import GalleyConcurrency
import GalleyExecution
import GalleyJupyterProtocol
import GalleyNotebook
import GalleyTestSupport
import Synchronization
import Testing

@testable import GalleyJupyterServer

@Suite(.serialized, .realKernel) struct `A connection to a real Jupyter server that fails` {
    /// A cell that prints a word, and goes on for some seconds without output.
    private static let cell = "print('begun', flush=True)\nimport time; time.sleep(6)"

    /// Runs two cells behind a proxy, which fails when the first has printed.
    private func run(
        _ server: JupyterServerProcess, _ proxy: CuttingProxy, cells: [String] = [cell, "print('next')"],
        allowing isAllowed: Bool = true, _ fail: @escaping @Sendable (CuttingProxy) throws -> Void
    ) async throws -> ServerRun {
        var settings = RunSettings()
        settings.allowsLostOutput = isAllowed
        let hasFailed = Mutex(false)
        return try await runWatched(cells, server, proxy, settings) {
            let isFirst = hasFailed.withLock { hasFailed in
                defer { hasFailed = true }
                return !hasFailed
            }
            if isFirst { #expect(throws: Never.self) { try fail(proxy) } }
        }
    }

    @Test(arguments: ["cut", "reset"])
    func `After a cut in a cell, the run goes on in the same kernel`(way: String) async throws {
        let server = try await JupyterServerProcess()
        let proxy = try CuttingProxy(to: server.port)
        let ran = try await run(server, proxy) { way == "cut" ? try $0.cut() : try $0.reset() }
        #expect(ran.outcome == .succeeded && ran.text(1) == "next\n", "\(ran.outcome) \(ran.warnings)")
        #expect(ran.text(0) == "begun\n" && ran.cells.map(\.executionCount) == [1, 2])
        #expect(ran.warnings.contains { $0.contains("was interrupted") })
        #expect(ran.warnings.contains { $0.contains("was restored") })
        #expect(try await server.kernels() == [])
    }

    @Test func `By default, a cell whose outputs a cut may have lost ends the run`() async throws {
        let server = try await JupyterServerProcess()
        let proxy = try CuttingProxy(to: server.port)
        let ran = try await run(server, proxy, allowing: false) { try $0.reset() }
        guard case .lostOutput(.connection) = ran.outcome else { Issue.record("\(ran.outcome)"); return }
        #expect(ran.cells[1].outcome == .notReached)
        #expect(try await server.kernels() == [])
    }

    @Test func `A cell that was sent into a dead network ends the run, also when lost outputs are allowed`()
        async throws
    {
        let server = try await JupyterServerProcess()
        let proxy = try CuttingProxy(to: server.port)
        var settings = RunSettings()
        settings.allowsLostOutput = true
        let swallow = BeforeCell(number: 2) {
            try proxy.swallow(.toServer)
            Task {
                // A pong has fewer bytes.
                #expect(try await eventually { try proxy.droppedCount > 100 })
                try proxy.reset()
                try proxy.pass()
            }
        }
        let ran = try await runWatched(
            ["print('first')", "print('second')", "print('third')"], server, proxy, settings,
            CellHooks(middleware: [swallow]))
        guard case .kernelFailed(.disconnected(let reason)) = ran.outcome else {
            Issue.record("\(ran.outcome) \(ran.warnings)")
            return
        }
        #expect(reason.contains("it is unknown whether the cell ran"))
        #expect(ran.text(0) == "first\n" && ran.cells[2].outcome == .notReached)
        let errors = ran.notebook.cells[1].outputs.compactMap(\.traceback)
        #expect(
            errors.count == 1 && errors[0][0].hasPrefix("KernelDied: After this cell was sent, the connection failed"))
        #expect(try await server.kernels() == [])
    }

    @Test(arguments: [false, true])
    func `A connection that the server closes in a cell loses outputs if another client is connected`(
        hasOther: Bool
    ) async throws {
        let server = try await JupyterServerProcess()
        let proxy = try CuttingProxy(to: server.port)
        let other = Mutex<ServerChannel?>(nil)
        defer { other.withLock(\.self)?.abort() }
        let hasClosed = Mutex(false)
        let connect = BeforeCell(number: 1) {
            guard hasOther else { return }
            let id = try #require(try await server.kernels().first)
            let session = Session()
            let channel = ServerChannel(
                ServerKernelEndpoint(try await server.connect(), kernel: id, session: session.id), session: session
            ) { _ in }
            other.withLock { $0 = channel }
            channel.open()
            guard case .success? = await channel.ready.value(within: .seconds(60)) else {
                Issue.record("no connection")
                return
            }
        }
        let ran = try await runWatched(
            [Self.cell + "\nprint('end')", "print('next')"], server, proxy, RunSettings(),
            CellHooks(middleware: [connect])
        ) {
            let isFirst = hasClosed.withLock { hasClosed in
                defer { hasClosed = true }
                return !hasClosed
            }
            if isFirst { #expect(throws: Never.self) { try proxy.close() } }
        }
        #expect(ran.warnings.contains { $0.contains("output of that moment may be missing") }, "\(ran.warnings)")
        if hasOther {
            guard case .lostOutput(.connection) = ran.outcome else { Issue.record("\(ran.outcome)"); return }
        } else {
            #expect(ran.outcome == .succeeded && ran.text(0).hasSuffix("end\n"), "\(ran.outcome)")
        }
        #expect(try await server.kernels() == [])
    }

    @Test(.slow) func `A network that swallows everything is noticed, and the cell ends`() async throws {
        let server = try await JupyterServerProcess()
        let proxy = try CuttingProxy(to: server.port)
        let ran = try await run(server, proxy) { proxy in
            try proxy.swallow()
            Task {
                // Longer than the pings take to notice it.
                try await Task.sleep(for: .seconds(50))
                try proxy.reset()
                try proxy.pass()
            }
        }
        #expect(ran.outcome == .succeeded && ran.text(1) == "next\n", "\(ran.outcome) \(ran.warnings)")
        #expect(try await server.kernels() == [])
    }

    @Test func `A server that is stopped and started again in a cell no longer has the kernel`() async throws {
        let server = try await JupyterServerProcess()
        let next = Mutex<Task<JupyterServerProcess, any Error>?>(nil)
        let provider = server.provider()
        let ran = try await runWatched([Self.cell], provider) {
            next.withLock { next in
                if next == nil {
                    next = Task {
                        server.stop()
                        return try await JupyterServerProcess(
                            port: server.port, folder: server.folder, token: server.token)
                    }
                }
            }
        }
        guard case .kernelFailed = ran.outcome else { Issue.record("\(ran.outcome)"); return }
        let restarted = try #require(try await next.withLock(\.self)?.value)
        #expect(try await restarted.kernels() == [])
    }
}

/// Runs cells behind a proxy; calls `printed` at each output.
private func runWatched(
    _ cells: [String], _ server: JupyterServerProcess, _ proxy: CuttingProxy, _ settings: RunSettings,
    _ hooks: CellHooks = CellHooks(), _ printed: @escaping @Sendable () -> Void = {}
) async throws -> ServerRun {
    try await run(cells, on: server.provider(port: proxy.port), settings, hooks: hooks) { _, _ in printed() }
}

private func runWatched(
    _ cells: [String], _ provider: JupyterServer, _ printed: @escaping @Sendable () -> Void
) async throws -> ServerRun {
    try await run(cells, on: provider) { _, _ in printed() }
}

/// Performs something before a cell.
private struct BeforeCell: Middleware {
    let number: Int
    let perform: @Sendable () async throws -> Void

    func beforeCell(_ cell: PlannedCell, source: inout String) async throws {
        if cell.number == number { try await perform() }
    }
}
