import GalleyConcurrency
import Foundation
import GalleyTestSupport
import GalleyTesting
import Synchronization
import Testing

@testable import Galley

@Suite(.timeLimit(.minutes(20))) struct `A run object` {
    @Test func `A run object emits events from beginning to end, and has the result`() async throws {
        let run = Run(MemoryStore(notebook("prints a", "raises", "prints b")), scripted())
        let report = try await run.report
        #expect(report.outcome.status == "raised")
        #expect(report.notebook == "notebook" && report.result == "notebook")
        // The run is over before its events are read.
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

    @Test(.realKernel) func `A run object warns once if others can read the kernel's outputs`() async throws {
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

    @Test func `A run object can be canceled, and keeps its outputs`() async throws {
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

    @Test func `A run object is canceled with the task that awaits it, and not with an event loop`() async throws {
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

    @Test func `A run object is canceled when the last reference to it is gone`() async throws {
        let kernels = KernelLog()
        let (over, ending) = AsyncStream<Report>.makeStream()
        var options = scripted(kernels)
        options.middleware = [SaveCheckingMiddleware { ending.yield($0) }]
        do {
            let run = Run(MemoryStore(notebook("hangs")), options)
            // The sequence of events keeps the run alive.
            for await event in run.events { if case .cellStarted = event { break } }
        }
        for await _ in over { break }
        while !kernels.isAllOver { await Task.yield() }
    }

    @Test func `A run object throws the error that prevented the run`() async throws {
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

@Suite(.timeLimit(.minutes(20))) struct `A batch run object` {
    private func batch(_ kernels: KernelLog, _ sources: String...) -> Batch {
        Batch(
            sources.map { source in
                let store = MemoryStore(notebook(source), name: source)
                return Batch.Job(source, scripted(kernels)) { (store, nil) }
            })
    }

    /// Starts a run that hangs, and waits until it does.
    private func hanging(_ kernels: KernelLog) async -> BatchRun {
        let run = BatchRun(batch(kernels, "hangs"))
        for await event in run.events { if case .run(_, .cellStarted) = event { break } }
        return run
    }

    @Test func `A batch run object emits the events of each notebook, in order`() async {
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

    @Test func `A batch run object is canceled directly, with its task, or with its last reference`() async throws {
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

/// A middleware that receives the end of a cell.
private struct SaveCheckingMiddleware: Middleware {
    let body: @Sendable (Report) -> Void

    init(_ body: @escaping @Sendable (Report) -> Void) { self.body = body }

    func afterCell(_ cell: CellReport, outputs: [Output]) async throws {
        body(Report(outcome: .succeeded, cells: [cell], duration: .zero))
    }
}

/// Makes a store one of whose operations never returns, or only when its task is canceled.
private func stuckStore(in operation: TestStore.Operation, heedsCancellation: Bool = false) -> TestStore {
    TestStore(notebook("prints a", "hangs"), name: "stuck.ipynb") {
        guard $0 == operation else { return }
        if heedsCancellation { try await Task.sleep(for: .seconds(600)) }
        await withUnsafeContinuation { (_: UnsafeContinuation<Void, Never>) in }
    }
}

@Suite(.timeLimit(.minutes(20))) struct `A store that does not respond` {
    @Test(arguments: [TestStore.Operation.lock, .read, .checkWritable, .write])
    func `A store that does not respond delays a run at most for the grace period`(operation: TestStore.Operation)
        async throws
    {
        var options = scripted(grace: .seconds(1))
        let scratch = try TemporaryFolder()
        let folder = scratch.path
        options.environment["TMPDIR"] = folder
        let run = Run(stuckStore(in: operation), options)
        if operation == .write {
            for await event in run.events { if case .cellStarted(let cell) = event, cell.number == 2 { run.cancel() } }
            let error = await #expect(throws: UnsavedRun.self) { try await run.report }
            #expect(error?.report.cells.map(\.outcome.status) == ["succeeded", "stopped"])
            #expect(error?.rescue?.hasPrefix(folder) == true)
        } else {
            run.cancel()
            #expect(try await run.report.outcome == .stopped(.cancelled))
        }
    }

    @Test func `A store that does not respond delays a start at most for the run's time limit`() async throws {
        var options = scripted(grace: .seconds(1))
        options.totalTimeout = .milliseconds(50)
        for operation in [TestStore.Operation.lock, .read, .checkWritable] {
            let report = try await execute(stuckStore(in: operation), options)
            guard case .timedOut(let limit) = report.outcome else { Issue.record("\(report.outcome)"); continue }
            #expect(limit.kind == .total)
            #expect(report.message == "the limit of 50 ms for the whole run was reached before the first cell")
        }
    }

    @Test func `A store gets no further calls while an abandoned write may still finish`() async throws {
        let (isLocked, mayWrite) = (AsyncState(false), AsyncState(false))
        let writes = AsyncState(0)
        let store = TestStore(notebook("prints a", "hangs"), name: "slow.ipynb") { operation in
            switch operation {
            case .lock: isLocked.change { $0 = true }
            case .unlock: isLocked.change { $0 = false }
            case .write:
                let isFirst = writes.change { count in
                    count += 1
                    return count == 1
                }
                if isFirst { await Task { _ = await mayWrite.first { $0 ? true : nil } }.value }
            case .read, .checkWritable: break
            }
        }
        let scratch = try TemporaryFolder()
        let folder = scratch.path
        var options = scripted(grace: .seconds(1))
        options.environment["TMPDIR"] = folder
        let run = Run(store, options)
        _ = await writes.first { $0 == 1 ? true : nil }
        run.cancel()
        let error = await #expect(throws: UnsavedRun.self) { try await run.report }
        #expect(error?.rescue?.hasPrefix(folder) == true)
        #expect(writes.look { $0 } == 1 && isLocked.look { $0 })
        mayWrite.change { $0 = true }
        // The lock is held until the write ends.
        _ = await isLocked.first { $0 ? nil : true }
    }

    @Test func `A store's task is canceled when the run is stopped`() async throws {
        let run = Run(stuckStore(in: .read, heedsCancellation: true), scripted(grace: .seconds(100_000)))
        run.cancel(.requested("no time"))
        #expect(try await run.report.outcome == .stopped(.requested("no time")))
    }
}

/// The operations of a store, in order, each once in a row; `mayLock` delays a lock until it is true.
private final class LockingStore: Sendable {
    let operations = AsyncState<[String]>([])
    let mayLock = AsyncState(true)
    let store: TestStore

    init(_ source: String) {
        let (operations, mayLock) = (operations, mayLock)
        @Sendable func record(_ name: String) { operations.change { if $0.last != name { $0.append(name) } } }
        store = TestStore(notebook(source), name: "locked.ipynb") { operation in
            switch operation {
            case .lock:
                await Task { _ = await mayLock.first { $0 ? true : nil } }.value
                record("lock")
            case .unlock: record(Task.isCancelled ? "unlock too late" : "unlock")
            case .write: record("write")
            case .read, .checkWritable: break
            }
        }
    }
}

@Suite(.timeLimit(.minutes(20))) struct `A store with a lock` {
    @Test(arguments: ["prints a", "raises"])
    func `A store is unlocked after the last write, before the run reports its end`(source: String) async throws {
        let locking = LockingStore(source)
        let run = Run(locking.store, scripted())
        for await event in run.events {
            if case .finished = event { #expect(locking.operations.look { $0 } == ["lock", "write", "unlock"]) }
        }
        #expect(locking.operations.look(\.count) == 3)
    }

    @Test func `A store is unlocked if the run fails`() async throws {
        let locking = LockingStore("prints a")
        var options = Options()
        options.kernel = "no-such-kernel"
        await #expect(throws: (any Error).self) { try await execute(locking.store, options) }
        #expect(locking.operations.look { $0 } == ["lock", "unlock"])
    }

    @Test func `A store is unlocked when it is locked too late`() async throws {
        let locking = LockingStore("prints a")
        locking.mayLock.change { $0 = false }
        let run = Run(locking.store, scripted(grace: .milliseconds(10)))
        run.cancel()
        #expect(try await run.report.outcome == .stopped(.cancelled))
        #expect(locking.operations.look(\.isEmpty))
        locking.mayLock.change { $0 = true }
        _ = await locking.operations.first { $0 == ["lock", "unlock"] ? true : nil }
    }
}

@Suite struct `Events that are not consumed` {
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

    @Test func `Unconsumed events are kept, except outputs without room, which are counted`() throws {
        var queue = EventQueue<RunEvent>(limit: 1100)
        for text in ["a", "b", "c", "d"] { queue.add(try output(text)) }
        queue.add(.cellStarted(try #require(cell)))
        queue.add(.saved("x"))
        queue.add(try output("e"))
        #expect(taken(&queue) == ["a", "b", "missed 2", "cell", "missed 1"])
        // The queue has room again.
        queue.add(try output("f"))
        queue.add(.saved("x"))
        queue.finish()
        #expect(taken(&queue) == ["f", "saved"])
        guard case .end? = queue.take() else { Issue.record("it has no end"); return }
    }

    @Test func `Unconsumed events of several notebooks have at most one gap each`() throws {
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

    @Test func `Unconsumed events take limited memory, for any number of them`() throws {
        var queue = EventQueue<RunEvent>(limit: 100_000)
        for _ in 0..<100_000 { queue.add(try output("x")) }
        let names = taken(&queue)
        #expect(names.count < 201 && names.last?.hasPrefix("missed ") == true)
    }

    @Test func `Unconsumed events count everything that they hold`() throws {
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

    @Test func `Unconsumed events are consumed in order by successive loops`() throws {
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
