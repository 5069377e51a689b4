import GalleyExecution
import GalleyTesting
import GalleyJSON
import GalleyJupyterProtocol
import GalleyNotebook
import Synchronization
import Testing

/// Does what closures say.
private struct Hook: Middleware {
    var savesEditedSource = false
    var before: @Sendable (PlannedCell, inout String) async throws -> Void = { _, _ in }
    var after: @Sendable (CellReport, [Output]) async throws -> Void = { _, _ in }

    func beforeCell(_ cell: PlannedCell, source: inout String) async throws { try await before(cell, &source) }
    func afterCell(_ cell: CellReport, outputs: [Output]) async throws { try await after(cell, outputs) }
}

extension ScriptedKernel {
    /// The code that it was sent.
    fileprivate var codes: [String] {
        requests.filter { $0.type == "execute_request" }.compactMap { $0.content["code"]?.string }
    }
}

private struct Refusal: Error, CustomStringConvertible { let description: String }

@Suite struct `Somebody around a cell` {
    private let echo: @Sendable (String, Message) -> [ScriptedKernel.Step] = { code, _ in .running(printing: code) }

    private func around(_ hooks: Hook...) -> CellHooks { CellHooks(middleware: hooks) }

    @Test func `changes what is sent, and the notebook keeps its source to the byte`() async throws {
        let text = """
            {"cells": [{"cell_type": "code", "execution_count": 1, "id": "c", "metadata": {}, "outputs": [],
              "source": ["a\\n",   "\\u0062"]}],
             "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
            """
        let notebook = try Notebook(parsing: Array(text.utf8))
        let hook = Hook(before: { _, source in source += "\n# day = 5" })
        let ran = try await run(notebook, hooks: around(hook), script: echo)
        #expect(ran.kernel.codes == ["a\nb\n# day = 5"])
        #expect(ran.outputs(0) == ["stdout: a\nb\n# day = 5"])
        #expect(ran.notebook.cells[0].source == "a\nb")
        #expect(String(decoding: ran.notebook.bytes, as: UTF8.self).contains(#""source": ["a\n",   "\u0062"]"#))
        // What was sent is what reports and events tell of: the lines of errors count in it.
        #expect(ran.cells[0].source == "a\nb\n# day = 5")
        let told = ran.events.compactMap { event in
            if case .output(let cell, _) = event { cell.source } else { nil }
        }
        #expect(told == ["a\nb\n# day = 5"])
    }

    @Test func `has the notebook tell what was sent, if it asks for that`() async throws {
        let hook = Hook(
            savesEditedSource: true, before: { cell, source in if cell.number == 2 { source += "\n# day = 5" } })
        let ran = try await run(Notebook(cells: ["a", "b"]), hooks: around(hook), script: echo)
        #expect(ran.kernel.codes == ["a", "b\n# day = 5"])
        #expect(ran.notebook.cells.map(\.source) == ["a", "b\n# day = 5"])
        #expect(ran.cells[1].source == "b\n# day = 5")
    }

    @Test(arguments: [
        ([false, false], "x"), ([true, false], "x1"), ([false, true], "x12"), ([true, true], "x12"),
    ])
    func `has it tell what the last that asks for it has made of it`(asks: [Bool], saved: String) async throws {
        let hooks = zip(asks, ["1", "2"]).map { asks, name in
            Hook(savesEditedSource: asks, before: { _, source in source += name })
        }
        let ran = try await run(Notebook(cells: ["x"]), hooks: around(hooks[0], hooks[1]), script: echo)
        #expect(ran.kernel.codes == ["x12"] && ran.notebook.cells[0].source == saved)
    }

    @Test func `changes no cell in the notebook that is not sent`() async throws {
        let hook = Hook(
            savesEditedSource: true,
            before: { _, source in
                source += "1"
                throw Refusal(description: "no")
            })
        let ran = try await run(Notebook(cells: ["x"]), hooks: around(hook), script: echo)
        #expect(ran.kernel.codes == [] && ran.notebook.cells[0].source == "x")
    }

    @Test func `stands around a cell like a shell around another`() async throws {
        let calls = Mutex<[String]>([])
        func hook(_ name: String) -> Hook {
            Hook(
                before: { _, source in
                    calls.withLock { $0.append("before \(name): \(source)") }
                    source += name
                }, after: { cell, outputs in calls.withLock { $0.append("after \(name): \(outputs[0].text ?? "")") } })
        }
        _ = try await run(Notebook(cells: ["x"]), hooks: around(hook("1"), hook("2")), script: echo)
        #expect(calls.withLock(\.self) == ["before 1: x", "before 2: x1", "after 2: x12", "after 1: x12"])
    }

    @Test func `is told of no other cell once the run is ended`() async throws {
        let calls = Mutex<[String]>([])
        let hook = Hook(
            before: { cell, _ in calls.withLock { $0.append("before \(cell.number)") } },
            after: { cell, _ in
                calls.withLock { $0.append("after \(cell.number)") }
                throw Refusal(description: "\u{1B}[31menough\nfor today")
            })
        let ran = try await run(Notebook(cells: ["a", "b"]), hooks: around(hook), script: echo)
        #expect(calls.withLock(\.self) == ["before 1", "after 1"])
        let report = Report(outcome: ran.outcome, cells: ran.cells, duration: .zero)
        let message = try #require(report.message)
        #expect(message.hasPrefix("the run was ended: ") && message.contains("enough") && message.contains("for today"))
        #expect(!message.contains("\n") && !message.contains("\u{1B}"))
    }

    @Test func `is not asked about cells that are not run`() async throws {
        var notebook = Notebook(cells: ["a", "", "c"])
        notebook.cells[2].tags = ["skip-execution"]
        let asked = Mutex<[Int]>([])
        let hook = Hook(before: { cell, _ in asked.withLock { $0.append(cell.number) } })
        _ = try await run(notebook, hooks: around(hook), script: echo)
        #expect(asked.withLock(\.self) == [1])
    }

    @Test func `ends the run before a cell, or after it, and says why`() async throws {
        let before = Hook(before: { cell, _ in if cell.number == 2 { throw Refusal(description: "too late") } })
        var ran = try await run(Notebook(cells: ["a", "b", "c"]), hooks: around(before), script: echo)
        guard case .stopped(.requested("too late")) = ran.outcome else { Issue.record("\(ran.outcome)"); return }
        #expect(ran.cells.map(\.outcome.status) == ["succeeded", "not-reached", "not-reached"])
        #expect(ran.outputs(1) == [])
        // Also after the last one, where nothing is left to be ended.
        let after = Hook(after: { cell, _ in if cell.number == 3 { throw Refusal(description: "no rows") } })
        ran = try await run(Notebook(cells: ["a", "b", "c"]), hooks: around(after), script: echo)
        guard case .stopped(.requested("no rows")) = ran.outcome else { Issue.record("\(ran.outcome)"); return }
        #expect(ran.cells.map(\.outcome.status) == ["succeeded", "succeeded", "succeeded"])
        let report = Report(outcome: ran.outcome, cells: ran.cells, duration: .zero)
        #expect(report.message == "the run was ended: no rows")
    }

    @Test func `sees an error that ends the run, which stays the reason`() async throws {
        let seen = Mutex<String?>(nil)
        let hook = Hook(after: { cell, _ in
            seen.withLock { $0 = cell.error?.name }
            throw Refusal(description: "so what")
        })
        let ran = try await run(Notebook(cells: ["a"]), hooks: around(hook)) { _, _ in .failing("ValueError", "bad") }
        #expect(seen.withLock(\.self) == "ValueError")
        guard case .raised = ran.outcome else { Issue.record("\(ran.outcome)"); return }
    }

    @Test func `that never answers is left to itself when the run is stopped`() async throws {
        let (begun, beginning) = AsyncStream<Void>.makeStream()
        let isLetGo = Latch()
        let hook = Hook(before: { _, _ in
            beginning.yield()
            // Deaf to its cancellation.
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
    func `that gives up at the limit of the run is not taken for the reason`(isBefore: Bool) async throws {
        let wait: @Sendable () async throws -> Void = { try await Task.sleep(for: .seconds(600)) }
        let hooks = around(
            isBefore ? Hook(before: { _, _ in try await wait() }) : Hook(after: { _, _ in try await wait() }))
        var settings = RunSettings()
        settings.totalTimeout = .milliseconds(300)
        let ran = try await run(Notebook(cells: ["a", "b"]), settings, hooks: hooks, script: echo)
        guard case .timedOut(let limit) = ran.outcome, limit.kind == .total else {
            Issue.record("\(ran.outcome)")
            return
        }
    }

    @Test func `is told of in the outcome where it was not waited for after the last cell`() async throws {
        let (begun, beginning) = AsyncStream<Void>.makeStream()
        let hooks = around(
            Hook(after: { _, _ in
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

    @Test func `is no reason not to hear what the kernel says meanwhile`() async throws {
        let (heard, hearing) = AsyncStream<Void>.makeStream()
        let kernel = ScriptedKernel { _ in .running(printing: "a") }
        let hooks = around(
            Hook(after: { _, _ in
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

    @Test func `that never answers comes up against the limit of the run`() async throws {
        let isLetGo = Latch()
        let hooks = around(Hook(before: { _, _ in await isLetGo.wait() }))
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

/// Something that is waited for, whether or not anybody is cancelled.
private actor Latch {
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
