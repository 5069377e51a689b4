import GalleyConcurrency
import GalleyJupyterProtocol
import GalleyNotebook

/// What is known of a run at a moment: pure data that messages and the time change.
struct RunState: Sendable {
    var recorder: OutputRecorder
    /// The request in flight.
    var requestTracker: RequestTracker?
    /// The cell that runs, and since when.
    private(set) var running: PlannedCell?
    private var cellStart = Duration.zero
    /// Whether the kernel was heard to be at work on the request.
    private(set) var hasStartedExecuting = false
    /// When the whole run began, and when the time is going to be looked at next.
    private(set) var runStart = Duration.zero
    private var planned: Duration?
    /// When the kernel was heard last.
    private var lastMessageTime = Duration.zero
    /// The limit that the cell has come up against.
    private(set) var exceededLimit: ExceededLimit?
    var stop: StopReason?
    /// What the run waits for that is neither the kernel nor the time.
    var middlewareTask: AbandonableTask<String?>?
    /// Whether somebody who was to look at a cell was not waited for.
    var hasAbandonedMiddleware = false
    /// The cells that are sent with another source than that of the plan, by their places.
    private var edited: [Int: PlannedCell] = [:]
    /// The sources that the notebook gets once their cells are sent, by their places.
    private var savedSources: [Int: String] = [:]
    /// Whether the cell that runs was interrupted, and the kernel killed.
    var wasInterrupted = false
    var wasKilled = false
    /// Whether the next cell is interrupted as soon as it is sent.
    var interruptsNextCell = false
    /// Whether a number was put out that is too long for those who read the file.
    var hasUnreadableNumber = false
    /// What interrupts the kernel and waits: for the cell to end, or for the conversation.
    private var cellEscalations: [Task<Void, any Error>] = []
    private var runEscalations: [Task<Void, any Error>] = []
    private var isOver = false
    /// What became of the cells, by their places.
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

    /// Returns whether the cell that was sent is to be interrupted, once.
    mutating func takeInterrupt() -> Bool {
        defer { interruptsNextCell = false }
        return interruptsNextCell
    }

    /// Notes that a cell is sent with other source than that of the plan.
    ///
    /// - Parameter saved: The source that the notebook gets; nil if it keeps its own.
    mutating func note(edited cell: PlannedCell, saving saved: String?) {
        edited[cell.index] = cell
        savedSources[cell.index] = saved
    }

    /// A cell as it is run.
    func cell(at index: Int, of plan: Plan) -> PlannedCell? { edited[index] ?? plan.cell(at: index) }

    /// Takes note of a message.
    ///
    /// - Returns: What was put out, what the kernel has to be told, and the reply where that request is over.
    mutating func receive(_ message: Message, at now: Duration, session: Session) -> (
        output: (cell: Int, what: IOPubMessage)?, widgetMessages: [Message], ending: (reply: Message?, hasLoss: Bool)?
    ) {
        lastMessageTime = now
        let output = recorder.receive(message)
        if message.channel == .iopub, message.parent?.id == requestTracker?.request.header.id {
            // A kernel says that it is busy before it listens to interrupts.
            hasStartedExecuting = hasStartedExecuting || message.executionState == nil
        }
        let widgetMessages = message.executionState == .idle ? recorder.widgetMessages(from: session) : []
        guard let progress = requestTracker?.receive(message), progress != .going else {
            return (output, widgetMessages, nil)
        }
        let reply = requestTracker?.reply
        requestTracker = nil
        return (output, widgetMessages, (reply, progress == .completeWithLoss))
    }

    /// What is to be done about the time.
    enum LimitAction {
        case sleep(until: Duration)
        /// The kernel is to be asked whether something was lost.
        case ask(Message)
        /// The cell at this place has come up against a limit.
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

    /// The limit that the cell which runs comes up against first, and when.
    private func nextLimit(_ settings: RunSettings) -> (end: Duration, limit: ExceededLimit)? {
        let limits: [(TimeLimit, ExceededLimit.Kind, since: Duration)] = [
            (running?.limit ?? .none, .cell, cellStart), (settings.totalLimit, .total, runStart),
            (settings.idleLimit, .silence, lastMessageTime),
        ]
        return limits.compactMap { limit, kind, start in
            limit.duration.map { (start + $0, ExceededLimit(kind: kind, duration: $0)) }
        }.min { $0.0 < $1.0 }
    }

    /// Whether the cell that runs may come up against a limit before the time is looked at next.
    func hasEarlierDeadline(_ settings: RunSettings) -> Bool {
        guard let planned else { return true }
        return nextLimit(settings).map { $0.end < planned } ?? false
    }

    private mutating func sleep(until end: Duration) -> LimitAction {
        planned = end
        return .sleep(until: end)
    }

    /// When this process, or the machine, stood still, what a cell did meanwhile waits to be heard: that time does not
    /// count.
    private mutating func discountSuspension(at now: Duration) {
        defer { planned = nil }
        guard let planned, now - planned > .seconds(2) else { return }
        let standstill = now - planned
        cellStart += standstill
        runStart += standstill
        lastMessageTime += standstill
    }

    /// Decides what became of a cell, and lets its outputs say what the kernel could not.
    mutating func outcome(of cell: PlannedCell, _ ending: RequestEnding, _ settings: RunSettings) -> CellOutcome {
        if let exceededLimit { return timedOut(exceededLimit, ending, in: cell) }
        switch ending {
        case .broken(let failure):
            if let stop { return stopped(stop, in: cell) }
            let failure = failure ?? .disconnected("the kernel was shut down")
            add(.error(name: "KernelDied", sentence: "While this cell ran, \(failure)."), to: cell)
            return .kernelFailed(failure)
        case .complete(let reply):
            if let stop, wasInterrupted || reply.status == .aborted { return stopped(stop, in: cell) }
            switch reply.status {
            case .ok: return reply.requestsShutdown ? .exited(status: 0) : .succeeded
            case .aborted:
                let value = "the kernel turned the cell down each time that it was asked to run it"
                add(.error(name: "CellAborted", sentence: value), to: cell)
                return .raised(
                    CellError(name: "CellAborted", value: value, traceback: [], count: nil), isAllowed: false)
            case .error(let name, let value, let traceback):
                let isNamed = settings.allowedErrors.names.contains(name)
                if name == "SystemExit", !cell.allowsErrors, !isNamed {
                    return .exited(status: Self.status(ofExit: value))
                }
                let isAllowed = cell.allowsErrors || isNamed || settings.allowedErrors.isEverything
                // IPython merely prints some errors of usage. What ends a run has to stand in the file.
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

    /// The status that Python ends with for what `sys.exit` was given.
    private static func status(ofExit value: String) -> Int {
        // Anything that is no number is printed, and means that something went wrong.
        ["", "None", "False"].contains(value) ? 0 : Int(value) ?? 1
    }

    ///
    /// - Parameter planned: The number of cells that the run has to run.
    mutating func finish(
        _ cell: PlannedCell, _ outcome: CellOutcome, _ duration: Duration, of planned: Int
    ) -> CellReport {
        var report = CellReport(cell, outcome, duration)
        report.fractionCompleted = Double(reports.count + 1) / Double(planned)
        recorder.measure(&report)
        reports[cell.index] = report
        running = nil
        requestTracker = nil
        exceededLimit = nil
        for task in cellEscalations { task.cancel() }
        cellEscalations = []
        return report
    }

    /// Keeps what was begun to end a cell, or the run, until there is nothing left for it to end.
    ///
    /// It holds the kernel and all that was put out, for as long as the grace period.
    mutating func keep(_ escalation: Task<Void, any Error>, for cell: Int?) {
        if isOver || cell != nil && running?.index != cell {
            escalation.cancel()
        } else if cell != nil {
            cellEscalations.append(escalation)
        } else {
            runEscalations.append(escalation)
        }
    }

    /// Notes that the kernel has said its last.
    mutating func end() {
        isOver = true
        for task in cellEscalations + runEscalations { task.cancel() }
        (cellEscalations, runEscalations) = ([], [])
    }
}

extension CellOutcome {
    /// What became of a cell that was not run.
    static func withoutRun(_ fate: PlannedCell.Fate) -> CellOutcome {
        switch fate {
        case .skipped: .skipped
        case .blank: .blank
        case .leftOut, .run: .notReached
        }
    }
}

extension Output {
    /// An error that the engine tells of and not the kernel.
    fileprivate static func error(name: String, sentence: String) -> Output {
        .error(name: name, value: sentence, traceback: ["\(name): \(sentence)"])
    }
}
