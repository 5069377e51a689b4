import GalleyConcurrency
import GalleyExecution
import GalleyJSON
import GalleyJupyterProtocol
import GalleyNotebook
import Synchronization
import GalleyTesting
import Testing

@Suite struct `A time limit` {
    @Test(
        arguments: [
            ("600", 600.0), ("90s", 90), ("10m", 600), ("1h30m", 5400), ("1.5h", 5400), ("500ms", 0.5), ("2 min", 120),
            ("1d", 86400),
            ("none", nil), ("-1", nil), ("0", nil), ("None", nil), ("1e9", .nan), ("", .nan), ("ten", .nan),
            ("5x", .nan), ("-", .nan),
            ("1..5", .nan), ("99999999999999999999", nil), ("nan", .nan), ("--1", .nan),
        ] as [(String, Double?)])
    func `A time limit is parsed as people write it`(text: String, seconds: Double?) {
        let limit = TimeLimit(parsing: text)
        if let seconds, seconds.isNaN {
            #expect(limit == nil)
        } else {
            #expect(limit == TimeLimit(seconds.map { .microseconds(Int64($0 * 1e6)) }))
        }
    }

    @Test(arguments: [
        (0.0, "0 ms"), (0.8504, "850 ms"), (2, "2 s"), (2.54, "2.5 s"), (119.96, "120 s"), (120, "2 min"),
        (150, "150 s"),
        (600, "10 min"), (5400, "1 h 30 min"), (7200, "2 h"), (3599, "1 h"),
    ])
    func `A time limit is printed in a suitable unit`(seconds: Double, words: String) {
        #expect(Duration.microseconds(Int64(seconds * 1e6)).inWords == words)
    }

    /// A kernel that sends nothing until it is interrupted, and obeys or ignores the interrupt.
    private func silentKernel(isDeaf: Bool = false) -> @Sendable (String, Message) -> [ScriptedKernel.Step] {
        { code, request in
            if request.type == "interrupt_request" {
                return isDeaf ? [] : .raising("KeyboardInterrupt", "", about: .code(before: 0))
            }
            return code == "silent" ? [.print("begun\n")] : .running(printing: "ran\n")
        }
    }

    @Test func `A time limit of a cell interrupts it, keeps its output, is recorded in the file and ends the run`()
        async throws
    {
        var options = RunSettings()
        options.timeout = .seconds(5)
        let ran = try await run(Notebook(cells: ["silent", "next"]), options, eagerly: true, script: silentKernel())
        #expect(ran.outputs(0) == ["stdout: begun\n", "error: KeyboardInterrupt", "error: TimeLimitReached"])
        #expect(
            ran.notebook.cells[0].outputs.last?.errorValue == "This cell took longer than the limit of 5 s for a cell.")
        guard case .timedOut(let limit) = ran.outcome, case .timedOut(limit, .survived) = ran.cells[0].outcome,
            case .notReached = ran.cells[1].outcome
        else { Issue.record("\(ran.outcome), \(ran.cells)"); return }
        #expect(limit == ExceededLimit(kind: .cell, duration: .seconds(5)))
        #expect(ran.outputs(1) == [])
    }

    @Test func `A time limit lets the run continue on request, and is recorded`() async throws {
        var options = RunSettings()
        options.timeout = .seconds(5)
        options.onTimeout = .continue
        let ran = try await run(Notebook(cells: ["silent", "next"]), options, eagerly: true, script: silentKernel())
        #expect(ran.outputs(1) == ["stdout: ran\n"])
        guard case .timedOut(let limit) = ran.outcome, case .succeeded = ran.cells[1].outcome else {
            Issue.record("\(ran.outcome), \(ran.cells)")
            return
        }
        #expect(limit.kind == .cell)
        // The kernel got a probe, which a late interrupt hits instead of the cell.
        let order = ran.kernel.requests.map(\.type).filter { $0 != "interrupt_request" }
        #expect(order == ["execute_request", "kernel_info_request", "execute_request"])
    }

    @Test func `A time limit needs no reply that the interrupt prevented, and keeps the kernel`() async throws {
        var options = RunSettings()
        options.grace = .seconds(100)
        options.onTimeout = .continue
        var notebook = Notebook(cells: ["silent", "next"])
        notebook.cells[0].tags = ["timeout=10ms"]
        let ran = try await run(notebook, options) { code, request in
            if request.type == "interrupt_request" {
                return [.say("status", on: .iopub, content: ["execution_state": "idle"], about: .code(before: 0))]
            }
            return code == "silent" ? [.print("begun\n")] : .running(printing: "ran\n")
        }
        guard case .timedOut(_, .survived) = ran.cells[0].outcome, case .succeeded = ran.cells[1].outcome else {
            Issue.record("\(ran.cells)")
            return
        }
        #expect(ran.cells[0].duration < .seconds(40))
        #expect(ran.outputs(1) == ["stdout: ran\n"])
    }

    @Test func `A late interrupt that hits the request after the cell is tolerated`() async throws {
        var options = RunSettings()
        options.grace = .seconds(100)
        options.onTimeout = .continue
        var notebook = Notebook(cells: ["silent", "next"])
        notebook.cells[0].tags = ["timeout=10ms"]
        let questions = Mutex(0)
        let ran = try await run(notebook, options) { code, request in
            if request.type == "interrupt_request" { return .raising("KeyboardInterrupt", "", about: .code(before: 0)) }
            return code == "silent" ? [.print("begun\n")] : .running(printing: "ran\n")
        } answeringQuestion: { _ in
            let isFirst = questions.withLock { number in
                number += 1
                return number == 1
            }
            return isFirst ? [.say("status", on: .iopub, content: ["execution_state": "idle"])] : .introducing
        }
        guard case .timedOut(_, .survived) = ran.cells[0].outcome, case .succeeded = ran.cells[1].outcome else {
            Issue.record("\(ran.cells)")
            return
        }
        #expect(questions.withLock(\.self) >= 2)
    }

    @Test func `A time limit kills a kernel that ignores the interrupt, after the grace period`() async throws {
        var options = RunSettings()
        options.timeout = .seconds(5)
        options.grace = .seconds(10)
        options.onTimeout = .continue
        let ran = try await run(
            Notebook(cells: ["silent", "next"]), options, eagerly: true, script: silentKernel(isDeaf: true))
        #expect(ran.outputs(0) == ["stdout: begun\n", "error: TimeLimitReached"])
        guard case .timedOut = ran.outcome, case .timedOut(_, .killed) = ran.cells[0].outcome else {
            Issue.record("\(ran.outcome), \(ran.cells)")
            return
        }
        #expect(ran.cells[0].duration >= .seconds(15))
        #expect(ran.kernel.requests.last?.type == "shutdown_request")
        #expect(ran.outputs(1) == [])
    }

    @Test func `A kernel that dies of the interrupt is not reported as a time limit alone`() async throws {
        var options = RunSettings()
        options.timeout = .seconds(5)
        let end = PostMortem(cause: .exited(7))
        let ran = try await run(Notebook(cells: ["silent"]), options, eagerly: true) { _, request in
            request.type == "interrupt_request" ? [.die(end)] : []
        }
        guard case .timedOut(_, .failed(.died(end))) = ran.cells[0].outcome else {
            Issue.record("\(ran.cells)"); return
        }
        #expect(
            ran.notebook.cells[0].outputs.last?.errorValue?.contains("the kernel died: it exited with status 7") == true
        )
    }

    @Test(arguments: [("quits", "timed-out"), ("next", "timed-out"), ("fails", "raised")])
    func `A time limit that was exceeded stays the outcome`(code: String, status: String) async throws {
        var options = RunSettings()
        options.timeout = .seconds(5)
        options.onTimeout = .continue
        let silent = silentKernel()
        let ran = try await run(Notebook(cells: ["silent", code]), options, eagerly: true) { code, request in
            switch code {
            case "quits": .failing("SystemExit", "0")
            case "fails": .failing("ValueError", "x")
            default: silent(code, request)
            }
        }
        #expect(ran.outcome.status == status)
        let report = Report(outcome: ran.outcome, cells: ran.cells, duration: .zero, kernel: "k")
        #expect(report.exceededLimit?.kind == .cell)
    }

    @Test func `A time limit has no effect once the run is stopped`() async throws {
        var options = RunSettings()
        options.timeout = .seconds(5)
        options.onTimeout = .continue
        let ran = try await run(
            Notebook(cells: ["silent", "next", "never"]), options, eagerly: true,
            stop: { executor, request in if request.content["code"]?.string == "next" { executor.stop(.signal(15)) } },
            script: silentKernel())
        guard case .stopped(.signal(15)) = ran.outcome else { Issue.record("\(ran.outcome)"); return }
    }

    @Test func `A total time limit interrupts the running cell, and includes earlier cells`() async throws {
        var options = RunSettings()
        options.totalTimeout = .seconds(60)
        options.timeout = .seconds(100)
        options.onTimeout = .continue
        let ran = try await run(
            Notebook(cells: ["next", "silent", "next"]), options, eagerly: true, script: silentKernel())
        guard case .timedOut(let limit) = ran.outcome else { Issue.record("\(ran.outcome)"); return }
        #expect(limit == ExceededLimit(kind: .total, duration: .seconds(60)))
        #expect(ran.outputs(2) == [])
    }

    @Test func `A total time limit is not reported for a cell that exceeded its own limit`() async throws {
        var options = RunSettings()
        (options.timeout, options.totalTimeout) = (.seconds(5), .seconds(20))
        options.onTimeout = .continue
        let ran = try await run(
            Notebook(cells: ["silent", "silent"]), options, eagerly: true, script: silentKernel())
        var report = Report(outcome: ran.outcome, cells: ran.cells, duration: .zero)
        #expect(report.failingCell?.number == 1)
        report.outcome = .timedOut(ExceededLimit(kind: .total, duration: .seconds(20)))
        #expect(report.failingCell == nil)
    }

    @Test func `A time limit that is far away sleeps for a minute at a time`() async throws {
        let clock = CountingClock()
        try await clock.sleepInSteps(until: clock.now.advanced(by: .seconds(3700)))
        #expect(clock.sleeps.withLock(\.count) == 62)
    }

    @Test func `An idle limit is measured from the last message`() async throws {
        var options = RunSettings()
        options.idleTimeout = .seconds(30)
        let ran = try await run(Notebook(cells: ["silent"]), options, eagerly: true, script: silentKernel())
        guard case .timedOut(let limit) = ran.outcome else { Issue.record("\(ran.outcome)"); return }
        #expect(limit == ExceededLimit(kind: .silence, duration: .seconds(30)))
    }

    @Test func `A time limit comes from the cell, a tag or the notebook, the nearest first`() throws {
        var options = RunSettings()
        options.timeout = .seconds(1)
        var notebook = Notebook(cells: ["a", "b", "c", "d"], metadata: ["execution": ["timeout": 20]])
        notebook.cells[1].metadata["execution"] = ["timeout": "5m"]
        notebook.cells[2].tags = ["timeout=none"]
        notebook.cells[3].tags = ["timeout=soon"]
        let plan = try Plan(for: notebook, options)
        #expect(
            plan.cells.map(\.limit.duration) == [
                .seconds(20), .seconds(300), nil, .seconds(20),
            ])
        #expect(
            plan.warnings == [
                "cell 4, tag 'timeout=soon': 'soon' is not a time limit (such as 600, 10m or none) and is ignored"
            ])
        #expect(
            try Plan(for: Notebook(cells: ["a"], metadata: ["tags": ["timeout=7"]]), options).cells[0].limit.duration
                == .seconds(7))
        #expect(try Plan(for: Notebook(cells: ["a"]), options).cells[0].limit.duration == .seconds(1))
    }
}

/// A clock that records each sleep, and returns from it at once.
private final class CountingClock: Clock {
    typealias Instant = ContinuousClock.Instant

    let sleeps = Mutex<[Duration]>([])
    private let start = ContinuousClock.now

    var now: Instant { start.advanced(by: sleeps.withLock { $0.reduce(.zero, +) }) }
    var minimumResolution: Duration { .nanoseconds(1) }

    func sleep(until deadline: Instant, tolerance: Duration?) async throws {
        let duration = now.duration(to: deadline)
        sleeps.withLock { $0.append(duration) }
    }
}
