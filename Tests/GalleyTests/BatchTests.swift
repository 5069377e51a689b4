import GalleyConcurrency
import GalleyExecution
import Foundation
import Galley
import GalleyTestSupport
import GalleyTesting
import GalleyJSON
import GalleyJupyterProtocol
import GalleyLocalKernels
import GalleyNotebook
import GalleyStorage
import Synchronization
import Testing

/// Makes a batch of notebooks in memory.
private func batch(_ notebooks: [(name: String, source: String)], _ options: Options = options()) -> Batch {
    Batch(
        notebooks.map { name, source in
            let store = TestStore(notebook(source), name: name)
            return Batch.Job(name, options) { (store, nil) }
        })
}

@Suite(.timeLimit(.minutes(20))) struct `A batch` {
    @Test(.realKernel) func `A batch reports in the order of its notebooks, which do not affect each other`() async {
        var batch = batch([
            ("slow", "import time; time.sleep(1)"), ("bad", "1/0"), ("dead", "import os; os.kill(os.getpid(), 9)"),
            ("good", "1"),
        ])
        batch.concurrency = 2
        let report = await batch.run()
        #expect(report.jobs.map(\.name) == ["slow", "bad", "dead", "good"])
        #expect(report.jobs.map { $0.run?.outcome.status } == ["succeeded", "raised", "kernel-died", "succeeded"])
        #expect(report.jobs.allSatisfy { $0.begin < $0.end && $0.end <= report.duration })
    }

    @Test(.realKernel) func `A batch runs a limited number of cells at a time, while the next kernels start`()
        async throws
    {
        // The first notebook waits until another one runs.
        let scratch = try TemporaryFolder()
        let folder = scratch.path
        let meeting = """
            import os, time
            os.makedirs(f"\(folder)/{os.getpid()}")
            while len(os.listdir("\(folder)")) < 2: time.sleep(0.01)
            """
        var batch = batch((0..<5).map { ("\($0)", meeting) })
        batch.concurrency = 2
        let running = Mutex((now: 0, most: 0))
        await batch.run(stop: StopSignal()) { event in
            switch event {
            case .run(_, .cellStarted): running.withLock { $0 = ($0.now + 1, max($0.most, $0.now + 1)) }
            case .run(_, .cellFinished): running.withLock { $0.now -= 1 }
            default: break
            }
        }
        #expect(running.withLock(\.most) == 2)
    }

    @Test(.realKernel) func `A batch gives each kernel a temporary folder that is removed afterwards`() async throws {
        let source = "import tempfile, os; os.makedirs(tempfile.mkdtemp() + '/a/b'); print(tempfile.gettempdir())"
        let stores = ["a", "b"].map { TestStore(notebook(source), name: $0) }
        let report = await Batch(stores.map { store in Batch.Job(store.name, options()) { (store, nil) } }).run()
        #expect(report.jobs.allSatisfy { $0.run?.isSuccess == true })
        let folders = try stores.map { try #require($0.notebook.cells[0].outputs.first?.text).dropLast() }
        #expect(folders[0] != folders[1])
        for folder in folders { #expect(!FileManager.default.fileExists(atPath: String(folder))) }
    }

    @Test(.realKernel) func `A batch retries a notebook whose kernel died, and reports that`() async throws {
        let folder = try TemporaryFolder()
        let mark = folder("starts")
        // The kernel survives the third attempt.
        let source = """
            import os
            with open("\(mark)", "a") as file: file.write("x")
            if os.path.getsize("\(mark)") < 3: os.kill(os.getpid(), 9)
            """
        var batch = batch([("a", source)])
        batch.retries = 5
        let attempts = Mutex<[Int]>([])
        let report = await batch.run(stop: StopSignal()) {
            if case .retrying(_, let attempt, _) = $0 { attempts.withLock { $0.append(attempt) } }
        }
        #expect(report.jobs[0].run?.outcome.status == "succeeded")
        #expect(report.jobs[0].failedAttempts.count == 2)
        #expect(report.jobs[0].failedAttempts.allSatisfy { $0.contains("SIGKILL") })
        #expect(attempts.withLock(\.self) == [2, 3])
    }

    @Test(.realKernel) func `A batch retries a notebook whose kernel did not start`() async throws {
        let scratch = try TemporaryFolder()
        let folder = scratch.path
        try FileManager.default.createDirectory(
            atPath: folder + "/kernels/flaky", withIntermediateDirectories: true)
        let script =
            "[ -e \(folder)/begun ] || { touch \(folder)/begun; exit 3; }; exec \(Repository.kernels)/bin/python -m ipykernel_launcher -f $0"
        let spec: [String: Any] = [
            "argv": ["sh", "-c", script, "{connection_file}"], "display_name": "Flaky", "language": "python",
        ]
        try JSONSerialization.data(withJSONObject: spec)
            .write(to: URL(fileURLWithPath: folder + "/kernels/flaky/kernel.json"))
        var options = options(["JUPYTER_PATH": folder])
        options.kernel = "flaky"
        var batch = batch([("a", "1")], options)
        batch.retries = 1
        let report = await batch.run()
        #expect(report.jobs[0].run?.isSuccess == true)
        #expect(report.jobs[0].failedAttempts.count == 1 && report.jobs[0].failedAttempts[0].contains("status 3"))
    }

    @Test(.realKernel) func `A batch does not retry what would fail again`() async {
        var missing = options()
        missing.kernel = "no-such-kernel"
        for (name, options) in [("raises", options()), ("misses", missing)] {
            var batch = batch([(name, "1/0")], options)
            batch.retries = 3
            let report = await batch.run()
            #expect(report.jobs[0].failedAttempts == [])
        }
    }

    @Test(.realKernel) func `A batch starts nothing after a number of failures, and reports what was left out`() async {
        var batch = batch((0..<6).map { ("\($0)", $0 == 1 ? "1/0" : "1") })
        (batch.concurrency, batch.failureLimit) = (1, 1)
        let report = await batch.run()
        let words = report.jobs.map { job in
            switch job.result {
            case .ran(let run): run.outcome.status
            case .leftOut: "left out"
            default: "failed"
            }
        }
        #expect(words == ["succeeded", "raised"] + Array(repeating: "left out", count: 4))
    }

    @Test func `A batch is stopped as a whole, and keeps its outputs`() async throws {
        let begun = AsyncState(0)
        let stores = (0..<3).map { TestStore(notebook("begin"), name: "\($0)") }
        let jobs = stores.enumerated().map { job, store in
            var options = Options()
            options.kernels = ScriptedKernels { _ in
                // The third notebook must not get another one's execution slot.
                if job == 2 { _ = await begun.first { $0 == 2 ? true : nil } }
                return ScriptedKernel { _ in
                    [.say("stream", on: .iopub, content: ["name": "stdout", "text": "begun\n"])]
                }
            }
            return Batch.Job(store.name, options) { (store, nil) }
        }
        var batch = Batch(jobs)
        batch.concurrency = 2
        let stop = StopSignal()
        let report = await batch.run(stop: stop) { event in
            guard case .run(_, .output) = event else { return }
            let count = begun.change { count in
                count += 1
                return count
            }
            if count == 2 { stop.stop(.signal(15)) }
        }
        #expect(report.stop == .signal(15))
        #expect(report.jobs.prefix(2).allSatisfy { $0.run?.outcome.status == "stopped" })
        for store in stores.prefix(2) { #expect(try store.notebook.cells[0].outputs.first?.text == "begun\n") }
        #expect(try stores[2].notebook.cells[0].outputs.isEmpty)
    }

    @Test func `An empty batch ends at once`() async {
        let report = await Batch([]).run()
        #expect(report.jobs.isEmpty)
    }

    @Test(.realKernel) func `A batch starts one kernel at a time if memory is short`() async {
        var batch = batch((0..<3).map { ("\($0)", "1") })
        (batch.concurrency, batch.memoryPerKernel) = (3, 1 << 50)
        let log = Mutex<[String]>([])
        let report = await batch.run(stop: StopSignal()) { event in
            switch event {
            case .began(let job): log.withLock { $0.append("begin \(job)") }
            case .ended(let job, _): log.withLock { $0.append("end \(job)") }
            case .waitingForMemory: log.withLock { $0.append("held back") }
            default: break
            }
        }
        #expect(report.jobs.allSatisfy { $0.run?.isSuccess == true })
        #expect(
            log.withLock { $0.filter { $0 != "held back" } }
                == ["begin 0", "end 0", "begin 1", "end 1", "begin 2", "end 2"])
        #expect(log.withLock { $0.count { $0 == "held back" } } == 1)
    }

    @Test(.realKernel) func `A batch does not wait for a notebook that was starting at the last allowed failure`()
        async throws
    {
        for _ in 0..<5 {
            let others = (0..<6).map { TestStore(notebook("1"), name: "\($0)") }
            var jobs = [Batch.Job("broken", options()) { (TestStore(Array("{".utf8), name: "broken"), nil) }]
            jobs += others.map { store in
                Batch.Job(store.name, options()) {
                    // The delay lets the first notebook fail.
                    usleep(3000)
                    return (store, nil)
                }
            }
            var batch = Batch(jobs)
            (batch.concurrency, batch.failureLimit) = (4, 1)
            let report = await batch.run()
            #expect(report.jobs.count == 7)
            #expect(report.jobs.dropFirst().allSatisfy { if case .failed = $0.result { false } else { true } })
        }
    }

    @Test(arguments: [1, 2])
    func `A batch gives no execution slot to another notebook after the last allowed failure`(concurrency: Int)
        async throws
    {
        // The kernel of another notebook is ready when the first notebook fails.
        let log = AsyncState<[String]>([])
        @Sendable func happens(_ event: String) async { _ = await log.first { $0.contains(event) ? true : nil } }
        let jobs = (0..<4).map { job in
            var options = Options()
            options.kernels = ScriptedKernels { _ in
                // Code runs until the kernel is interrupted.
                let kernel = ScriptedKernel { _ in [] }
                if job < concurrency {
                    Task {
                        await happens(job > 0 ? "failed" : concurrency > 1 ? "ready" : "begun 0")
                        while !kernel.requests.contains(where: { $0.type == "execute_request" }) {
                            try await Task.sleep(for: .milliseconds(1))
                        }
                        await kernel.interrupt()
                    }
                } else {
                    // A kernel that is ready earlier could get the slot of a notebook that has not begun.
                    for other in 0..<concurrency { await happens("begun \(other)") }
                    log.change { $0.append("ready") }
                }
                return kernel
            }
            let store = TestStore(notebook("1"), name: "\(job)")
            return Batch.Job(store.name, options) { (store, nil) }
        }
        var batch = Batch(jobs)
        (batch.concurrency, batch.failureLimit) = (concurrency, 1)
        await batch.run(stop: StopSignal()) { event in
            switch event {
            case .run(let job, .cellStarted): log.change { $0.append("begun \(job)") }
            case .run(job: 0, .cellFinished): log.change { $0.append("failed") }
            default: break
            }
        }
        let begun = log.look { $0.filter { $0.hasPrefix("begun") } }
        #expect(begun.sorted() == (0..<concurrency).map { "begun \($0)" })
    }
}
