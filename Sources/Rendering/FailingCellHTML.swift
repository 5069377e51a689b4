package import GalleyNotebook

extension HTML {
    /// The number of lines and outputs of a failing cell that are in sight without a click.
    private static let shownLines = (code: 24, text: 20, outputs: 4)

    /// Renders a code cell that failed, so that the failure is in sight.
    ///
    /// The page shows the whole cell in the order of the notebook. Folded are the lines of code far from the marked line,
    /// all but the last lines of a long text or traceback, and all but the last outputs.
    ///
    /// - Parameters:
    ///   - markedLine: The source line to highlight, counted from 1.
    ///   - findings: The differences from the stored outputs. If there are any, all outputs are folded.
    package static func failingCell(
        _ cell: Cell, at index: Int, options: CellRenderingOptions, markedLine: Int?, findings: HTML = HTML()
    ) -> HTML {
        let id = options.id(ofCell: index)
        let count = cell.executionCount.map { "[\($0)]" } ?? "[ ]"
        let code = code(of: cell.source, around: markedLine, language: options.language)
        let outputs = failingOutputs(of: cell, id, allFolded: !findings.isEmpty)
        return """
            <section class="nb-cell nb-program failing" id="\(id)"><div class="nb-count">\(count)</div>\(code)\(findings)\(outputs)</section>

            """
    }

    /// Renders source code with the lines far from a line folded.
    private static func code(of source: String, around markedLine: Int?, language: String?) -> HTML {
        let lines = source.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        guard lines.count > shownLines.code else { return code(source, language: language, markedLine: markedLine) }
        let center = min(max(markedLine ?? 1, 1), lines.count)
        let shown = max(0, center - 10)..<min(lines.count, center + 6)
        let part = { (range: Range<Int>) in
            HTML.code(
                lines[range].joined(separator: "\n"), language: language,
                markedLine: markedLine.map { $0 - range.lowerBound })
        }
        var html = HTML()
        if shown.lowerBound > 0 {
            html += folded("lines 1 to \(shown.lowerBound)", part(0..<shown.lowerBound))
        }
        html += part(shown)
        if shown.upperBound < lines.count {
            let summary = "lines \(shown.upperBound + 1) to \(lines.count)"
            html += folded(summary, part(shown.upperBound..<lines.count))
        }
        return html
    }

    private static func failingOutputs(of cell: Cell, _ id: String, allFolded: Bool) -> HTML {
        let outputs = Array(cell.outputs.enumerated())
        if outputs.isEmpty { return HTML() }
        let firstError = outputs.first { $0.element.kind == .error }?.offset ?? outputs.count
        let start = allFolded ? outputs.count : max(0, min(outputs.count - shownLines.outputs, firstError))
        var earlier = HTML()
        for (number, output) in outputs[..<start] {
            guard number < mostOutputs, earlier.size < largestOutputs else {
                earlier += omittedOutputs(start - number)
                break
            }
            earlier += .output(output, id: "\(id)-o\(number)")
        }
        var html = HTML()
        if start > 0 {
            let adjective = allFolded ? "new" : "earlier"
            html += folded("\(start) \(adjective) \(start == 1 ? "output" : "outputs")", earlier)
        }
        for (number, output) in outputs[start...].prefix(mostOutputs) {
            html += foldedOutput(output, id: "\(id)-o\(number)")
        }
        return "<div class=\"nb-outputs\">\(html)</div>"
    }

    /// Renders an output; of a long text, the last lines are in sight.
    private static func foldedOutput(_ output: Output, id: String) -> HTML {
        guard let text = output.terminalText else { return .output(output, id: id) }
        let (earlier, count, last) = terminal(text, lastLines: shownLines.text)
        if count == 0 { return .output(output, id: id) }
        let name: HTML =
            switch output.kind {
            case .error: " nb-error"
            case .stream(.stderr): " nb-stderr"
            default: ""
            }
        let fold = folded(
            "\(count) earlier \(count == 1 ? "line" : "lines")",
            "<pre class=\"nb-text\(name)\" tabindex=\"0\">\(earlier)</pre>")
        return "\(fold)<pre class=\"nb-text\(name)\" id=\"\(identifier(id))\" tabindex=\"0\">\(last)</pre>"
    }

    /// Renders content that the reader opens by a click on its summary.
    package static func folded(_ summary: String, _ content: HTML) -> HTML {
        "<details class=\"nb-fold\"><summary>\(summary)</summary>\(content)</details>\n"
    }

    /// Renders the picture in an output; nil if the output has no picture of the type.
    package static func picture(_ type: String, of output: Output) -> HTML? {
        guard let text = output.data?.text(type) else { return nil }
        let image = type == "image/svg+xml" ? ImageData(drawing: text) : ImageData(type: type, base64: text)
        return image.map { "<img class=\"nb-image\" src=\"\($0.address)\" alt=\"\">" }
    }
}
