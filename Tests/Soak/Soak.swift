import GalleyCLinux
import GalleyExecution
import Galley
import Glibc
import GalleyLocalKernels

/// Runs hundreds of notebooks in one process, ends each in its own way, and looks at what they leave behind.
///
/// `swift run Soak [RUNS [SEED]]` after `./Tests/run`, which installs what it needs.
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
    private let host = Host()
    private let ledger = Ledger()

    /// How many runs there are before the first look, by when what is made lazily is made, and before memory is measured.
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

    private func run() -> Findings {
        // As `galley` does, and as is for a host to decide: otherwise glibc keeps what is free at the end of each of its
        // heaps, of which there are eight for each processor, and resident memory grows until each has seen a large run.
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
        return Findings(
            before: before, after: after, memory: (earlier, memory()), rested: ended.duration(to: .now),
            duration: began.duration(to: .now), plan: plan, runs: ledger.runs, host: host.findings)
    }

    /// Looks around until everything is as it is to be, or nothing more is going to happen.
    private func rest(until isDone: (Surroundings) -> Bool = { _ in false }) -> Surroundings {
        var (last, since) = (look(), ContinuousClock.now)
        // Threads that wait for work leave after five seconds without any.
        while !isDone(last), since.duration(to: .now) < .seconds(7) {
            wait(milliseconds: 50)
            let now = look()
            if now.threads.count + now.poolThreads != last.threads.count + last.poolThreads { since = .now }
            last = now
        }
        return last
    }

    /// Looks around while the host has no children.
    private func look() -> Surroundings {
        host.pause()
        defer { host.goOn() }
        return Surroundings([folder + "/tmp", folder + "/run"])
    }

    private func memory() -> Findings.Memory {
        Process.trimMemory()
        return Findings.Memory(resident: Process.residentMemory, allocated: Process.allocatedMemory)
    }

    // MARK: Running

    /// Runs a notebook in one of the ways that there are: to its end, with its events listened to or not, in a batch.
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

    /// Runs some notebooks, several at a time, and returns when all of them have ended.
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
        // Not by a semaphore: a signal of the host's may come.
        while !ledger.isClosed { wait(milliseconds: 10) }
    }

    private func perform(_ number: Int) async {
        let planned = plan[number]
        let store = MemoryStore(planned.kind.notebook)
        var options = Options()
        (options.environment, options.inheritsEnvironment) = (environment, false)
        options.kernel = "python3"
        // A Python that is killed while it tries its folder for temporary files leaves a file there, which goes with it.
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
                complaint: isLate
                    ? "a run that \(planned.kind.name) took \(duration.inWords), though it was cancelled"
                    : planned.kind.complaint(end, store, isCancelled: cancelling != nil)))
    }
}
