public import GalleyJupyterProtocol
public import GalleyNotebook

/// What became of a run.
///
/// It is `Codable`: its form in JSON is that of a notebook in what `galley execute --json` writes. Times are kept there to the
/// microsecond.
public struct Report: Sendable {
    /// What the place is called that the notebook was read from, such as its path.
    public package(set) var notebook = ""
    /// Where the result is; nil where nothing was written.
    public package(set) var result: String?
    /// How it ended.
    public package(set) var outcome: RunOutcome
    /// What became of each code cell.
    public package(set) var cells: [CellReport]
    /// When it began.
    public package(set) var started = Timestamp.now()
    /// How long it took, from before the notebook was read until its last cell was over.
    public package(set) var duration: Duration
    /// The name of the kernel; nil where none was needed.
    public package(set) var kernel: String?
    /// The user that the kernel ran as; nil where none was needed, or where that is not known.
    public package(set) var user: String?
    /// The kernel, if it goes on after the run.
    public package(set) var keptKernel: KeptKernel?
    /// The line of the notebook's file, as it was read, that decided how the run ended; nil where none did, and where
    /// nobody can tell.
    public package(set) var fileLine: Int?
    /// What was not as it should be, and no reason to end the run.
    public package(set) var warnings: [String] = []
    /// The notebook as the run has left it, with all outputs.
    ///
    /// It is nil if the notebook could not be opened in time, if the report was read from JSON, and in a batch that does
    /// not keep notebooks. The report's form in JSON leaves it out.
    public package(set) var executedNotebook: Notebook?

    /// Puts the facts together.
    package init(
        outcome: RunOutcome, cells: [CellReport], duration: Duration, kernel: String? = nil, user: String? = nil
    ) {
        self.outcome = outcome
        self.cells = cells
        self.duration = duration
        self.kernel = kernel
        self.user = user
    }
}

/// How a run ended.
@nonexhaustive
public enum RunOutcome: Hashable, Sendable {
    /// Every cell that was to be run was run.
    case succeeded
    /// A cell raised an error that was not allowed.
    case raised(CellError)
    /// A cell ended the notebook on purpose, with this status; zero means that all is well.
    case exited(status: Int)
    /// A limit was reached; there may be cells after it that were run all the same.
    case timedOut(ExceededLimit)
    /// The kernel died, or can no longer be spoken to.
    case kernelFailed(KernelFailure)
    /// Somebody ended the run.
    case stopped(StopReason)
}

/// Why somebody ended a run.
@nonexhaustive
public enum StopReason: Hashable, Sendable {
    /// The process was sent this signal.
    case signal(Int32)
    /// The run is not wanted any more.
    case cancelled
    /// Somebody, such as a ``Middleware``, has ended it for this reason.
    case requested(String)
}

extension StopReason {
    /// Whether the run's own surroundings have ended it.
    var isRequest: Bool { if case .requested = self { true } else { false } }
}

extension StopReason: CustomStringConvertible {
    /// What happened, as the end of a sentence that begins with the run.
    public var description: String {
        switch self {
        case .signal(let number): "was ended by \(PostMortem.signalNames[number] ?? "signal \(number)")"
        case .cancelled: "was cancelled"
        case .requested(let reason): "was ended: \(reason)"
        }
    }
}

/// What became of one cell.
public struct CellReport: Sendable {
    /// Its place among all cells, counted from 0.
    public let index: Int
    /// Its number among the code cells, counted from 1.
    public let number: Int
    /// Its identifier, which older notebooks do not have.
    public let id: String?
    /// The first line of its source that is not empty.
    public let title: String
    /// What was run; empty in a report that was read from JSON.
    package var source = ""
    /// What became of it.
    public package(set) var outcome: CellOutcome
    /// How long it took.
    public package(set) var duration: Duration
    /// The number by which the kernel counts it; nil where it was not run, or the kernel does not count.
    public package(set) var executionCount: Int?
    /// How many outputs the notebook holds of it.
    public package(set) var outputCount = 0
    /// How large they are: the bytes of their text and data, as they are in JSON.
    public package(set) var outputSize = 0
    /// The share of the cells to be run that were over after this one, up to 1; nil if it was not run.
    package var fractionCompleted: Double?

    init(_ cell: PlannedCell, _ outcome: CellOutcome, _ duration: Duration = .zero) {
        index = cell.index
        number = cell.number
        id = cell.id
        title = cell.title
        source = cell.source
        self.outcome = outcome
        self.duration = duration
    }

    /// Puts together what was read.
    init(index: Int, number: Int, id: String?, title: String, outcome: CellOutcome, duration: Duration) {
        (self.index, self.number, self.id, self.title) = (index, number, id, title)
        (self.outcome, self.duration) = (outcome, duration)
    }

    /// Whether nothing went wrong in it; see ``CellOutcome/isSuccess``.
    public var isSuccess: Bool { outcome.isSuccess }

    /// The error that it raised, allowed or not; nil where it raised none.
    public var error: CellError? { if case .raised(let error, _) = outcome { error } else { nil } }
}

/// What became of a cell.
@nonexhaustive
public enum CellOutcome: Hashable, Sendable {
    /// It was run to its end.
    case succeeded
    /// It raised an error; the run went on where that was allowed.
    case raised(CellError, isAllowed: Bool)
    /// It ended the notebook on purpose.
    case exited(status: Int)
    /// It came up against a limit, and was interrupted.
    case timedOut(ExceededLimit, InterruptOutcome)
    /// The kernel died in it, or could no longer be spoken to.
    case kernelFailed(KernelFailure)
    /// Somebody ended the run while it ran.
    case stopped(StopReason)
    /// It was left as it is, because a tag says so.
    case skipped
    /// There is nothing in it.
    case blank
    /// The run ended before it, or was told to leave it out.
    case notReached
}

/// What became of a kernel whose cell came up against a limit.
@nonexhaustive
public enum InterruptOutcome: Hashable, Sendable {
    /// It heeded the interrupt.
    case survived
    /// It did not, and was killed.
    case killed
    /// It ended when it was interrupted, or can no longer be spoken to.
    case failed(KernelFailure)
}

extension Report {
    /// Whether all is well: the run came to its end, or a cell ended it on purpose with status 0.
    public var isSuccess: Bool { outcome.isSuccess }

    /// Returns the outputs of a code cell.
    ///
    ///     let report = try await execute("report.ipynb")
    ///     for cell in report.cells {
    ///         for output in report.outputs(of: cell) { print(cell.number, output.text ?? "") }
    ///     }
    ///
    /// - Parameter cell: One of ``cells``.
    /// - Returns: The outputs in their order, as ``executedNotebook`` has them; none if there is no such notebook.
    public func outputs(of cell: CellReport) -> [Output] {
        guard let executedNotebook, executedNotebook.cells.indices.contains(cell.index) else { return [] }
        return Array(executedNotebook.cells[cell.index].outputs)
    }

    /// The cell that decided how the run ended; nil where none did.
    public var failingCell: CellReport? {
        cells.first { cell in
            switch (outcome, cell.outcome) {
            case (.raised, .raised(_, isAllowed: false)), (.kernelFailed, .kernelFailed), (.stopped, .stopped),
                (.exited, .exited):
                true
            // Where the run goes on, a cell may have come up against another limit before.
            case (.timedOut(let limit), .timedOut(let exceeded, _)): limit == exceeded
            default: false
            }
        }
    }

    /// The limit that a cell came up against first, also where the run went on; nil where none did.
    public var exceededLimit: ExceededLimit? {
        if case .timedOut(let limit) = outcome { return limit }
        return cells.lazy.compactMap { if case .timedOut(let limit, _) = $0.outcome { limit } else { nil } }.first
    }

    /// What is known of the kernel's death; nil where it did not die before it was ended.
    public var postMortem: PostMortem? {
        if case .kernelFailed(.died(let end)) = outcome { return end }
        return cells.lazy.compactMap { cell -> PostMortem? in
            switch cell.outcome {
            case .kernelFailed(.died(let end)), .timedOut(_, .failed(.died(let end))): end
            default: nil
            }
        }.first
    }

    /// What went wrong, in a sentence; nil where nothing did.
    public var message: String? { message(namesLine: false) }

    /// What went wrong, in a sentence; nil where nothing did.
    ///
    /// - Parameter namesLine: Whether it says in which line of the cell.
    package func message(namesLine: Bool) -> String? {
        let cell = failingCell.map { cell in
            let line = cell.error?.line.flatMap { namesLine ? ", line \($0)," : nil }
            return "cell \(cell.number) of \(cells.count)\(line ?? "")"
        }
        let place = cell.map { ", in \($0)" } ?? ""
        switch outcome {
        case .succeeded, .exited(status: 0): return nil
        case .raised(let raised):
            let value = raised.value.terminalSafeLine(200)
            return "\(cell ?? "a cell") raised \(raised.name.terminalSafeLine())\(value.isEmpty ? "" : ": \(value)")"
        case .exited(let status): return "\(cell ?? "a cell") ended the notebook with status \(status)"
        case .timedOut(let limit):
            let end =
                switch failingCell?.outcome {
                case .timedOut(_, .killed)?: "; it did not heed the interrupt, and the kernel was killed"
                case .timedOut(_, .failed(let failure))?: "; when it was interrupted, \(failure)"
                default: ""
                }
            if let cell { return "\(cell) \(limit)\(end)" }
            let moment =
                if !cells.contains(where: \.outcome.wasRun) {
                    "before the first"
                } else {
                    cells.contains { $0.outcome == .notReached } ? "before the next" : "after the last"
                }
            return "the limit of \(limit.duration.inWords) for the whole run was reached \(moment) cell"
        case .kernelFailed(let failure): return "\(failure)".terminalSafeLine(1000) + place
        case .stopped(let reason): return "the run \(reason)".terminalSafeLine(1000) + place
        }
    }
}

extension RunOutcome {
    /// Whether all is well.
    public var isSuccess: Bool { status == "succeeded" }

    /// Whether it may end better the next time: a kernel that has died may live then, an error of a cell will be the same.
    public var isTransient: Bool { if case .kernelFailed = self { true } else { false } }

    /// The outcome in one word, for those who store it.
    public var status: String {
        switch self {
        case .succeeded, .exited(status: 0): "succeeded"
        case .raised: "raised"
        case .exited: "exited"
        case .timedOut: "timed-out"
        case .kernelFailed: "kernel-died"
        case .stopped: "stopped"
        }
    }
}

extension CellOutcome {
    /// Whether nothing went wrong in the cell.
    ///
    /// An error that was allowed is no failure, and a cell that is blank or skipped has none. A cell that the run did not
    /// reach has not succeeded.
    public var isSuccess: Bool {
        switch self {
        case .succeeded, .raised(_, isAllowed: true), .exited(status: 0), .skipped, .blank: true
        default: false
        }
    }

    /// Whether the cell was sent to the kernel.
    package var wasRun: Bool {
        switch self {
        case .skipped, .blank, .notReached: false
        default: true
        }
    }

    /// The outcome in one word, for those who store it.
    public var status: String {
        switch self {
        case .succeeded: "succeeded"
        case .raised: "raised"
        case .exited: "exited"
        case .timedOut: "timed-out"
        case .kernelFailed: "kernel-died"
        case .stopped: "stopped"
        case .skipped: "skipped"
        case .blank: "blank"
        case .notReached: "not-reached"
        }
    }
}
