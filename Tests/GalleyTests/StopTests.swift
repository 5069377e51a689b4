import Foundation
import GalleyTestSupport
import GalleyTesting
import Synchronization
import Testing

@testable import Galley

/// A middleware that throws before each cell, after a delay.
private struct ThrowingMiddleware: Middleware {
    struct Refusal: Error {}
    let delay: Duration
    var clock: any Clock<Duration> = ContinuousClock()

    func beforeCell(_ cell: PlannedCell, source: inout String) async throws {
        try await clock.sleep(for: delay)
        throw Refusal()
    }
}

@Suite(.timeLimit(.minutes(20))) struct `A run that is stopped` {
    @Test func `A run can be stopped at any moment`() async throws {
        var options = scripted()
        options.timeout = .seconds(60)
        for _ in 0..<300 {
            let run = Run(MemoryStore(notebook("hangs")), options)
            for await event in run.events { if case .cellStarted = event { break } }
            run.cancel()
            #expect(try await run.report.outcome == .stopped(.cancelled))
        }
    }

    @Test func `A run that is stopped before its first cell leaves the file unchanged`() async throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/a.ipynb"
        var book = notebook("prints new")
        book.cells[0].outputs = [.stream(.stdout, "old")]
        try Data(book.bytes).write(to: URL(fileURLWithPath: path))
        var options = scripted()
        let clock = ImmediateClock()
        options.hooks.clock = clock
        // By then, the outputs of a running cell would have been saved.
        options.middleware = [ThrowingMiddleware(delay: .seconds(12), clock: clock)]
        let report = try await execute(path, options)
        #expect(report.cells.map(\.outcome.status) == ["not-reached"] && report.result == nil)
        #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == Data(book.bytes))
    }

    @Test func `A run that has ended leaves its file free for the next one`() async throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/a.ipynb"
        try Data(notebook("prints a").bytes).write(to: URL(fileURLWithPath: path))
        for delay in [nil, Duration.zero] {
            var options = scripted()
            if let delay { options.middleware = [ThrowingMiddleware(delay: delay)] }
            for _ in 0..<50 { _ = try await execute(path, options) }
        }
    }

    @Test func `A run that is stopped does not wait for a pipe without a writer`() async throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/pipe.ipynb"
        #expect(mkfifo(path, 0o600) == 0)
        let writer = open(path, O_RDWR | O_CLOEXEC)
        defer { close(writer) }
        #expect(write(writer, "{", 1) == 1)
        var options = scripted()
        options.result = .nowhere
        let run = Run(path, options)
        // When the pipe is empty, the run waits for the rest.
        var pipe = pollfd(fd: writer, events: Int16(POLLIN), revents: 0)
        while poll(&pipe, 1, 0) > 0 { try await Task.sleep(for: .milliseconds(10)) }
        run.cancel()
        #expect(try await run.report.outcome == .stopped(.cancelled))
    }

    @Test func `A run with nothing to execute says so if its copy takes too long`() async throws {
        var options = scripted()
        options.grace = .seconds(1)
        let slow = TestStore(Notebook(), name: "slow.ipynb") { operation in
            if operation == .write { try await Task.sleep(for: .seconds(600)) }
        }
        let run = Run(MemoryStore(Notebook()), to: slow, options)
        run.cancel()
        #expect(try await run.report.outcome == .stopped(.cancelled))
    }

    @Test func `A run that exceeds its time limit says so in the report`() async throws {
        var options = scripted()
        options.kernels = ScriptedKernels { _ in
            try await Task.sleep(for: .seconds(600))
            throw CancellationError()
        }
        (options.totalTimeout, options.startTimeout) = (.seconds(3), .seconds(2))
        let slow = TestStore(notebook("prints a"), name: "slow.ipynb") { operation in
            if operation == .read { try await Task.sleep(for: .milliseconds(1500)) }
        }
        let report = try await execute(slow, options)
        #expect(report.outcome == .timedOut(ExceededLimit(kind: .total, duration: .seconds(3))))
    }
}

@Suite(.timeLimit(.minutes(20))) struct `A conflict with another program` {
    @Test func `A conflict is reported even after another warning`() async throws {
        var options = scripted()
        options.timeout = .seconds(3)
        let store = TestStore(notebook("prints a", "hangs"), failingWrites: 1, outcome: .conflict("elsewhere"))
        let report = try await execute(store, options)
        #expect(report.result == "elsewhere")
        #expect(report.warnings.count == 2 && report.warnings.last?.hasSuffix("the result is in elsewhere") == true)
    }

    @Test func `A conflict is reported even if nothing was executed`() async throws {
        let target = TestStore(Notebook(), outcome: .conflict("elsewhere"))
        let report = try await execute(MemoryStore(Notebook()), to: target, scripted())
        #expect(report.result == "elsewhere" && report.warnings.count == 1)
    }
}

@Suite(.timeLimit(.minutes(20))) struct `A job of a batch` {
    @Test func `A job that was run is not reported as left out if its next attempt fails`() async throws {
        let count = Mutex(0)
        var options = Options()
        options.kernels = ScriptedKernels { _ in
            let number = count.withLock { count in
                count += 1
                return count
            }
            if number > 1 { try await Task.sleep(for: .seconds(600)) }
            return ScriptedKernel { $0 == "dies" ? [.die(PostMortem(cause: .exited(3)))] : .running(printing: "kept") }
        }
        let stores = [notebook("a", "dies"), notebook("a")].map { MemoryStore($0) }
        var batch = Batch(stores.indices.map { job in Batch.Job("\(job)", options) { (stores[job], nil) } })
        (batch.retries, batch.concurrency) = (1, 1)
        let run = BatchRun(batch)
        for await event in run.events { if case .retrying = event { run.cancel() } }
        let jobs = await run.report.jobs
        #expect(jobs[0].run?.outcome.status == "kernel-died" && jobs[0].failedAttempts == [])
        #expect(try stores[0].notebook.cells[0].outputs.first?.text == "kept")
        guard case .leftOut = jobs[1].result else { Issue.record("\(jobs[1].result)"); return }
    }

    @Test func `A job keeps the name of its source, beside its own`() async throws {
        let store = MemoryStore(notebook("prints a"), name: "s3://bucket/key.ipynb")
        let report = await Batch([Batch.Job("nightly", scripted()) { (store, nil) }]).run()
        let again = try JSONDecoder().decode(BatchReport.self, from: JSONEncoder().encode(report))
        #expect(again.jobs[0].name == "nightly" && again.jobs[0].run?.notebook == "s3://bucket/key.ipynb")
    }

    @Test func `A job does not overwrite the result of another job, by any path`() async throws {
        let folder = try TemporaryFolder()
        try FileManager.default.createDirectory(atPath: folder.path + "/a", withIntermediateDirectories: false)
        let paths = ["out/b.ipynb", "a/../out/./b.ipynb"]
        let jobs = paths.map { path in
            var options = scripted()
            options.result = .file("\(folder.path)/\(path)")
            return Batch.Job(path, options) { (MemoryStore(notebook("prints \(path)")), nil) }
        }
        for isThere in [false, true] {
            if isThere {
                try FileManager.default.createDirectory(
                    atPath: folder.path + "/out", withIntermediateDirectories: false)
            }
            var batch = Batch(jobs)
            batch.concurrency = 1
            let report = await batch.run()
            #expect(report.jobs[0].isSuccess == isThere)
            guard case .failed(let error as StorageError) = report.jobs[1].result, case .taken = error else {
                Issue.record("\(report.jobs[1].result)")
                return
            }
        }
    }
}
