package import GalleyJSON

extension Cell {
    /// Removes the outputs, and the number of the request that made them.
    package mutating func removeOutputs() {
        if hasOutputs { json["outputs"] = [] }
        for key in Self.countKeys where hasCount(key) { json[key] = .null }
    }

    /// Removes when the cell ran. A limit may stand in the same place, which is no run's.
    package mutating func removeTiming() {
        guard var timing = timing else { return }
        for key in timing.members.map(\.key) where Self.timingKeys.contains(key) { timing[key] = nil }
        metadata["execution"] = timing.count == 0 ? Value?.none : timing
    }

    /// Whether there is something that a run left behind.
    fileprivate var hasRun: Bool { hasOutputs || Self.countKeys.contains(where: hasCount) }
    fileprivate var hasTiming: Bool { timing?.members.contains { Self.timingKeys.contains($0.key) } ?? false }

    private var hasOutputs: Bool { (json["outputs"]?.kind == .array && json["outputs"]?.count ?? 0 > 0) }
    private func hasCount(_ key: String) -> Bool { json[key].map { $0.kind != .null } ?? false }
    private var timing: Value? { json["metadata"]?["execution"].flatMap { $0.kind == .object ? $0 : nil } }

    /// What it was called before version 4, and since.
    private static let countKeys = ["prompt_number", "execution_count"]

    /// The last one is written by browsers alone.
    private static let timingKeys: Set = [
        "iopub.status.busy", "iopub.execute_input", "iopub.status.idle", "shell.execute_reply",
        "shell.execute_reply.started",
    ]
}

extension UnvalidatedNotebook {
    /// What a run leaves in a notebook.
    package enum RunTraces: Sendable {
        /// Outputs, and the numbers of requests.
        case outputs
        /// These, and when cells ran, what widgets looked like, how the run went.
        case everything
    }

    /// The notebook without what a run has left there, and otherwise byte for byte as it is, of whatever version.
    ///
    /// - Throws: ``NotebookError`` where the document is no notebook.
    package func removing(_ remains: RunTraces) throws(NotebookError) -> JSONText {
        var document = document
        let root = document.root
        let isEverything = remains == .everything
        guard root["cells"]?.kind == .array || root["worksheets"]?.kind == .array else {
            throw NotebookError(path: "", position: document.position(of: root), problem: .missing("cells"))
        }
        Self.clean(&document.root, isEverything)
        // Up to version 3 there were sheets of cells.
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

    /// Cleans the cells of a notebook or a sheet; returns whether there was anything to be cleaned.
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
