public import JupyterProtocol
public import Notebook
import Synchronization

/// Runs the cells of a notebook in a kernel that is ready, one after another.
///
/// It never throws: whatever becomes of a cell or of the kernel is a result. What the cells have put out so far can be
/// looked at any time, from anywhere.
public final class Executor: Sendable {
    private let kernel: any Kernel
    private let plan: Plan
    private let options: ExecutionOptions
    private let time: Timekeeper
    private let observe: @Sendable (RunEvent) -> Void
    private let state: Mutex<RunState>

    /// How long a kernel that has replied may be silent until it is asked whether something was lost.
    private static let patience = Duration.seconds(1)
    /// How long a kernel may take to begin with a cell that was sent.
    private static let freshness = Duration.milliseconds(300)

    /// Prepares a run.
    ///
    /// - Parameters:
    ///   - elapsed: How much of the time for the whole run is over.
    ///   - observe: Is told what happens, while the next cell waits.
    public init(
        _ notebook: Notebook, _ plan: Plan, on kernel: any Kernel, _ options: ExecutionOptions,
        clock: some Clock<Duration> = ContinuousClock(), elapsed: Duration = .zero,
        observe: @escaping @Sendable (RunEvent) -> Void = { _ in }
    ) {
        self.kernel = kernel
        self.plan = plan
        self.options = options
        self.observe = observe
        time = Timekeeper(clock, elapsed: elapsed)
        var transcript = Transcript(notebook, clearing: plan.cleared, options: options)
        transcript.note(kernel.info)
        state = Mutex(RunState(transcript))
    }

    /// The notebook as it is now, the outputs of the cell that runs included.
    public var notebook: Notebook {
        state.withLock { $0.transcript.snapshot(isRunning: $0.running != nil) }
    }

    /// Tells whether there is something new: how many cells are over, and a number that grows with every change.
    public var progress: (finishedCells: Int, revision: Int) {
        state.withLock { ($0.reports.count, $0.transcript.revision) }
    }

    /// Whether a cell was sent to the kernel.
    public var hasBegun: Bool { state.withLock { $0.running != nil || !$0.reports.isEmpty } }

    /// Runs the cells until one of them, or somebody, ends the run.
    ///
    /// The cancellation of the task is nothing to it; that is what ``stop(_:)`` is for.
    public func run() async -> (outcome: RunOutcome, cells: [CellReport]) {
        var outcome = RunOutcome.succeeded
        var watch: Task<Void, any Error>?
        defer { watch?.cancel() }
        cells: for cell in plan.run {
            if let duration = options.totalLimit.duration, time.now() - state.withLock({ $0.origin }) >= duration {
                outcome = .timedOut(StruckLimit(kind: .total, duration: duration))
                break
            }
            guard let report = await run(cell, &watch) else { break }
            observe(.cellFinished(report))
            switch report.outcome {
            case .succeeded, .raised(_, isAllowed: true): continue
            case .timedOut(let limit, let fate):
                if case .succeeded = outcome { outcome = .timedOut(limit) }
                guard options.atLimit == .goOn, limit.kind != .total, case .survived = fate else { break cells }
            case .raised(let error, _):
                outcome = .raised(error)
                break cells
            case .exited(let status):
                // An end on purpose does not make up for a limit that was reached before.
                if case .succeeded = outcome { outcome = .exited(status: status) }
                break cells
            case .kernelFailed(let failure):
                outcome = .kernelFailed(failure)
                break cells
            case .stopped, .skipped, .blank, .notReached: break cells
            }
        }
        return state.withLock { state in
            let isWhole = plan.run.allSatisfy { cell in
                switch state.reports[cell.index]?.outcome {
                case nil, .stopped: false
                default: true
                }
            }
            if let reason = state.stop, !isWhole {
                switch outcome {
                case .succeeded, .timedOut: outcome = .stopped(reason)
                default: break
                }
            }
            return (outcome, plan.cells.map { state.reports[$0.index] ?? CellReport($0, .withoutRun($0.fate)) })
        }
    }

    /// Hears what still comes, until the kernel is gone.
    public func listen() async {
        do {
            for try await message in kernel.messages { _ = hear(message) }
        } catch {
            // The run is over; what the kernel may die of now is no concern of its cells.
        }
    }

    /// Ends the run: interrupts the cell that runs and gives it time to finish; when called again, kills the kernel.
    public func stop(_ reason: StopReason) {
        let isFirst = state.withLock { state in
            defer { state.stop = state.stop ?? reason }
            return state.stop == nil
        }
        // Some of the time is left for the kernel's end and for saving.
        Task { isFirst ? try await escalate(within: options.grace * 4 / 5, for: nil) : await kernel.kill() }
    }
}

// MARK: - One cell

extension Executor {
    /// Runs a cell; nil where somebody had ended the run before.
    private func run(_ cell: PlannedCell, _ watch: inout Task<Void, any Error>?) async -> CellReport? {
        let begin = time.now()
        guard ask(cell, since: begin) else { return nil }
        observe(.cellStarted(cell))
        // One watch serves many cells, unless it is going to sleep for too long.
        if state.withLock({ $0.needsEarlierWatch(options) }) {
            watch?.cancel()
            watch = Task { try await self.watch() }
        }
        var ending = await hearReply()
        var pause = Duration.milliseconds(10)
        // Kernels that got over an error a moment ago turn down whatever comes next.
        while case .complete(let reply) = ending, reply.status == .aborted, pause < .seconds(10) {
            try? await time.sleep(time.now() + pause)
            pause = pause * 3 / 2
            guard ask(cell, since: begin) else { break }
            ending = await hearReply()
        }
        if case .complete = ending, state.withLock({ $0.struck != nil || $0.stop != nil }),
            case .broken(let failure) = await settle()
        {
            ending = .broken(failure)
        }
        let outcome = state.withLock { $0.outcome(of: cell, ending, options) }
        let report = CellReport(cell, outcome, time.now() - begin)
        state.withLock { $0.finish(cell, report) }
        return report
    }

    /// Sends a cell's code, unless somebody has ended the run.
    private func ask(_ cell: PlannedCell, since begin: Duration) -> Bool {
        // IPython turns down what waits behind an error, if it is told to; nothing does.
        let request = kernel.session.executeRequest(
            cell.source, allowsInput: options.allowsInput, stopsOnError: false)
        let isWanted = state.withLock { state in
            guard state.stop == nil else { return false }
            state.begin(cell, request, since: begin, at: time.now())
            return true
        }
        if isWanted { kernel.send(request) }
        return isWanted
    }

    /// Hears everything until the request in flight is over.
    private func hearReply() async -> RequestEnding {
        do {
            for try await message in kernel.messages {
                guard let (reply, hasLoss) = hear(message) else { continue }
                if hasLoss, let number = state.withLock({ $0.running?.number }) {
                    observe(.warning("cell \(number): the kernel lost some of its output, because it put out too much"))
                }
                return .complete(reply.executeReply ?? ExecuteReply(status: .ok))
            }
            return .broken(nil)
        } catch {
            return .broken(error as? KernelFailure ?? .disconnected("\(error)"))
        }
    }

    /// Takes note of a message; returns the reply where it completes the request in flight.
    private func hear(_ message: Message) -> (reply: Message, hasLoss: Bool)? {
        let now = time.now()
        let (output, news, ending) = state.withLock { $0.hear(message, at: now, session: kernel.session) }
        for message in news { kernel.send(message) }
        if let output, let cell = plan.cell(at: output.cell) { observe(.output(cell: cell, output.what)) }
        return ending
    }

    /// Asks something that nobody cares about, for an interrupt that comes late to hit.
    private func settle() async -> RequestEnding {
        let request = kernel.session.kernelInfoRequest()
        state.withLock { $0.exchange = Exchange(request) }
        kernel.send(request)
        return await hearReply()
    }

    /// Minds the limits of the cell that runs, and asks a kernel that has gone silent whether something was lost.
    private func watch() async throws {
        while true {
            let now = time.now()
            switch state.withLock({ $0.watch(at: now, options, Self.patience, kernel.session) }) {
            case .sleep(let end): try await time.sleep(end)
            case .ask(let request): kernel.send(request)
            case .strike(let cell): Task { try await escalate(within: options.grace, for: cell) }
            }
        }
    }

    /// Interrupts the kernel and, where that does not help, kills it.
    ///
    /// - Parameter cell: The cell that has to end; nil where the run has.
    private func escalate(within grace: Duration, for cell: Int?) async throws {
        let start = time.now()
        func isRunning() -> Bool { state.withLock { $0.running.map { cell == nil || $0.index == cell } ?? false } }
        guard isRunning() || cell == nil else { return }
        if isRunning() {
            let isTakenUp = state.withLock { state in
                state.wasInterrupted = true
                return state.isTakenUp
            }
            await kernel.interrupt()
            if !isTakenUp {
                // A kernel that was not at work yet has not heard it.
                try await time.sleep(start + Self.freshness)
                if isRunning() { await kernel.interrupt() }
            }
            try await time.sleep(start + grace / 2)
            if isRunning() { await kernel.interrupt() }
        }
        try await time.sleep(start + grace)
        if isRunning() || cell == nil {
            state.withLock { $0.wasKilled = true }
            await kernel.kill()
        }
    }
}

/// How a request ended.
enum RequestEnding {
    case complete(ExecuteReply)
    /// The conversation broke off, or was ended on this side.
    case broken(KernelFailure?)
}
