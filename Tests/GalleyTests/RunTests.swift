import GalleyConcurrency
import Foundation
import GalleyTesting
import Synchronization
import Testing

@testable import Galley

@Suite(.timeLimit(.minutes(20))) struct `A run that is followed` {
    @Test func `tells what happens, from its beginning to its end, and what became of it`() async throws {
        let run = Run(MemoryStore(notebook("prints a", "raises", "prints b")), scripted())
        let report = try await run.report
        #expect(report.outcome.status == "raised")
        #expect(report.notebook == "notebook" && report.result == "notebook")
        // It is over, and nobody has listened yet.
        var told: [String] = []
        for await event in run.events {
            switch event {
            case .started(let start): told.append("\(start.kernel) \(start.user ?? "-") \(start.cells)")
            case .output(let cell, .stream(_, let text)): told.append("\(cell.number): \(text)")
            case .cellFinished(let cell): told.append("\(cell.number) \(cell.outcome.status)")
            case .finished(let report): told.append("finished \(report.outcome.status)")
            default: break
            }
        }
        #expect(told == ["script - 3", "1: a", "1 succeeded", "2 raised", "finished raised"])
    }

    @Test func `warns once where others can read what its kernel puts out`() async throws {
        var exposed = options()
        var local = LocalKernels()
        local.transport = .tcp
        exposed.kernels = local
        exposed.kernel = "bash"
        let report = try await Run(MemoryStore(notebook("echo a", "echo b")), exposed).report
        #expect(report.isSuccess)
        #expect(
            report.warnings == [
                "kernel 'bash' listens on TCP ports without encryption: other users of this machine can read its output"
            ])
    }

    @Test func `is cancelled, and keeps what there is`() async throws {
        let kernels = KernelLog()
        let store = MemoryStore(notebook("prints a", "hangs"))
        let run = Run(store, scripted(kernels))
        for await event in run.events {
            if case .cellStarted(let cell) = event, cell.number == 2 { run.cancel() }
        }
        let report = try await run.report
        #expect(report.cells.map(\.outcome.status) == ["succeeded", "stopped"])
        #expect(try store.notebook.cells[0].outputs[0].text == "a")
        #expect(kernels.isAllOver)
    }

    @Test func `is cancelled with the task that waits for it, and not with one that listens`() async throws {
        let run = Run(MemoryStore(notebook("hangs")), scripted())
        let listening = Task { for await event in run.events { if case .cellStarted = event { return } } }
        await listening.value
        let waiting = Task {
            let listener = Task { for await _ in run.events {} }
            listener.cancel()
            await listener.value
            return try await run.report
        }
        waiting.cancel()
        #expect(try await waiting.value.outcome.status == "stopped")
    }

    @Test func `is cancelled when nobody holds it any more`() async throws {
        let kernels = KernelLog()
        let (over, ending) = AsyncStream<Report>.makeStream()
        var options = scripted(kernels)
        options.middleware = [Witness { ending.yield($0) }]
        do {
            let run = Run(MemoryStore(notebook("hangs")), options)
            // Whoever follows it holds it.
            for await event in run.events { if case .cellStarted = event { break } }
        }
        for await _ in over { break }
        while !kernels.isAllOver { await Task.yield() }
    }

    @Test func `throws what kept it from running`() async throws {
        let run = Run("/nowhere/to-be-found.ipynb", scripted())
        await #expect(throws: StorageError.notFound(path: "/nowhere/to-be-found.ipynb")) { try await run.report }
        var told: [String] = []
        for await event in run.events {
            if case .failed(let error as StorageError) = event {
                told.append("\(error)")
            } else {
                Issue.record("\(event)")
            }
        }
        #expect(told == ["/nowhere/to-be-found.ipynb: no such file"])
    }
}

@Suite(.timeLimit(.minutes(20))) struct `A batch that is followed` {
    private func batch(_ kernels: KernelLog, _ sources: String...) -> Batch {
        Batch(
            sources.map { source in
                let store = MemoryStore(notebook(source), name: source)
                return Batch.Job(source, scripted(kernels)) { (store, nil) }
            })
    }

    /// Runs one that hangs, and waits until it does.
    private func hanging(_ kernels: KernelLog) async -> BatchRun {
        let run = BatchRun(batch(kernels, "hangs"))
        for await event in run.events { if case .run(_, .cellStarted) = event { break } }
        return run
    }

    @Test func `tells what happens to each notebook, in order`() async {
        let run = BatchRun(batch(KernelLog(), "prints a", "raises"))
        var told = ["", ""]
        for await event in run.events {
            switch event {
            case .began(let job): told[job] += "began "
            case .run(let job, .output(_, .stream(_, let text))): told[job] += text + " "
            case .run(let job, .finished(let report)): told[job] += report.outcome.status + " "
            case .ended(let job, _): told[job] += "ended"
            default: break
            }
        }
        #expect(told == ["began a succeeded ended", "began raised ended"])
        #expect(await run.report.jobs.count == 2)
    }

    @Test func `is cancelled by hand, with the task that waits for it, or when nobody holds it any more`() async throws
    {
        let kernels = KernelLog()
        let byHand = BatchRun(batch(kernels, "hangs", "hangs"))
        for await event in byHand.events { if case .run(_, .cellStarted) = event { byHand.cancel() } }
        #expect(await byHand.report.stop == .cancelled)
        let waiting = Task { await hanging(kernels).report }
        waiting.cancel()
        #expect(await waiting.value.stop == .cancelled)
        _ = await hanging(kernels)
        while !kernels.isAllOver { await Task.yield() }
    }
}

/// Hears of the end of a cell.
private struct Witness: Middleware {
    let body: @Sendable (Report) -> Void

    init(_ body: @escaping @Sendable (Report) -> Void) { self.body = body }

    func afterCell(_ cell: CellReport, outputs: [Output]) async throws {
        body(Report(outcome: .succeeded, cells: [cell], duration: .zero))
    }
}

/// A store that does not answer.
private final class Silent: NotebookStore {
    enum Act: String, CaseIterable { case lock, read, checkWritable, write }

    let name = "silent.ipynb"
    let canBeWrittenAgain = true
    private let act: Act
    private let heedsCancellation: Bool
    private let bytes = notebook("prints a", "hangs").bytes

    init(_ act: Act, heedsCancellation: Bool = false) { (self.act, self.heedsCancellation) = (act, heedsCancellation) }

    private func perform(_ act: Act) async throws {
        guard act == self.act else { return }
        if heedsCancellation { try await Task.sleep(for: .seconds(600)) }
        await withUnsafeContinuation { (_: UnsafeContinuation<Void, Never>) in }
    }

    func lock() async throws { try await perform(.lock) }
    func checkWritable() async throws { try await perform(.checkWritable) }

    func read() async throws -> [UInt8] {
        try await perform(.read)
        return bytes
    }

    func write(_ bytes: some ByteRuns) async throws -> WriteOutcome {
        try await perform(.write)
        return .original
    }
}

/// A store whose first write takes as long as somebody wants.
private final class Slow: NotebookStore {
    let name = "slow.ipynb"
    let canBeWrittenAgain = true
    let writes = AsyncState(0)
    let letGo = AsyncState(false)
    let isLocked = AsyncState(false)

    func lock() { isLocked.change { $0 = true } }
    func unlock() { isLocked.change { $0 = false } }
    func read() -> [UInt8] { notebook("prints a", "hangs").bytes }
    func checkWritable() {}

    func write(_ bytes: some ByteRuns) async -> WriteOutcome {
        let isFirst = writes.change { count in
            count += 1
            return count == 1
        }
        if isFirst { await Task { _ = await self.letGo.first { $0 ? true : nil } }.value }
        return .original
    }
}

@Suite(.timeLimit(.minutes(20))) struct `A store that does not answer` {
    @Test(arguments: Silent.Act.allCases)
    private func `is waited for no longer than the grace period`(act: Silent.Act) async throws {
        var options = scripted(grace: .seconds(1))
        let scratch = try Folder()
        let folder = scratch.path
        options.environment["TMPDIR"] = folder
        let run = Run(Silent(act), options)
        if act == .write {
            for await event in run.events { if case .cellStarted(let cell) = event, cell.number == 2 { run.cancel() } }
            let error = await #expect(throws: UnsavedRun.self) { try await run.report }
            #expect(error?.report.cells.map(\.outcome.status) == ["succeeded", "stopped"])
            #expect(error?.rescue?.hasPrefix(folder) == true)
        } else {
            run.cancel()
            #expect(try await run.report.outcome == .stopped(.cancelled))
        }
    }

    @Test func `is waited for no longer than the run may take, where it has not begun`() async throws {
        var options = scripted(grace: .seconds(1))
        options.totalTimeout = .milliseconds(50)
        for act in [Silent.Act.lock, .read, .checkWritable] {
            let report = try await execute(Silent(act), options)
            guard case .timedOut(let limit) = report.outcome else { Issue.record("\(report.outcome)"); continue }
            #expect(limit.kind == .total)
            #expect(report.message == "the limit of 50 ms for the whole run was reached before the first cell")
        }
    }

    @Test func `is asked for nothing more while a write may still come about`() async throws {
        let store = Slow()
        let scratch = try Folder()
        let folder = scratch.path
        var options = scripted(grace: .seconds(1))
        options.environment["TMPDIR"] = folder
        let run = Run(store, options)
        _ = await store.writes.first { $0 == 1 ? true : nil }
        run.cancel()
        let error = await #expect(throws: UnsavedRun.self) { try await run.report }
        #expect(error?.rescue?.hasPrefix(folder) == true)
        #expect(store.writes.look { $0 } == 1 && store.isLocked.look { $0 })
        store.letGo.change { $0 = true }
        // Nobody else may write before it has.
        _ = await store.isLocked.first { $0 ? nil : true }
    }

    @Test func `is told that the run is ended`() async throws {
        let run = Run(Silent(.read, heedsCancellation: true), scripted(grace: .seconds(100_000)))
        run.cancel(.requested("no time"))
        #expect(try await run.report.outcome == .stopped(.requested("no time")))
    }
}

/// A store that keeps others away, and notes when.
private actor Kept: NotebookStore {
    nonisolated let name = "kept.ipynb"
    nonisolated let canBeWrittenAgain = true
    nonisolated let acts = AsyncState<[String]>([])
    nonisolated let letGo = AsyncState(true)
    private let bytes: [UInt8]

    init(_ source: String) { bytes = notebook(source).bytes }

    private nonisolated func note(_ act: String) { acts.change { if $0.last != act { $0.append(act) } } }

    func lock() async {
        await Task { _ = await letGo.first { $0 ? true : nil } }.value
        note("lock")
    }
    func unlock() { note(Task.isCancelled ? "unlock too late" : "unlock") }
    func read() -> [UInt8] { bytes }
    func checkWritable() {}
    func write(_ bytes: some ByteRuns) -> WriteOutcome {
        note("write")
        return .original
    }
}

@Suite(.timeLimit(.minutes(20))) struct `A store that locks` {
    @Test(arguments: ["prints a", "raises"])
    func `is unlocked once all is written, before the run is said to be over`(source: String) async throws {
        let store = Kept(source)
        let run = Run(store, scripted())
        for await event in run.events {
            if case .finished = event { #expect(store.acts.look { $0 } == ["lock", "write", "unlock"]) }
        }
        #expect(store.acts.look(\.count) == 3)
    }

    @Test func `is unlocked where nothing comes of the run`() async throws {
        let store = Kept("prints a")
        var options = Options()
        options.kernel = "no-such-kernel"
        await #expect(throws: (any Error).self) { try await execute(store, options) }
        #expect(store.acts.look { $0 } == ["lock", "unlock"])
    }

    @Test func `is unlocked when it has been locked for a run that is over`() async throws {
        let store = Kept("prints a")
        store.letGo.change { $0 = false }
        let run = Run(store, scripted(grace: .milliseconds(10)))
        run.cancel()
        #expect(try await run.report.outcome == .stopped(.cancelled))
        #expect(store.acts.look(\.isEmpty))
        store.letGo.change { $0 = true }
        _ = await store.acts.first { $0 == ["lock", "unlock"] ? true : nil }
    }
}

@Suite struct `Events that nobody takes` {
    private let cell = try? Plan(for: notebook("a"), RunSettings()).cells.first

    private func output(_ text: String) throws -> RunEvent {
        .output(cell: try #require(cell), .stream(name: "stdout", text: text))
    }

    private func taken(_ queue: inout EventQueue<RunEvent>) -> [String] {
        var names: [String] = []
        while case .event(let event)? = queue.take() {
            switch event {
            case .output(_, .stream(_, let text)): names.append(text)
            case .outputsDropped(let count): names.append("missed \(count)")
            case .cellStarted: names.append("cell")
            case .saved: names.append("saved")
            default: names.append("?")
            }
        }
        return names
    }

    @Test func `are all kept but for outputs that there is no room for, which are counted`() throws {
        var queue = EventQueue<RunEvent>(limit: 1100)
        for text in ["a", "b", "c", "d"] { queue.add(try output(text)) }
        queue.add(.cellStarted(try #require(cell)))
        queue.add(.saved("x"))
        queue.add(try output("e"))
        #expect(taken(&queue) == ["a", "b", "missed 2", "cell", "missed 1"])
        // There is room again.
        queue.add(try output("f"))
        queue.add(.saved("x"))
        queue.finish()
        #expect(taken(&queue) == ["f", "saved"])
        guard case .end? = queue.take() else { Issue.record("it has no end"); return }
    }

    @Test func `of several notebooks have a gap for each at most, where they follow each other`() throws {
        var queue = EventQueue<BatchEvent>(limit: 600)
        for number in 0..<3000 { queue.add(.run(job: number % 3, try output("x"))) }
        queue.finish()
        var missed = [0, 0, 0]
        var count = 0
        while case .event(let event)? = queue.take() {
            count += 1
            if case .run(let job, .outputsDropped(let outputs)) = event { missed[job] += outputs }
        }
        #expect(missed == [999, 1000, 1000] && count == 4)
    }

    @Test func `take no more memory than their limit, however many they are`() throws {
        var queue = EventQueue<RunEvent>(limit: 100_000)
        for _ in 0..<100_000 { queue.add(try output("x")) }
        let names = taken(&queue)
        #expect(names.count < 201 && names.last?.hasPrefix("missed ") == true)
    }

    @Test func `count all that they hold`() throws {
        let long = String(repeating: "x", count: 1000)
        let events: [IOPubMessage] = [
            .error(name: long, value: "", traceback: []), .stream(name: long, text: ""),
        ]
        for event in events {
            var queue = EventQueue<RunEvent>(limit: 1000)
            queue.add(.output(cell: try #require(cell), event))
            #expect(taken(&queue) == ["missed 1"])
        }
    }

    @Test func `are taken in order by turns`() throws {
        var queue = EventQueue<RunEvent>()
        var names: [String] = []
        for number in 0..<5000 {
            queue.add(try output("\(number)"))
            if number % 3 == 0, case .event(.output(_, .stream(_, let text)))? = queue.take() { names.append(text) }
        }
        names += taken(&queue)
        #expect(names == (0..<5000).map(String.init))
    }
}
