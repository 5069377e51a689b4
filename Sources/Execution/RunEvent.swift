public import GalleyJupyterProtocol

/// An event of a run, reported when it happens.
@nonexhaustive
public enum RunEvent: Sendable {
    /// The kernel is ready.
    case started(RunStart)
    /// A cell is about to run.
    case cellStarted(PlannedCell)
    /// A cell produced an output. The cell may have ended already.
    case output(cell: PlannedCell, IOPubMessage)
    /// A widget sent a message from its kernel side, such as its new state. The cell may have ended already.
    case widgetChanged(cell: PlannedCell, IOPubMessage.Comm)
    /// A cell ended.
    case cellFinished(CellReport)
    /// A cell handed back a result, or changed one. A cell's results arrive when it has ended.
    case result(NamedResult)
    /// This number of output events was dropped, because the events were not read in time.
    case outputsDropped(count: Int)
    /// The notebook, as executed so far, was written to this location.
    case saved(String)
    /// The kernel was kept after the run.
    case kernelKept(KeptKernel)
    /// A problem occurred that does not end the run.
    case warning(String)
    /// The run ended.
    case finished(Report)
    /// The run did not start, or its result could not be saved: ``Run/report`` throws this error.
    case failed(any Error)
}

extension RunEvent {
    /// The finished share of the cells to run, from 0 to 1.
    ///
    /// It is nil for all events but the start of the run, the end of a cell, and the end of a successful run.
    public var fractionCompleted: Double? {
        switch self {
        case .started: 0
        case .cellFinished(let cell): cell.fractionCompleted
        case .finished(let report) where report.isSuccess: 1
        default: nil
        }
    }
}

/// The facts about a run when its kernel is ready.
public struct RunStart: Sendable {
    /// The name of the kernel.
    public let kernel: String
    /// The user that the kernel runs as; nil if unknown.
    public let user: String?
    /// The number of code cells in the notebook.
    public let cells: Int
    /// The code cells to run, in notebook order.
    package let cellsToRun: [PlannedCell]

    package init(kernel: String, user: String?, _ plan: Plan) {
        (self.kernel, self.user, cells, cellsToRun) = (kernel, user, plan.cells.count, plan.cellsToRun)
    }
}
