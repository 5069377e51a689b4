public import GalleyJupyterProtocol

/// Something that happens in a run, told when it happens.
@nonexhaustive
public enum RunEvent: Sendable {
    /// The kernel is ready.
    case started(RunStart)
    /// A cell is going to be run.
    case cellStarted(PlannedCell)
    /// A cell, perhaps an earlier one, has put something out.
    case output(cell: PlannedCell, IOPubMessage)
    /// A cell is over.
    case cellFinished(CellReport)
    /// So many outputs are not told of, because nobody has listened in time.
    case outputsDropped(count: Int)
    /// The notebook was written, as far as it is, to the place of this name.
    case saved(String)
    /// The kernel goes on after the run.
    case kernelKept(KeptKernel)
    /// Something is not as it should be, and no reason to end the run.
    case warning(String)
    /// The run is over.
    case finished(Report)
    /// There was no run, or it could not be saved: ``Run/report`` throws this error.
    case failed(any Error)
}

extension RunEvent {
    /// How much of the run is over, from 0 to 1: the cells that are over, of those that are to be run.
    ///
    /// The start of a run, the end of a cell and a success have one; it is nil of all other events.
    public var fractionCompleted: Double? {
        switch self {
        case .started: 0
        case .cellFinished(let cell): cell.fractionCompleted
        case .finished(let report) where report.isSuccess: 1
        default: nil
        }
    }
}

/// What is known of a run when its kernel is ready.
public struct RunStart: Sendable {
    /// The name of the kernel.
    public let kernel: String
    /// The user that it runs as; nil where that is not known.
    public let user: String?
    /// How many code cells the notebook has.
    public let cells: Int

    package init(kernel: String, user: String?, cells: Int) {
        (self.kernel, self.user, self.cells) = (kernel, user, cells)
    }
}
