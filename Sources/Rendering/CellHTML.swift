package import GalleyNotebook

/// Options for rendering the cells of one notebook.
package struct CellRenderingOptions: Sendable {
    /// The prefix of the notebook's element identifiers, unique on the page.
    package var scope: String
    /// The programming language in the notebook's metadata; nil if there is none.
    package var language: String?

    /// Whether the source of code cells is left out.
    package var hidesCode = false
    /// Whether the execution counts of code cells are left out.
    package var hidesCounts = false

    /// Creates options. Characters that are not allowed in an identifier are replaced in `scope`.
    package init(scope: String, language: String? = nil) {
        self.scope = HTML.identifier(scope)
        self.language = language
    }

    /// The element identifier of the cell at an index.
    package func id(ofCell index: Int) -> String { "\(scope)-c\(index)" }
}

extension HTML {
    /// Renders a cell: its source and its outputs.
    ///
    /// The result can stand in any block of a page, but not in a paragraph or a link.
    ///
    /// - Parameter index: The cell's index in its notebook.
    /// - Parameter state: Additional class names for the cell's element.
    /// - Parameter markedLine: The source line to highlight, counted from 1.
    package static func cell(
        _ cell: Cell, at index: Int, look: CellRenderingOptions, state: String = "", markedLine: Int? = nil
    ) -> HTML {
        let id = look.id(ofCell: index)
        return switch cell.kind {
        case .code: codeCell(cell, id, look, state, markedLine)
        case .markdown: markdownCell(cell, id, look, state)
        case .raw, .other:
            """
            <section class="nb-cell nb-raw \(state)" id="\(id)">\
            <pre class="nb-text" tabindex="0">\(terminal(cell.source))</pre></section>

            """
        }
    }

    private static func codeCell(
        _ cell: Cell, _ id: String, _ look: CellRenderingOptions, _ state: String, _ markedLine: Int?
    )
        -> HTML
    {
        let number = cell.executionCount.map { "[\($0)]" } ?? "[ ]"
        let count: HTML = look.hidesCounts ? "" : "<div class=\"nb-count\">\(number)</div>"
        let code = look.hidesCode ? HTML() : code(cell.source, language: look.language, markedLine: markedLine)
        var outputs = outputs(of: cell, id)
        if !outputs.isEmpty { outputs = "<div class=\"nb-outputs\">\(outputs)</div>" }
        return """
            <section class="nb-cell nb-program \(state)" id="\(id)">\
            \(count)\(code)\(outputs)</section>

            """
    }

    /// The limits for the outputs of one cell: their number, and the bytes of their HTML.
    static let mostOutputs = 500
    static let largestOutputs = 20_000_000

    private static func outputs(of cell: Cell, _ id: String) -> HTML {
        var html = HTML()
        let outputs = cell.outputs
        for (number, output) in outputs.enumerated() {
            guard number < mostOutputs, html.size < largestOutputs else {
                html += omittedOutputs(outputs.count - number)
                break
            }
            html += .output(output, id: "\(id)-o\(number)")
        }
        return html
    }

    static func omittedOutputs(_ count: Int) -> HTML {
        note("\(count) more \(count == 1 ? "output is" : "outputs are") left out here, kept in the notebook.")
    }

    private static func markdownCell(_ cell: Cell, _ id: String, _ look: CellRenderingOptions, _ state: String) -> HTML
    {
        var filter = AttributeFilter(scope: look.scope, container: id)
        for (name, data) in cell.attachments {
            for type in ImageData.types {
                guard let text = data.text(type), filter.attachments[name] == nil else { continue }
                let image = type == "image/svg+xml" ? ImageData(drawing: text) : nil
                filter.attachments[name] = (image ?? ImageData(type: type, base64: text))?.address
            }
        }
        return """
            <section class="nb-cell nb-markdown \(state)" id="\(id)">\(markdown(cell.source, filter: filter))</section>

            """
    }
}
