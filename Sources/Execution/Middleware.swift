public import GalleyNotebook

/// Code that runs before and after each cell: it can inspect a cell, change it, or end the run.
///
/// The run waits for the methods, and their time counts toward the limit of the whole run. If the run is ended
/// meanwhile, Galley cancels the middleware's task and does not wait for it. If that happens after the last cell, the
/// run does not succeed, because the check of that cell did not finish.
///
/// The methods run on the caller's executor. To run them on the main actor, mark them: `@MainActor func afterCell(…)`.
public protocol Middleware: Sendable {
    /// Whether the saved notebook gets the source that ``beforeCell(_:source:)`` has changed; false by default.
    ///
    /// If several middlewares change a cell, the notebook gets the source as the last one with `true` left it,
    /// including all changes before it.
    nonisolated var savesEditedSource: Bool { get }

    /// Runs before a cell is sent to the kernel, and may change the source to send.
    ///
    /// The saved notebook keeps its own source, unless ``savesEditedSource`` is true. Reports and events contain the
    /// source that was sent, and line numbers of errors refer to it.
    ///
    /// - Throws: Any error, to end the run before the cell. Its description becomes the reason.
    func beforeCell(_ cell: PlannedCell, source: inout String) async throws

    /// Runs after a cell has ended.
    ///
    /// - Throws: Any error, to end the run here. Its description becomes the reason.
    func afterCell(_ cell: CellReport, outputs: [Output]) async throws
}

extension Middleware {
    /// False: the notebook keeps its own source.
    public nonisolated var savesEditedSource: Bool { false }

    /// Does nothing by default.
    public func beforeCell(_ cell: PlannedCell, source: inout String) async throws {}
    /// Does nothing by default.
    public func afterCell(_ cell: CellReport, outputs: [Output]) async throws {}
}
