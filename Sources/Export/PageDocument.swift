import GalleyExecution
import GalleyJSON
import GalleyJupyterProtocol
import GalleyNotebook
import GalleyRendering

/// A self-contained page of a notebook.
///
/// The page loads nothing and runs nothing; a content security policy in its head enforces the same in the browser.
struct PageDocument {
    private let notebook: ReducedNotebook
    private let name: String
    private let options: ExportOptions

    init(_ notebook: ReducedNotebook, name: String, _ options: ExportOptions) {
        (self.notebook, self.name, self.options) = (notebook, name, options)
    }

    /// The HTML of the page.
    var text: String {
        let notebook = notebook.notebook
        let language = notebook.wantedKernel.language
        let title = notebook.metadata["title"]?.string ?? name
        var bytes = Array(head(title).utf8)
        var look = CellRenderingOptions(scope: "n", language: language)
        look.hidesCounts = options.hidesPrompts || options.hidesInput
        for (index, var cell) in notebook.cells.enumerated() {
            if options.hidesOutput { cell.outputs = [] }
            let isHidden = self.notebook.hiddenSources.contains(index)
            look.hidesCode = options.hidesInput || isHidden
            switch cell.kind {
            case .code:
                look.hidesCounts = options.hidesPrompts || look.hidesCode
                if look.hidesCode, cell.outputs.isEmpty { continue }
            case .raw where isHidden || !cell.isRaw(for: ["text/html", ""]): continue
            case .markdown where isHidden: continue
            default: break
            }
            bytes += html(of: cell, at: index, look).text.utf8
        }
        bytes += "</main>\n</body>\n</html>\n".utf8
        return String(decoding: bytes, as: UTF8.self)
    }

    private func html(of cell: Cell, at index: Int, _ look: CellRenderingOptions) -> HTML {
        guard cell.kind == .raw, cell.isRaw(for: ["text/html"]) else { return .cell(cell, at: index, look: look) }
        let id = look.id(ofCell: index)
        return
            "<section class=\"nb-cell\">\(.output(.displayData(MimeBundle(["text/html": cell.source])), id: id))</section>\n"
    }

    private func head(_ title: String) -> String {
        HTML.pageStart(title: title).text + HTML.styles.text + Self.styles + "</style>\n</head>\n<body>\n<main>\n"
    }

    /// The style sheet of the page around the cells.
    private static let styles = """
        body {
          margin: 0 auto; padding: 1.2rem clamp(.8rem, 3vw, 2rem) 4rem; max-width: 60rem; background: var(--nb-paper);
          color: var(--nb-ink); overflow-wrap: anywhere;
        }
        @media print { body { max-width: none; padding: 0 } }

        """
}
