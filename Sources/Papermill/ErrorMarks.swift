import GalleyExecution
import GalleyNotebook

/// The cells that show a reader of the result where the run failed: one at the top, and one before the failing cell.
enum ErrorMarks {
    /// The tag of both cells, by which the next run removes them.
    static let tag = "papermill-error-cell-tag"
    /// The name of the place that the upper cell links to.
    private static let anchor = "papermill-error-cell"
    private static let style = #"style="color:red; font-size:1.5em""#

    static func add(to notebook: inout Notebook, at cell: CellReport) {
        let count = cell.executionCount.map(String.init) ?? " "
        insert(#"<span id="\#(anchor)" \#(style)>This cell failed:</span>"#, "papermill-error-anchor", at: cell.index)
        insert(
            ##"<span \##(style)>The run failed in <a href="#\##(anchor)">In [\##(count)]</a>.</span>"##,
            "papermill-error-message", at: 0)

        func insert(_ text: String, _ id: String, at index: Int) {
            var mark = Cell.markdown(text, id: notebook.freeCellID(id))
            mark.tags = [tag]
            notebook.cells.insert(mark, at: index)
        }
    }
}
