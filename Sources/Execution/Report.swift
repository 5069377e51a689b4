public import JupyterProtocol

/// What became of a run.
public struct RunReport: Sendable {
    /// How it ended.
    public var outcome: RunOutcome
    /// What became of each code cell.
    public var cells: [CellReport]
    /// How long it took, from before the notebook was read until its last cell was over.
    public var duration: Duration
    /// The name of the kernel; nil where none was needed.
    public var kernel: String?
    /// The user that the kernel ran as; nil where none was needed.
    public var user: String?
    /// The line of the notebook's file, as it was read, that decided how the run ended; nil where none did, and where
    /// nobody can tell.
    public var fileLine: Int?

    /// Puts the facts together.
    public init(
        outcome: RunOutcome, cells: [CellReport], duration: Duration, kernel: String?, user: String? = nil
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
public enum RunOutcome: Sendable {
    /// Every cell that was to be run was run.
    case succeeded
    /// A cell raised an error that was not allowed.
    case raised(CellError)
    /// A cell ended the notebook on purpose, with this status; zero means that all is well.
    case exited(status: Int)
    /// A limit was reached; there may be cells after it that were run all the same.
    case timedOut(StruckLimit)
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
}

extension StopReason: CustomStringConvertible {
    /// What happened, as the end of a sentence that begins with the run.
    public var description: String {
        switch self {
        case .signal(let number): "was ended by \(PostMortem.signalNames[number] ?? "signal \(number)")"
        case .cancelled: "was cancelled"
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
    /// What is written in it.
    public let source: String
    /// What became of it.
    public var outcome: CellOutcome
    /// How long it took.
    public var duration: Duration

    init(_ cell: PlannedCell, _ outcome: CellOutcome, _ duration: Duration = .zero) {
        index = cell.index
        number = cell.number
        id = cell.id
        source = cell.source
        self.outcome = outcome
        self.duration = duration
    }

    /// The first line that is not empty.
    public var title: String { source.firstLine }

    /// The error that it raised, allowed or not; nil where it raised none.
    public var error: CellError? { if case .raised(let error, _) = outcome { error } else { nil } }
}

/// What became of a cell.
@nonexhaustive
public enum CellOutcome: Sendable {
    case succeeded
    /// It raised an error; the run went on where that was allowed.
    case raised(CellError, isAllowed: Bool)
    /// It ended the notebook on purpose.
    case exited(status: Int)
    /// It came up against a limit, and was interrupted.
    case timedOut(StruckLimit, KernelFate)
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
public enum KernelFate: Sendable {
    /// It heeded the interrupt.
    case survived
    /// It did not, and was killed.
    case killed
    /// It ended when it was interrupted, or can no longer be spoken to.
    case failed(KernelFailure)
}

/// An error that a cell raised.
public struct CellError: Hashable, Sendable {
    /// What it is called, such as `ValueError`.
    public let name: String
    /// What it says.
    public let value: String
    /// How it came to it, with the colours of a terminal.
    public let traceback: [String]
    /// The line of the cell that it was raised in, counted from 1, where the traceback tells.
    public let line: Int?

    /// Puts the facts together; the line is looked up in the traceback.
    ///
    /// - Parameter count: The number of the request, by which tracebacks call the cell.
    public init(name: String, value: String, traceback: [String], count: Int?) {
        self.name = name.beginning(Self.limit)
        self.value = value.beginning(Self.limit)
        self.traceback = Self.shortened(traceback)
        line = count.flatMap { Self.line(in: traceback, of: $0) }
    }

    /// The most that a report keeps of a text, in bytes. The notebook keeps all of it.
    private static let limit = 65_536

    /// The beginning and the end of a traceback.
    private static func shortened(_ traceback: [String]) -> [String] {
        guard traceback.reduce(0, { $0 + $1.utf8.count }) > limit else { return traceback }
        let lines = traceback.map { $0.beginning(limit / 16) }
        return lines.count <= 16
            ? lines : lines.prefix(4) + ["... \(lines.count - 15) pieces are left out here ..."] + lines.suffix(11)
    }

    /// IPython heads what it shows of a cell with `Cell In[3], line 2`, older versions with `Input In [3], in <cell
    /// line: 2>`.
    private static func line(in traceback: [String], of count: Int) -> Int? {
        let whole = traceback.joined(separator: "\n")
        // What is longer than this says at its beginning where it comes from, and then at length what it is.
        let text = (whole.utf8.count > 2_000_000 ? whole.beginning(1_000_000) : whole).withoutEscapes
        for (mark, lead) in [("Cell In[\(count)], line ", ""), ("Input In [\(count)]", "<cell line: ")] {
            guard var place = text.firstRange(of: mark)?.upperBound else { continue }
            if !lead.isEmpty {
                guard let next = text[place...].firstRange(of: lead)?.upperBound else { continue }
                place = next
            }
            if let number = Int(text[place...].prefix(while: \.isNumber)) { return number }
        }
        return nil
    }
}

extension String {
    /// As much of the beginning as has room in so many bytes.
    fileprivate func beginning(_ size: Int) -> String {
        utf8.count <= size ? self : String(decoding: utf8.prefix(size), as: UTF8.self) + "…"
    }
}

extension RunReport {
    /// The cell that decided how the run ended; nil where none did.
    public var failingCell: CellReport? {
        cells.first { cell in
            switch (outcome, cell.outcome) {
            case (.raised, .raised(_, isAllowed: false)), (.timedOut, .timedOut), (.kernelFailed, .kernelFailed),
                (.stopped, .stopped), (.exited, .exited):
                true
            default: false
            }
        }
    }
}

extension RunReport {
    /// The limit that a cell came up against first, also where the run went on; nil where none did.
    public var struckLimit: StruckLimit? {
        if case .timedOut(let limit) = outcome { return limit }
        return cells.lazy.compactMap { if case .timedOut(let limit, _) = $0.outcome { limit } else { nil } }.first
    }
}

extension RunOutcome {
    /// Whether all is well.
    public var isSuccess: Bool { status == "succeeded" }

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
