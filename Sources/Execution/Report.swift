public import GalleyJupyterProtocol
public import GalleyNotebook

/// The report of a run.
///
/// A report is `Codable`. Its JSON form is that of one notebook in the output of `galley execute --json`, with times
/// rounded to the microsecond.
public struct Report: Sendable {
    /// The location that the notebook was read from, such as its path.
    public package(set) var notebook = ""
    /// The location of the result; nil if nothing was written.
    public package(set) var result: String?
    /// The outcome of the run.
    public package(set) var outcome: RunOutcome
    /// The reports of all code cells.
    public package(set) var cells: [CellReport]
    /// The time at which the run began.
    public package(set) var started = Timestamp.now()
    /// The time from before the notebook was read until the last cell ended.
    public package(set) var duration: Duration
    /// The name of the kernel; nil if the run needed none.
    public package(set) var kernel: String?
    /// The user that the kernel ran as; nil if unknown, or if the run needed no kernel.
    public package(set) var user: String?
    /// The kernel, if it was kept after the run.
    public package(set) var keptKernel: KeptKernel?
    /// The line of the notebook's file, as it was read, that determined the outcome; nil if none is known.
    public package(set) var fileLine: Int?
    /// Warnings: problems that did not end the run.
    public package(set) var warnings: [String] = []
    /// The values that cells handed back.
    public package(set) var results = NamedResults()
    /// The files that the run has made and that were stored beside the result.
    package var files: [CollectedFile] = []
    /// The notebook after the run, with all outputs.
    ///
    /// It is nil if the notebook could not be opened in time, if the report was read from JSON, and in a batch that
    /// does not keep notebooks. The JSON form does not contain it.
    public package(set) var executedNotebook: Notebook?

    /// Creates a report; the other properties keep their default values.
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

/// The outcome of a run.
@nonexhaustive
public enum RunOutcome: Hashable, Sendable {
    /// All cells to run were run.
    case succeeded
    /// A cell raised an error that is not allowed.
    case raised(CellError)
    /// A cell called `exit` with this status; zero means success.
    case exited(status: Int)
    /// A time limit was reached. Later cells may have been run.
    case timedOut(ExceededLimit)
    /// The kernel died, or the connection to it failed.
    case kernelFailed(KernelFailure)
    /// Outputs of a cell did not arrive.
    case lostOutput(OutputLoss)
    /// The run was stopped.
    case stopped(StopReason)
}

/// The reason why a run was stopped.
@nonexhaustive
public enum StopReason: Hashable, Sendable {
    /// The process received this signal.
    case signal(Int32)
    /// The run's task was canceled.
    case cancelled
    /// The caller or a ``Middleware`` ended the run for this reason.
    case requested(String)
}

extension StopReason {
    /// Whether the caller or a middleware ended the run.
    var isRequest: Bool { if case .requested = self { true } else { false } }
}

extension StopReason: CustomStringConvertible {
    /// The reason as a predicate of a sentence about the run, such as "was canceled".
    public var description: String {
        switch self {
        case .signal(let number): "was ended by \(PostMortem.signalNames[number] ?? "signal \(number)")"
        case .cancelled: "was canceled"
        case .requested(let reason): "was ended: \(reason)"
        }
    }
}

/// The report of one cell.
public struct CellReport: Sendable {
    /// The index among all cells, counted from 0.
    public let index: Int
    /// The number among the code cells, counted from 1.
    public let number: Int
    /// The cell's ID; nil in older notebooks.
    public let id: String?
    /// The first nonblank line of the source.
    public let title: String
    /// The source that was run; empty in a report that was read from JSON.
    package var source = ""
    /// The outcome of the cell.
    public package(set) var outcome: CellOutcome
    /// The time that the cell took.
    public package(set) var duration: Duration
    /// The kernel's execution count; nil if the cell was not run, or the kernel sent no count.
    public package(set) var executionCount: Int?
    /// The number of outputs in the notebook.
    public package(set) var outputCount = 0
    /// The size of the outputs: the bytes of their text and data in JSON.
    public package(set) var outputSize = 0
    /// The last lines that the cell printed, if it raised an error or failed.
    package var printed: PrintedLines?
    /// The lines of the source in a report that was read from JSON.
    var decodedExcerpt: SourceExcerpt?
    /// The message with which the cell called `sys.exit`; nil if it called it with a status.
    package var exitMessage: String?
    /// The finished share of the cells to run, after this cell: at most 1; nil if the cell was not run.
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

    /// Creates a report that was read from JSON.
    init(index: Int, number: Int, id: String?, title: String, outcome: CellOutcome, duration: Duration) {
        (self.index, self.number, self.id, self.title) = (index, number, id, title)
        (self.outcome, self.duration) = (outcome, duration)
    }

    /// Whether the cell did not fail; see ``CellOutcome/isSuccess``.
    public var isSuccess: Bool { outcome.isSuccess }

    /// The error that the cell raised, allowed or not.
    public var error: CellError? { if case .raised(let error, _) = outcome { error } else { nil } }

    /// Whether the cell raised an error, allowed or not, or failed.
    package var needsExplanation: Bool { outcome.wasRun && (error != nil || !isSuccess) }

    /// The lines of the source that help to understand the failure; nil if the cell did not fail, or the source is not
    /// known.
    package var excerpt: SourceExcerpt? {
        needsExplanation ? decodedExcerpt ?? SourceExcerpt(source, around: error?.line) : nil
    }
}

/// The outcome of a cell.
@nonexhaustive
public enum CellOutcome: Hashable, Sendable {
    /// The cell ran to its end.
    case succeeded
    /// The cell raised an error. If it is allowed, the run continued.
    case raised(CellError, isAllowed: Bool)
    /// The cell called `exit`, which ended the notebook.
    case exited(status: Int)
    /// The cell reached a time limit and was interrupted.
    case timedOut(ExceededLimit, InterruptOutcome)
    /// The kernel died while the cell ran, or the connection to it failed.
    case kernelFailed(KernelFailure)
    /// The cell ran to its end, but outputs of it did not arrive, and the settings do not allow that.
    case lostOutput(OutputLoss)
    /// The run was stopped while the cell ran.
    case stopped(StopReason)
    /// A tag marks the cell to be left unchanged.
    case skipped
    /// The settings select other cells, and the cell was left unchanged.
    case notSelected
    /// The cell contains only whitespace.
    case blank
    /// The run ended before the cell, or the cell was outside the selected range.
    case notReached
}

/// The state of the kernel after it was interrupted at a time limit.
@nonexhaustive
public enum InterruptOutcome: Hashable, Sendable {
    /// The interrupt ended the cell, and the kernel is ready again.
    case survived
    /// The kernel ignored the interrupt and was killed.
    case killed
    /// The kernel ended at the interrupt, or the connection to it failed.
    case failed(KernelFailure)
}

extension Report {
    /// Whether the run succeeded: it reached its end, or a cell called `exit` with status 0.
    public var isSuccess: Bool { outcome.isSuccess }

    /// Returns the outputs of a code cell.
    ///
    ///     let report = try await execute("report.ipynb")
    ///     for cell in report.cells {
    ///         for output in report.outputs(of: cell) { print(cell.number, output.text ?? "") }
    ///     }
    ///
    /// - Parameter cell: One of ``cells``.
    /// - Returns: The outputs in ``executedNotebook``, in order; empty if that is nil.
    public func outputs(of cell: CellReport) -> [Output] {
        guard let executedNotebook, executedNotebook.cells.indices.contains(cell.index) else { return [] }
        return Array(executedNotebook.cells[cell.index].outputs)
    }

    /// The cell that determined the outcome of the run; nil if none did.
    public var failingCell: CellReport? {
        cells.first { cell in
            switch (outcome, cell.outcome) {
            case (.raised, .raised(_, isAllowed: false)), (.kernelFailed, .kernelFailed), (.stopped, .stopped),
                (.exited, .exited), (.lostOutput, .lostOutput):
                true
            // If the run continued after a limit, an earlier cell may have reached a different one.
            case (.timedOut(let limit), .timedOut(let exceeded, _)): limit == exceeded
            default: false
            }
        }
    }

    /// The first limit that was reached, even if the run continued after it; nil if none was.
    public var exceededLimit: ExceededLimit? {
        if case .timedOut(let limit) = outcome { return limit }
        return cells.lazy.compactMap { if case .timedOut(let limit, _) = $0.outcome { limit } else { nil } }.first
    }

    /// The details of the kernel's death; nil if the kernel did not die by itself.
    public var postMortem: PostMortem? {
        if case .kernelFailed(.died(let end)) = outcome { return end }
        return cells.lazy.compactMap { cell -> PostMortem? in
            switch cell.outcome {
            case .kernelFailed(.died(let end)), .timedOut(_, .failed(.died(let end))): end
            default: nil
            }
        }.first
    }

    /// The reason for the failure, in one sentence; nil if the run succeeded.
    public var message: String? { message(namesLine: false) }

    /// Returns the reason for the failure, in one sentence; nil if the run succeeded.
    ///
    /// - Parameter namesLine: Whether the sentence names the line within the cell.
    package func message(namesLine: Bool) -> String? {
        let cell = failingCell.map { cell in
            let line = cell.error?.line.flatMap { namesLine ? ", line \($0)," : nil }
            return "cell \(cell.number) of \(cells.count)\(line ?? "")"
        }
        let place = cell.map { ", in \($0)" } ?? ""
        switch outcome {
        case .succeeded, .exited(status: 0): return nil
        case .raised(let error): return "\(cell ?? "a cell") \(error.predicate(upTo: 200))"
        case .exited(let status):
            let message = failingCell?.exitMessage.map { ": \($0.terminalSafeLine(200))" } ?? ""
            return "\(cell ?? "a cell") ended the notebook with status \(status)\(message)"
        case .timedOut(let limit):
            let end =
                switch failingCell?.outcome {
                case .timedOut(_, .killed)?: "; the kernel ignored the interrupt and was killed"
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
        case .lostOutput(let loss):
            let subject = cell.map { "outputs of \($0) are lost" } ?? "outputs are lost"
            return "\(subject): \(loss)" + (loss.remedy.map { ". \($0)" } ?? "")
        case .stopped(let reason): return "the run \(reason)".terminalSafeLine(1000) + place
        }
    }
}

extension RunOutcome {
    /// Whether the run succeeded.
    public var isSuccess: Bool { status == "succeeded" }

    /// Whether a retry may succeed. A dead kernel may survive the next time; an error of a cell will recur.
    public var isTransient: Bool {
        switch self {
        case .kernelFailed: true
        case .lostOutput(let loss): loss.isTransient
        default: false
        }
    }

    /// The outcome as one word, for storage.
    public var status: String {
        switch self {
        case .succeeded, .exited(status: 0): "succeeded"
        case .raised: "raised"
        case .exited: "exited"
        case .timedOut: "timed-out"
        case .kernelFailed: "kernel-died"
        case .lostOutput: "output-lost"
        case .stopped: "stopped"
        }
    }
}

extension CellOutcome {
    /// Whether the cell did not fail.
    ///
    /// An allowed error is not a failure, and neither is a cell that is blank, skipped or not selected. A cell that the
    /// run did not reach has not succeeded.
    public var isSuccess: Bool {
        switch self {
        case .succeeded, .raised(_, isAllowed: true), .exited(status: 0), .skipped, .notSelected, .blank: true
        default: false
        }
    }

    /// Whether the cell was sent to the kernel.
    package var wasRun: Bool {
        switch self {
        case .skipped, .notSelected, .blank, .notReached: false
        default: true
        }
    }

    /// The outcome as one word, for storage.
    public var status: String {
        switch self {
        case .succeeded: "succeeded"
        case .raised: "raised"
        case .exited: "exited"
        case .timedOut: "timed-out"
        case .kernelFailed: "kernel-died"
        case .lostOutput: "output-lost"
        case .stopped: "stopped"
        case .skipped: "skipped"
        case .notSelected: "not-selected"
        case .blank: "blank"
        case .notReached: "not-reached"
        }
    }
}
