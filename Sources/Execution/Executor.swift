import GalleyConcurrency
import GalleyJSON
package import GalleyJupyterProtocol
package import GalleyNotebook
import Synchronization

/// Runs the cells of a notebook in a kernel that is ready, one after another.
///
/// It never throws: whatever becomes of a cell or of the kernel is a result. What the cells have put out so far can be
/// looked at any time, from anywhere.
package final class Executor: Sendable {
    let kernel: any Kernel
    let plan: Plan
    /// The number of cells that the plan runs.
    private let plannedCount: Int
    let settings: RunSettings
    let hooks: CellHooks
    let time: RunClock
    let observe: @Sendable (RunEvent) -> Void
    let state: Mutex<RunState>

    /// How long a kernel that has replied may be silent until it is asked whether something was lost.
    private static let probeDelay = Duration.seconds(1)
    /// How long a kernel may take to begin with a cell that was sent.
    private static let interruptRetryDelay = Duration.milliseconds(300)

    /// Prepares a run.
    ///
    /// - Parameters:
    ///   - hooks: The code that takes part.
    ///   - ignoresForeignOutputs: Whether output that belongs to no request of this run is left out, and not taken for
    ///     that of the running cell.
    ///   - elapsed: How much of the time for the whole run is over.
    ///   - observe: Is told what happens, while the next cell waits.
    package init(
        _ notebook: Notebook, _ plan: Plan, on kernel: any Kernel, _ settings: RunSettings,
        hooks: CellHooks = CellHooks(), ignoresForeignOutputs: Bool = false,
        clock: some Clock<Duration> = ContinuousClock(), elapsed: Duration = .zero,
        observe: @escaping @Sendable (RunEvent) -> Void = { _ in }
    ) {
        self.kernel = kernel
        self.plan = plan
        plannedCount = plan.cellsToRun.count
        (self.settings, self.hooks) = (settings, hooks)
        self.observe = observe
        time = RunClock(clock, elapsed: elapsed)
        var recorder = OutputRecorder(
            notebook, clearing: plan.cleared, settings: settings, ignoresForeignOutputs: ignoresForeignOutputs)
        recorder.note(kernel.info)
        state = Mutex(RunState(recorder))
    }

    /// The notebook as it is now, the outputs of the cell that runs included.
    package var notebook: Notebook {
        state.withLock { $0.recorder.snapshot(isRunning: $0.running != nil) }
    }

    /// Tells whether there is something new: how many cells are over, and a number that grows with every change.
    package var progress: (finishedCells: Int, revision: Int) {
        state.withLock { ($0.reports.count, $0.recorder.revision) }
    }

    /// Whether a cell was sent to the kernel.
    package var hasBegun: Bool { state.withLock { $0.running != nil || !$0.reports.isEmpty } }

    /// Runs the cells until one of them, or somebody, ends the run.
    ///
    /// The cancellation of the task is nothing to it; that is what ``stop(_:)`` is for.
    package func run() async -> (outcome: RunOutcome, cells: [CellReport]) {
        var outcome = RunOutcome.succeeded
        var watch: Task<Void, any Error>?
        defer { watch?.cancel() }
        cells: for cell in plan.cellsToRun {
            if let limit = totalLimit, time.now() - state.withLock({ $0.runStart }) >= limit.duration {
                outcome = .timedOut(limit)
                break
            }
            guard let cell = await runBeforeCell(cell), let report = await run(cell, &watch) else {
                if let limit = totalLimit, state.withLock({ $0.stop == nil }) { outcome = .timedOut(limit) }
                break
            }
            observe(.cellFinished(report))
            await runAfterCell(report)
            switch report.outcome {
            case .succeeded, .raised(_, isAllowed: true): continue
            case .timedOut(let limit, let fate):
                if case .succeeded = outcome { outcome = .timedOut(limit) }
                guard settings.onTimeout == .continue, limit.kind != .total, case .survived = fate else { break cells }
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
            let isWhole = plan.cellsToRun.allSatisfy { cell in
                switch state.reports[cell.index]?.outcome {
                case nil, .stopped: false
                default: true
                }
            }
            // Who has looked at the last cell can be discontent as well, or not be done with it.
            if let reason = state.stop, !isWhole || reason.isRequest || state.hasAbandonedMiddleware {
                switch outcome {
                case .succeeded, .timedOut: outcome = .stopped(reason)
                default: break
                }
            } else if state.hasAbandonedMiddleware, let limit = totalLimit, case .succeeded = outcome {
                outcome = .timedOut(limit)
            }
            return (outcome, plan.cells.map { state.reports[$0.index] ?? CellReport($0, .withoutRun($0.fate)) })
        }
    }

    /// The limit of the whole run, where there is one.
    var totalLimit: ExceededLimit? {
        settings.totalLimit.duration.map { ExceededLimit(kind: .total, duration: $0) }
    }

    /// Notes in a report how much its cell has put out by now.
    package func measure(_ report: inout CellReport) { state.withLock { $0.recorder.measure(&report) } }

    /// Hears what still comes, until the kernel is gone.
    package func receiveUntilEnd() async {
        defer { state.withLock { $0.end() } }
        do {
            for try await message in kernel.messages { _ = receive(message) }
        } catch {
            // The run is over; what the kernel may die of now is no concern of its cells.
        }
    }

    /// Interrupts the cell that runs, or the next one as soon as it is sent; the run itself goes on.
    package func interrupt() {
        let cell = state.withLock { state in
            if state.running == nil { state.interruptsNextCell = true }
            return state.running?.index
        }
        if let cell { interrupt(cell) }
    }

    private func interrupt(_ cell: Int) {
        let repetition = Task { try await interruptWithRetry(cell) }
        state.withLock { $0.keep(repetition, for: cell) }
    }

    /// Ends the run: interrupts the cell that runs and gives it time to finish; when called again, kills the kernel.
    ///
    /// - Parameter sparesKernel: Whether a kernel that heeds the interrupt lives on.
    package func stop(_ reason: StopReason, sparesKernel: Bool = false) {
        let (isFirst, middlewareTask, cell) = state.withLock { state in
            defer { state.stop = state.stop ?? reason }
            return (state.stop == nil, state.middlewareTask, state.running?.index)
        }
        middlewareTask?.abandon()
        // Some of the time is left for the kernel's end and for saving.
        guard isFirst else {
            Task { await kernel.kill() }
            return
        }
        let target = sparesKernel ? cell ?? -1 : nil
        let escalation = Task { try await escalate(within: settings.grace.clampedToClock * 4 / 5, for: target) }
        state.withLock { $0.keep(escalation, for: target) }
    }
}

// MARK: - One cell

extension Executor {
    /// Runs a cell; nil where somebody had ended the run before.
    private func run(_ cell: PlannedCell, _ watch: inout Task<Void, any Error>?) async -> CellReport? {
        let begin = time.now()
        guard sendExecuteRequest(cell, since: begin) else { return nil }
        observe(.cellStarted(cell))
        if state.withLock({ $0.takeInterrupt() }) { interrupt(cell.index) }
        // One watch serves many cells, unless it is going to sleep for too long.
        if state.withLock({ $0.hasEarlierDeadline(settings) }) {
            watch?.cancel()
            watch = Task { try await self.watch() }
        }
        var ending = await waitForReply()
        var pause = Duration.milliseconds(10)
        // Kernels that got over an error a moment ago turn down whatever comes next.
        while case .complete(let reply) = ending, reply.status == .aborted, pause < .seconds(10),
            await isWanted(after: pause), sendExecuteRequest(cell, since: begin)
        {
            ending = await waitForReply()
            pause = pause * 3 / 2
        }
        if case .complete = ending, state.withLock({ $0.exceededLimit != nil || $0.stop != nil || $0.wasInterrupted }),
            case .broken(let failure) = await absorbLateInterrupt()
        {
            ending = .broken(failure)
        }
        return state.withLock { state in
            let outcome = state.outcome(of: cell, ending, settings)
            return state.finish(cell, outcome, time.now() - begin, of: plannedCount)
        }
    }

    /// Waits for a while; returns whether the cell is to be run all the same.
    private func isWanted(after pause: Duration) async -> Bool {
        let end = time.now() + pause
        func isWanted() -> Bool { state.withLock { $0.exceededLimit == nil && $0.stop == nil } }
        while isWanted(), time.now() < end {
            try? await time.sleep(min(end, time.now() + .milliseconds(250)))
        }
        return isWanted()
    }

    /// Sends a cell's code, unless somebody has ended the run.
    private func sendExecuteRequest(_ cell: PlannedCell, since begin: Duration) -> Bool {
        // IPython turns down what waits behind an error, if it is told to; nothing does.
        let request = kernel.session.executeRequest(
            cell.source, allowsInput: hooks.answer != nil, stopsOnError: false)
        let isWanted = state.withLock { state in
            guard state.stop == nil else { return false }
            state.begin(cell, request, since: begin, at: time.now())
            return true
        }
        if isWanted { kernel.send(request) }
        return isWanted
    }

    /// Hears everything until the request in flight is over.
    private func waitForReply() async -> RequestEnding {
        do {
            for try await message in kernel.messages {
                guard let (reply, hasLoss) = receive(message) else { continue }
                if hasLoss, let number = state.withLock({ $0.running?.number }) {
                    observe(.warning("cell \(number): the kernel lost some of its output, because it put out too much"))
                }
                // A reply that an interrupt has kept from being sent would not have told more than that.
                guard let reply, reply.isExecuteReply else { return .complete(ExecuteReply(status: .ok)) }
                guard let reply = reply.executeReply else {
                    return .broken(.untrustworthy("a reply that does not say how the code has ended"))
                }
                return .complete(reply)
            }
            return .broken(nil)
        } catch {
            return .broken(error as? KernelFailure ?? .disconnected("\(error)"))
        }
    }

    /// Answers a question of the code. A kernel that asks although it may not waits for the empty answer.
    private func answer(_ question: (prompt: String, isPassword: Bool), of message: Message) {
        guard let answer = hooks.answer else { return kernel.send(kernel.session.inputReply(nil, to: message)) }
        // The answer may take its time, and the kernel goes on sending meanwhile.
        Task { [kernel] in
            let text = await answer(question.prompt, question.isPassword)
            kernel.send(kernel.session.inputReply(text, to: message))
        }
    }

    /// Takes note of a message; returns the reply where it completes the request in flight.
    func receive(_ message: Message) -> (reply: Message?, hasLoss: Bool)? {
        let now = time.now()
        let (received, cell) = state.withLock { state in
            let received = state.receive(message, at: now, session: kernel.session)
            return (received, received.output.flatMap { state.cell(at: $0.cell, of: plan) })
        }
        for message in received.widgetMessages { kernel.send(message) }
        if let question = message.question { answer(question, of: message) }
        if received.output != nil, message.content.holdsUnreadableNumber {
            let isFirst = state.withLock { state in
                defer { state.hasUnreadableNumber = true }
                return !state.hasUnreadableNumber
            }
            let place = cell.map { "cell \($0.number): " } ?? ""
            if isFirst {
                observe(
                    .warning(
                        "\(place)a number of more than 4300 digits was put out, which Python cannot read; the file holds its digits as text"
                    ))
            }
        }
        if let output = received.output, let cell { observe(.output(cell: cell, output.what)) }
        return received.ending
    }

    /// Asks something that nobody cares about, for an interrupt that comes late to hit.
    private func absorbLateInterrupt() async -> RequestEnding {
        let request = kernel.session.kernelInfoRequest()
        state.withLock { $0.requestTracker = RequestTracker(request, wasInterrupted: $0.wasInterrupted) }
        kernel.send(request)
        return await waitForReply()
    }

    /// Minds the limits of the cell that runs, and asks a kernel that has gone silent whether something was lost.
    private func watch() async throws {
        while true {
            let now = time.now()
            switch state.withLock({ $0.watch(at: now, settings, Self.probeDelay, kernel.session) }) {
            case .sleep(let end): try await time.sleep(end)
            case .ask(let request): kernel.send(request)
            case .limitExceeded(let cell):
                let escalation = Task { try await escalate(within: settings.grace.clampedToClock, for: cell) }
                state.withLock { $0.keep(escalation, for: cell) }
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
            try await interruptWithRetry(cell)
            try await time.sleep(start + grace / 2)
            if isRunning() { await interruptKernel() }
        }
        try await time.sleep(start + grace)
        if isRunning() || cell == nil {
            state.withLock { $0.wasKilled = true }
            await kernel.kill()
        }
    }

    /// Interrupts the kernel and, if it was not at work yet, does so again.
    private func interruptWithRetry(_ cell: Int?) async throws {
        let start = time.now()
        func isRunning() -> Bool { state.withLock { $0.running.map { cell == nil || $0.index == cell } ?? false } }
        guard isRunning() else { return }
        let hasStartedExecuting = state.withLock { state in
            state.wasInterrupted = true
            return state.hasStartedExecuting
        }
        await interruptKernel()
        guard !hasStartedExecuting else { return }
        // A kernel that was not at work yet has not heard it.
        try await time.sleep(start + Self.interruptRetryDelay)
        if isRunning() { await interruptKernel() }
    }

    private func interruptKernel() async {
        // Whatever it is that the kernel is asked, the reply may get lost by this.
        state.withLock { $0.requestTracker?.wasInterrupted = true }
        await kernel.interrupt()
    }
}

/// How a request ended.
enum RequestEnding {
    case complete(ExecuteReply)
    /// The conversation broke off, or was ended on this side.
    case broken(KernelFailure?)
}
