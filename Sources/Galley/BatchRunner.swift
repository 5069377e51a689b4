import GalleyConcurrency
import GalleyExecution
import GalleyJupyterProtocol
import GalleyLocalKernels
import GalleyStorage
import Synchronization

extension Batch {
    /// Runs the notebooks.
    ///
    /// When it returns, no kernels, processes of kernels or temporary files of the batch are left. If the task is
    /// canceled, all runs end in order, and the report says so. To follow a batch while it runs, use ``BatchRun``.
    public func run() async -> BatchReport { await run(stop: StopSignal()) }

    /// Runs the notebooks, and reports their events.
    ///
    /// - Parameters:
    ///   - stop: Ends the runs from outside, as canceling the task does.
    ///   - observe: Receives the events. The run that an event belongs to waits until it returns.
    @discardableResult
    package func run(
        stop: StopSignal, observe: @escaping @Sendable (BatchEvent) -> Void = { _ in }
    ) async -> BatchReport {
        await withTaskCancellationHandler {
            // Ending a batch in order means waiting, and a canceled task cannot wait.
            await Task { await BatchRunner(self, stop, observe).run() }.value
        } onCancel: {
            stop.stop(.cancelled)
        }
    }

    /// The jobs in the order in which they start.
    var startOrder: [Int] {
        guard order == .slowestFirst else { return Array(jobs.indices) }
        func duration(_ job: Int) -> Duration { jobs[job].earlierDuration ?? .seconds(Int64.max / 2) }
        return jobs.indices.sorted { (duration($1), $0) < (duration($0), $1) }
    }
}

/// The run of a batch.
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
        /// The running notebooks: their stop signals and their kernels.
        var stopSignals: [Int: StopSignal] = [:]
        var kernels: [Int: any Kernel] = [:]
        /// The highest memory use seen of each kernel, and the sum of these values.
        var peaks: [Int: Int] = [:]
        var peakSum = 0
        /// How long each notebook has waited to run its cells.
        var waits: [Int: Duration] = [:]
        /// The notebooks that wait to run their cells. Their promises are set to true to run, or to false to give up.
        var slotPromises: [Int: AsyncPromise<Bool>] = [:]
        var reports: [Int: JobReport] = [:]
        /// The notebook that owns each place for results.
        var places: [PathKey: Int] = [:]
        /// The notebooks that failed, including those that have not ended yet.
        var failed: Set<Int> = []
        var stop: StopReason?
        /// Whether a start waits for memory, and whether an event has reported it.
        var waitsForMemory = false
        var hasToldOfMemory = false
    }

    /// The expected memory use of a kernel before any was measured: that of an idle Python kernel.
    private static let leastMemory = 64_000_000

    /// A kernel that takes longer than this to end is idle, and no longer uses a processor.
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
                jobs: batch.jobs.indices.map { state.reports[$0] ?? JobReport(batch.jobs[$0], .leftOut) },
                started: began, duration: elapsed, stop: state.stop)
        }
        observe(.finished(report))
        // A batch that has ended can no longer be stopped.
        stop.setListener(nil)
        await batch.events.finish()
        return report
    }

    /// Passes an event to the sinks of its notebook, to those of the batch, and to the listener.
    private func observe(_ event: BatchEvent) {
        batch.sendToSinks(event)
        listener(event)
    }

    private var elapsed: Duration { begin.duration(to: .now) }

    // MARK: - What is done next

    /// Changes the state, then starts and runs the notebooks that may follow.
    private func update(_ change: (inout State) -> Void) {
        let (candidate, live) = state.withLock { state -> (Int?, [Int: any Kernel]?) in
            change(&state)
            let candidate = state.scheduler.candidate
            return (candidate, candidate == nil ? nil : state.kernels)
        }
        // Measuring takes longer than a lock should be held.
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
        // The bound exceeds the memory of any machine, and keeps sums from overflowing.
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

    /// Ends all runs; returns whether there is anything to end.
    private func cancelRuns(_ reason: StopReason) -> Bool {
        let (stopSignals, isFirst) = state.withLock { state in
            defer { state.stop = state.stop ?? reason }
            state.scheduler.close()
            return (state.stopSignals, state.stop == nil)
        }
        var answers: [Bool] = []
        for (_, stop) in stopSignals { answers.append(stop.stop(reason)) }
        update { _ in }
        // With several notebooks, the first stop still leaves results to report. Later stops must not wait for them.
        return batch.jobs.count > 1 && isFirst || answers.contains(true)
    }

    // MARK: - One notebook

    private func run(_ job: Int) async {
        var report = JobReport(batch.jobs[job], .leftOut)
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
            // If the last attempt ended before its first cell, the file contains the result of the attempt before it.
            if let earlier { report = earlier } else { report.result = .leftOut }
        }
        let isFailure = isFailure(job, report.result)
        state.withLock { $0.reports[job] = report }
        if isFailure { fail(job) }
        observe(.ended(job: job, report))
        update { $0.scheduler.setPhase(.over, of: job) }
        await batch.jobs[job].options.events.finish()
    }

    /// Counts a failure. At the failure limit, stops starting notebooks and cancels those whose cells do not run yet.
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
            // The batch may have been closed just before this notebook started.
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
            // The failure must count before another notebook gets the free slot.
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

    /// Returns the options of a notebook.
    ///
    /// In a batch of several, each kernel gets its own folder for temporary files, unless `TMPDIR` is set or the
    /// kernel's children outlive it.
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
            // If the task is already canceled, the handler runs at once.
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

    /// Ends a notebook's wait to run its cells.
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
    /// Passes an event to the sinks of its notebook, then to those of the batch.
    fileprivate func sendToSinks(_ event: BatchEvent) {
        if jobs.indices.contains(event.job) { jobs[event.job].options.hooks.events.receive(event) }
        events.receive(event)
    }
}

extension [Batch.Job] {
    /// The number of notebooks that can run at the same time with the kernels of their providers; nil if no provider
    /// has a limit.
    fileprivate var roomForKernels: Int? {
        var bounds: [String: Int?] = [:]
        for provider in map(\.options.kernels) where bounds[provider.name] == nil {
            bounds[provider.name] = .some(provider.capacity.concurrency)
        }
        return bounds.values.compactMap(\.self).min()
    }
}

extension CellOutcome {
    /// Whether the notebook has failed, and a retry would not help.
    fileprivate var isFailureForGood: Bool {
        switch self {
        case .raised(_, isAllowed: false), .timedOut: true
        case .exited(let status): status != 0
        case .lostOutput(let loss): !loss.isTransient
        default: false
        }
    }
}

extension JobResult {
    /// Why the attempt failed, if a retry may succeed; nil otherwise.
    fileprivate var retryReason: String? {
        switch self {
        case .ran(let report) where report.outcome.isTransient: report.message
        case .failed(let error as any KernelFault) where error.isTransient: "\(error)"
        case .failed(let error as any StorageFault) where error.isTransient: "\(error)"
        default: nil
        }
    }

    /// Whether the run was stopped before its first cell.
    fileprivate var isUntouched: Bool {
        guard case .ran(let report) = self, case .stopped = report.outcome else { return false }
        return !report.cells.contains(where: \.outcome.wasRun)
    }
}
