import Foundation
import GalleyTestSupport
import Testing

/// Returns a cell that prints something and then runs for a long time, and may ignore interrupts.
private func long(isDeaf: Bool = false) -> String {
    "import signal, time\n" + (isDeaf ? "signal.signal(signal.SIGINT, signal.SIG_IGN)\n" : "")
        + "print('begun', flush=True)\nopen('begun', 'w').close()\ntime.sleep(1000)"
}

@Suite struct `A time limit` {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    // The earlier cells have as much time as a busy machine may need.
    @Test(arguments: [
        (["--timeout", "3"], "took longer than the limit of 3 s for a cell"),
        (["--timeout=3s", "--on-timeout=stop"], "took longer than the limit of 3 s for a cell"),
        (["--idle-timeout", "3"], "produced no output for 3 s, which is the idle limit"),
        (["--total-timeout", "20"], "was running when the limit of 20 s for the whole run was reached"),
        (["--ExecutePreprocessor.timeout=3"], "took longer than the limit of 3 s for a cell"),
    ])
    func `A time limit ends the run with the outputs so far, and is named`(flags: [String], words: String) async throws
    {
        try folder.write(["print('before')", long(), "print('never')"], tags: [0: ["timeout=none"]])
        let run = try await GalleyProgram.run(["execute", "--inplace"] + flags + ["a.ipynb"], in: folder)
        #expect(run.status == 124)
        #expect(run.errors.contains("galley: a.ipynb: cell 2 of 3 \(words)\n\n"))
        #expect(run.errors.hasSuffix("\n\nThe cell printed:\n    begun\n"))
        #expect(
            try folder.notebook().outputs == [["before\n"], ["begun\n", "KeyboardInterrupt", "TimeLimitReached"], []])
        #expect(try folder.notebook().errorValue(1) == "This cell \(words).")
    }

    @Test func `A time limit can let the next cell run, and is reported anyway`() async throws {
        try folder.write([long(), "print('after')"], tags: [0: ["timeout=3"]])
        let run = try await GalleyProgram.run(
            ["execute", "--inplace", "--on-timeout", "interrupt", "--record", "a.ipynb"], in: folder)
        #expect(run.status == 124)
        #expect(try folder.notebook().outputs == [["begun\n", "KeyboardInterrupt", "TimeLimitReached"], ["after\n"]])
        let record = try #require(try folder.notebook().metadata["galley"] as? [String: Any])
        #expect(record["status"] as? String == "timed-out")
        #expect((record["limit"] as? [String: Any])?["kind"] as? String == "cell")
        #expect((record["limit"] as? [String: Any])?["seconds"] as? Double == 3)
        #expect(record["cell"] as? Int == 1)
    }

    @Test func `A time limit kills a kernel that ignores the interrupt, after the grace period`() async throws {
        try folder.write([long(isDeaf: true), "print('never')"])
        let run = try await GalleyProgram.run(
            ["execute", "--inplace", "--timeout", "3", "--grace", "3", "--on-timeout", "interrupt", "a.ipynb"],
            in: folder)
        #expect(run.status == 124)
        #expect(run.errors.contains("; the kernel ignored the interrupt and was killed\n\n"))
        #expect(run.errors.hasSuffix("\n\nThe cell printed:\n    begun\n"))
        #expect(try folder.notebook().outputs == [["begun\n", "TimeLimitReached"], []])
    }
}

@Suite struct `A signal` {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// Runs a notebook whose second cell is long, and sends signals once that cell has printed.
    private func run(_ signals: [Int32], _ arguments: [String] = [], isDeaf: Bool = false, shell: String? = nil)
        async throws
        -> GalleyProgram.Run
    {
        try folder.write(["print('before')", long(isDeaf: isDeaf), "print('never')"])
        let command = ["execute", "--inplace"] + arguments + ["a.ipynb"]
        let wrapped = shell.map { ["-c", "\($0); exec \"$0\" \"$@\"", GalleyProgram.path] + command }
        let running = try await GalleyProgram.start(
            wrapped ?? command, program: shell == nil ? GalleyProgram.path : "/bin/sh", in: folder)
        #expect(try await eventually { folder.names.contains("begun") })
        for signal in signals {
            running.send(signal)
            // Two pending signals of one kind count as one.
            #expect(try await eventually { !running.isPending(signal) })
        }
        return try await running.end()
    }

    @Test(arguments: [(SIGTERM, "SIGTERM"), (SIGINT, "SIGINT"), (SIGHUP, "SIGHUP")])
    func `A signal ends the run in order, with all output`(signal: Int32, name: String) async throws {
        let run = try await run([signal])
        #expect(run.status == 128 + signal)
        #expect(run.errors.contains("galley: a.ipynb: the run was ended by \(name), in cell 2 of 3\n\n"))
        #expect(run.errors.hasSuffix("\n\nThe cell printed:\n    begun\n"))
        #expect(try folder.notebook().outputs == [["before\n"], ["begun\n", "KeyboardInterrupt", "RunStopped"], []])
        #expect(try folder.notebook().errorValue(1) == "While this cell ran, the run was ended by \(name).")
    }

    @Test func `An ignored signal that was inherited is handled, except SIGHUP`() async throws {
        #expect(try await run([SIGINT], shell: "trap '' INT").status == 130)
        try FileManager.default.removeItem(atPath: folder.path + "/begun")
        #expect(try await run([SIGHUP, SIGTERM], shell: "trap '' HUP").status == 143)
    }

    @Test func `A signal kills a kernel that ignores the interrupt, within the grace period`() async throws {
        let run = try await run([SIGTERM], ["--grace", "3"], isDeaf: true)
        #expect(run.status == 143)
        #expect(try folder.notebook().outputs == [["before\n"], ["begun\n", "RunStopped"], []])
    }

    @Test func `A second signal kills the kernel and saves at once`() async throws {
        let run = try await run([SIGINT, SIGINT], ["--grace", "1000"], isDeaf: true)
        #expect(run.status == 130)
        #expect(try folder.notebook().outputs == [["before\n"], ["begun\n", "RunStopped"], []])
    }

    @Test func `Further signals do not change what is saved`() async throws {
        let run = try await run([SIGTERM, SIGINT, SIGHUP, SIGTERM, SIGINT])
        #expect(run.status == 143)
        let outputs = try folder.notebook().outputs
        #expect(outputs[0] == ["before\n"] && outputs[1].first == "begun\n" && outputs[1].last == "RunStopped")
    }

    @Test func `A signal ends a program that waits for its notebook`() async throws {
        let running = try await GalleyProgram.start(
            ["execute", "--status", "status.json", "-"], in: folder, keepsInputOpen: true)
        #expect(try await eventually { folder.names.contains("status.json") })
        running.send(SIGINT)
        #expect(try await running.end().status == 130)
    }

    @Test func `A signal ends the run even if standard error is not read`() async throws {
        try folder.write(["print('x' * 1000, end='\\n', flush=True)\nfor i in range(3000): print('x' * 1000)", long()])
        mkfifo(folder.path + "/events", 0o600)
        let end = open(folder.path + "/events", O_RDONLY | O_NONBLOCK)
        defer { close(end) }
        let running = try await GalleyProgram.start(
            ["execute", "--inplace", "--stream", "--events", "events", "a.ipynb"], in: folder)
        #expect(try await eventually { folder.names.contains("begun") })
        #expect(try await eventually { (try? folder.notebook().outputs[0].first?.utf8.count == 3001 * 1001) ?? false })
        running.send(SIGTERM)
        // The run ends and is saved; the program waits a limited time for a reader of its output.
        #expect(try await eventually { (try? folder.notebook().outputs[1].last == "RunStopped") ?? false })
        try await Task.sleep(for: .seconds(1))
        running.send(SIGTERM)
        #expect(try await running.end().status == 143)
    }

    @Test func `A signal before the first cell leaves the file unchanged`() async throws {
        // The kernel never becomes ready.
        let kernels = folder.path + "/share/kernels/slow"
        try FileManager.default.createDirectory(atPath: kernels, withIntermediateDirectories: true)
        try folder.write(
            "{\"argv\": [\"/bin/sh\", \"-c\", \"touch begun; sleep 1000\"], \"display_name\": \"S\", \"language\": \"s\"}",
            to: "share/kernels/slow/kernel.json")
        try folder.write(["print(1)"], kernel: "slow")
        let text = try folder.text("a.ipynb")
        let running = try await GalleyProgram.start(
            ["execute", "--inplace", "a.ipynb"],
            environment: ["JUPYTER_PATH": folder.path + "/share", "PATH": "/usr/bin:/bin"], in: folder)
        #expect(try await eventually { folder.names.contains("begun") })
        running.send(SIGTERM)
        let run = try await running.end()
        #expect(run.status == 143)
        #expect(run.errors == "galley: a.ipynb: the run was ended by SIGTERM\n")
        #expect(try folder.text("a.ipynb") == text)
    }
}

@Suite(.serialized) struct `A run that is killed` {
    /// Fifty short cells, each of which prints its number.
    private static let sources = (1...50).map { "import time\nprint(\($0), flush=True)\ntime.sleep(0.06)" }

    /// The cells mostly sleep, so many runs at once are cheap.
    private static let gate = GalleyProgram.ConcurrencyLimit(room: 4)

    /// Runs the fifty cells, ends that so long after so many of them are over, and looks at what is left. Returns how many
    /// cells were kept, and how many files are left beside the notebook.
    private func cutOff(
        _ signal: Int32, _ seconds: Double, after cells: Int, mark: String
    ) async throws -> (kept: Int, left: Int) {
        let folder = try TemporaryFolder()
        try folder.write(Self.sources)
        let running = try await GalleyProgram.start(
            ["execute", "--inplace", "--env", "GALLEY_MARK=\(mark)", "--events", "events", "a.ipynb"], in: folder,
            gate: Self.gate)
        #expect(
            try await eventually {
                guard let events = try? folder.text("events") else { return false }
                return events.matches(of: /"cell-finished"/).count >= cells
            })
        try await Task.sleep(for: .seconds(seconds))
        running.send(signal)
        let run = try await running.end()
        #expect(try await eventually { processes(markedBy: mark).isEmpty })
        let notebook = try folder.notebook()
        // New contents have a temporary name until they are whole and replace the notebook.
        let left = folder.names.filter { !["a.ipynb", "events"].contains($0) }
        #expect(left.count <= (signal == SIGKILL ? 1 : 0))
        for name in left { #expect(try name.hasPrefix(".galley-") && folder.notebook(name).outputs.count == 50) }
        let kept = notebook.outputs.count { $0 != ["old\n"] && $0 != [] }
        if kept == 0 {
            // Before the first save, the file is that of the earlier run.
            #expect(notebook.outputs.allSatisfy { $0 == ["old\n"] })
        } else {
            #expect(notebook.outputs.allSatisfy { $0 != ["old\n"] })
        }
        let events = try folder.events("events")
        // A save contains all cells that had ended, and saves do not overlap.
        let saves = events.indices.filter { events[$0]["event"] as? String == "saved" }
        for event in events.prefix(saves.dropLast().last ?? 0)
        where event["event"] as? String == "cell-finished" && event["status"] as? String == "succeeded" {
            let cell = try #require(event["cell"] as? Int)
            #expect(notebook.outputs[cell - 1] == ["\(cell)\n"])
        }
        guard signal == SIGTERM, run.status != 0 else { return (kept, left.count) }
        #expect(run.status == 143)
        let started = events.last { $0["event"] as? String == "cell-started" }
        let finished = events.last { $0["event"] as? String == "cell-finished" }
        if let cell = started?["cell"] as? Int, finished?["status"] as? String == "stopped" {
            // The running cell had printed its number, or had not begun.
            let output = events.contains {
                $0["event"] as? String == "output" && $0["cell"] as? Int == cell && $0["text"] as? String == "\(cell)\n"
            }
            // IPython itself may print something about an interrupt.
            if output { #expect(notebook.outputs[cell - 1].joined().contains("\(cell)\n")) }
            #expect(notebook.outputs[cell - 1].last == "RunStopped")
        }
        return (kept, left.count)
    }

    @Test(arguments: [SIGKILL, SIGTERM])
    func `A run that is killed a hundred times loses at most the current cell, and leaves no kernel`(signal: Int32)
        async throws
    {
        var seed = UInt64.random(in: .min ... .max)
        print("cut off by signal \(signal), seed \(seed)")
        func random() -> Double {
            seed = seed &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Double(seed >> 33) / Double(1 << 31)
        }
        let moments = (0..<100).map { _ in
            let cells = Int(random() * 50)
            // Some signals arrive before the kernel starts.
            return (cells, seconds: random() * (cells == 0 ? 1 : 0.08))
        }
        let runs = try await withThrowingTaskGroup(of: (kept: Int, left: Int).self) { group in
            var runs: [(kept: Int, left: Int)] = []
            for (index, (cells, seconds)) in moments.enumerated() {
                if index >= 5, let run = try await group.next() { runs.append(run) }
                group.addTask {
                    try await cutOff(signal, seconds, after: cells, mark: "\(signal)-\(index)-\(UUID())")
                }
            }
            for try await run in group { runs.append(run) }
            return runs
        }
        // Runs that all end early would prove nothing.
        #expect(runs.count == 100 && runs.contains { $0.kept > 10 })
        #expect(runs.reduce(0) { $0 + $1.left } <= 5)
    }
}
