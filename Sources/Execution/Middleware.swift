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
    /// Whether the notebook is saved with the source that ``beforeCell(_:source:)`` has changed; at first it keeps its own.
    ///
    /// If several middlewares change a cell, the notebook gets the source as the last of those has left it that answer
    /// `true`, with all changes before it.
    nonisolated var savesEditedSource: Bool { get }

    /// Is called before a cell is sent to the kernel, and may change what is sent.
    ///
    /// The saved notebook keeps the source that it has, unless ``savesEditedSource`` is true. Reports and events have the
    /// source that was sent: lines of errors count in it.
    ///
    /// - Throws: Whatever is to end the run before the cell; its description becomes the reason.
    func beforeCell(_ cell: PlannedCell, source: inout String) async throws

    /// Is called when a cell is over.
    ///
    /// - Throws: Whatever is to end the run here; its description becomes the reason.
    func afterCell(_ cell: CellReport, outputs: [Output]) async throws
}

extension Middleware {
    /// The notebook keeps its own source.
    public nonisolated var savesEditedSource: Bool { false }

    /// Leaves the cell as it is.
    public func beforeCell(_ cell: PlannedCell, source: inout String) async throws {}
    /// Lets the run go on.
    public func afterCell(_ cell: CellReport, outputs: [Output]) async throws {}
}
