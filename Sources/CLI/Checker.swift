import GalleyFlags
import GalleyComparison
import GalleyExecution
import Galley
import Glibc
import GalleyJupyterProtocol
import GalleyLocalKernels
import GalleyNotebook
import GalleyReports
import GalleyStorage
import GalleySupervisor
import Synchronization

/// The settings of `galley check`.
struct CheckSettings: Sendable {
    /// Whether only cells with the mark `nbval-check-output` are compared.
    var isLax = false
    /// Whether differing outputs replace the stored ones.
    var updates = false
    /// The replacements to apply to texts before the comparison.
    private(set) var sanitizers = TextSanitizers()
    /// The file of the replacements, and the option that names it.
    var sanitizerFile: (path: String, option: String)?

    static let flags: [Flag<ExecuteArguments>] = [
        Flag("--lax", "--nbval-lax", in: .cells, "Compare only cells marked with nbval-check-output") {
            $0.check.isLax = true
        },
        Flag("--update", in: .result, "Write new outputs that differ into the notebooks") {
            $0.check.updates = true
        },
        Flag("--nbval", in: .compatibility, "Has no effect") { _ in },
        Flag("--nbval-cell-timeout", takes: "TIME", example: "600", in: .compatibility, "Limit the time of each cell") {
            arguments, value, name throws(UsageError) in
            arguments.options.timeout = try FlagValueParser.limit(value, name)
        },
        Flag(
            "--nbval-kernel-startup-timeout", takes: "TIME", example: "60", in: .compatibility,
            "Limit the time in which the kernel starts"
        ) { arguments, value, name throws(UsageError) in
            arguments.options.startTimeout = try FlagValueParser.startLimit(value, name)
        },
        Flag("--nbval-kernel-name", takes: "KERNEL", example: "python3", in: .compatibility, "Use this kernel") {
            arguments, value, _ in arguments.options.kernel = value
        },
        Flag(
            "--sanitize-with", "--nbval-sanitize-with", takes: "FILE", example: "sanitize.cfg", in: .cells,
            "Replace text before it is compared, by nbval's file of regular expressions"
        ) { arguments, value, name in arguments.check.sanitizerFile = (value, name) },
    ]

    /// Reads the file of the replacements.
    ///
    /// - Parameter usesRootsRights: Whether root may read what other users can change.
    mutating func readSanitizers(usesRootsRights: Bool) throws(UsageError) {
        guard let (path, option) = sanitizerFile else { return }
        let bytes = try OptionFile.read(path, for: "\(option) \(path)", usesRootsRights: usesRootsRights)
        do throws(SanitizerError) {
            sanitizers = try TextSanitizers(parsing: String(decoding: bytes, as: UTF8.self))
        } catch {
            throw UsageError("\(option) \(path): \(error)")
        }
    }
}

/// Compares the outputs of notebooks with their stored outputs.
final class Checker: ProgramSink {
    private let settings: CheckSettings
    private let warn: @Sendable (_ job: Int, String) -> Void
    private let notebooks = Mutex<[Int: CheckResult]>([:])

    /// The findings of one notebook so far.
    private struct CheckResult {
        var findings: [CheckFinding] = []
        /// The indices of the cells that ran.
        var ran: Set<Int> = []
        /// Whether all cells that were to run have run, or the notebook has ended itself.
        var isComplete = false
        /// Whether a cell has ended the run or reached a limit.
        var hasFailed = false
        /// The new versions of cells whose outputs differ, by their indices, if they replace the stored ones.
        var accepted: [Int: Cell] = [:]
        var acceptedNumbers: [Int] = []
    }

    /// - Parameter warn: Receives warnings about a comparison.
    init(_ settings: CheckSettings, warn: @escaping @Sendable (_ job: Int, String) -> Void) {
        (self.settings, self.warn) = (settings, warn)
    }

    /// Makes every cell run that is to be compared.
    func prepare(_ options: inout Options) {
        options.allowedErrors.isEverything = true
        options.preparations.append(CheckSelection(isLax: settings.isLax, skipTag: options.skipTag))
    }

    func receive(_ event: BatchEvent) {
        switch event {
        case .run(let job, .cellFinished(let report)): keep(report, of: job)
        // The notebook runs again, so its findings no longer count.
        case .retrying(let job, _, _): notebooks.withLock { $0[job] = nil }
        case .notebook(let job, let new, let old): for warning in compare(new, with: old, job) { warn(job, warning) }
        default: break
        }
    }

    private func keep(_ report: CellReport, of job: Int) {
        notebooks.withLock { notebooks in
            notebooks[job, default: CheckResult()].ran.insert(report.index)
            let isLast = report.fractionCompleted == 1 || report.outcome == .exited(status: 0)
            notebooks[job]?.isComplete = isLast && report.isSuccess
            if !report.isSuccess { notebooks[job]?.hasFailed = true }
            // Only the notebook says which cells may raise an error.
            if let error = report.error { notebooks[job]?.findings.append(CheckFinding(error, in: report)) }
        }
    }

    /// Returns the cells of a notebook whose new outputs replace the stored ones, by their indices.
    func accepted(_ job: Int) -> [Int: Cell] { notebooks.withLock { $0[job]?.accepted ?? [:] } }

    /// Returns the line that reports which cells of a notebook were updated.
    func notice(ofUpdate job: Int, _ path: String) -> String {
        let numbers = notebooks.withLock { $0[job]?.acceptedNumbers ?? [] }.map(String.init).joined(separator: ", ")
        return "updated \(path.terminalSafeLine(200)): cell\(numbers.contains(",") ? "s" : "") \(numbers)"
    }

    /// Returns the findings of a notebook, in the order of its cells.
    func findings(_ job: Int) -> [CheckFinding] {
        notebooks.withLock { ($0[job]?.findings ?? []).sorted { $0.index < $1.index } }
    }

    /// Compares a notebook after the run with the notebook before it, and returns warnings.
    private func compare(_ new: Notebook, with old: Notebook, _ job: Int) -> [String] {
        var found = notebooks.withLock { $0[job] ?? CheckResult() }
        var warnings: [String] = []
        var (number, compared) = (0, 0)
        var differences: [CheckFinding] = []
        var differing: [(index: Int, number: Int)] = []
        for (index, cell) in old.cells.enumerated() where cell.kind == .code {
            number += 1
            let marks = NbvalMarkers(of: cell, isLax: settings.isLax)
            warnings += marks.warnings.map { [number] in "cell \(number): \($0)" }
            if marks.allowsErrors { found.findings.removeAll { $0.index == index } }
            // For a cell with an unexpected error, the error is the finding.
            guard found.ran.contains(index), !found.findings.contains(where: { $0.index == index }) else { continue }
            if marks.isComparedOnceRun, !new.cells[index].outputs.isEmpty { differing.append((index, number)) }
            guard marks.isCompared else { continue }
            let comparison = OutputComparison(
                of: cell.outputs, with: new.cells[index].outputs, sanitizers: settings.sanitizers)
            if !comparison.differences.isEmpty { differing.append((index, number)) }
            differences += comparison.differences.map { difference in
                CheckFinding(
                    cell: number, index: index, fileLine: old.fileLine(of: 1, inCellAt: index), what: difference.title,
                    lines: difference.lines,
                    parts: difference.type.map {
                        .init(type: $0, stored: difference.storedOutput, new: difference.newOutput)
                    })
            }
            warnings += comparison.unfinishedExpressions.map { [number] in
                "cell \(number): the regular expression '\($0)' takes too long, so some of its matches are not replaced"
            }
            compared += 1
        }
        // A notebook that failed to run keeps its outputs.
        if settings.updates, found.isComplete, !found.hasFailed, found.findings.isEmpty {
            for (index, _) in differing { found.accepted[index] = new.cells[index] }
            found.acceptedNumbers = differing.map(\.number)
        } else {
            found.findings += differences
        }
        if compared == 0, !found.ran.isEmpty, !settings.isLax, found.findings.isEmpty, found.accepted.isEmpty {
            warnings.append(
                old.cells.contains { !$0.outputs.isEmpty }
                    ? "no outputs were compared, because tags or comments leave out all cells with outputs"
                    : "there are no stored outputs to compare. To store them: galley execute --inplace")
        }
        notebooks.withLock { $0[job] = found }
        return warnings
    }
}

/// Marks the cells that are not compared and need not run. The marks are not saved.
private struct CheckSelection: NotebookPreparation {
    let isLax: Bool
    let skipTag: String

    func prepare(_ notebook: inout Notebook, warn: (String) -> Void) {
        for index in notebook.cells.indices where NbvalMarkers(of: notebook.cells[index], isLax: isLax).isSkipped {
            notebook.cells[index].tags.append(skipTag)
        }
    }
}

extension CheckFinding {
    /// Creates a finding from an unexpected error.
    fileprivate init(_ error: CellError, in cell: CellReport) {
        self.init(
            cell: cell.number, index: cell.index, what: error.predicate(upTo: 200),
            lines: error.traceback.flatMap { $0.withoutEscapes.split(whereSeparator: \.isNewline).map(String.init) })
    }
}
