import GalleyConcurrency
import Galley
import GalleyTesting
import Synchronization
import Testing

/// The lines that sinks have written, for each sink and in one list.
private final class RecordedEvents: Sendable {
    private let lines = Mutex<[String]>([])

    func add(_ line: String) { lines.withLock { $0.append(line) } }

    /// All lines of all sinks.
    var all: [String] { lines.withLock(\.self) }

    /// Returns the lines of one sink.
    func all(of sink: String) -> [String] {
        all.filter { $0.hasPrefix(sink + " ") }.map { String($0.dropFirst(sink.count + 1)) }
    }
}

/// A sink that writes a line for each event, except saves.
private struct LoggingSink: EventSink {
    let name: String
    let notes: RecordedEvents
    var completion: @Sendable () async -> Void = {}

    init(_ name: String, _ notes: RecordedEvents, completion: @escaping @Sendable () async -> Void = {}) {
        (self.name, self.notes, self.completion) = (name, notes, completion)
    }

    func receive(_ event: BatchEvent) {
        let line: String? =
            switch event {
            case .began(let job): "\(job) began"
            case .run(let job, let event): text(of: event).map { "\(job) \($0)" }
            case .notebook(let job, let new, let old): "\(job) notebook \(outputs(new)), was \(outputs(old))"
            case .retrying(let job, let attempt, _): "\(job) retrying \(attempt)"
            case .ended(let job, let report): "\(job) ended \(report.name) \(report.run?.outcome.status ?? "failed")"
            case .finished(let report): "finished \(report.jobs.count)"
            default: nil
            }
        if let line { notes.add("\(name) \(line)") }
    }

    func finish() async {
        await completion()
        notes.add("\(name) finish")
    }

    private func text(of event: RunEvent) -> String? {
        switch event {
        case .started: "started"
        case .cellStarted(let cell): "cell \(cell.number)"
        case .output(_, .stream(_, let text)): "printed \(text)"
        case .cellFinished(let cell): "cell \(cell.number) \(cell.outcome.status)"
        case .warning(let text): "warning \(text)"
        case .finished(let report): "finished \(report.outcome.status)"
        default: nil
        }
    }

    private func outputs(_ notebook: Notebook) -> Int { notebook.cells.reduce(0) { $0 + $1.outputs.count } }
}

/// A sink that implements nothing but the one required method.
private struct CountingSink: EventSink {
    let count: Counter

    final class Counter: Sendable {
        let value = Mutex(0)
    }

    func receive(_ event: BatchEvent) { count.value.withLock { $0 += 1 } }
}

@Suite(.timeLimit(.minutes(20))) struct `An event sink` {
    private static let story = [
        "0 began", "0 started", "0 cell 1", "0 printed a", "0 cell 1 succeeded", "0 cell 2", "0 cell 2 raised",
        "0 notebook 2, was 0", "0 finished raised", "0 ended report raised", "finish",
    ]

    @Test func `An event sink receives a single run as job 0, in order, before the run returns`() async throws {
        let notes = RecordedEvents()
        var options = scripted()
        options.events = [LoggingSink("a", notes)]
        let store = MemoryStore(notebook("prints a", "raises"), name: "report")
        let report = try await execute(store, options)
        #expect(report.outcome.status == "raised")
        #expect(notes.all(of: "a") == Self.story)
    }

    @Test func `An event sink receives the same events from a run object`() async throws {
        let notes = RecordedEvents()
        var options = scripted()
        options.events = [LoggingSink("a", notes)]
        _ = try await Run(MemoryStore(notebook("prints a", "raises"), name: "report"), options).report
        #expect(notes.all(of: "a") == Self.story)
    }

    @Test func `An event sink receives the end of a run that could not begin`() async throws {
        let notes = RecordedEvents()
        var options = scripted()
        options.events = [LoggingSink("a", notes)]
        await #expect(throws: StorageError.self) { try await execute("/nowhere/report.ipynb", options) }
        #expect(notes.all(of: "a") == ["0 began", "0 ended /nowhere/report.ipynb failed", "finish"])
    }

    @Test func `An event sink receives each event after the sinks before it, and loses none`() async throws {
        let notes = RecordedEvents()
        let counter = CountingSink.Counter()
        // The first sink returns only after the second one.
        let isComplete = AsyncState(false)
        let first = LoggingSink("a", notes) { _ = await isComplete.first { $0 ? true : nil } }
        let second = LoggingSink("b", notes) { isComplete.change { $0 = true } }
        var options = scripted()
        options.events = [first, CountingSink(count: counter), second]
        _ = try await execute(MemoryStore(notebook("prints a", "raises"), name: "report"), options)
        #expect(notes.all(of: "a") == Self.story && notes.all(of: "b") == Self.story)
        let pairs = Self.story.dropLast().flatMap { ["a " + $0, "b " + $0] }
        #expect(notes.all == pairs + ["b finish", "a finish"])
        #expect(counter.value.withLock(\.self) >= Self.story.count - 1)
    }

    @Test func `An event sink of a notebook receives its events, and that of a batch all events`() async {
        let notes = RecordedEvents()
        let jobs = ["prints a", "prints b"].enumerated().map { job, source in
            var options = scripted()
            options.events = [LoggingSink("own\(job)", notes)]
            let store = MemoryStore(notebook(source), name: source)
            return Batch.Job(source, options) { (store, nil) }
        }
        var batch = Batch(jobs)
        batch.events = [LoggingSink("all", notes)]
        _ = await batch.run()
        for (job, letter) in ["a", "b"].enumerated() {
            let story = [
                "began", "started", "cell 1", "printed \(letter)", "cell 1 succeeded", "notebook 1, was 0",
                "finished succeeded", "ended prints \(letter) succeeded",
            ].map { "\(job) \($0)" }
            #expect(notes.all(of: "own\(job)") == story + ["finish"])
            #expect(notes.all(of: "all").filter { $0.hasPrefix("\(job) ") } == story)
        }
        #expect(notes.all(of: "all").suffix(2) == ["finished 2", "finish"])
        #expect(notes.all.last == "all finish")
    }

    @Test func `An event sink receives the notebook of each attempt, which the event sequence leaves out`() async {
        let notes = RecordedEvents()
        let store = MemoryStore(notebook("prints a", "dies"), name: "report")
        var batch = Batch([Batch.Job("report", scripted()) { (store, nil) }])
        batch.retries = 1
        batch.events = [LoggingSink("all", notes)]
        let run = BatchRun(batch)
        for await event in run.events { if case .notebook = event { Issue.record("it keeps notebooks") } }
        let attempts = notes.all(of: "all").filter { $0.contains("notebook") || $0.contains("retrying") }
        #expect(attempts.count == 3 && attempts[1] == "0 retrying 2")
        #expect(attempts[0].hasPrefix("0 notebook ") && attempts[2].hasPrefix("0 notebook "))
        #expect(await run.report.jobs[0].failedAttempts.count == 1)
    }
}
