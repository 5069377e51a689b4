import GalleyJSON

/// Upgrades a notebook of version 1, 2 or 3 to 4.5, like nbformat does.
struct Upgrader {
    private let version: Int

    init(from version: Int) { self.version = version }

    func upgrade(_ root: Value) throws(NotebookReader.FormatViolation) -> Value {
        version == 1 ? try fromVersion1(root) : try fromVersion3(root)
    }

    /// Upgrades version 1, which has only code and text cells. Like nbformat, treats text as Markdown.
    private func fromVersion1(_ root: Value) throws(NotebookReader.FormatViolation) -> Value {
        var cells: [Value] = []
        for (index, old) in try elements(of: root, "cells", at: ValuePath()).enumerated() {
            try old.require(.object, at: ValuePath().member("cells").element(index))
            var cell: Value =
                old["cell_type"]?.string == "code"
                ? Cell.code(text(old["code"])).json : Cell.markdown(text(old["text"])).json
            if old["cell_type"]?.string == "code" {
                cell["execution_count"] = old["prompt_number"] ?? .null
                cell["metadata"]?["collapsed"] = false
            }
            cells.append(cell)
        }
        return finished([:], cells)
    }

    private func fromVersion3(_ root: Value) throws(NotebookReader.FormatViolation) -> Value {
        var cells: [Value] = []
        for (index, sheet) in try elements(of: root, "worksheets", at: ValuePath()).enumerated() {
            let path = ValuePath().member("worksheets").element(index)
            try sheet.require(.object, at: path)
            for (number, cell) in try elements(of: sheet, "cells", at: path).enumerated() {
                cells.append(try upgradedCell(cell, at: path.member("cells").element(number)))
            }
        }
        return finished(root, cells)
    }

    private func finished(_ root: Value, _ cells: [Value]) -> Value {
        var root = root
        for key in ["worksheets", "orig_nbformat", "orig_nbformat_minor"] { root[key] = nil }
        var metadata = root["metadata"] ?? [:]
        if metadata.kind == .object {
            for key in ["name", "signature", "orig_nbformat", "orig_nbformat_minor"] { metadata[key] = nil }
        }
        var used: Set<String> = []
        root["cells"] = .array(
            cells.enumerated().map { index, json in
                var cell = Cell(json: json)
                let id = CellID.make(for: cell.source, at: index, avoiding: used)
                used.insert(id)
                cell.id = id
                return cell.json
            })
        root["metadata"] = metadata
        root["nbformat"] = 4
        root["nbformat_minor"] = 5
        return root
    }

    private func upgradedCell(_ old: Value, at path: ValuePath) throws(NotebookReader.FormatViolation) -> Value {
        try old.require(.object, at: path)
        var cell = old
        cell["trusted"] = nil
        var metadata = cell["metadata"] ?? [:]
        if metadata.kind == .object { metadata["trusted"] = nil }
        switch cell["cell_type"]?.string {
        case "code":
            if let collapsed = cell["collapsed"], metadata.kind == .object { metadata["collapsed"] = collapsed }
            cell["source"] = MultilineText.split(text(cell["input"]))
            cell["execution_count"] = cell["prompt_number"] ?? .null
            var outputs: [Value] = []
            for (index, output) in try elements(of: cell, "outputs", at: path, orNone: true).enumerated() {
                outputs.append(try upgradedOutput(output, at: path.member("outputs").element(index)))
            }
            cell["outputs"] = .array(outputs)
            for key in ["input", "prompt_number", "collapsed", "language"] { cell[key] = nil }
        case "heading":
            let level = cell["level"]?.int ?? 1
            let line = MultilineText.lines(of: text(cell["source"]), withEnds: false).joined(separator: " ")
            cell["cell_type"] = "markdown"
            cell["source"] = MultilineText.split(String(repeating: "#", count: min(max(level, 0), 1000)) + " " + line)
            cell["level"] = nil
        case let type:
            if type == "html" { cell["cell_type"] = "markdown" }
            if let source = cell["source"] { cell["source"] = MultilineText.split(text(source)) }
        }
        if let rendered = cell["rendered"], rendered.kind == .array { cell["rendered"] = .string(text(rendered)) }
        cell["metadata"] = metadata
        return cell
    }

    private func upgradedOutput(_ old: Value, at path: ValuePath) throws(NotebookReader.FormatViolation) -> Value {
        try old.require(.object, at: path)
        var output = old
        switch old["output_type"]?.string {
        case "pyout", "display_data":
            let isResult = old["output_type"]?.string == "pyout"
            var data: [(String, Value)] = []
            for (key, value) in old.members where !["output_type", "metadata", "prompt_number"].contains(key) {
                data.append((Self.mediaTypes[key] ?? key, upgradedData(key, value)))
            }
            let metadata = old["metadata"]?.members.map { (Self.mediaTypes[$0.key] ?? $0.key, $0.value) } ?? []
            output = ["data": MimeBundle(sent: .object(data)).json, "metadata": .object(metadata)]
            output["output_type"] = isResult ? "execute_result" : "display_data"
            if isResult { output["execution_count"] = old["prompt_number"] ?? .null }
        case "pyerr": output["output_type"] = "error"
        case "stream":
            output["name"] = old["stream"] ?? "stdout"
            output["stream"] = nil
            if let text = old["text"] { output["text"] = MultilineText.split(self.text(text)) }
        default: break
        }
        return output
    }

    private func upgradedData(_ key: String, _ value: Value) -> Value {
        switch key {
        case "text", "html", "svg", "latex", "javascript": return .string(text(value))
        case "json":
            // Version 3 stores JSON as text.
            let text = text(value)
            return (try? Document(parsing: Array(text.utf8), depthLimit: Document.depthLimit - 100).root)
                ?? .string(text)
        default: return value
        }
    }

    private static let mediaTypes = [
        "text": "text/plain", "html": "text/html", "svg": "image/svg+xml", "png": "image/png", "jpeg": "image/jpeg",
        "latex": "text/latex", "json": "application/json", "javascript": "application/javascript",
    ]

    /// Joins split text. Version 2 leaves out the line ends, as do some writers of version 3.
    private func text(_ value: Value?) -> String {
        guard let value, value.kind == .array else { return value?.string ?? "" }
        let lines = value.elements.map { $0.string ?? "" }
        let end = lines.first?.utf8.last
        let keepsEnds = version == 3 && (end == UInt8(ascii: "\n") || end == UInt8(ascii: "\r"))
        return lines.joined(separator: keepsEnds ? "" : "\n")
    }

    private func elements(of object: Value, _ key: String, at path: ValuePath, orNone: Bool = false)
        throws(NotebookReader.FormatViolation)
        -> [Value]
    {
        guard let array = object[key] else {
            if orNone { return [] }
            throw NotebookReader.FormatViolation(path: path, value: object, problem: .missing(key))
        }
        try array.require(.array, at: path.member(key))
        return array.elements
    }
}
