public import GalleyNotebook

/// Changes a notebook after it is read and before its cells are planned.
///
/// A preparation inserts a cell of parameters, removes cells, or sets metadata. The result of the run shows what it did; a
/// notebook in which no cell is to run is saved as it was read.
///
///     struct Quiet: NotebookPreparation {
///         func prepare(_ notebook: inout Notebook) {
///             notebook.cells.removeAll { $0.tags.contains("chatty") }
///         }
///     }
public protocol NotebookPreparation: Sendable {
    /// Changes the notebook.
    ///
    /// - Throws: Any error. The run ends before its kernel starts, and nothing is written.
    func prepare(_ notebook: inout Notebook) throws
}
