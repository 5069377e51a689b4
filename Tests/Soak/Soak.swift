import GalleyCLinux
import GalleyExecution
import Galley
import Glibc
import GalleyLocalKernels

/// Runs hundreds of notebooks in one process, ends them in all ways, and checks what they leave behind.
///
/// Run `./Tests/run` first, which installs the dependencies, then `swift run Soak [RUNS [SEED]]`.
@main struct Soak: Sendable {
    static func main() {
        let numbers = CommandLine.arguments.dropFirst().compactMap { Int($0) }
        let soak = Soak(numbers.first ?? 300, seed: UInt64(numbers.dropFirst().first ?? 1))
        let findings = soak.run()
        _ = unsafe system("rm -rf '\(soak.folder)'")
        findings.show()
        exit(findings.complaints.isEmpty ? 0 : 1)
    }

    private let plan: [PlannedRun]
    private let folder: String
    private let environment: [String: String]
    private let host = BusyHost()
    private let ledger = RunQueue()

    /// The number of runs before the first observation, after which everything lazy is initialized. `settled` is the
    /// number of runs before the first measurement of memory.
    private static let warmUp = 20
    static let settled = 50
    private static let atATime = 6

    private init(_ count: Int, seed: UInt64) {
        plan = PlannedRun.plan(count, seed: seed)
        var template = Array("/tmp/soak-XXXXXX".utf8CString)
        // Safe because the array ends with a zero, and is written within its length.
        folder = unsafe mkdtemp(&template).map { unsafe String(cString: $0) } ?? "/tmp/soak"
        for name in ["tmp", "run", "home"] { _ = unsafe mkdir(folder + "/" + name, 0o700) }
        let root = #filePath.split(separator: "/").dropLast(3).map { "/" + $0 }.joined()
        environment = [
            "JUPYTER_PATH": root + "/.build/python/share/jupyter", "PATH": "/usr/bin:/bin", "HOME": folder + "/home",
            "TMPDIR": folder + "/tmp", "XDG_RUNTIME_DIR": folder + "/run",
        ]
    }

    // MARK: Looking

    private func run() -> SoakResult {
        // As `galley` does; a host may decide otherwise. By default, glibc keeps the free end of each of its
        // heaps, eight for each processor, and resident memory grows until each heap has had a large run.
        clinux_return_freed_memory()
        host.begin()
        let began = ContinuousClock.now
        let (first, second) = (min(Self.warmUp, plan.count), min(Self.settled, plan.count))
        perform(0..<first)
        let before = rest()
        perform(first..<second)
        _ = rest { $0.isBack(to: before) }
        let earlier = memory()
        perform(second..<plan.count)
        let ended = ContinuousClock.now
        let after = rest { $0.isBack(to: before) }
        return SoakResult(
            before: before, after: after, memory: (earlier, memory()), rested: ended.duration(to: .now),
            duration: began.duration(to: .now), plan: plan, runs: ledger.runs, host: host.findings)
    }

    /// Measures the state until it is as expected, or until waiting changes nothing.
    private func rest(until isDone: (ProcessState) -> Bool = { _ in false }) -> ProcessState {
        var (last, since) = (look(), ContinuousClock.now)
        // Idle pool threads end after five seconds.
        while !isDone(last), since.duration(to: .now) < .seconds(7) {
            wait(milliseconds: 50)
            let now = look()
            if now.threads.count + now.poolThreads != last.threads.count + last.poolThreads { since = .now }
            last = now
        }
        return last
    }

    /// Measures the state while the host has no children.
    private func look() -> ProcessState {
        host.pause()
        defer { host.goOn() }
        return ProcessState([folder + "/tmp", folder + "/run"])
    }

    private func memory() -> SoakResult.Memory {
        ProcFileSystem.trimMemory()
        return SoakResult.Memory(resident: ProcFileSystem.residentMemory, allocated: ProcFileSystem.allocatedMemory)
    }

    // MARK: Running

    /// Runs a notebook in one of four ways: directly, with some events read, with all events read, or in a batch.
    private static func execute(_ store: MemoryStore, _ options: Options, way: Int) async throws -> Report {
        switch way % 4 {
        case 0: return try await Galley.execute(store, options)
        case 1:
            let run = Run(store, options)
            for await event in run.events { if case .output = event { break } }
            return try await run.report
        case 2:
            let run = Run(store, options)
            for await _ in run.events {}
            return try await run.report
        default:
            let result = await BatchRun(Batch([Batch.Job("soak", options) { (store, nil) }])).report.jobs[0].result
            switch result {
            case .ran(let report): return report
            case .failed(let error): throw error
            default: throw CancellationError()
            }
        }
    }

    /// Runs some notebooks, several at a time, and returns when all have ended.
    private func perform(_ runs: Range<Int>) {
        ledger.open(runs)
        Task.detached {
            await withTaskGroup(of: Void.self) { group in
                for _ in 0..<Self.atATime {
                    group.addTask { while let number = ledger.next() { await perform(number) } }
                }
            }
            ledger.close()
        }
        // Polls, because a signal of the host could interrupt waiting for a semaphore.
        while !ledger.isClosed { wait(milliseconds: 10) }
    }

    private func perform(_ number: Int) async {
        let planned = plan[number]
        let store = MemoryStore(planned.kind.notebook)
        var options = Options()
        (options.environment, options.inheritsEnvironment) = (environment, false)
        options.kernel = "python3"
        // If Python is killed while it probes its temporary directory, it leaves a file there; this directory is
        // removed.
        options.hasTemporaryDirectory = true
        planned.kind.adjust(&options)
        let began = ContinuousClock.now
        let run = Task { [options] in try await Self.execute(store, options, way: number) }
        let cancelling = planned.cancelledAfter.map { moment in
            Task {
                if moment > .zero { try await Task.sleep(for: moment) }
                defer { run.cancel() }
                return ContinuousClock.now
            }
        }
        let end = await run.result
        cancelling?.cancel()
        let cancelled = try? await cancelling?.value
        let duration = began.duration(to: .now)
        let wasStopped = (try? end.get().outcome.status) == "stopped"
        let isLate = cancelled.map { $0.duration(to: .now) > max(options.grace, .seconds(30)) } ?? false
        ledger.note(
            FinishedRun(
                kind: planned.kind, isCancelled: cancelling != nil, wasStopped: wasStopped,
                duration: duration,
                problem: isLate
                    ? "a run that \(planned.kind.name) took \(duration.inWords), though it was cancelled"
                    : planned.kind.problem(end, store, isCancelled: cancelling != nil)))
    }
}
