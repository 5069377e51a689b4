package import GalleyJSON

/// A notebook that is parsed but not validated.
///
/// Its metadata name the kernel, so that the kernel can start while a large notebook is being validated.
package struct UnvalidatedNotebook: Sendable {
    let document: Document

    /// Parses a notebook.
    ///
    /// - Throws: ``NotebookError`` with the format of the bytes if they are not JSON.
    package init(parsing bytes: [UInt8]) throws(NotebookError) {
        do throws(ParseError) {
            document = try Document(parsing: bytes)
        } catch {
            let format = FileFormat(of: bytes, stoppedAt: error.position.offset)
            throw NotebookError(
                path: "", position: error.position,
                problem: format.map { .otherFormat($0) } ?? .notJSON(error.problem))
        }
    }

    /// The notebook's metadata; nil for an older format version, which has to be upgraded first.
    package var metadata: Value? {
        document.root["nbformat"]?.int == 4 ? document.root["metadata"] ?? [:] : nil
    }

    /// Calls `body` with each cell.
    package func forEachCell(_ body: (Cell) -> Void) {
        document.root["cells"]?.elements.forEach { body(Cell(json: $0)) }
    }

    /// Whether any cell satisfies a condition.
    package func contains(where condition: (Cell) -> Bool) -> Bool {
        document.root["cells"]?.elements.contains { condition(Cell(json: $0)) } ?? false
    }
}
