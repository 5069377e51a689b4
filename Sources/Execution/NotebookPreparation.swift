public import GalleyNotebook

/// Changes a notebook after it is read and before its cells are planned.
///
/// A preparation can insert a cell of parameters, remove cells, or set metadata. The result of the run contains the
/// changes. A notebook without a cell to run is saved as it was read.
///
///     struct Quiet: NotebookPreparation {
///         func prepare(_ notebook: inout Notebook, warn: (String) -> Void) {
///             notebook.cells.removeAll { $0.tags.contains("chatty") }
///         }
///     }
public protocol NotebookPreparation: Sendable {
    /// Changes the notebook.
    ///
    /// - Parameter warn: Reports a problem that does not end the run, as a sentence.
    /// - Throws: Any error, to end the run before its kernel starts. Nothing is written.
    func prepare(_ notebook: inout Notebook, warn: (_ problem: String) -> Void) throws
}
