import GalleyExecution
import GalleyParameters
import GalleyStorage

/// A notebook that the command line seems to name, and that is not run.
struct LeftOutNotebook: Sendable {
    let path: String
    /// The parameters that tell the run from other runs of the notebook.
    var parameters = ParameterMap()
    let reason: Reason

    enum Reason: Sendable {
        case search(NotebookSearch.LeftOut.Reason)
        /// It is in the folder that this run writes results to.
        case inOutputFolder(String)
        /// Another part of the run has it; see `--shard`.
        case inOtherShard
        case succeeded(LastRun.Name)
        case notIncluded(LastRun.Name)
        /// It is the second of two operands in papermill's order, the notebook and its result.
        case secondOperand
    }

    init(path: String, reason: Reason) { (self.path, self.reason) = (path, reason) }

    /// Leaves out a notebook that another run has, or has had.
    init(_ task: NotebookTask, _ reason: Reason) {
        (path, parameters, self.reason) = (task.path, task.parameters, reason)
    }

    /// Whether it is the result of an earlier run in a folder of results.
    var isEarlierResult: Bool {
        switch reason {
        case .search(.recorded), .inOutputFolder: true
        default: false
        }
    }
}

extension LeftOutNotebook.Reason: CustomStringConvertible {
    var description: String {
        switch self {
        case .search(.excluded(let pattern)): "excluded by '\(pattern)'"
        case .search(.result(let notebook)): "the result of \(notebook)"
        case .search(.recorded(let folder)): "a result of an earlier run, by \(ResultsRecord.path(in: folder))"
        case .inOutputFolder(let folder): "in \(folder), the folder for results"
        case .inOtherShard: "in another part"
        case .succeeded(let run): "succeeded in \(run)"
        case .notIncluded(let run): "not in \(run)"
        case .secondOperand: "the result, as in papermill"
        }
    }
}

extension [LeftOutNotebook] {
    /// The lines that report notebooks which the reader of the command line may expect to run.
    ///
    /// - Parameter isAll: Whether no other notebook is run.
    func notices(isAll: Bool) -> [String] {
        let results = filter(\.isEarlierResult)
        let unknown = filter { if case .notIncluded = $0.reason { true } else { false } }
        let succeeded = filter { if case .succeeded = $0.reason { true } else { false } }
        var lines: [String] = []
        for case (let path, .secondOperand) in map({ ($0.path, $0.reason) }) {
            let path = path.terminalSafeLine(200)
            lines.append("\(path) is the file for the result, as in papermill; '--output \(path)' says the same")
        }
        if !results.isEmpty { lines.append("left out, as results of earlier runs: \(results.names)") }
        if let one = unknown.first { lines.append("left out, because \(one.reason): \(unknown.names)") }
        if isAll, let one = succeeded.first {
            let all = succeeded.count == 1 ? "the notebook" : "all \(succeeded.count) notebooks"
            lines.append("nothing to run: \(all) \(one.reason)")
        }
        return lines
    }

    /// The first paths, and the number of the others.
    private var names: String {
        let shown = count > 4 ? Array(prefix(3)) : self
        let rest = count == shown.count ? "" : ", and \(count - shown.count) more"
        return shown.map { $0.path.title(with: $0.parameters).terminalSafeLine(200) }.joined(separator: ", ") + rest
    }
}
