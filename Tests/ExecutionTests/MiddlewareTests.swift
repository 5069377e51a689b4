import GalleyExecution
import GalleyTesting
import GalleyJSON
import GalleyJupyterProtocol
import GalleyNotebook
import Synchronization
import Testing

/// A middleware made of closures.
private struct ClosureMiddleware: Middleware {
    var savesEditedSource = false
    var before: @Sendable (PlannedCell, inout String) async throws -> Void = { _, _ in }
    var after: @Sendable (CellReport, [Output]) async throws -> Void = { _, _ in }

    func beforeCell(_ cell: PlannedCell, source: inout String) async throws { try await before(cell, &source) }
    func afterCell(_ cell: CellReport, outputs: [Output]) async throws { try await after(cell, outputs) }
}

extension ScriptedKernel {
    /// The code of the execute requests.
    fileprivate var codes: [String] {
        requests.filter { $0.type == "execute_request" }.compactMap { $0.content["code"]?.string }
    }
}

private struct StopRequest: Error, CustomStringConvertible { let description: String }

@Suite struct `A middleware` {
    private let echo: @Sendable (String, Message) -> [ScriptedKernel.Step] = { code, _ in .running(printing: code) }

    private func around(_ hooks: ClosureMiddleware...) -> CellHooks { CellHooks(middleware: hooks) }

    @Test func `A middleware changes the sent code, and the notebook keeps its source to the byte`() async throws {
        let text = """
            {"cells": [{"cell_type": "code", "execution_count": 1, "id": "c", "metadata": {}, "outputs": [],
              "source": ["a\\n",   "\\u0062"]}],
             "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
            """
        let notebook = try Notebook(parsing: Array(text.utf8))
        let hook = ClosureMiddleware(before: { _, source in source += "\n# day = 5" })
        let ran = try await run(notebook, hooks: around(hook), script: echo)
        #expect(ran.kernel.codes == ["a\nb\n# day = 5"])
        #expect(ran.outputs(0) == ["stdout: a\nb\n# day = 5"])
        #expect(ran.notebook.cells[0].source == "a\nb")
        #expect(String(decoding: ran.notebook.bytes, as: UTF8.self).contains(#""source": ["a\n",   "\u0062"]"#))
        // Reports and events have the code that was sent, because lines of errors refer to it.
        #expect(ran.cells[0].source == "a\nb\n# day = 5")
        let told = ran.events.compactMap { event in
            if case .output(let cell, _) = event { cell.source } else { nil }
        }
        #expect(told == ["a\nb\n# day = 5"])
    }

    @Test func `A middleware has the edited source saved on request`() async throws {
        let hook = ClosureMiddleware(
            savesEditedSource: true, before: { cell, source in if cell.number == 2 { source += "\n# day = 5" } })
        let ran = try await run(Notebook(cells: ["a", "b"]), hooks: around(hook), script: echo)
        #expect(ran.kernel.codes == ["a", "b\n# day = 5"])
        #expect(ran.notebook.cells.map(\.source) == ["a", "b\n# day = 5"])
        #expect(ran.cells[1].source == "b\n# day = 5")
    }

    @Test(arguments: [
        ([false, false], "x"), ([true, false], "x1"), ([false, true], "x12"), ([true, true], "x12"),
    ])
    func `Several middlewares save the source of the last one that asks for it`(asks: [Bool], saved: String)
        async throws
    {
        let hooks = zip(asks, ["1", "2"]).map { asks, name in
            ClosureMiddleware(savesEditedSource: asks, before: { _, source in source += name })
        }
        let ran = try await run(Notebook(cells: ["x"]), hooks: around(hooks[0], hooks[1]), script: echo)
        #expect(ran.kernel.codes == ["x12"] && ran.notebook.cells[0].source == saved)
    }

    @Test func `A middleware changes no cell that is not sent`() async throws {
        let hook = ClosureMiddleware(
            savesEditedSource: true,
            before: { _, source in
                source += "1"
                throw StopRequest(description: "no")
            })
        let ran = try await run(Notebook(cells: ["x"]), hooks: around(hook), script: echo)
        #expect(ran.kernel.codes == [] && ran.notebook.cells[0].source == "x")
    }

    @Test func `A middleware runs first before a cell and last after it`() async throws {
        let calls = Mutex<[String]>([])
        func hook(_ name: String) -> ClosureMiddleware {
            ClosureMiddleware(
                before: { _, source in
                    calls.withLock { $0.append("before \(name): \(source)") }
                    source += name
                }, after: { cell, outputs in calls.withLock { $0.append("after \(name): \(outputs[0].text ?? "")") } })
        }
        _ = try await run(Notebook(cells: ["x"]), hooks: around(hook("1"), hook("2")), script: echo)
        #expect(calls.withLock(\.self) == ["before 1: x", "before 2: x1", "after 2: x12", "after 1: x12"])
    }

    @Test func `A middleware gets no further cell once the run is stopped`() async throws {
        let calls = Mutex<[String]>([])
        let hook = ClosureMiddleware(
            before: { cell, _ in calls.withLock { $0.append("before \(cell.number)") } },
            after: { cell, _ in
                calls.withLock { $0.append("after \(cell.number)") }
                throw StopRequest(description: "\u{1B}[31menough\nfor today")
            })
        let ran = try await run(Notebook(cells: ["a", "b"]), hooks: around(hook), script: echo)
        #expect(calls.withLock(\.self) == ["before 1", "after 1"])
        let report = Report(outcome: ran.outcome, cells: ran.cells, duration: .zero)
        let message = try #require(report.message)
        #expect(message.hasPrefix("the run was ended: ") && message.contains("enough") && message.contains("for today"))
        #expect(!message.contains("\n") && !message.contains("\u{1B}"))
    }

    @Test func `A middleware gets no cells that are not run`() async throws {
        var notebook = Notebook(cells: ["a", "", "c"])
        notebook.cells[2].tags = ["skip-execution"]
        let asked = Mutex<[Int]>([])
        let hook = ClosureMiddleware(before: { cell, _ in asked.withLock { $0.append(cell.number) } })
        _ = try await run(notebook, hooks: around(hook), script: echo)
        #expect(asked.withLock(\.self) == [1])
    }

    @Test func `A middleware ends the run before or after a cell, with its reason`() async throws {
        let before = ClosureMiddleware(before: { cell, _ in
            if cell.number == 2 { throw StopRequest(description: "too late") }
        })
        var ran = try await run(Notebook(cells: ["a", "b", "c"]), hooks: around(before), script: echo)
        guard case .stopped(.requested("too late")) = ran.outcome else { Issue.record("\(ran.outcome)"); return }
        #expect(ran.cells.map(\.outcome.status) == ["succeeded", "not-reached", "not-reached"])
        #expect(ran.outputs(1) == [])
        // The error counts after the last cell too, when nothing is left to run.
        let after = ClosureMiddleware(after: { cell, _ in
            if cell.number == 3 { throw StopRequest(description: "no rows") }
        })
        ran = try await run(Notebook(cells: ["a", "b", "c"]), hooks: around(after), script: echo)
        guard case .stopped(.requested("no rows")) = ran.outcome else { Issue.record("\(ran.outcome)"); return }
        #expect(ran.cells.map(\.outcome.status) == ["succeeded", "succeeded", "succeeded"])
        let report = Report(outcome: ran.outcome, cells: ran.cells, duration: .zero)
        #expect(report.message == "the run was ended: no rows")
    }

    @Test func `A middleware sees an error that ends the run, and does not replace it`() async throws {
        let seen = Mutex<String?>(nil)
        let hook = ClosureMiddleware(after: { cell, _ in
            seen.withLock { $0 = cell.error?.name }
            throw StopRequest(description: "so what")
        })
        let ran = try await run(Notebook(cells: ["a"]), hooks: around(hook)) { _, _ in .failing("ValueError", "bad") }
        #expect(seen.withLock(\.self) == "ValueError")
        guard case .raised = ran.outcome else { Issue.record("\(ran.outcome)"); return }
    }

    @Test func `A middleware that never returns is abandoned when the run is stopped`() async throws {
        let (begun, beginning) = AsyncStream<Void>.makeStream()
        let isLetGo = OneTimeGate()
        let hook = ClosureMiddleware(before: { _, _ in
            beginning.yield()
            // The task ignores its cancellation.
            await isLetGo.wait()
        })
        let kernel = ScriptedKernel { _ in .running(printing: "") }
        let notebook = Notebook(cells: ["a"])
        let executor = Executor(
            notebook, try Plan(for: notebook, RunSettings()), on: kernel, RunSettings(), hooks: around(hook))
        async let result = executor.run()
        for await _ in begun { break }
        executor.stop(.cancelled)
        let (outcome, cells) = await result
        guard case .stopped(.cancelled) = outcome else { Issue.record("\(outcome)"); return }
        #expect(cells.map(\.outcome.status) == ["not-reached"])
        await isLetGo.open()
        await kernel.shutdown()
    }

    @Test(arguments: [true, false])
    func `A middleware that fails at the limit of the run does not replace the limit as the reason`(isBefore: Bool)
        async throws
    {
        let wait: @Sendable () async throws -> Void = { try await Task.sleep(for: .seconds(600)) }
        let hooks = around(
            isBefore
                ? ClosureMiddleware(before: { _, _ in try await wait() })
                : ClosureMiddleware(after: { _, _ in try await wait() }))
        var settings = RunSettings()
        settings.totalTimeout = .milliseconds(300)
        let ran = try await run(Notebook(cells: ["a", "b"]), settings, hooks: hooks, script: echo)
        guard case .timedOut(let limit) = ran.outcome, limit.kind == .total else {
            Issue.record("\(ran.outcome)")
            return
        }
    }

    @Test func `A middleware that was abandoned after the last cell makes the outcome a failure`() async throws {
        let (begun, beginning) = AsyncStream<Void>.makeStream()
        let hooks = around(
            ClosureMiddleware(after: { _, _ in
                beginning.yield()
                try await Task.sleep(for: .seconds(600))
            }))
        let kernel = ScriptedKernel { _ in .running(printing: "") }
        let notebook = Notebook(cells: ["a"])
        let executor = Executor(
            notebook, try Plan(for: notebook, RunSettings()), on: kernel, RunSettings(), hooks: hooks)
        async let result = executor.run()
        for await _ in begun { break }
        executor.stop(.cancelled)
        #expect(await result.outcome == .stopped(.cancelled))
        await kernel.shutdown()
        var settings = RunSettings()
        settings.totalTimeout = .milliseconds(300)
        let ran = try await run(notebook, settings, hooks: hooks, script: echo)
        #expect(ran.outcome == .timedOut(ExceededLimit(kind: .total, duration: .milliseconds(300))))
        let report = Report(outcome: ran.outcome, cells: ran.cells, duration: .zero)
        #expect(report.message == "the limit of 300 ms for the whole run was reached after the last cell")
    }

    @Test func `A middleware does not stop the executor from receiving messages`() async throws {
        let (heard, hearing) = AsyncStream<Void>.makeStream()
        let kernel = ScriptedKernel { _ in .running(printing: "a") }
        let hooks = around(
            ClosureMiddleware(after: { _, _ in
                let code = kernel.requests.last { $0.type == "execute_request" }
                kernel.messages.add(
                    kernel.session.message(
                        "stream", on: .iopub, content: ["name": "stdout", "text": "late"], parent: code?.header))
                for await _ in heard { return }
            }))
        let notebook = Notebook(cells: ["a"])
        let executor = Executor(
            notebook, try Plan(for: notebook, RunSettings()), on: kernel, RunSettings(), hooks: hooks
        ) { event in
            if case .output(_, .stream(_, "late")) = event { hearing.yield() }
        }
        _ = await executor.run()
        #expect(executor.notebook.cells[0].outputs.first?.text == "alate")
        await kernel.shutdown()
    }

    @Test func `A middleware that never returns is abandoned at the total time limit`() async throws {
        let isLetGo = OneTimeGate()
        let hooks = around(ClosureMiddleware(before: { _, _ in await isLetGo.wait() }))
        var settings = RunSettings()
        settings.totalTimeout = .seconds(5)
        let ran = try await run(Notebook(cells: ["a"]), settings, hooks: hooks, eagerly: true, script: echo)
        guard case .timedOut(let limit) = ran.outcome, limit.kind == .total else {
            Issue.record("\(ran.outcome)")
            return
        }
        await isLetGo.open()
    }
}

/// A gate that tasks wait for, even if they are canceled.
private actor OneTimeGate {
    private var isOpen = false
    private var waiting: [CheckedContinuation<Void, Never>] = []

    func open() {
        isOpen = true
        for one in waiting { one.resume() }
        waiting = []
    }

    func wait() async {
        if !isOpen { await withCheckedContinuation { waiting.append($0) } }
    }
}
