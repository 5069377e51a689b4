package import GalleyJSON

/// A notebook that was opened and not read: what kernel it wants can be told, and whether the rest is in order cannot.
///
/// Reading a large notebook takes time, and so does starting a kernel.
package struct UnvalidatedNotebook: Sendable {
    let document: Document

    /// Opens a notebook.
    ///
    /// - Throws: ``NotebookError`` where the bytes are not JSON.
    package init(parsing bytes: [UInt8]) throws(NotebookError) {
        do throws(ParseError) {
            document = try Document(parsing: bytes)
        } catch {
            throw NotebookError(path: "", position: error.position, problem: .notJSON(error.problem))
        }
    }

    /// The notebook's metadata; nil if the format is an older one, which has to be read first.
    package var metadata: Value? {
        document.root["nbformat"]?.int == 4 ? document.root["metadata"] ?? [:] : nil
    }

    /// Passes on each cell.
    package func forEachCell(_ body: (Cell) -> Void) {
        document.root["cells"]?.elements.forEach { body(Cell(json: $0)) }
    }

    /// Whether there is a cell of which a condition is true.
    package func contains(where condition: (Cell) -> Bool) -> Bool {
        document.root["cells"]?.elements.contains { condition(Cell(json: $0)) } ?? false
    }
}
