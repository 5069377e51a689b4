public import GalleyNotebook

/// What somebody does around each cell that is run: look at it, change it, end the run.
///
/// The run waits meanwhile, and the time counts for the limit of the whole run. Whoever ends the run does not wait: the
/// task is cancelled, and left to itself. Where that happens after the last cell, too, the outcome is not success: who was to
/// look at it has not.
///
/// The methods run wherever their caller does. Those of a class of the main actor say so themselves:
/// `@MainActor func afterCell(…)`.
public protocol Middleware: Sendable {
    /// Is called before a cell is sent to the kernel, and may change what is sent.
    ///
    /// The notebook gets the source that was run, because it tells what its outputs come from.
    ///
    /// - Throws: Whatever is to end the run before the cell; its description becomes the reason.
    func beforeCell(_ cell: PlannedCell, source: inout String) async throws

    /// Is called when a cell is over.
    ///
    /// - Throws: Whatever is to end the run here; its description becomes the reason.
    func afterCell(_ cell: CellReport, outputs: [Output]) async throws
}

extension Middleware {
    /// Leaves the cell as it is.
    public func beforeCell(_ cell: PlannedCell, source: inout String) async throws {}
    /// Lets the run go on.
    public func afterCell(_ cell: CellReport, outputs: [Output]) async throws {}
}
