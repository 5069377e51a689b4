import GalleyConcurrency
import GalleyJupyterProtocol
import GalleyNotebook

/// The state of a run: a pure value that changes with messages and time.
struct RunState: Sendable {
    var recorder: OutputRecorder
    /// The current request.
    var requestTracker: RequestTracker?
    /// The running cell. It started at `cellStart`.
    private(set) var running: PlannedCell?
    private var cellStart = Duration.zero
    /// Whether messages show that the kernel is executing the request.
    private(set) var hasStartedExecuting = false
    /// The start of the whole run; `planned` is the time of the next check of the limits.
    private(set) var runStart = Duration.zero
    private var planned: Duration?
    /// The time of the last message from the kernel.
    private var lastMessageTime = Duration.zero
    /// The limit that the running cell has reached.
    private(set) var exceededLimit: ExceededLimit?
    var stop: StopReason?
    /// The middleware that the run waits for.
    var middlewareTask: AbandonableTask<String?>?
    /// Whether a middleware was abandoned before it returned.
    var hasAbandonedMiddleware = false
    /// The cells whose source differs from the plan, by cell index.
    private var edited: [Int: PlannedCell] = [:]
    /// The sources to save in the notebook when their cells are sent, by cell index.
    private var savedSources: [Int: String] = [:]
    /// Whether the running cell was interrupted, and whether the kernel was killed.
    var wasInterrupted = false
    var wasKilled = false
    /// The message of the `sys.exit` that ended the running cell.
    private var exitMessage: String?
    /// Whether the next cell is interrupted as soon as it is sent.
    var interruptsNextCell = false
    /// The first loss of outputs that no cell's outcome contains yet.
    private(set) var loss: OutputLoss?
    /// Whether an output contained a number with too many digits for readers of the file.
    var hasUnreadableNumber = false
    /// Tasks that interrupt and then kill the kernel: to end the running cell, or to end the run.
    private var cellEscalations: [Task<Void, any Error>] = []
    private var runEscalations: [Task<Void, any Error>] = []
    private var isOver = false
    /// The reports of finished cells, by cell index.
    private(set) var reports: [Int: CellReport] = [:]

    init(_ recorder: OutputRecorder) { self.recorder = recorder }

    mutating func begin(_ cell: PlannedCell, _ request: Message, since begin: Duration, at now: Duration) {
        if running == nil { wasInterrupted = false }
        running = cell
        cellStart = begin
        lastMessageTime = now
        hasStartedExecuting = false
        requestTracker = RequestTracker(request, wasInterrupted: wasInterrupted)
        recorder.begin(cell.index, saving: savedSources[cell.index], with: request)
    }

    /// Returns whether the cell that was just sent must be interrupted, and resets the request for it.
    mutating func takeInterrupt() -> Bool {
        defer { interruptsNextCell = false }
        return interruptsNextCell
    }

    /// Records that a cell is sent with a source other than the plan's.
    ///
    /// - Parameter saved: The source to save in the notebook; nil to keep its own.
    mutating func note(edited cell: PlannedCell, saving saved: String?) {
        edited[cell.index] = cell
        savedSources[cell.index] = saved
    }

    /// Returns a cell with the source that is sent.
    func cell(at index: Int, of plan: Plan) -> PlannedCell? { edited[index] ?? plan.cell(at: index) }

    /// Processes a message.
    ///
    /// - Returns: The output or comm message, the messages to send to widgets in the kernel, and the reply if the current request has
    ///   ended.
    mutating func receive(_ message: Message, at now: Duration, session: Session) -> (
        output: (cell: Int, what: IOPubMessage)?, widgetMessages: [Message], ending: (reply: Message?, hasLoss: Bool)?
    ) {
        lastMessageTime = now
        if let new = message.loss, loss?.includes(new) != true { loss = new }
        let output = recorder.receive(message)
        if message.channel == .iopub, message.parent?.id == requestTracker?.request.header.id {
            // A kernel reports that it is busy before it can be interrupted. A loss is not the kernel's message.
            hasStartedExecuting = hasStartedExecuting || message.executionState == nil && message.loss == nil
        }
        let widgetMessages = message.executionState == .idle ? recorder.widgetMessages(from: session) : []
        guard let progress = requestTracker?.receive(message), progress != .going else {
            return (output, widgetMessages, nil)
        }
        let reply = requestTracker?.reply
        requestTracker = nil
        return (output, widgetMessages, (reply, progress == .completeWithLoss))
    }

    /// The next action of the task that enforces the time limits.
    enum LimitAction {
        case sleep(until: Duration)
        /// Sends a probe, to find out whether messages were lost.
        case ask(Message)
        /// Ends the cell at this index, which has reached a time limit.
        case limitExceeded(cell: Int)
    }

    mutating func watch(
        at now: Duration, _ settings: RunSettings, _ probeDelay: Duration, _ session: Session
    ) -> LimitAction {
        discountSuspension(at: now)
        guard let running else { return sleep(until: now + probeDelay) }
        var next = lastMessageTime + probeDelay
        if exceededLimit == nil, let (end, limit) = nextLimit(settings) {
            if end <= now {
                exceededLimit = limit
                return .limitExceeded(cell: running.index)
            }
            next = min(next, end)
        }
        if next > now { return sleep(until: next) }
        if let request = requestTracker?.probe(of: session) {
            lastMessageTime = now
            return .ask(request)
        }
        return sleep(until: now + probeDelay)
    }

    /// Returns the limit that the running cell reaches first, and the time at which it does.
    private func nextLimit(_ settings: RunSettings) -> (end: Duration, limit: ExceededLimit)? {
        let limits: [(TimeLimit, ExceededLimit.Kind, since: Duration)] = [
            (running?.limit ?? .none, .cell, cellStart), (settings.totalLimit, .total, runStart),
            (settings.idleLimit, .silence, lastMessageTime),
        ]
        return limits.compactMap { limit, kind, start in
            limit.duration.map { (start + $0, ExceededLimit(kind: kind, duration: $0)) }
        }.min { $0.0 < $1.0 }
    }

    /// Whether the running cell may reach a limit before the next planned check.
    func hasEarlierDeadline(_ settings: RunSettings) -> Bool {
        guard let planned else { return true }
        return nextLimit(settings).map { $0.end < planned } ?? false
    }

    private mutating func sleep(until end: Duration) -> LimitAction {
        planned = end
        return .sleep(until: end)
    }

    /// Excludes from the limits the time in which this process or the machine was suspended.
    ///
    /// Messages sent in that time are still waiting to be received.
    private mutating func discountSuspension(at now: Duration) {
        defer { planned = nil }
        guard let planned, now - planned > .seconds(2) else { return }
        let standstill = now - planned
        cellStart += standstill
        runStart += standstill
        lastMessageTime += standstill
    }

    /// Returns the outcome of a cell, and adds an error to its outputs if the kernel sent none.
    ///
    /// Lost outputs are an outcome only of a cell that would otherwise count as a success.
    mutating func outcome(of cell: PlannedCell, _ ending: RequestEnding, _ settings: RunSettings) -> CellOutcome {
        let outcome = outcomeWithoutLoss(of: cell, ending, settings)
        guard let loss, outcome.isSuccess, !settings.allowsLostOutput else { return outcome }
        self.loss = nil
        let remedy = loss.remedy.map { ". \($0)" } ?? ""
        add(.error(name: "OutputLost", sentence: "While this cell ran, \(loss)\(remedy)."), to: cell)
        return .lostOutput(loss)
    }

    /// Removes the loss of outputs that no cell's outcome contains.
    mutating func takeLoss() -> OutputLoss? {
        defer { loss = nil }
        return loss
    }

    private mutating func outcomeWithoutLoss(
        of cell: PlannedCell, _ ending: RequestEnding, _ settings: RunSettings
    ) -> CellOutcome {
        if let exceededLimit { return timedOut(exceededLimit, ending, in: cell) }
        switch ending {
        case .broken(let failure):
            if let stop { return stopped(stop, in: cell) }
            let failure = failure ?? .disconnected("the kernel was shut down")
            let moment = hasStartedExecuting ? "While this cell ran" : "After this cell was sent"
            add(.error(name: "KernelDied", sentence: "\(moment), \(failure)."), to: cell)
            return .kernelFailed(failure)
        case .complete(let reply):
            if let stop, wasInterrupted || reply.status == .aborted { return stopped(stop, in: cell) }
            switch reply.status {
            case .ok: return reply.requestsShutdown ? .exited(status: 0) : .succeeded
            case .aborted:
                let value = "the kernel aborted each execute request for this cell"
                add(.error(name: "CellAborted", sentence: value), to: cell)
                return .raised(
                    CellError(name: "CellAborted", value: value, traceback: [], count: nil), isAllowed: false)
            case .error(let name, let value, let traceback):
                let isNamed = settings.allowedErrors.names.contains(name)
                if name == "SystemExit", !cell.allowsErrors, !isNamed {
                    let status = Self.status(ofExit: value)
                    if Int(value) == nil, status != 0 { exitMessage = String(value.prefix(1000)) }
                    return .exited(status: status)
                }
                let isAllowed = cell.allowsErrors || isNamed || settings.allowedErrors.isEverything
                // IPython only prints some usage errors. An error that ends a run must be in the notebook.
                if !isAllowed, !recorder.hasError(in: cell.index), !name.isEmpty || !traceback.isEmpty {
                    add(.error(name: name, value: value, traceback: traceback), to: cell)
                }
                let error = CellError(name: name, value: value, traceback: traceback, count: reply.count)
                return .raised(error, isAllowed: isAllowed)
            }
        }
    }

    private mutating func timedOut(
        _ limit: ExceededLimit, _ ending: RequestEnding, in cell: PlannedCell
    ) -> CellOutcome {
        var fate = InterruptOutcome.survived
        var end = ""
        if case .broken(let failure) = ending {
            if let failure, !wasKilled {
                fate = .failed(failure)
                end = ", and when it was interrupted, \(failure)"
            } else {
                fate = .killed
                end = ", did not stop when it was interrupted, and its kernel was killed"
            }
        }
        add(.error(name: "TimeLimitReached", sentence: "This cell \(limit)\(end)."), to: cell)
        return .timedOut(limit, fate)
    }

    private mutating func stopped(_ reason: StopReason, in cell: PlannedCell) -> CellOutcome {
        add(.error(name: "RunStopped", sentence: "While this cell ran, the run \(reason)."), to: cell)
        return .stopped(reason)
    }

    private mutating func add(_ error: Output, to cell: PlannedCell) { recorder.add(error, to: cell.index) }

    /// Returns the exit status for the argument of `sys.exit`.
    private static func status(ofExit value: String) -> Int {
        // Python prints an argument that is not a number, and exits with status 1.
        ["", "None", "False"].contains(value) ? 0 : Int(value) ?? 1
    }

    /// Ends a cell and returns its report.
    ///
    /// - Parameter planned: The number of cells to run.
    mutating func finish(
        _ cell: PlannedCell, _ outcome: CellOutcome, _ duration: Duration, of planned: Int
    ) -> CellReport {
        var report = CellReport(cell, outcome, duration)
        report.fractionCompleted = Double(reports.count + 1) / Double(planned)
        report.exitMessage = exitMessage
        recorder.measure(&report)
        reports[cell.index] = report
        running = nil
        requestTracker = nil
        (exceededLimit, exitMessage) = (nil, nil)
        for task in cellEscalations { task.cancel() }
        cellEscalations = []
        return report
    }

    /// Keeps a task that ends a cell or the run, and cancels it once that has ended.
    ///
    /// The task holds the kernel and all outputs for as long as the grace period.
    mutating func keep(_ escalation: Task<Void, any Error>, for cell: Int?) {
        if isOver || cell != nil && running?.index != cell {
            escalation.cancel()
        } else if cell != nil {
            cellEscalations.append(escalation)
        } else {
            runEscalations.append(escalation)
        }
    }

    /// Records that the kernel sends no more messages.
    mutating func end() {
        isOver = true
        for task in cellEscalations + runEscalations { task.cancel() }
        (cellEscalations, runEscalations) = ([], [])
    }
}

extension CellOutcome {
    /// Returns the outcome of a cell that was not run.
    static func withoutRun(_ fate: PlannedCell.Fate) -> CellOutcome {
        switch fate {
        case .skipped: .skipped
        case .notSelected: .notSelected
        case .blank: .blank
        case .leftOut, .run: .notReached
        }
    }
}

extension Output {
    /// Returns an error that Galley, not the kernel, adds to a cell.
    fileprivate static func error(name: String, sentence: String) -> Output {
        .error(name: name, value: sentence, traceback: ["\(name): \(sentence)"])
    }
}
