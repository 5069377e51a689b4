import GalleyJSON
import GalleyNotebook

/// Markdown text made of the cells of a notebook.
///
/// The white space is that of nbconvert's template.
struct MarkdownDocument {
    private let notebook: ReducedNotebook
    private let options: ExportOptions
    private let language: String
    private var text = ExportText()
    /// The pictures and attachments.
    private(set) var files: ExtractedFiles

    init(_ notebook: ReducedNotebook, name: String, _ options: ExportOptions) {
        (self.notebook, self.options) = (notebook, options)
        language = notebook.notebook.metadata["language_info"]?["name"]?.string ?? ""
        files = ExtractedFiles(name: name, isEmbedded: options.embedsImages)
    }

    /// The bytes of the document.
    var bytes: [UInt8] { text.trimmed }

    /// Writes all cells.
    mutating func write() {
        for (index, cell) in notebook.notebook.cells.enumerated() {
            let isHidden = notebook.hiddenSources.contains(index)
            switch cell.kind {
            case .code:
                if !isHidden, !options.hidesInput { writeCode(cell) }
                if options.hidesOutput { continue }
                for (number, output) in cell.outputs.enumerated() { write(output, number, ofCellAt: index) }
            case .markdown:
                let source = files.replacingAttachments(of: cell, at: index)
                if !isHidden { text += "\n\(source)\n" }
            case .raw:
                let source = files.replacingAttachments(of: cell, at: index)
                if !isHidden, cell.isRaw(for: ["text/markdown", "text/html", ""]) { text += source }
            case .other: break
            }
        }
    }

    private mutating func writeCode(_ cell: Cell) {
        if !options.hidesPrompts { text += "\n" }
        text += "\n```\(Self.magicLanguage(of: cell.source) ?? language)\n"
        text += cell.source
        text += "\n```\n"
    }

    // MARK: Outputs

    /// The representations in Markdown, the best first.
    private static let types = [
        "text/html", "text/markdown", "image/svg+xml", "text/latex", "image/png", "image/jpeg", "text/plain",
    ]

    private mutating func write(_ output: Output, _ number: Int, ofCellAt index: Int) {
        switch output.kind {
        case .stream: text += "\n\((output.text ?? "").indented)\n"
        case .error:
            text += "\n"
            for line in output.traceback ?? [] { text += "\n\(TerminalCodes.removed(from: line.indented))\n" }
            text += "\n"
        case .displayData, .executeResult:
            let links = files.extract(output, number, ofCellAt: index)
            let isResult = output.kind == .executeResult
            text += isResult ? "\n\n\n" : "\n"
            writeData(output, links)
            text += isResult ? "\n\n" : "\n"
        case .other: break
        }
    }

    private mutating func writeData(_ output: Output, _ links: [String: String]) {
        guard let data = output.data else { return }
        let isLinked = !links.isEmpty && !options.embedsImages
        for type in Self.types where data.json[type] != nil {
            if let name = Self.pictureNames[type] {
                guard let link = links[type] else { continue }
                text += "\n    \n![\(name)](\(isLinked ? link.urlQuoted : link))\n    \n"
                return
            }
            guard let content = data.text(type) else { continue }
            switch type {
            case "text/plain": text += "\n\(content.indented)\n"
            case "text/html": text += "\n\(options.embedsImages ? content : PythonText(content).dedented.text)\n"
            default: text += "\n\(content)\n"
            }
            return
        }
    }

    private static let pictureNames = ["image/svg+xml": "svg", "image/png": "png", "image/jpeg": "jpeg"]

    // MARK: Languages of cells

    private static let magicLanguages = [
        "R": "r", "bash": "bash", "cython": "cython", "javascript": "javascript", "julia": "julia", "latex": "latex",
        "octave": "octave", "perl": "perl", "ruby": "ruby", "sh": "sh", "sql": "sql",
    ]

    /// Returns the language of a cell that begins with a magic such as `%%bash`.
    private static func magicLanguage(of source: String) -> String? {
        let start = source.unicodeScalars.drop(while: \.isPythonSpace)
        guard start.starts(with: "%%".unicodeScalars) else { return nil }
        let name = start.dropFirst(2).prefix { !$0.isPythonSpace }
        guard name.endIndex != source.unicodeScalars.endIndex else { return nil }
        return magicLanguages[String(name)]
    }
}

/// The codes in text for a terminal.
enum TerminalCodes {
    /// Returns the text without sequences that begin with ESC and `[`, as nbconvert removes them.
    static func removed(from text: String) -> String {
        var kept = Array(text.utf8)
        guard kept.contains(0x1B) else { return text }
        let bytes = kept
        kept = []
        var index = 0
        // A sequence does not extend over a line end.
        while index < bytes.count {
            if bytes[index] == 0x1B, index + 1 < bytes.count, bytes[index + 1] == UInt8(ascii: "["),
                let end = bytes[(index + 2)...].firstIndex(where: { (0x40...0x7E).contains($0) || $0 == 0x0A }),
                bytes[end] != 0x0A
            {
                index = end + 1
            } else {
                kept.append(bytes[index])
                index += 1
            }
        }
        return String(decoding: kept, as: UTF8.self)
    }
}
