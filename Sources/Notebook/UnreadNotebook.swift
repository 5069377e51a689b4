package import GalleyJSON

/// A notebook that was opened and not read: what kernel it wants can be told, and whether the rest is in order cannot.
///
/// Reading a large notebook takes time, and so does starting a kernel.
package struct UnreadNotebook: Sendable {
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

    /// The kernel that the notebook asks for; nil where that cannot be told yet, because the format is an older one.
    package var wantedKernel: WantedKernel? {
        guard document.root["nbformat"]?.int == 4 else { return nil }
        return WantedKernel(document.root["metadata"] ?? [:])
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

/// What a notebook says of the kernel that is to run it.
public struct WantedKernel: Hashable, Sendable {
    /// The name.
    public let name: String?
    /// The language that the notebook is written in.
    public let language: String?
    /// Whether a kernel is described without its name.
    package let isNameless: Bool

    package init(_ metadata: Value) {
        let spec = metadata["kernelspec"]
        name = spec?["name"]?.string.flatMap { $0.isEmpty ? nil : $0 }
        language = spec?["language"]?.string ?? metadata["language_info"]?["name"]?.string
        isNameless = spec?.kind == .object && name == nil
    }
}
