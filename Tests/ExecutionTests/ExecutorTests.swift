import GalleyExecution
import GalleyJSON
import GalleyJupyterProtocol
import GalleyNotebook
import GalleyTestSupport
import GalleyTesting
import Synchronization
import Testing

@Suite struct `The executor` {
    @Test func `The executor runs the cells in order and emits events`() async throws {
        let ran = try await run(Notebook(cells: ["a", "b"])) { code, _ in .running(printing: code) }
        guard case .succeeded = ran.outcome else { Issue.record("\(ran.outcome)"); return }
        let told = ran.events.map { event in
            switch event {
            case .cellStarted(let cell): "started \(cell.number)"
            case .output(let cell, .stream(_, let text)): "output \(cell.number) \(text)"
            case .cellFinished(let report): "finished \(report.number) \(report.outcome.status)"
            default: "?"
            }
        }
        #expect(
            told == [
                "started 1", "output 1 a", "finished 1 succeeded", "started 2", "output 2 b", "finished 2 succeeded",
            ])
        #expect(ran.notebook.metadata["language_info"]?["name"]?.string == "script")
    }

    @Test func `The executor records when each cell ran, in the kernel's time`() async throws {
        var notebook = Notebook(cells: ["a"])
        notebook.cells[0].metadata["execution"] = ["iopub.status.idle": "old", "timeout": 60]
        let script: @Sendable (String, Message) -> [ScriptedKernel.Step] = { _, _ in
            [
                .say("status", on: .iopub, content: ["execution_state": "busy"], date: "2026-01-31T12:00:00.5+01:00"),
                .say("execute_input", on: .iopub, content: ["execution_count": 3], date: "2026-01-31T11:00:01Z"),
                .say(
                    "execute_reply", on: .shell, content: ["execution_count": 3, "status": "ok"],
                    date: "2026-01-31T11:00:02.123456Z"),
                .say("status", on: .iopub, content: ["execution_state": "idle"], date: "2026-01-31T11:00:03.000001Z"),
            ]
        }
        let timing = try await run(notebook, script: script).notebook.cells[0].metadata["execution"]
        let expected: Value = [
            "iopub.execute_input": "2026-01-31T11:00:01.000000Z", "iopub.status.busy": "2026-01-31T11:00:00.500000Z",
            "iopub.status.idle": "2026-01-31T11:00:03.000001Z", "shell.execute_reply": "2026-01-31T11:00:02.123456Z",
            "timeout": 60,
        ]
        #expect(timing?.canonicalText.bytes == expected.canonicalText.bytes)
        var options = RunSettings()
        options.keepsTiming = false
        let without = try await run(notebook, options, script: script).notebook.cells[0].metadata["execution"]
        #expect(without?.canonicalText.bytes == (["timeout": 60] as Value).canonicalText.bytes)
    }

    @Test func `The executor stops at an error, unless it is allowed`() async throws {
        let script: @Sendable (String, Message) -> [ScriptedKernel.Step] = { code, _ in
            code == "fails" ? .failing("ValueError", "bad") : .running(printing: "ran")
        }
        func outcome(_ change: (inout RunSettings, inout Notebook) -> Void) async throws -> (String, [String]) {
            var options = RunSettings()
            var notebook = Notebook(cells: ["fails", "next"])
            change(&options, &notebook)
            let ran = try await run(notebook, options, script: script)
            #expect(ran.outputs(0) == ["error: ValueError"])
            return (ran.outcome.status, ran.cells.map(\.outcome.status))
        }
        #expect(try await outcome { _, _ in } == ("raised", ["raised", "not-reached"]))
        #expect(
            try await outcome { options, _ in options.allowedErrors.isEverything = true } == (
                "succeeded", ["raised", "succeeded"]
            ))
        #expect(
            try await outcome { options, _ in options.allowedErrors.names = ["ValueError"] } == (
                "succeeded", ["raised", "succeeded"]
            ))
        #expect(
            try await outcome { options, _ in options.allowedErrors.names = ["KeyError"] } == (
                "raised", ["raised", "not-reached"]
            ))
        #expect(
            try await outcome { _, notebook in notebook.cells[0].tags = ["raises-exception"] } == (
                "succeeded", ["raised", "succeeded"]
            ))
        #expect(
            try await outcome { options, notebook in
                notebook.cells[0].tags = ["raises-exception"]
                options.allowedErrors = .nothing
            } == ("raised", ["raised", "not-reached"]))
    }

    @Test func `The executor keeps an error that is only in the reply`() async throws {
        let ran = try await run(Notebook(cells: ["x"])) { _, _ in
            .running(reply: ["ename": "E", "evalue": "v", "status": "error", "traceback": ["t"]])
        }
        #expect(ran.outputs(0) == ["error: E"])
    }

    @Test(arguments: [
        ("", "succeeded", 0), ("0", "succeeded", 0), ("None", "succeeded", 0), ("4", "exited", 4),
        ("gone", "exited", 1),
        ("-3", "exited", -3),
    ])
    func `The executor ends the notebook at SystemExit`(value: String, status: String, code: Int) async throws {
        let ran = try await run(Notebook(cells: ["x", "next"])) { _, _ in .failing("SystemExit", value) }
        #expect(ran.outcome.status == status)
        guard case .exited(code) = ran.outcome else { Issue.record("\(ran.outcome)"); return }
        #expect(ran.cells.map(\.outcome.status) == ["exited", "not-reached"])
    }

    @Test func `The executor continues after a SystemExit that a tag expects`() async throws {
        var notebook = Notebook(cells: ["x", "next"])
        notebook.cells[0].tags = ["raises-exception"]
        let ran = try await run(notebook) { code, _ in
            code == "x" ? .failing("SystemExit", "1") : .running(printing: "ran")
        }
        #expect(ran.outcome.status == "succeeded")
        #expect(ran.outputs(1) == ["stdout: ran"])
    }

    @Test func `The executor ends with a cell that asks the kernel to exit`() async throws {
        let ran = try await run(Notebook(cells: ["x", "next"])) { _, _ in
            .running(reply: ["payload": [["source": "ask_exit"]], "status": "ok"])
        }
        guard case .exited(0) = ran.outcome else { Issue.record("\(ran.outcome)"); return }
        #expect(ran.outputs(1) == [])
    }

    @Test func `The executor sends a cell again if the kernel aborts it after an error`() async throws {
        let count = Mutex(0)
        let ran = try await run(Notebook(cells: ["x"]), on: ImmediateClock()) { _, _ in
            let isAborted = count.withLock { count in
                count += 1
                return count < 5
            }
            return isAborted ? .running(reply: ["status": "aborted"]) : .running(printing: "ran")
        }
        #expect(ran.outputs(0) == ["stdout: ran"])
        #expect(ran.outcome.status == "succeeded")
    }

    @Test func `The executor reports a cell that the kernel aborts for good`() async throws {
        let ran = try await run(Notebook(cells: ["x"]), on: ImmediateClock()) { _, _ in
            .running(reply: ["status": "aborted"])
        }
        #expect(ran.outcome.status == "raised")
        #expect(ran.outputs(0) == ["error: CellAborted"])
    }

    @Test(arguments: [["status": "perhaps"], ["status": 0], [:]] as [Value])
    func `The executor does not count a cell as run if the reply has no status`(reply: Value) async throws {
        let ran = try await run(Notebook(cells: ["x"])) { _, _ in .running(reply: reply) }
        guard case .kernelFailed(.untrustworthy(let reason)) = ran.outcome else {
            Issue.record("\(ran.outcome)")
            return
        }
        #expect(reason.contains("has no valid status"))
    }

    @Test func `The executor sends no further cell after a time limit`() async throws {
        var options = RunSettings()
        options.timeout = .seconds(2)
        let clock = ImmediateClock()
        let ran = try await run(Notebook(cells: ["x"]), options, on: clock) { _, _ in
            .running(reply: ["status": "aborted"])
        }
        #expect(ran.outcome == .timedOut(ExceededLimit(kind: .cell, duration: .seconds(2))))
        #expect(ran.cells[0].duration < .seconds(5))
    }

    @Test func `The executor answers input requests, with an empty answer by default`() async throws {
        for (answer, isAnswered) in [("42", true), (nil, true), (nil, false)] as [(String?, Bool)] {
            var hooks = CellHooks()
            if isAnswered {
                hooks.answer = { prompt, isPassword in prompt == "How many?" && !isPassword ? answer : "wrong" }
            }
            let ran = try await run(Notebook(cells: ["x"]), hooks: hooks) { _, request in
                switch request.type {
                case "execute_request":
                    [
                        .say("status", on: .iopub, content: ["execution_state": "busy"]),
                        .say("input_request", on: .stdin, content: ["prompt": "How many?", "password": false]),
                    ]
                case "input_reply":
                    [
                        .print(request.content["value"]?.string ?? "", about: .code(before: 0)),
                        .say("execute_reply", on: .shell, content: ["status": "ok"], about: .code(before: 0)),
                        .say("status", on: .iopub, content: ["execution_state": "idle"], about: .code(before: 0)),
                    ]
                default: []
                }
            }
            #expect(ran.outputs(0) == ["stdout: \(answer ?? "\u{4}")"])
        }
    }

    @Test func `The executor does not wait for a lost idle status, and reports the loss`() async throws {
        let ran = try await run(Notebook(cells: ["x", "y"]), eagerly: true) { code, _ in
            .running(printing: code, losingIdle: code == "x")
        }
        #expect(ran.outputs(1) == ["stdout: y"])
        let warnings = ran.events.compactMap { if case .warning(let text) = $0 { text } else { nil } }
        #expect(warnings == ["cell 1: output was lost, because the kernel produced too much"])
    }

    @Test func `The executor keeps the outputs of a kernel that died, and records the death in the file`() async throws
    {
        let end = PostMortem(cause: .signalled(9), peakMemory: 5_000_000, lifetime: .seconds(2))
        let ran = try await run(Notebook(cells: ["a", "dies", "c"])) { code, _ in
            code == "dies" ? [.print("last words"), .die(end)] : .running(printing: code)
        }
        #expect(ran.outputs(0) == ["stdout: a"])
        #expect(ran.outputs(1) == ["stdout: last words", "error: KernelDied"])
        #expect(ran.notebook.cells[1].outputs.last?.errorValue?.contains("signal 9 (SIGKILL)") == true)
        #expect(ran.outputs(2) == [])
        guard case .kernelFailed(.died(end)) = ran.outcome else { Issue.record("\(ran.outcome)"); return }
    }

    @Test func `The executor interrupts the cell when the run is stopped, and starts no other`() async throws {
        let ran = try await run(
            Notebook(cells: ["long", "next"]), eagerly: true,
            watch: { executor, event in if case .output(_, .stream) = event { executor.stop(.signal(15)) } }
        ) { code, request in
            request.type == "interrupt_request"
                ? .raising("KeyboardInterrupt", "", about: .code(before: 0)) : [.print("begun")]
        }
        guard case .stopped(.signal(15)) = ran.outcome, case .stopped = ran.cells[0].outcome else {
            Issue.record("\(ran.outcome), \(ran.cells)")
            return
        }
        #expect(ran.outputs(0) == ["stdout: begun", "error: KeyboardInterrupt", "error: RunStopped"])
        #expect(ran.outputs(1) == [])
    }

    @Test func `The executor kills a kernel that ignores the interrupt of a stop, within the grace period`()
        async throws
    {
        var options = RunSettings()
        options.grace = .seconds(10)
        let ran = try await run(
            Notebook(cells: ["long", "next"]), options, eagerly: true,
            stop: { executor, request in if request.type == "execute_request" { executor.stop(.cancelled) } }
        ) { _, _ in [] }
        guard case .stopped(.cancelled) = ran.outcome else { Issue.record("\(ran.outcome)"); return }
        // A part of the grace period is reserved for saving.
        #expect(ran.cells[0].duration == .seconds(8))
        #expect(ran.outputs(0) == ["error: RunStopped"])
    }

    @Test func `The executor marks a cell that finished despite the interrupt`() async throws {
        let ran = try await run(
            Notebook(cells: ["long"]), eagerly: true,
            watch: { executor, event in if case .output(_, .stream) = event { executor.stop(.signal(15)) } }
        ) { code, request in
            guard request.type == "interrupt_request" else { return [.print("begun")] }
            return [
                .say("execute_reply", on: .shell, content: ["status": "ok"], about: .code(before: 0)),
                .say("status", on: .iopub, content: ["execution_state": "idle"], about: .code(before: 0)),
            ]
        }
        guard case .stopped = ran.outcome, case .stopped = ran.cells[0].outcome else {
            Issue.record("\(ran.outcome)"); return
        }
        #expect(ran.outputs(0) == ["stdout: begun", "error: RunStopped"])
    }

    @Test func `The executor kills the kernel at once when the run is stopped twice`() async throws {
        var options = RunSettings()
        options.grace = .seconds(3600)
        let ran = try await run(
            Notebook(cells: ["long"]), options,
            stop: { executor, request in
                guard request.type == "execute_request" else { return }
                executor.stop(.signal(2))
                executor.stop(.signal(2))
            }
        ) { _, _ in [] }
        guard case .stopped(.signal(2)) = ran.outcome else { Issue.record("\(ran.outcome)"); return }
    }

    @Test func `The executor shows its notebook at any time, including the running cell`() async throws {
        let seen = Mutex<[String]>([])
        _ = try await run(
            Notebook(cells: ["a", "b"]),
            stop: { executor, request in
                guard request.content["code"]?.string == "b" else { return }
                let notebook = executor.notebook
                seen.withLock { $0 = notebook.cells.map { $0.outputs.map(\.inShort).joined(separator: "|") } }
            }
        ) { code, _ in .running(printing: code) }
        #expect(seen.withLock(\.self) == ["stdout: a", ""])
    }
}

@Suite struct `A plan` {
    private var notebook: Notebook {
        var notebook = Notebook(cells: ["one", "two", "three", "four"])
        notebook.cells.insert(.markdown("# Title", id: "title"), at: 0)
        notebook.cells[2].tags = ["middle"]
        notebook.cells[3].tags = ["middle"]
        return notebook
    }

    private func fates(_ start: String?, _ stop: String?) throws -> [PlannedCell.Fate] {
        var options = RunSettings()
        (options.startAt, options.stopAfter) = (start, stop)
        return try Plan(for: notebook, options).cells.map(\.fate)
    }

    @Test func `A plan runs from one cell to another, selected by number, tag or identifier`() throws {
        let (run, left) = (PlannedCell.Fate.run, PlannedCell.Fate.leftOut)
        #expect(try fates(nil, nil) == [run, run, run, run])
        #expect(try fates("2", "3") == [left, run, run, left])
        #expect(try fates("middle", nil) == [left, run, run, run])
        #expect(try fates(nil, "middle") == [run, run, run, left])
        #expect(try fates("cell-3", nil) == [left, left, left, run])
        #expect(try fates("title", "1") == [run, left, left, left])
    }

    @Test func `A plan refuses an unknown cell, and lists the existing ones`() throws {
        #expect {
            _ = try fates("nowhere", nil)
        } throws: {
            "\($0)"
                == "No cell has the number, tag or ID 'nowhere'. The notebook has code cells 1 to 4; its tags are middle"
        }
        #expect {
            _ = try fates("3", "1")
        } throws: {
            "\($0)"
                == "No cell would run: '1' comes before '3'. Start at an earlier cell, or stop after a later one"
        }
    }

    private func plan(only tags: Set<String>, _ numbers: String? = nil, from start: String? = nil) throws -> Plan {
        var settings = RunSettings()
        settings.only.tags = tags
        if let numbers { settings.only.numbers = try #require([ClosedRange<Int>](parsingCells: numbers)) }
        settings.startAt = start
        return try Plan(for: notebook, settings)
    }

    @Test func `A plan runs only the cells that are selected by tag or number`() throws {
        let (run, other) = (PlannedCell.Fate.run, PlannedCell.Fate.notSelected)
        #expect(try plan(only: ["middle"]).cells.map(\.fate) == [other, run, run, other])
        #expect(try plan(only: ["middle"], "4").cells.map(\.fate) == [other, run, run, run])
        #expect(try plan(only: [], "1,3-4").cells.map(\.fate) == [run, other, run, run])
        #expect(try plan(only: [], "1,3", from: "2").cells.map(\.fate) == [.leftOut, other, run, other])
    }

    @Test func `A plan refuses a tag or a number that no code cell has, and lists the existing ones`() throws {
        #expect(throws: PlanError.noSuchTag("big", tags: ["middle"])) { try plan(only: ["middle", "big"]) }
        #expect(throws: PlanError.noSuchNumber(5, cells: 4)) { try plan(only: [], "2,4-9") }
        #expect(
            "\(PlanError.noSuchTag("big", tags: ["middle", "slow"]))"
                == "No code cell has the tag 'big'. The tags are middle, slow")
        #expect(
            "\(PlanError.noSuchNumber(5, cells: 4))"
                == "No code cell has the number 5. The notebook has code cells 1 to 4")
    }

    @Test(arguments: ["", "0", "3,", "5-3", "a", "1-2-3", "-3", "3;4"])
    func `A list of cells that is no list of numbers is refused`(text: String) {
        #expect([ClosedRange<Int>](parsingCells: text) == nil)
    }
}

@Suite struct `An error of a cell` {
    @Test func `An error of a cell may have a traceback of any length`() {
        let frame = "\u{1B}[31mred\u{1B}[39m\u{1B}[32m line\u{1B}[39m\n"
        let traceback = String(repeating: frame, count: 20_000) + "Cell In[3], line 5\n"
        #expect(CellError(name: "E", value: "", traceback: [traceback], count: 3).line == 5)
    }

    @Test(
        arguments: [
            (
                "\u{1B}[36mCell\u{1B}[39m\u{1B}[36m \u{1B}[39m\u{1B}[32mIn[3]\u{1B}[39m\u{1B}[32m, line 2\u{1B}[39m\n1 x",
                2
            ),
            ("\u{1B}[0;32mInput In [3]\u{1B}[0m, in \u{1B}[0;36m<cell line: 7>\u{1B}[0;34m()\u{1B}[0m", 7),
            ("Cell In[2], line 9", nil), ("Error in f(): no", nil), ("", nil),
        ] as [(HostileText, Int?)])
    func `An error of a cell has the line from its traceback`(traceback: HostileText, line: Int?) {
        #expect(CellError(name: "E", value: "", traceback: [traceback.text], count: 3).line == line)
    }
}
