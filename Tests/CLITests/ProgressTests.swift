import Galley
import GalleyExecution
import GalleyJSON
import GalleyJupyterProtocol
import GalleyNotebook
import GalleyTestSupport
import GalleyTesting
import Glibc
import Synchronization
import Testing

@testable import GalleyCLI

@Suite struct `The text that cells print` {
    /// Adds pieces of text, and returns the lines that they complete.
    private func add(_ parts: String..., to text: inout StreamedText) -> [String] { parts.flatMap { text.add($0) } }

    @Test func `A line that is not complete is there before its end`() {
        var text = StreamedText()
        let lines = add("a\nb", ".", ".", to: &text)
        #expect(lines == ["a"] && text.changing == ["b.."] && !text.isOverwritten)
        let others = add("\nc\r\n\n", to: &text)
        #expect(others == ["b..", "c", ""] && text.changing == [])
        let end = text.end()
        #expect(end == [])
    }

    @Test func `A progress bar is one line, however often it is drawn`() {
        var text = StreamedText()
        var lines: [String] = []
        for step in 0...20_000 { lines += text.add("\r\(step) of 20000 steps are done") }
        #expect(lines == [] && text.changing == ["20000 of 20000 steps are done"] && text.isOverwritten)
        lines = text.add("\rshort") + text.end()
        #expect(lines == ["short of 20000 steps are done"])
    }

    @Test func `Nested progress bars are drawn over each other`() {
        var text = StreamedText()
        var lines = add("\router 0%", "\n", "\rinner 0%", "\u{1B}[A", "\n\rinner 50%", "\u{1B}[A", to: &text)
        // The first line was complete before it was known that another one is drawn over it.
        #expect(lines == ["outer 0%"])
        #expect(text.changing == ["inner 0%", "inner 50%"])
        lines = add("\router 50%", "\n\r         \r", "\u{1B}[A", "\router 100%", to: &text)
        #expect(lines == [] && text.changing.first == "outer 100%")
        lines = text.end()
        #expect(lines.first == "outer 100%")
        // After many lines, the first of them no longer change.
        lines = add("\u{1B}[Aa\n", (0..<30).map { "\($0)\n" }.joined(), to: &text)
        #expect(lines.prefix(2) == ["a", "0"])
    }
}

@Suite struct `The widget bars` {
    private func comm(
        _ id: String, _ action: IOPubMessage.Comm.Action = .message, _ state: Value = [:]
    ) -> IOPubMessage.Comm {
        IOPubMessage.Comm(id: id, action: action, data: ["state": state], buffers: [])
    }

    private func view(_ id: String) -> IOPubMessage.Display {
        let data: Value = [
            "application/vnd.jupyter.widget-view+json": ["model_id": .string(id)], "text/plain": "Box()",
        ]
        return IOPubMessage.Display(data: data, metadata: [:], id: nil)
    }

    @Test func `A bar of tqdm moves with the state of its widgets`() {
        let open = IOPubMessage.Comm.Action.open(target: "jupyter.widget")
        var bars = WidgetBars()
        bars.receive(comm("l", open, ["_model_name": "HTMLModel", "value": "Epoch &lt;1&gt;:  <b>0%</b>"]))
        bars.receive(comm("b", open, ["_model_name": "FloatProgressModel", "max": 4.0, "value": 0.0]))
        bars.receive(comm("r", open, ["_model_name": "HTMLModel", "value": " 0/4"]))
        let children: Value = ["IPY_MODEL_l", "IPY_MODEL_b", "IPY_MODEL_r"]
        bars.receive(comm("h", open, ["_model_name": "HBoxModel", "children": children]))
        #expect(bars.lines == [])
        let isShown = bars.show(view("h"))
        #expect(isShown && bars.lines == ["Epoch <1>:  0%|          | 0/4"])
        bars.receive(comm("b", .message, ["value": 3.0]))
        bars.receive(comm("r", .message, ["value": " 3/4"]))
        #expect(bars.lines == ["Epoch <1>:  0%|███████   | 3/4"])
        bars.receive(comm("h", .close))
        let end = bars.end()
        #expect(end == [])
    }

    @Test func `A bar without text beside it shows its share, and other widgets have no bar`() {
        let open = IOPubMessage.Comm.Action.open(target: "jupyter.widget")
        var bars = WidgetBars()
        bars.receive(
            comm(
                "b", open, ["_model_name": "IntProgressModel", "description": "Load", "max": 10, "min": 5, "value": 6]))
        bars.receive(comm("s", open, ["_model_name": "IntSliderModel", "value": 6]))
        // A box that contains itself.
        bars.receive(comm("x", open, ["_model_name": "HBoxModel", "children": ["IPY_MODEL_x"]]))
        let shown = ["b", "s", "x", "?"].map { bars.show(view($0)) }
        #expect(shown == [true, false, false, false])
        let end = bars.end()
        #expect(end == ["Load 20%|██        |"] && bars.lines == [])
    }
}

/// A clock that stands still until a test advances it.
private final class ManualClock: Clock {
    typealias Instant = ContinuousClock.Instant
    private let passed = Mutex(Duration.zero)
    private let start = ContinuousClock.now

    var now: Instant { start.advanced(by: passed.withLock(\.self)) }
    var minimumResolution: Duration { .nanoseconds(1) }

    func advance(by duration: Duration) { passed.withLock { $0 += duration } }

    /// Never returns before the task is canceled.
    func sleep(until deadline: Instant, tolerance: Duration?) async throws {
        for await _ in AsyncStream<Void>(unfolding: { try? await Task.sleep(for: .seconds(1 << 30)) }) {}
        throw CancellationError()
    }
}

/// The text that is written to a terminal or a pipe.
private final class RecordedText: TextOutput {
    private let bytes = Mutex<[UInt8]>([])

    func write(_ text: some Collection<UInt8>) { bytes.withLock { $0 += text } }
    func finish(within readerTimeout: Duration?) async -> Bool { true }

    /// Everything that was written.
    var raw: String { String(decoding: bytes.withLock(\.self), as: UTF8.self) }

    /// The lines that a terminal shows, without times.
    var screen: [String] {
        var terminal = TerminalText()
        terminal.write(raw)
        return terminal.text.split(separator: "\n").map { String($0).replacing(/\ +[0-9.]+ (m?s|min)\b/, with: " T") }
    }
}

/// A notebook whose progress is shown, on a clock that stands still.
private struct ShownRun {
    let clock = ManualClock()
    let text = RecordedText()
    let events: [RunEvent]
    let report: Report

    /// Runs a notebook in a kernel that prints each cell's code, without showing anything.
    ///
    /// - Parameter seconds: How long the cells took in an earlier run.
    init(_ sources: [String], seconds: [Int] = [], steps: [String: [ScriptedKernel.Step]] = [:]) async throws {
        var notebook = Notebook()
        for (index, source) in sources.enumerated() {
            notebook.cells.append(.code(source))
            guard seconds.indices.contains(index) else { continue }
            let end = "2026-01-01T00:00:\(seconds[index] < 10 ? "0" : "")\(seconds[index]).000000Z"
            notebook.cells[index].metadata["execution"] = [
                "iopub.status.busy": "2026-01-01T00:00:00.000000Z", "shell.execute_reply": .string(end),
            ]
        }
        var options = Options()
        options.kernels = ScriptedKernels { _ in
            ScriptedKernel { code in steps[code] ?? .running(code.isEmpty ? [] : .running(printing: code)) }
        }
        let events = Mutex<[RunEvent]>([])
        report = try await execute(TestStore(notebook, name: "a.ipynb"), options) { event in
            // Warnings about the notebook are not progress.
            if case .warning = event { return }
            events.withLock { $0.append(event) }
        }
        self.events = events.withLock(\.self)
    }

    private var terminal: (Bool, Int) -> LiveTerminal {
        { [clock, text] isLive, columns in
            LiveTerminal(isLive: isLive, time: RunClock(clock, elapsed: .zero), to: text) { (columns, 20) }
        }
    }

    func progress(_ options: [String] = [], isLive: Bool, columns: Int = 80) throws -> NotebookProgress {
        let arguments = try ExecuteArguments(options + ["--inplace", "a.ipynb"], .execute)
        return NotebookProgress(
            arguments, NotebookTask(path: "a.ipynb"), nil, clock: clock, terminal: terminal(isLive, columns))
    }
}

extension NotebookProgress {
    fileprivate func receive(_ events: some Sequence<RunEvent>) { for event in events { receive(.run(job: 0, event)) } }

    fileprivate func end(_ report: Report) { receive(.judged(job: 0, JobReport("a.ipynb", .ran(report)))) }
}

extension RunEvent {
    fileprivate var isCellFinished: Bool { if case .cellFinished = self { true } else { false } }
    fileprivate var startedCell: Int? { if case .cellStarted(let cell) = self { cell.number } else { nil } }
}

@Suite struct `The progress of a notebook` {
    @Test func `A log says that a cell runs for long after 10 s, then each time that has doubled`() async throws {
        let run = try await ShownRun(["a", "fit(model)"])
        let progress = try run.progress(isLive: false)
        progress.receive(run.events.prefix { $0.startedCell != 2 })
        progress.receive(run.events.filter { $0.startedCell == 2 })
        for _ in 0..<90 {
            run.clock.advance(by: .seconds(1))
            progress.update()
        }
        #expect(
            run.text.raw.split(separator: "\n").dropFirst(2).map(String.init) == [
                "a.ipynb: cell 2 of 2 has run for 10 s: fit(model)",
                "a.ipynb: cell 2 of 2 has run for 20 s: fit(model)",
                "a.ipynb: cell 2 of 2 has run for 40 s: fit(model)",
                "a.ipynb: cell 2 of 2 has run for 80 s: fit(model)",
            ])
        progress.receive(run.events.drop { $0.startedCell != 2 }.dropFirst())
        progress.end(run.report)
    }

    @Test func `Cells that succeed leave no line at a terminal, and a bar counts them`() async throws {
        let run = try await ShownRun((1...300).map { "cell_\($0)" })
        let progress = try run.progress(isLive: true)
        for event in run.events {
            run.clock.advance(by: .milliseconds(60))
            progress.receive([event])
            guard event.startedCell == 151 else { continue }
            let screen = run.text.screen
            #expect(
                screen == [
                    "a.ipynb: 300 cells, kernel script", "[151/300] T  cell_151", "████████████░░░░░░░░░░░░ 150/300",
                ])
        }
        progress.end(run.report)
        #expect(run.text.screen == ["a.ipynb: 300 cells, kernel script", "a.ipynb: 300 cells in T"])
    }

    @Test func `Cells that fail or are slow leave a line at a terminal`() async throws {
        let run = try await ShownRun(["quick", "wrong"], steps: ["wrong": .failing("KeyError", "x")])
        let progress = try run.progress(isLive: true)
        progress.receive(run.events)
        progress.end(run.report)
        #expect(run.text.screen.contains("[2/2] T  wrong  <- raised KeyError: x"))
        #expect(!run.text.screen.contains { $0.contains("quick") })
    }

    @Test func `The remaining time follows from the times of an earlier run`() async throws {
        let run = try await ShownRun(["a", "b", "c"], seconds: [10, 30])
        let progress = try run.progress(isLive: true)
        func bar() -> String? {
            progress.update()
            var terminal = TerminalText()
            terminal.write(run.text.raw)
            return terminal.lastLines.last
        }
        progress.receive(run.events.prefix { $0.startedCell == nil })
        // A cell without a time counts as the others do.
        #expect(bar()?.hasSuffix(" 0/3, about 60 s left") == true, "\(run.text.screen)")
        progress.receive(run.events.filter { $0.startedCell == 1 })
        run.clock.advance(by: .seconds(4))
        #expect(bar()?.hasSuffix(" 0/3, about 56 s left") == true, "\(run.text.screen)")
        run.clock.advance(by: .seconds(40))
        #expect(bar()?.hasSuffix(" 0/3, about 50 s left") == true, "\(run.text.screen)")
        let unknown = try await ShownRun(["a"])
        let other = try unknown.progress(isLive: true)
        other.receive(unknown.events.prefix { $0.startedCell == nil })
        other.update()
        #expect(unknown.text.screen.last?.hasSuffix("0/1") == true)
    }

    @Test func `Output stands under the title of its cell, and moves before its line ends`() async throws {
        let steps: [ScriptedKernel.Step] = ["\r 1%", "\r50%"].map {
            .say("stream", on: .iopub, content: ["name": "stderr", "text": .string($0)])
        }
        let run = try await ShownRun(["bar", "x\ny", ""], steps: ["bar": .running(steps)])
        let progress = try run.progress(["--stream"], isLive: true, columns: 40)
        let (first, rest) = (run.events.prefix { !$0.isCellFinished }, run.events.drop { !$0.isCellFinished })
        for event in first {
            run.clock.advance(by: .milliseconds(60))
            progress.receive([event])
        }
        #expect(
            run.text.screen == [
                "a.ipynb: 3 cells, kernel script", "[1/3]          bar", "50%", "[1/3] T  bar", "░░░░░░░░ 0/2",
            ])
        progress.receive(rest)
        progress.end(run.report)
        #expect(
            run.text.screen == [
                "a.ipynb: 3 cells, kernel script", "[1/3]          bar", "50%", "[2/3]          x", "x", "y",
                "a.ipynb: 2 cells in T",
            ])
        let plain = try await ShownRun(["x\ny"])
        let log = try plain.progress(["--stream"], isLive: false)
        log.receive(plain.events)
        log.end(plain.report)
        #expect(
            plain.text.screen == [
                "a.ipynb: 1 cell, kernel script", "[1/1]          x", "x", "y", "[1/1] T  x", "a.ipynb: 1 cell in T",
            ])
    }

    @Test func `The first signal says that the cell is interrupted, and the second that the kernel is killed`()
        async throws
    {
        let run = try await ShownRun(["a"])
        let progress = try run.progress(["--grace", "10s"], isLive: false)
        progress.receive(ProgramEvent.stopping(signal: SIGINT, isFirst: true))
        progress.receive(run.events.prefix { !$0.isCellFinished })
        progress.receive(ProgramEvent.stopping(signal: SIGINT, isFirst: true))
        progress.receive(ProgramEvent.stopping(signal: SIGTERM, isFirst: true))
        progress.receive(ProgramEvent.stopping(signal: SIGTERM, isFirst: false))
        let end = "If the cell does not end within 8 s, Galley kills the kernel; to do that at once,"
        #expect(
            run.text.raw.split(separator: "\n").dropFirst().map(String.init) == [
                "galley: a.ipynb: interrupting cell 1 of 1. \(end) press Ctrl-C again",
                "galley: a.ipynb: SIGTERM: interrupting cell 1 of 1. \(end) send a second signal",
                "galley: a.ipynb: SIGTERM: killing the kernel, and saving the outputs so far",
            ])
        progress.end(run.report)
    }

    @Test func `A terminal that has become narrower is cleared of the lines that it has wrapped`() {
        let (clock, text) = (ManualClock(), RecordedText())
        let columns = Mutex(40)
        var terminal = LiveTerminal(isLive: true, time: RunClock(clock, elapsed: .zero), to: text) {
            (columns.withLock(\.self), 20)
        }
        terminal.setStatus([String(repeating: "a", count: 30), "b"])
        terminal.flush()
        columns.withLock { $0 = 20 }
        terminal.setStatus(["c", "d"])
        terminal.flush()
        #expect(text.raw.hasSuffix("\r\u{1B}[2A\u{1B}[J\u{1B}[Kc\n\u{1B}[Kd"), "\(text.raw.debugDescription)")
    }
}
