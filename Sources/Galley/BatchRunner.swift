import GalleyConcurrency
import GalleyExecution
import GalleyJupyterProtocol
import GalleyLocalKernels
import GalleyStorage
import Synchronization

extension Batch {
    /// Runs the notebooks.
    ///
    /// It returns when nothing of them is left: no kernel, no process that one has started, no file of theirs. When the
    /// task is cancelled, all runs are ended in order, and the report says so. To follow a batch there is ``BatchRun``.
    public func run() async -> BatchReport { await run(stop: StopSignal()) }

    /// Runs the notebooks, lets somebody end that from outside, and tells what happens, while the run in question waits.
    @discardableResult
    package func run(
        stop: StopSignal, observe: @escaping @Sendable (BatchEvent) -> Void = { _ in }
    ) async -> BatchReport {
        await withTaskCancellationHandler {
            // What is cancelled cannot wait for anything: a batch is ended in order.
            await Task { await BatchRunner(self, stop, observe).run() }.value
        } onCancel: {
            stop.stop(.cancelled)
        }
    }

    /// The jobs in the order in which they are started.
    var startOrder: [Int] {
        guard order == .slowestFirst else { return Array(jobs.indices) }
        func duration(_ job: Int) -> Duration { jobs[job].earlierDuration ?? .seconds(Int64.max / 2) }
        return jobs.indices.sorted { (duration($1), $0) < (duration($0), $1) }
    }
}

/// The run of a batch, from the first notebook to the last.
final class BatchRunner: Sendable {
    private let batch: Batch
    private let stop: StopSignal
    private let listener: @Sendable (BatchEvent) -> Void
    private let state: Mutex<State>
    private let begin = ContinuousClock.now
    private let began = Timestamp.now()
    private let starts: AsyncStream<Int>
    private let start: AsyncStream<Int>.Continuation

    private struct State {
        var scheduler: BatchScheduler
        /// Those that are run now: how they are ended, and what they have of this machine.
        var stopSignals: [Int: StopSignal] = [:]
        var kernels: [Int: any Kernel] = [:]
        /// The most memory that each kernel was seen to have, and the sum of it.
        var peaks: [Int: Int] = [:]
        var peakSum = 0
        /// How long each has waited for its turn.
        var waits: [Int: Duration] = [:]
        /// Those that wait for their turn: set to whether it came.
        var slotPromises: [Int: AsyncPromise<Bool>] = [:]
        var reports: [Int: JobReport] = [:]
        /// Whose results go where.
        var places: [PathKey: Int] = [:]
        /// The notebooks that failed, those of them too that are not over yet.
        var failed: Set<Int> = []
        var stop: StopReason?
        /// Whether somebody waits for memory, and whether that was told.
        var waitsForMemory = false
        var hasToldOfMemory = false
    }

    /// What a kernel is expected to need before any was seen: what Python's takes that has done nothing yet.
    private static let leastMemory = 64_000_000

    /// A kernel that has not ended after so long is waiting, and not at work.
    private static let usualEnd = Duration.seconds(1)

    init(_ batch: Batch, _ stop: StopSignal, _ observe: @escaping @Sendable (BatchEvent) -> Void) {
        (self.batch, self.stop, listener) = (batch, stop, observe)
        let concurrency = min(batch.concurrency, batch.jobs.roomForKernels ?? batch.concurrency)
        state = Mutex(State(scheduler: BatchScheduler(order: batch.startOrder, concurrency: concurrency)))
        (starts, start) = AsyncStream.makeStream()
    }

    func run() async -> BatchReport {
        stop.setAnsweringListener { [self] in cancelRuns($0) }
        update { _ in }
        await withDiscardingTaskGroup { group in
            for await job in starts { group.addTask { await self.run(job) } }
        }
        let report = state.withLock { state in
            BatchReport(
                jobs: batch.jobs.indices.map { state.reports[$0] ?? JobReport(batch.jobs[$0].name, .leftOut) },
                started: began, duration: elapsed, stop: state.stop)
        }
        observe(.finished(report))
        // What is over cannot be stopped.
        stop.setListener(nil)
        await batch.events.finish()
        return report
    }

    /// Hands an event to the sinks of its notebook, to those of the batch, and to what follows the batch.
    private func observe(_ event: BatchEvent) {
        batch.sendToSinks(event)
        listener(event)
    }

    private var elapsed: Duration { begin.duration(to: .now) }

    // MARK: - What is done next

    /// Takes note of news, and does what follows from them.
    private func update(_ change: (inout State) -> Void) {
        let (candidate, live) = state.withLock { state -> (Int?, [Int: any Kernel]?) in
            change(&state)
            let candidate = state.scheduler.candidate
            return (candidate, candidate == nil ? nil : state.kernels)
        }
        // Looking takes longer than a lock should be held.
        let seen = live?.compactMapValues(\.memory)
        let available = candidate.flatMap { batch.jobs[$0].options.kernels.capacity.availableMemory }
        var started: [Int] = []
        let (slotPromises, held, isOver) = state.withLock { state in
            for (job, memory) in seen ?? [:] where memory > state.peaks[job, default: 0] {
                state.peakSum += memory - state.peaks[job, default: 0]
                state.peaks[job] = memory
            }
            var memory = memory(available, seen ?? [:], state)
            while live != nil, let job = state.scheduler.start(memory) {
                started.append(job)
                memory.growth += memory.perKernel
            }
            var slotPromises: [AsyncPromise<Bool>] = []
            while let job = state.scheduler.run() {
                if let slotPromise = state.slotPromises.removeValue(forKey: job) { slotPromises.append(slotPromise) }
            }
            let waitsForMemory = live != nil && state.scheduler.candidate != nil
            defer { state.waitsForMemory = waitsForMemory || state.waitsForMemory }
            return (slotPromises, waitsForMemory && !state.waitsForMemory ? memory : nil, state.scheduler.isOver)
        }
        for slotPromise in slotPromises { slotPromise.set(true) }
        for job in started { start.yield(job) }
        if let held { waitForMemory(held) }
        if isOver { start.finish() }
    }

    private func memory(_ available: Int?, _ seen: [Int: Int], _ state: State) -> BatchScheduler.MemoryBudget {
        let mean = state.peakSum / max(1, state.peaks.count)
        // No machine has more, and what several need can still be added up.
        let perKernel = batch.memoryPerKernel.map { min(max(0, $0), 1 << 50) } ?? max(mean, Self.leastMemory)
        let live = state.scheduler.jobs(in: [.starting, .ready, .running])
        return BatchScheduler.MemoryBudget(
            available: available, perKernel: perKernel,
            growth: live.reduce(0) { $0 + max(0, perKernel - (seen[$1] ?? 0)) })
    }

    private func waitForMemory(_ memory: BatchScheduler.MemoryBudget) {
        let isNews = state.withLock { state in
            defer { state.hasToldOfMemory = true }
            return !state.hasToldOfMemory
        }
        if isNews, let available = memory.available {
            observe(.waitingForMemory(available: available, needed: memory.perKernel + memory.growth))
        }
        Task { [weak self] in
            try? await Task.sleep(for: .milliseconds(250))
            self?.update { $0.waitsForMemory = false }
        }
    }

    /// Ends all runs; returns whether there is anything to be ended.
    private func cancelRuns(_ reason: StopReason) -> Bool {
        let (stopSignals, isFirst) = state.withLock { state in
            defer { state.stop = state.stop ?? reason }
            state.scheduler.close()
            return (state.stopSignals, state.stop == nil)
        }
        var answers: [Bool] = []
        for (_, stop) in stopSignals { answers.append(stop.stop(reason)) }
        update { _ in }
        // Where there are others, what became of them is still to be told; nobody has to wait for that for ever.
        return batch.jobs.count > 1 && isFirst || answers.contains(true)
    }

    // MARK: - One notebook

    private func run(_ job: Int) async {
        var report = JobReport(batch.jobs[job].name, .leftOut)
        var earlier: JobReport?
        observe(.began(job: job))
        while true {
            (report.begin, report.started) = (elapsed, .now())
            let (result, warnings) = await attempt(job)
            (report.result, report.warnings, report.end) = (result, warnings, elapsed)
            report.waited = state.withLock { $0.waits.removeValue(forKey: job) } ?? .zero
            guard report.failedAttempts.count < batch.retries, let reason = result.retryReason,
                !state.withLock(\.scheduler.isClosed)
            else { break }
            earlier = report
            report.failedAttempts.append(reason)
            update { $0.scheduler.setPhase(.starting, of: job) }
            observe(.retrying(job: job, attempt: report.failedAttempts.count + 1, reason: reason))
        }
        if batch.jobs.count > 1, report.result.isUntouched, state.withLock(\.scheduler.isClosed) {
            // Of one whose next attempt has come to nothing, the one before is what the file tells of.
            if let earlier { report = earlier } else { report.result = .leftOut }
        }
        let isFailure = isFailure(job, report.result)
        state.withLock { $0.reports[job] = report }
        if isFailure { fail(job) }
        observe(.ended(job: job, report))
        update { $0.scheduler.setPhase(.over, of: job) }
        await batch.jobs[job].options.events.finish()
    }

    /// Counts a failure, and begins nothing else where it is one too many.
    private func fail(_ job: Int) {
        let unwanted = state.withLock { state -> [StopSignal] in
            state.failed.insert(job)
            guard let limit = batch.failureLimit, state.failed.count >= limit, !state.scheduler.isClosed else {
                return []
            }
            state.scheduler.close()
            return state.scheduler.jobs(in: [.starting, .ready]).compactMap { state.stopSignals[$0] }
        }
        for stop in unwanted { stop.stop(.cancelled) }
    }

    private func isFailure(_ job: Int, _ result: JobResult) -> Bool {
        switch result {
        case .ran(let report): !batch.accepts(job, report)
        case .failed: true
        case .leftOut: false
        }
    }

    private func attempt(_ job: Int) async -> (JobResult, warnings: [String]) {
        let stores: RunStores
        do {
            stores = try batch.jobs[job].stores(batch.jobs[job].options)
        } catch {
            return (.failed(error), [])
        }
        if let place = stores.resultIdentity {
            let owner = state.withLock { state in
                let owner = state.places[place] ?? job
                state.places[place] = owner
                return owner
            }
            let other = batch.jobs[owner].name
            if owner != job { return (.failed(StorageError.taken(path: stores.target.name, by: other)), []) }
        }
        let stop = StopSignal()
        let reason = state.withLock { state in
            state.stopSignals[job] = stop
            // One that was going to be started when the batch was closed is not wanted any more.
            return state.stop ?? (state.scheduler.isClosed ? .cancelled : nil)
        }
        if let reason { stop.stop(reason) }
        defer {
            state.withLock { state in
                state.stopSignals[job] = nil
                state.kernels[job] = nil
            }
        }
        let warnings = Mutex<[String]>([])
        let batch = batch
        let runner = NotebookRunner(
            stores, options(of: job), stop: stop, executionSlot: executionSlot(of: job),
            receive: { batch.sendToSinks(.notebook(job: job, new: $0, old: $1)) }
        ) { [self] in
            if case .warning(let text) = $0 { warnings.withLock { $0.append(text) } }
            // Before anybody else gets the turn.
            if case .cellFinished(let report) = $0, report.outcome.isFailureForGood { fail(job) }
            observe(.run(job: job, $0))
        }
        do {
            let report = try await runner.run()
            return (.ran(report), warnings.withLock(\.self))
        } catch {
            return (.failed(error), warnings.withLock(\.self))
        }
    }

    /// The options of a notebook: among others it has a folder for temporary files of its own, unless it was given one, or
    /// is to leave something behind.
    private func options(of job: Int) -> Options {
        var options = batch.jobs[job].options
        options.hooks.keepsNotebook = batch.keepsNotebooks
        let takesOne = options.kernels.features.contains(.temporaryDirectory)
        if batch.jobs.count > 1, takesOne, !options.leavesChildren, options.environment["TMPDIR"] == nil {
            options.hasTemporaryDirectory = true
        }
        return options
    }

    private func executionSlot(of job: Int) -> ExecutionSlot {
        ExecutionSlot { [self] kernel in
            let ready = elapsed
            defer { state.withLock { $0.waits[job] = elapsed - ready } }
            let slotPromise = AsyncPromise<Bool>()
            update { state in
                state.kernels[job] = kernel
                state.scheduler.setPhase(.ready, of: job)
                state.slotPromises[job] = slotPromise
            }
            // A task that is cancelled already gives up at once.
            let isHere = await withTaskCancellationHandler {
                await slotPromise.value()
            } onCancel: {
                cancelWait(job)
            }
            guard isHere == true else { throw CancellationError() }
        } end: { [self] in
            advance(job, from: .running, to: .ending)
            Task {
                try? await Task.sleep(for: Self.usualEnd)
                advance(job, from: .ending, to: .lingering)
            }
        }
    }

    private func advance(_ job: Int, from phase: BatchScheduler.Phase, to next: BatchScheduler.Phase) {
        update { if $0.scheduler.phases[job] == phase { $0.scheduler.setPhase(next, of: job) } }
    }

    /// Lets a notebook that waits for its turn wait no longer.
    private func cancelWait(_ job: Int) {
        let slotPromise = state.withLock { state -> AsyncPromise<Bool>? in
            guard let slotPromise = state.slotPromises.removeValue(forKey: job) else { return nil }
            state.scheduler.setPhase(.ending, of: job)
            return slotPromise
        }
        slotPromise?.set(false)
    }
}

extension Batch {
    /// Hands an event to the sinks of its notebook, and then to those of the batch.
    fileprivate func sendToSinks(_ event: BatchEvent) {
        if jobs.indices.contains(event.job) { jobs[event.job].options.hooks.events.receive(event) }
        events.receive(event)
    }
}

extension [Batch.Job] {
    /// How many of them can run at a time with the kernels that their providers have; nil if no provider says.
    fileprivate var roomForKernels: Int? {
        var bounds: [String: Int?] = [:]
        for provider in map(\.options.kernels) where bounds[provider.name] == nil {
            bounds[provider.name] = .some(provider.capacity.concurrency)
        }
        return bounds.values.compactMap(\.self).min()
    }
}

extension CellOutcome {
    /// Whether the notebook has failed, and will not be run again.
    fileprivate var isFailureForGood: Bool {
        switch self {
        case .raised(_, isAllowed: false), .timedOut: true
        case .exited(let status): status != 0
        default: false
        }
    }
}

extension JobResult {
    /// What went wrong, where that may not happen again: a kernel that did not start, or died.
    fileprivate var retryReason: String? {
        switch self {
        case .ran(let report) where report.outcome.isTransient: report.message
        case .failed(let error as any KernelFault) where error.isTransient: "\(error)"
        case .failed(let error as any StorageFault) where error.isTransient: "\(error)"
        default: nil
        }
    }

    /// Whether the run was ended before its first cell.
    fileprivate var isUntouched: Bool {
        guard case .ran(let report) = self, case .stopped = report.outcome else { return false }
        return !report.cells.contains(where: \.outcome.wasRun)
    }
}
