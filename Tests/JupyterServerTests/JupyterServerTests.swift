import Foundation
import GalleyConcurrency
import GalleyExecution
import GalleyJSON
import GalleyJupyterProtocol
import GalleyNotebook
import GalleyTestSupport
import Synchronization
import Testing

@testable import GalleyJupyterServer

@Suite(.serialized, .realKernel) struct `A kernel of a real Jupyter server` {
    @Test(arguments: [JupyterServerProcess.Kind.server, .gateway])
    func `Prints, errors, displays and results arrive, and no kernel is left`(kind: JupyterServerProcess.Kind)
        async throws
    {
        let server = try await JupyterServerProcess(kind)
        let before = try await server.kernels()
        var settings = RunSettings()
        settings.allowedErrors = .everything
        let ran = try await run(
            ["print('hello')", "1/0", "6*7", "import os; print(os.path.isdir('.'))"], on: server.provider(), settings)
        #expect(ran.outcome == .succeeded && ran.warnings == [])
        #expect(ran.text(0) == "hello\n" && ran.text(3) == "True\n")
        #expect(ran.cells[1].error?.name == "ZeroDivisionError")
        #expect(ran.notebook.cells[2].outputs.first?.data?.text("text/plain") == "42")
        #expect(ran.cells.map(\.executionCount) == [1, 2, 3, 4])
        #expect(try await server.kernels() == before)
    }

    @Test func `The kernels of the server are listed, and an unknown name is an error that lists them`() async throws {
        let server = try await JupyterServerProcess()
        #expect(try await server.provider().kernels().contains { $0.name == "python3" && $0.language == "python" })
        let error = await #expect(throws: ServerError.self) {
            try await run(["1"], on: server.provider(), request: KernelRequest("nope"))
        }
        #expect("\(try #require(error))".contains("no kernel 'nope'. It has: "))
        #expect(error?.isTransient == false)
        #expect(try await server.kernels() == [])
    }

    @Test func `The kernel starts in the folder of the request, which must exist`() async throws {
        let server = try await JupyterServerProcess()
        try FileManager.default.createDirectory(
            atPath: server.folder("work/é x"), withIntermediateDirectories: true)
        var request = KernelRequest("python3")
        request.workingDirectory = "work/é x"
        let ran = try await run(["import os; print(os.getcwd())"], on: server.provider(), request: request)
        #expect(ran.text(0).hasSuffix("/work/é x\n"))
        request.workingDirectory = "elsewhere"
        let error = await #expect(throws: ServerError.self) {
            try await run(["1"], on: server.provider(), request: request)
        }
        #expect("\(try #require(error))".contains("no folder 'elsewhere'"))
        request.workingDirectory = nil
        request.environment = ["A": "b"]
        await #expect(throws: UnsupportedKernelRequest.self) {
            try await run(["1"], on: server.provider(), request: request)
        }
        #expect(try await server.kernels() == [])
    }

    @Test func `A gateway passes on environment variables`() async throws {
        let server = try await JupyterServerProcess(.gateway)
        var request = KernelRequest("python3")
        request.environment = ["KERNEL_FOO": "bar"]
        let ran = try await run(
            ["import os; print(os.environ['KERNEL_FOO'])"], on: server.provider(), request: request)
        #expect(ran.text(0) == "bar\n")
    }

    @Test func `A cell gets the input that it asks for`() async throws {
        let server = try await JupyterServerProcess()
        let hooks = CellHooks(answer: { prompt, _ in "answer to \(prompt)" })
        let ran = try await run(["print(input('q?'))"], on: server.provider(), hooks: hooks)
        #expect(ran.text(0).hasSuffix("answer to q?\n"))
    }

    @Test func `A display of 20 MB arrives whole`() async throws {
        let server = try await JupyterServerProcess()
        let ran = try await run(
            ["display({'text/plain': 'x' * 20_000_000}, raw=True)"], on: server.provider())
        #expect(ran.outcome == .succeeded)
        #expect(ran.notebook.cells[0].outputs.first?.data?.text("text/plain")?.utf8.count == 20_000_000)
    }

    @Test(arguments: ["", "--ZMQChannelsWebsocketConnection.kernel_ws_protocol="])
    func `Buffers of comm messages arrive in both framings`(option: String) async throws {
        let server = try await option.isEmpty ? JupyterServerProcess() : JupyterServerProcess(.server, option)
        let buffers = AsyncPromise<[[UInt8]]>()
        let code = """
            from comm import create_comm
            c = create_comm(target_name='t')
            c.send({'state': {}}, buffers=[b'\\x00\\x01', b'', b'xyz'])
            print('sent')
            """
        let ran = try await run([code], on: server.provider()) { _, output in
            if case .comm(let comm) = output, !comm.buffers.isEmpty { buffers.set(comm.buffers) }
        }
        #expect(ran.text(0) == "sent\n")
        #expect(buffers.current == [[0, 1], [], Array("xyz".utf8)])
    }

    @Test func `Outputs that the server drops at its rate limit end the run as lost, unless that is allowed`()
        async throws
    {
        let server = try await JupyterServerProcess()
        let cells = ["for i in range(100): print('x' * 100_000)", "print('next')"]
        let ran = try await run(cells, on: server.provider())
        guard case .lostOutput(.rateLimit(let notice)) = ran.outcome else { Issue.record("\(ran.outcome)"); return }
        #expect(notice.contains("data rate exceeded") && ran.cells[1].outcome == .notReached)
        var settings = RunSettings()
        settings.allowsLostOutput = true
        let allowed = try await run(cells, on: server.provider(), settings)
        #expect(allowed.outcome == .succeeded && allowed.text(1) == "next\n")
        #expect(allowed.warnings.count == 1 && allowed.warnings[0].hasPrefix("cell 1: the server dropped outputs"))
    }

    @Test func `Without the rate limit, as the error advises, all outputs arrive`() async throws {
        let server = try await JupyterServerProcess(
            .server, "--ZMQChannelsWebsocketConnection.iopub_msg_rate_limit=0",
            "--ZMQChannelsWebsocketConnection.iopub_data_rate_limit=0")
        let ran = try await run(["for i in range(100): print('x' * 100_000)"], on: server.provider())
        #expect(ran.outcome == .succeeded && ran.text(0).utf8.count == 100 * 100_001)
    }

    @Test func `A kernel that is killed in a cell is reported as dead`() async throws {
        let server = try await JupyterServerProcess()
        let ran = try await run(
            ["print('before', flush=True)\nimport os, time\ntime.sleep(0.3)\nos.kill(os.getpid(), 9)", "1"],
            on: server.provider())
        guard case .kernelFailed(.died) = ran.outcome else { Issue.record("\(ran.outcome)"); return }
        #expect(ran.text(0).hasPrefix("before\n") && ran.cells[1].outcome == .notReached)
        #expect(try await server.kernels() == [])
    }

    @Test func `A kernel that another client deletes is missed soon, and the error says so`() async throws {
        let server = try await JupyterServerProcess()
        let ran = try await run(["print('x', flush=True)\nimport time; time.sleep(600)"], on: server.provider()) {
            _, _ in
            Task { try await server.sendAboutKernels("DELETE") }
        }
        guard case .kernelFailed(.disconnected(let reason)) = ran.outcome else {
            Issue.record("\(ran.outcome)"); return
        }
        #expect(reason.contains("another client"), "\(reason)")
    }

    @Test func `A kernel that the server culls is missed soon`() async throws {
        let server = try await JupyterServerProcess(
            // On a busy machine, a kernel takes some seconds to start.
            .server, "--MappingKernelManager.cull_idle_timeout=20", "--MappingKernelManager.cull_interval=1",
            "--MappingKernelManager.cull_connected=True", "--MappingKernelManager.cull_busy=True")
        let ran = try await run(["import time; time.sleep(600)"], on: server.provider())
        guard case .kernelFailed(.disconnected(let reason)) = ran.outcome else {
            Issue.record("\(ran.outcome)"); return
        }
        #expect(reason.contains("culled"), "\(reason)")
    }

    @Test func `A cell at its time limit is interrupted, and the next one runs`() async throws {
        let server = try await JupyterServerProcess()
        var settings = RunSettings()
        (settings.timeout, settings.onTimeout) = (.seconds(2), .continue)
        settings.grace = .seconds(60)
        let ran = try await run(["import time; time.sleep(600)", "print('next')"], on: server.provider(), settings)
        guard case .timedOut(_, .survived) = ran.cells[0].outcome else {
            Issue.record("\(ran.cells[0].outcome)"); return
        }
        #expect(ran.text(1) == "next\n")
    }

    @Test func `Source that is larger than the server takes is refused before it is sent`() async throws {
        let server = try await JupyterServerProcess()
        let ran = try await run(["x = '" + String(repeating: "y", count: 11 << 20) + "'"], on: server.provider())
        #expect(ran.cells[0].error?.name == "MessageTooLarge")
        #expect(ran.cells[0].error?.value.contains("10485760") == true)
    }

    @Test func `A kernel that is kept goes on, and can be found by its ID`() async throws {
        let server = try await JupyterServerProcess()
        var kept: KeptKernel?
        try await server.provider().withKernel(KernelRequest("python3")) { kernel in
            kept = try await kernel.keep()
            await kernel.shutdown()
            await kernel.kill()
        }
        #expect(kept?.server == server.url && kept?.connectionFile == "")
        #expect(try await server.kernels() == [kept?.id])
    }

    @Test func `A canceled run leaves no kernel, before and after the start`() async throws {
        let server = try await JupyterServerProcess()
        let provider = server.provider()
        for delay in [0, 50, 200, 600, 1500, 4000] {
            let task = Task {
                try await provider.withKernel(KernelRequest("python3")) { _ in try await Task.sleep(for: .seconds(60)) }
            }
            try await Task.sleep(for: .milliseconds(delay))
            task.cancel()
            await #expect(throws: CancellationError.self) { try await task.value }
            #expect(try await server.kernels() == [], "\(delay)")
        }
    }

    @Test func `A wrong token is an error without the token`() async throws {
        let server = try await JupyterServerProcess()
        let error = await #expect(throws: ServerError.self) {
            try await run(["1"], on: JupyterServer(server.url, credentials: .token("wr0ng-secret")))
        }
        #expect(!"\(try #require(error))".contains("wr0ng"))
    }

    @Test func `Many small prints beyond the message limit are lost outputs too`() async throws {
        let server = try await JupyterServerProcess(
            .server, "--ZMQChannelsWebsocketConnection.iopub_msg_rate_limit=10")
        let ran = try await run(["for i in range(500): print(i, flush=True)"], on: server.provider())
        guard case .lostOutput(.rateLimit(let notice)) = ran.outcome else { Issue.record("\(ran.outcome)"); return }
        #expect(notice.contains("message rate exceeded"))
    }

    @Test func `A kernel that ends at its start is an error, and no kernel is left`() async throws {
        let server = try await JupyterServerProcess()
        try FileManager.default.createDirectory(
            atPath: server.home("data/kernels/broken"), withIntermediateDirectories: true)
        try server.home.write(
            #"{"argv": ["false"], "display_name": "broken", "language": "none"}"#, to: "data/kernels/broken/kernel.json"
        )
        var request = KernelRequest("broken")
        request.startTimeout = .seconds(30)
        let error = await #expect(throws: ServerError.self) {
            try await run(["1"], on: server.provider(), request: request)
        }
        #expect(error?.isTransient == true, "\(error as Any)")
        #expect(try await server.kernels() == [])
    }

    @Test func `A kernel that is killed between cells is dead when the next cell runs`() async throws {
        let server = try await JupyterServerProcess()
        let failure = try await server.provider().withKernel(KernelRequest("python3")) { kernel -> KernelFailure? in
            let code = kernel.session.executeRequest("import os; os.getpid()")
            _ = try await kernel.perform(code)
            for process in server.kernelProcesses where isAlive(process) { kill(pid_t(process), SIGKILL) }
            do {
                _ = try await kernel.perform(kernel.session.executeRequest("import time; time.sleep(20)"))
                return nil
            } catch let failure as KernelFailure {
                return failure
            }
        }
        guard case .died? = failure else { Issue.record("\(failure as Any)"); return }
        #expect(try await server.kernels() == [])
    }

    @Test func `Outputs of another client's code do not get into the notebook`() async throws {
        let server = try await JupyterServerProcess()
        let hasBegun = AsyncPromise<Void>()
        async let first = run(
            ["print('mine', flush=True)\nimport time; time.sleep(2)", "print('also mine')"], on: server.provider()
        ) { _, _ in hasBegun.set(()) }
        _ = await hasBegun.value(within: .seconds(60))
        let connection = try await server.provider().connection.open()
        let id = try #require(try await server.kernels().first)
        let session = Session()
        let other = ServerChannel(
            ServerKernelEndpoint(connection, kernel: id, session: session.id), session: session
        ) { _ in }
        other.open()
        // The kernel replies between the cells, or after them.
        if case .success? = await other.ready.value(within: .seconds(60)) {
            other.send(session.executeRequest("print('foreign')"))
        }
        let ran = try await first
        other.abort()
        #expect(ran.outcome == .succeeded)
        #expect(ran.text(0) == "mine\n" && ran.text(1) == "also mine\n")
    }

    @Test func `A gateway that has no place for a kernel is waited for`() async throws {
        let server = try await JupyterServerProcess(.gateway, "--KernelGatewayApp.max_kernels=1")
        let warnings = Mutex<[String]>([])
        let isWaiting = AsyncPromise<Void>()
        try await server.provider().withKernel(KernelRequest("python3")) { _ in
            var request = KernelRequest("python3")
            request.startTimeout = .seconds(5)
            request.warn = { text in warnings.withLock { $0.append(text) } }
            let error = await #expect(throws: ServerError.self) {
                try await server.provider().withKernel(request) { _ in }
            }
            guard case .kernel(_, .tooMany)? = error else { Issue.record("\(error as Any)"); return }
        }
        #expect(warnings.withLock(\.self).count == 1)
        let hasPlace = AsyncPromise<Void>()
        async let second: Void = server.provider().withKernel(KernelRequest("python3")) { _ in
            hasPlace.set(())
            _ = await isWaiting.value(within: .seconds(60))
        }
        _ = await hasPlace.value(within: .seconds(60))
        var request = KernelRequest("python3")
        request.warn = { _ in isWaiting.set(()) }
        let ran = try await server.provider().withKernel(request) { _ in true }
        try await second
        #expect(ran)
        #expect(try await server.kernels() == [])
    }
}
