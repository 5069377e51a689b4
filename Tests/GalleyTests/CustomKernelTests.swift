import Foundation
import Galley
import GalleyTestSupport
import GalleyTesting
import Synchronization
import Testing

private struct StartError: Error, Equatable {}

/// A kernel that ignores shutdown requests.
private final class UnendingKernel: Kernel {
    private let kernel: any Kernel
    private let counts = Mutex((requests: 0, kills: 0))

    init(_ kernel: any Kernel) { self.kernel = kernel }

    var requests: Int { counts.withLock { $0.requests } }
    var kills: Int { counts.withLock { $0.kills } }
    var info: KernelInfo { kernel.info }
    var session: Session { kernel.session }
    var messages: KernelMessages { kernel.messages }
    func send(_ message: Message) { kernel.send(message) }
    func interrupt() async { await kernel.interrupt() }
    func kill() async { counts.withLock { $0.kills += 1 } }

    func shutdown() async {
        counts.withLock { $0.requests += 1 }
        await withUnsafeContinuation { (_: UnsafeContinuation<Void, Never>) in }
    }
}

/// A kernel whose shutdown takes a moment, and must not be canceled.
private final class SlowEndingKernel: Kernel {
    private let kernel: any Kernel
    let hasEnded = Mutex(false)

    init(_ kernel: any Kernel) { self.kernel = kernel }

    var info: KernelInfo { kernel.info }
    var session: Session { kernel.session }
    var messages: KernelMessages { kernel.messages }
    func send(_ message: Message) { kernel.send(message) }
    func interrupt() async { await kernel.interrupt() }
    func kill() async { await kernel.kill() }

    func shutdown() async {
        guard (try? await Task.sleep(for: .milliseconds(50))) != nil else { return }
        hasEnded.withLock { $0 = true }
        await kernel.shutdown()
    }
}

@Suite(.timeLimit(.minutes(20))) struct `A custom kernel` {
    @Test func `A custom kernel runs a notebook in memory, and is shut down afterwards`() async throws {
        let kernels = KernelLog()
        let (result, report) = try await execute(notebook("prints a", "raises"), scripted(kernels))
        #expect(result.cells[0].outputs[0].text == "a")
        #expect(report.outcome.status == "raised" && report.kernel == "script" && report.user == nil)
        #expect(kernels.all.count == 1 && kernels.isAllOver)
    }

    @Test func `A custom kernel runs cells without identifiers, without a warning`() async throws {
        var notebook = Notebook()
        notebook.cells = [.markdown("x"), .code("prints a"), .code("prints a"), .raw("x")]
        let (result, report) = try await execute(notebook, scripted())
        #expect(report.isSuccess && report.warnings.isEmpty)
        #expect(try Notebook(parsing: notebook.bytes).cells.map(\.id) == result.cells.map(\.id))
        #expect(Set(result.cells.compactMap(\.id)).count == 4)
    }

    @Test func `A custom kernel is not started if nothing is to be executed`() async throws {
        let kernels = KernelLog()
        let (_, report) = try await execute(notebook(""), scripted(kernels))
        #expect(report.isSuccess && report.kernel == nil && kernels.all.isEmpty)
    }

    @Test func `A custom kernel that cannot start throws the caller's own error`() async throws {
        var options = scripted()
        options.kernels = ScriptedKernels { _ in throw StartError() }
        await #expect(throws: StartError.self) { _ = try await execute(notebook("prints a"), options) }
    }

    @Test func `A custom kernel that does not start in time is abandoned, and ended when it arrives`() async throws {
        let kernels = KernelLog()
        var options = scripted(kernels)
        let (late, letGo) = AsyncStream<Void>.makeStream()
        options.kernels = ScriptedKernels { _ in
            // The task ignores its cancellation.
            await Task { for await _ in late { break } }.value
            return scriptedKernel(kernels)
        }
        (options.startTimeout, options.grace) = (.milliseconds(50), .milliseconds(50))
        await #expect(throws: KernelError.self) { _ = try await execute(notebook("prints a"), options) }
        options.startTimeout = .seconds(60)
        let run = Run(MemoryStore(notebook("prints a")), options)
        run.cancel()
        #expect(try await run.report.outcome.status == "stopped")
        letGo.finish()
        while kernels.all.count < 2 || !kernels.isAllOver { await Task.yield() }
    }

    @Test func `A custom kernel that does not end is killed within the grace period`() async throws {
        let kernels = KernelLog()
        var options = scripted(kernels)
        let stubborn = Mutex<[UnendingKernel]>([])
        options.kernels = ScriptedKernels { _ in
            let kernel = UnendingKernel(scriptedKernel(kernels))
            stubborn.withLock { $0.append(kernel) }
            return kernel
        }
        options.grace = .seconds(1)
        let run = Run(MemoryStore(notebook("hangs")), options)
        for await event in run.events { if case .cellStarted = event { run.cancel() } }
        #expect(try await run.report.outcome.status == "stopped")
        await #expect(throws: CancellationError.self) {
            try await withKernel("mine", options) { _ in throw CancellationError() }
        }
        // The run does not wait long for the kill, either.
        while stubborn.withLock({ $0.contains { $0.kills == 0 } }) { try await Task.sleep(for: .milliseconds(1)) }
        #expect(stubborn.withLock(\.self).map(\.kills) == [1, 1])
        // The run sends a shutdown request, and then the provider does.
        #expect(stubborn.withLock(\.self).allSatisfy { $0.requests > 0 })
    }

    @Test func `A custom kernel is shut down by request even if the task is canceled`() async throws {
        let kernels = KernelLog()
        var options = scripted(kernels)
        let polite = Mutex<SlowEndingKernel?>(nil)
        options.kernels = ScriptedKernels { _ in
            let kernel = SlowEndingKernel(scriptedKernel(kernels))
            polite.withLock { $0 = kernel }
            return kernel
        }
        let (begun, beginning) = AsyncStream<Void>.makeStream()
        let talk = Task { [options] in
            try await withKernel("mine", options) { kernel in
                beginning.yield()
                try await kernel.execute("hangs")
            }
        }
        for await _ in begun { break }
        talk.cancel()
        await #expect(throws: CancellationError.self) { try await talk.value }
        #expect(polite.withLock { $0?.hasEnded.withLock(\.self) } == true)
    }

    @Test func `A custom kernel runs with limits of the greatest possible duration`() async throws {
        struct Idle: Middleware {}
        var options = scripted()
        (options.startTimeout, options.grace) = (.seconds(Int64.max), .seconds(Int64.max))
        (options.timeout, options.totalTimeout, options.idleTimeout) = (
            .seconds(Int64.max), .seconds(Int64.max), .seconds(Int64.max)
        )
        (options.outputLimit, options.middleware) = (.min, [Idle()])
        #expect(try await execute(notebook("prints a"), options).report.outcome == .succeeded)
        let jobs = (0..<3).map { number in
            let store = MemoryStore(notebook("prints a"))
            return Batch.Job("\(number)", scripted()) { (store, nil) }
        }
        for number in [Int.max, .min] {
            var batch = Batch(jobs)
            (batch.concurrency, batch.memoryPerKernel, batch.retries) = (number, number, number)
            #expect(await batch.run().isSuccess)
        }
    }

    @Test func `A custom kernel runs at most for the remaining time of an expired limit`() async throws {
        var options = scripted()
        options.totalTimeout = .seconds(-1)
        #expect(try await execute(notebook("prints a"), options).report.outcome.status == "timed-out")
        (options.totalTimeout, options.timeout) = (nil, .zero)
        #expect(try await execute(notebook("hangs"), options).report.outcome.status == "timed-out")
        let late = try await withKernel("script", scripted()) { try await $0.execute("hangs", limit: .seconds(-5)) }
        #expect(late.outcome.status == "timed-out")
    }

    @Test func `A custom kernel runs in a batch`() async throws {
        let kernels = KernelLog()
        let sources = ["prints a", "raises", "dies", "prints b"]
        var batch = Batch(
            sources.map { source in
                let store = MemoryStore(notebook(source), name: source)
                return Batch.Job(source, scripted(kernels)) { (store, nil) }
            })
        batch.retries = 1
        let report = await batch.run()
        #expect(report.jobs.map { $0.run?.outcome.status } == ["succeeded", "raised", "kernel-died", "succeeded"])
        #expect(kernels.all.count == 5 && kernels.isAllOver)
        // The report survives a round trip through JSON.
        let data = try JSONEncoder().encode(report)
        let read = try JSONDecoder().decode(BatchReport.self, from: data)
        #expect(read.jobs.map(\.name) == sources)
        #expect(read.jobs.map { $0.run?.message } == report.jobs.map { $0.run?.message })
        #expect(read.jobs[2].failedAttempts == report.jobs[2].failedAttempts && read.started == report.started)
        let (again, once) = (try JSONEncoder.sorted.encode(read), try JSONEncoder.sorted.encode(report))
        #expect(again == once)
    }
}

extension JSONEncoder {
    fileprivate static var sorted: JSONEncoder {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        return encoder
    }
}

@Suite struct `The result of a run` {
    @Test func `A result goes where the options say`() async throws {
        let scratch = try TemporaryFolder()
        let folder = scratch.path
        let path = folder + "/a.ipynb"
        let original = notebook("prints a").bytes
        func text(_ path: String) throws -> String? {
            let bytes = try Array(Data(contentsOf: URL(fileURLWithPath: path)))
            return try Notebook(parsing: bytes).cells[0].outputs.first?.text
        }
        let places: [(ResultPlace, String?)] = [
            (.inPlace, path), (.file(folder + "/b.ipynb"), folder + "/b.ipynb"),
            (.folder(folder + "/new/out"), folder + "/new/out/a.ipynb"), (.folder(folder), path), (.nowhere, nil),
        ]
        // A location that was set later stays.
        var options = scripted()
        options.result = .folder(folder + "/unwanted")
        _ = try await execute(notebook("prints a"), options)
        #expect(!FileManager.default.fileExists(atPath: folder + "/unwanted"))
        for (place, expected) in places {
            try Data(original).write(to: URL(fileURLWithPath: path))
            var options = scripted()
            options.result = place
            let report = try await execute(path, options)
            #expect(report.result == expected, "\(place)")
            #expect(try text(path) == (expected == path ? "a" : nil))
            if let expected { #expect(try text(expected) == "a") }
        }
    }

    @Test func `A result does not go where the result of another notebook goes`() async throws {
        let scratch = try TemporaryFolder()
        let folder = scratch.path
        for place in ["a", "b"] {
            try FileManager.default.createDirectory(atPath: "\(folder)/\(place)", withIntermediateDirectories: true)
            let path = "\(folder)/\(place)/report.ipynb"
            try Data(notebook("prints \(place)").bytes).write(to: URL(fileURLWithPath: path))
        }
        var options = scripted()
        options.result = .folder(folder + "/out")
        var batch = Batch(["a", "b"].map { Batch.Job("\(folder)/\($0)/report.ipynb", options) })
        batch.concurrency = 1
        let jobs = await batch.run().jobs
        #expect(jobs[0].isSuccess)
        // A discarded result has no location.
        for job in batch.jobs.indices { batch.jobs[job].options.result = .nowhere }
        #expect(await batch.run().isSuccess)
        guard case .failed(let error) = jobs[1].result else { Issue.record("\(jobs[1].result)"); return }
        #expect(
            "\(error)"
                == "\(folder)/out/report.ipynb is already the output of \(folder)/a/report.ipynb; choose another path"
        )
    }

    @Test func `A result lists its warnings`() async throws {
        var odd = notebook("prints a")
        odd.cells[0].tags = ["timeout=soon"]
        let (_, report) = try await execute(odd, scripted())
        #expect(report.warnings.count == 1 && report.warnings[0].contains("'soon' is not a time limit"))
    }
}
