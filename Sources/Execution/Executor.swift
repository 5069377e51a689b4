import GalleyConcurrency
import GalleyJSON
package import GalleyJupyterProtocol
package import GalleyNotebook
import Synchronization

/// Runs the cells of a notebook in a kernel that is ready, one after another.
///
/// The executor never throws: errors of cells and failures of the kernel are part of the result. The outputs so far can
/// be read at any time, from any thread.
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

    /// The time without messages after which Galley sends a probe to find out whether messages were lost.
    private static let probeDelay = Duration.seconds(1)
    /// The delay before a second interrupt, if the kernel had not started the cell at the first one.
    private static let interruptRetryDelay = Duration.milliseconds(300)

    /// Creates an executor for a notebook and its plan.
    ///
    /// - Parameters:
    ///   - hooks: The caller's code that takes part in the run.
    ///   - ignoresForeignOutputs: Whether outputs that belong to other clients' requests are dropped. If false, they
    ///     are added to the running cell.
    ///   - elapsed: The part of the total time limit that is already used.
    ///   - observe: Receives events. The next cell waits until it returns.
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

    /// The notebook with all outputs so far, including those of the running cell.
    package var notebook: Notebook {
        state.withLock { $0.recorder.snapshot(isRunning: $0.running != nil) }
    }

    /// The number of finished cells, and a revision number that grows with every change.
    package var progress: (finishedCells: Int, revision: Int) {
        state.withLock { ($0.reports.count, $0.recorder.revision) }
    }

    /// Whether a cell was sent to the kernel.
    package var hasBegun: Bool { state.withLock { $0.running != nil || !$0.reports.isEmpty } }

    /// Runs the cells until the last one has finished or the run ends early.
    ///
    /// Cancelling the task has no effect. Call ``stop(_:sparesKernel:)`` to end the run.
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
            observeNewResults()
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
                // A later exit does not hide that a time limit was reached.
                if case .succeeded = outcome { outcome = .exited(status: status) }
                break cells
            case .kernelFailed(let failure):
                outcome = .kernelFailed(failure)
                break cells
            case .lostOutput(let loss):
                if case .succeeded = outcome { outcome = .lostOutput(loss) }
                break cells
            case .stopped, .skipped, .notSelected, .blank, .notReached: break cells
            }
        }
        // A loss that was reported after the last cell belongs to the run.
        if let loss = state.withLock({ $0.takeLoss() }) {
            if case .succeeded = outcome, !settings.allowsLostOutput {
                outcome = .lostOutput(loss)
            } else {
                observe(.warning("\(loss)"))
            }
        }
        return state.withLock { state in
            let isWhole = plan.cellsToRun.allSatisfy { cell in
                switch state.reports[cell.index]?.outcome {
                case nil, .stopped: false
                default: true
                }
            }
            // Middleware can also end the run after the last cell, or be abandoned there.
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

    /// The limit of the whole run; nil if it has none.
    var totalLimit: ExceededLimit? {
        settings.totalLimit.duration.map { ExceededLimit(kind: .total, duration: $0) }
    }

    /// Updates the execution count, the output count and size, and the last printed lines of a cell's report.
    package func measure(_ report: inout CellReport) { state.withLock { $0.recorder.measure(&report) } }

    /// The results that the outputs hand back.
    package var results: NamedResults { results(of: state.withLock { $0.recorder.namedOutputs() }) }

    /// Reports the results that outputs have handed back since the last call.
    package func observeNewResults() {
        for result in results(of: state.withLock({ $0.recorder.takeNewlyNamedOutputs() })) { observe(.result(result)) }
    }

    private func results(of outputs: [(cell: Int, outputs: [Output])]) -> NamedResults {
        NamedResults(
            outputs.flatMap { index, outputs in
                plan.cell(at: index).map { cell in outputs.compactMap { NamedResult($0, of: cell) } } ?? []
            })
    }

    /// Receives the remaining messages until the kernel has ended.
    package func receiveUntilEnd() async {
        defer { state.withLock { $0.end() } }
        do {
            for try await message in kernel.messages { _ = receive(message) }
        } catch {
            // The run is over: a failure of the kernel no longer affects its cells.
        }
    }

    /// Interrupts the running cell, or the next one as soon as it is sent. The run continues.
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

    /// Ends the run: interrupts the running cell and gives it time to finish. A second call kills the kernel.
    ///
    /// - Parameter sparesKernel: Whether the kernel survives if the cell ends after the interrupt.
    package func stop(_ reason: StopReason, sparesKernel: Bool = false) {
        let (isFirst, middlewareTask, cell) = state.withLock { state in
            defer { state.stop = state.stop ?? reason }
            return (state.stop == nil, state.middlewareTask, state.running?.index)
        }
        middlewareTask?.abandon()
        guard isFirst else {
            Task { await kernel.kill() }
            return
        }
        let target = sparesKernel ? cell ?? -1 : nil
        let escalation = Task { try await escalate(within: settings.graceAfterStop, for: target) }
        state.withLock { $0.keep(escalation, for: target) }
    }
}

// MARK: - One cell

extension Executor {
    /// Runs a cell; returns nil if the run was stopped before the cell was sent.
    private func run(_ cell: PlannedCell, _ watch: inout Task<Void, any Error>?) async -> CellReport? {
        let begin = time.now()
        guard sendExecuteRequest(cell, since: begin) else { return nil }
        observe(.cellStarted(cell))
        if state.withLock({ $0.takeInterrupt() }) { interrupt(cell.index) }
        // One watch task serves many cells. It is replaced if it would sleep past this cell's deadline.
        if state.withLock({ $0.hasEarlierDeadline(settings) }) {
            watch?.cancel()
            watch = Task { try await self.watch() }
        }
        var ending = await waitForReply()
        var pause = Duration.milliseconds(10)
        // A kernel can abort the next requests for a moment after an error.
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
        let (report, loss) = state.withLock { state in
            let outcome = state.outcome(of: cell, ending, settings)
            let loss = state.takeLoss()
            return (state.finish(cell, outcome, time.now() - begin, of: plannedCount), loss)
        }
        if let loss { observe(.warning("cell \(cell.number): \(loss)")) }
        return report
    }

    /// Waits for `pause`; returns false if the run was stopped or a limit was reached meanwhile.
    private func isWanted(after pause: Duration) async -> Bool {
        let end = time.now() + pause
        func isWanted() -> Bool { state.withLock { $0.exceededLimit == nil && $0.stop == nil } }
        while isWanted(), time.now() < end {
            try? await time.sleep(min(end, time.now() + .milliseconds(250)))
        }
        return isWanted()
    }

    /// Sends the execute request of a cell; returns false, without sending it, if the run was stopped.
    private func sendExecuteRequest(_ cell: PlannedCell, since begin: Duration) -> Bool {
        // With `stop_on_error`, IPython would abort the requests queued after an error.
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

    /// Receives messages until the current request has ended.
    private func waitForReply() async -> RequestEnding {
        do {
            for try await message in kernel.messages {
                guard let (reply, hasLoss) = receive(message) else { continue }
                if hasLoss, let number = state.withLock({ $0.running?.number }) {
                    observe(.warning("cell \(number): output was lost, because the kernel produced too much"))
                }
                // An interrupt can suppress the execute reply after the code has ended: treat it as `ok`.
                guard let reply, reply.isExecuteReply else { return .complete(ExecuteReply(status: .ok)) }
                guard let reply = reply.executeReply else {
                    return .broken(.untrustworthy("the execute reply has no valid status"))
                }
                return .complete(reply)
            }
            return .broken(nil)
        } catch {
            return .broken(error as? KernelFailure ?? .disconnected("\(error)"))
        }
    }

    /// Answers an input request. Without a handler it sends an empty answer, because the kernel would wait forever.
    private func answer(_ question: (prompt: String, isPassword: Bool), of message: Message) {
        guard let answer = hooks.answer else { return kernel.send(kernel.session.inputReply(nil, to: message)) }
        // The answer may take long. Messages are received meanwhile.
        Task { [kernel] in
            let text = await answer(question.prompt, question.isPassword)
            kernel.send(kernel.session.inputReply(text, to: message))
        }
    }

    /// Processes a message; returns the reply if the message completes the current request.
    func receive(_ message: Message) -> (reply: Message?, hasLoss: Bool)? {
        let now = time.now()
        let (received, cell) = state.withLock { state in
            let received = state.receive(message, at: now, session: kernel.session)
            return (received, received.output.flatMap { state.cell(at: $0.cell, of: plan) })
        }
        for message in received.widgetMessages { kernel.send(message) }
        if let question = message.question { answer(question, of: message) }
        if let cell, case .comm(let comm) = received.output?.what {
            observe(.widgetChanged(cell: cell, comm))
            return received.ending
        }
        if received.output != nil, message.content.holdsUnreadableNumber {
            let isFirst = state.withLock { state in
                defer { state.hasUnreadableNumber = true }
                return !state.hasUnreadableNumber
            }
            let place = cell.map { "cell \($0.number): " } ?? ""
            if isFirst {
                observe(
                    .warning(
                        "\(place)the output contains a number of more than 4300 digits, which Python cannot read; the file stores it as text"
                    ))
            }
        }
        if let output = received.output, let cell { observe(.output(cell: cell, output.what)) }
        return received.ending
    }

    /// Sends a kernel info request, which a late interrupt can hit instead of the next cell.
    private func absorbLateInterrupt() async -> RequestEnding {
        let request = kernel.session.kernelInfoRequest()
        state.withLock { $0.requestTracker = RequestTracker(request, wasInterrupted: $0.wasInterrupted) }
        kernel.send(request)
        return await waitForReply()
    }

    /// Enforces the time limits of the running cell, and probes a silent kernel for lost messages.
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

    /// Interrupts the kernel, and kills it at the end of the grace period if the interrupt had no effect.
    ///
    /// - Parameter cell: The cell to end; nil to end the whole run.
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

    /// Interrupts the kernel, and again after a delay if it had not yet started to execute the cell.
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
        // A kernel can ignore an interrupt that arrives before it executes the cell.
        try await time.sleep(start + Self.interruptRetryDelay)
        if isRunning() { await interruptKernel() }
    }

    private func interruptKernel() async {
        // The interrupt can suppress the reply to any request.
        state.withLock { $0.requestTracker?.wasInterrupted = true }
        await kernel.interrupt()
    }
}

/// The end of a request.
enum RequestEnding {
    case complete(ExecuteReply)
    /// The connection failed, or was closed by Galley (nil).
    case broken(KernelFailure?)
}
