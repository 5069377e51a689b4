public import JupyterProtocol
public import Notebook

/// Something that happens in a run, told when it happens.
@nonexhaustive
public enum RunEvent: Sendable {
    /// The kernel is ready and runs as this user, and so many code cells are in the notebook.
    case started(kernel: String, user: String, cells: Int)
    /// A cell is going to be run.
    case cellStarted(PlannedCell)
    /// A cell, perhaps an earlier one, has put something out.
    case output(cell: PlannedCell, Publication)
    /// A cell is over.
    case cellFinished(CellReport)
    /// The notebook was written, as far as it is, to the place of this name.
    case saved(String)
    /// Something is not as it should be, and no reason to end the run.
    case warning(String)
    /// The cells are over, and this is what the notebook has become, of what it was.
    case result(Notebook, of: Notebook)
    /// The run is over.
    case finished(RunReport)
}
