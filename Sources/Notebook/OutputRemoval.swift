package import GalleyJSON

extension Cell {
    /// Removes the outputs and the execution count.
    package mutating func removeOutputs() {
        if hasOutputs { json["outputs"] = [] }
        for key in Self.countKeys where hasCount(key) { json[key] = .null }
    }

    /// Removes the times at which the cell ran. The same metadata object can also contain a time limit, which is kept.
    package mutating func removeTiming() {
        guard var timing = timing else { return }
        for key in timing.members.map(\.key) where Self.timingKeys.contains(key) { timing[key] = nil }
        metadata["execution"] = timing.count == 0 ? Value?.none : timing
    }

    /// Whether a run has left outputs or an execution count.
    fileprivate var hasRun: Bool { hasOutputs || Self.countKeys.contains(where: hasCount) }
    fileprivate var hasTiming: Bool { timing?.members.contains { Self.timingKeys.contains($0.key) } ?? false }

    private var hasOutputs: Bool { (json["outputs"]?.kind == .array && json["outputs"]?.count ?? 0 > 0) }
    private func hasCount(_ key: String) -> Bool { json[key].map { $0.kind != .null } ?? false }
    private var timing: Value? { json["metadata"]?["execution"].flatMap { $0.kind == .object ? $0 : nil } }

    /// The key before version 4 and the current key.
    private static let countKeys = ["prompt_number", "execution_count"]

    /// The last key is written only by browsers.
    private static let timingKeys: Set = [
        "iopub.status.busy", "iopub.execute_input", "iopub.status.idle", "shell.execute_reply",
        "shell.execute_reply.started",
    ]
}

extension UnvalidatedNotebook {
    /// The data of runs that a notebook contains.
    package enum RunTraces: Sendable {
        /// Outputs and execution counts.
        case outputs
        /// Outputs, execution counts, cell timing, widget states and Galley's record of the run.
        case everything
    }

    /// Returns the data of runs that ``removing(_:)`` removes, as noun phrases such as `outputs or counts of 2 cells`.
    package func traces(_ remains: RunTraces) -> [String] {
        let root = document.root
        let cells = ([root] + (root["worksheets"] ?? []).elements)
            .flatMap { ($0["cells"] ?? []).elements.map(Cell.init(json:)) }.filter { $0.kind == .code }
        func phrase(_ noun: String, _ count: Int) -> String? {
            count == 0 ? nil : "\(noun) of \(count == 1 ? "1 cell" : "\(count) cells")"
        }
        let run = [phrase("outputs or counts", cells.count(where: \.hasRun))]
        guard remains == .everything else { return run.compactMap(\.self) }
        let others = [("widgets", "the state of widgets"), ("galley", "the record of a run")]
        return
            (run + [phrase("times", cells.count(where: \.hasTiming))]
            + others.map { root["metadata"]?[$0.0] == nil ? nil : $0.1 }).compactMap(\.self)
    }

    /// Returns the notebook without the data of runs, of any format version. All other bytes stay unchanged.
    ///
    /// - Throws: ``NotebookError`` if the document is not a notebook.
    package func removing(_ remains: RunTraces) throws(NotebookError) -> JSONText {
        var document = document
        let root = document.root
        let isEverything = remains == .everything
        guard root["cells"]?.kind == .array || root["worksheets"]?.kind == .array else {
            throw NotebookError(path: "", position: document.position(of: root), problem: .missing("cells"))
        }
        Self.clean(&document.root, isEverything)
        // Up to version 3, a notebook has worksheets that contain its cells.
        for (index, sheet) in (root["worksheets"] ?? []).elements.enumerated() {
            var sheet = sheet
            if Self.clean(&sheet, isEverything) { document.root["worksheets"]?[index] = sheet }
        }
        if isEverything {
            for key in ["widgets", "galley"] where root["metadata"]?[key] != nil {
                document.root["metadata"]?[key] = nil
            }
        }
        return document.text
    }

    /// Cleans the cells of a notebook or worksheet. Returns whether anything was removed.
    @discardableResult
    private static func clean(_ sheet: inout Value, _ isEverything: Bool) -> Bool {
        var hasChanged = false
        for (index, json) in (sheet["cells"] ?? []).elements.enumerated() {
            var cell = Cell(json: json)
            guard cell.kind == .code, cell.hasRun || isEverything && cell.hasTiming else { continue }
            cell.removeOutputs()
            if isEverything { cell.removeTiming() }
            sheet["cells"]?[index] = cell.json
            hasChanged = true
        }
        return hasChanged
    }
}
