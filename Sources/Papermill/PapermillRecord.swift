package import GalleyExecution
import Galley
import GalleyJSON
import GalleyJupyterProtocol
package import GalleyNotebook
package import GalleyParameters
import Synchronization

/// The record of one run in the metadata of the notebook and its cells, with the keys of papermill.
///
/// Programs that read results of papermill find there the parameters, the progress of the run, and the cell that failed.
/// Unlike papermill's record, this one calls a cell completed only if it ran to its end.
package final class PapermillRecord: Sendable {
    private let input: String
    private let output: String
    private let parameters: Parameters
    private let hidesSources: Bool
    private let state = Mutex(State())

    private struct State {
        /// When the notebook was read.
        var start = Timestamp.now()
        /// The records of the cells that have begun, by their indices.
        var cells: [Int: CellRecord] = [:]
    }

    /// - Parameters:
    ///   - input: The notebook, as the record names it.
    ///   - output: The result, as the record names it.
    ///   - parameters: The parameters of the run. The record contains no secrets.
    ///   - hidesSources: Whether JupyterLab hides the code of the result.
    package init(input: String, output: String, parameters: Parameters, hidesSources: Bool) {
        (self.input, self.output) = (input, output)
        (self.parameters, self.hidesSources) = (parameters, hidesSources)
    }
}

extension PapermillRecord: NotebookPreparation {
    /// Removes the marks of an earlier failure, and hides the code if wanted.
    package func prepare(_ notebook: inout Notebook, warn: (String) -> Void) {
        state.withLock { $0 = State() }
        notebook.cells.removeAll { $0.tags.contains(ErrorMarks.tag) }
        guard hidesSources else { return }
        for index in notebook.cells.indices where notebook.cells[index].kind == .code {
            var jupyter = notebook.cells[index].metadata["jupyter"] ?? [:]
            jupyter["source_hidden"] = true
            notebook.cells[index].metadata["jupyter"] = jupyter
        }
    }
}

extension PapermillRecord: Middleware {
    package func beforeCell(_ cell: PlannedCell, source: inout String) {
        let now = Timestamp.now()
        state.withLock { state in
            state.cells[cell.index] = CellRecord(start: now)
        }
    }

    package func afterCell(_ cell: CellReport, outputs: [Output]) {
        state.withLock { $0.cells[cell.index]?.end(cell) }
    }
}

extension PapermillRecord: ResultEditor {
    package func edit(_ notebook: inout Notebook, _ report: Report?) {
        let (start, cells) = state.withLock { state in
            // The report also has the cells that were cut off.
            for cell in report?.cells ?? [] { state.cells[cell.index]?.end(cell) }
            return (state.start, state.cells)
        }
        let hasFailed = report.map { !$0.isSuccess } ?? false
        let last = cells.keys.max() ?? -1
        for index in notebook.cells.indices {
            let cell = notebook.cells[index]
            let isPassed = index < last || report != nil && !hasFailed
            let record = cells[index] ?? CellRecord(isDone: isPassed && (cell.kind != .code || cell.source.isBlank))
            notebook.cells[index].metadata["papermill"] = record.json
        }
        let hasBegun = !cells.isEmpty || report != nil
        notebook.metadata["papermill"] = [
            "default_parameters": [:], "duration": report.map { .number($0.duration.seconds) } ?? .null,
            "end_time": report.map { start.advanced(by: $0.duration) }.json, "environment_variables": [:],
            "exception": hasFailed ? true : nil,
            "input_path": .string(input), "output_path": .string(output),
            "parameters": ParameterValue.map(parameters.values).json, "start_time": (hasBegun ? start : nil).json,
            "version": .string("galley \(version)"),
        ]
        if hasFailed, let cell = report?.failingCell { ErrorMarks.add(to: &notebook, at: cell) }
    }
}

/// The record of one cell.
private struct CellRecord {
    private var start: Timestamp?
    private var duration: Duration?
    private var status = "pending"
    private var hasFailed: Bool?

    /// The record of a cell that begins.
    init(start: Timestamp) { (self.start, status, hasFailed) = (start, "running", false) }

    /// The record of a cell that does not run.
    ///
    /// - Parameter isDone: Whether there was nothing to run, and the run has passed the cell.
    init(isDone: Bool) { (status, hasFailed) = isDone ? ("completed", false) : ("pending", nil) }

    mutating func end(_ cell: CellReport) {
        (duration, hasFailed) = (cell.duration, !cell.isSuccess)
        status = cell.isSuccess ? "completed" : "failed"
    }

    var json: Value {
        let end = start.flatMap { start in duration.map { start.advanced(by: $0) } }
        return [
            "duration": duration.map { .number($0.seconds) } ?? .null, "end_time": end.json,
            "exception": hasFailed.map { .bool($0) } ?? .null, "start_time": start.json, "status": .string(status),
        ]
    }
}

extension Optional<Timestamp> {
    /// The time as Python writes it, with an offset.
    fileprivate var json: Value { map { .string("\($0)".dropLast() + "+00:00") } ?? .null }
}

extension Duration {
    /// The seconds, to the microsecond.
    fileprivate var seconds: Double {
        let (seconds, attoseconds) = components
        return Double(seconds * 1_000_000 + attoseconds / 1_000_000_000_000) / 1e6
    }
}

extension String {
    fileprivate var isBlank: Bool { allSatisfy(\.isWhitespace) }
}
