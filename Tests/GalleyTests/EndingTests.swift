import Foundation
import GalleyTesting
import Synchronization
import Testing

@testable import Galley

/// Refuses each cell, after a delay.
private struct Refusing: Middleware {
    struct Refusal: Error {}
    let delay: Duration
    var clock: any Clock<Duration> = ContinuousClock()

    func beforeCell(_ cell: PlannedCell, source: inout String) async throws {
        try await clock.sleep(for: delay)
        throw Refusal()
    }
}

/// A store that takes its time.
private actor Slow: NotebookStore {
    nonisolated let name = "slow.ipynb"
    nonisolated let canBeWrittenAgain = true
    private let bytes: [UInt8]
    private let reading, writing: Duration

    init(_ notebook: Notebook, reading: Duration = .zero, writing: Duration = .zero) {
        (bytes, self.reading, self.writing) = (notebook.bytes, reading, writing)
    }

    func lock() {}
    func checkWritable() {}
    func read() async throws -> [UInt8] {
        try await Task.sleep(for: reading)
        return bytes
    }
    func write(_ bytes: some ByteRuns) async throws -> WriteOutcome {
        try await Task.sleep(for: writing)
        return .original
    }
}

@Suite(.timeLimit(.minutes(20))) struct `A run that somebody ends` {
    @Test func `hears of it at any moment, however fast its kernel was`() async throws {
        var options = scripted()
        options.timeout = .seconds(60)
        for _ in 0..<300 {
            let run = Run(MemoryStore(notebook("hangs")), options)
            for await event in run.events { if case .cellStarted = event { break } }
            run.cancel()
            #expect(try await run.report.outcome == .stopped(.cancelled))
        }
    }

    @Test func `before its first cell leaves the file as it was, however long that took`() async throws {
        let folder = try Folder()
        let path = folder.path + "/a.ipynb"
        var book = notebook("prints new")
        book.cells[0].outputs = [.stream(.stdout, "old")]
        try Data(book.bytes).write(to: URL(fileURLWithPath: path))
        var options = scripted()
        let clock = ImmediateClock()
        options.hooks.clock = clock
        // By then, the outputs of a running cell would have been saved.
        options.middleware = [Refusing(delay: .seconds(12), clock: clock)]
        let report = try await execute(path, options)
        #expect(report.cells.map(\.outcome.status) == ["not-reached"] && report.result == nil)
        #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == Data(book.bytes))
    }

    @Test func `has its file free for the next one when it is over`() async throws {
        let folder = try Folder()
        let path = folder.path + "/a.ipynb"
        try Data(notebook("prints a").bytes).write(to: URL(fileURLWithPath: path))
        for delay in [nil, Duration.zero] {
            var options = scripted()
            if let delay { options.middleware = [Refusing(delay: delay)] }
            for _ in 0..<50 { _ = try await execute(path, options) }
        }
    }

    @Test func `waits for no pipe that nobody writes to`() async throws {
        let folder = try Folder()
        let path = folder.path + "/pipe.ipynb"
        #expect(mkfifo(path, 0o600) == 0)
        let writer = open(path, O_RDWR | O_CLOEXEC)
        defer { close(writer) }
        #expect(write(writer, "{", 1) == 1)
        var options = scripted()
        options.result = .nowhere
        let run = Run(path, options)
        // Once what there is has been taken out, the rest is waited for.
        var pipe = pollfd(fd: writer, events: Int16(POLLIN), revents: 0)
        while poll(&pipe, 1, 0) > 0 { try await Task.sleep(for: .milliseconds(10)) }
        run.cancel()
        #expect(try await run.report.outcome == .stopped(.cancelled))
    }

    @Test func `says so where nothing was to be run, and the copy took too long`() async throws {
        var options = scripted()
        options.grace = .seconds(1)
        let run = Run(MemoryStore(Notebook()), to: Slow(Notebook(), writing: .seconds(600)), options)
        run.cancel()
        #expect(try await run.report.outcome == .stopped(.cancelled))
    }

    @Test func `by its limit is told so, whatever has taken the time`() async throws {
        var options = scripted()
        options.kernels = ScriptedKernels { _ in
            try await Task.sleep(for: .seconds(600))
            throw CancellationError()
        }
        (options.totalTimeout, options.startTimeout) = (.seconds(3), .seconds(2))
        let report = try await execute(Slow(notebook("prints a"), reading: .milliseconds(1500)), options)
        #expect(report.outcome == .timedOut(ExceededLimit(kind: .total, duration: .seconds(3))))
    }
}

@Suite(.timeLimit(.minutes(20))) struct `A conflict with somebody else` {
    @Test func `is told of also where something else was told before`() async throws {
        var options = scripted()
        options.timeout = .seconds(3)
        let store = CountingStore(notebook("prints a", "hangs"), failures: 1, destination: .conflict("elsewhere"))
        let report = try await execute(store, options)
        #expect(report.result == "elsewhere")
        #expect(report.warnings.count == 2 && report.warnings.last?.hasSuffix("the result is in elsewhere") == true)
    }

    @Test func `is told of where nothing was to be run`() async throws {
        let target = CountingStore(Notebook(), destination: .conflict("elsewhere"))
        let report = try await execute(MemoryStore(Notebook()), to: target, scripted())
        #expect(report.result == "elsewhere" && report.warnings.count == 1)
    }
}

@Suite(.timeLimit(.minutes(20))) struct `A job of a batch` {
    @Test func `that was run is not said to be left out, though its next attempt came to nothing`() async throws {
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

    @Test func `keeps the name of what was read, beside its own`() async throws {
        let store = MemoryStore(notebook("prints a"), name: "s3://bucket/key.ipynb")
        let report = await Batch([Batch.Job("nightly", scripted()) { (store, nil) }]).run()
        let again = try JSONDecoder().decode(BatchReport.self, from: JSONEncoder().encode(report))
        #expect(again.jobs[0].name == "nightly" && again.jobs[0].run?.notebook == "s3://bucket/key.ipynb")
    }

    @Test func `writes over no other's result, by whatever path that is called`() async throws {
        let folder = try Folder()
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
