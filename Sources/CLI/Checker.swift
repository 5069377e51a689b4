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
    /// The replacements to apply to texts before the comparison.
    private(set) var sanitizers = TextSanitizers()
    /// The file of the replacements, and the option that names it.
    var sanitizerFile: (path: String, option: String)?

    static let flags: [Flag<ExecuteArguments>] = [
        Flag("--lax", "--nbval-lax", in: .cells, "Compare only cells marked with nbval-check-output") {
            $0.check.isLax = true
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
        if geteuid() == 0, !usesRootsRights, NotebookOwner(of: path) != .root {
            throw UsageError("\(option) \(path): root does not read it, because other users can change it")
        }
        guard let bytes = LocalFile.readSmallFile(path, limit: 1 << 24) else {
            throw UsageError("\(option) \(path): the file cannot be read; check that it exists")
        }
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
            // Only the notebook says which cells may raise an error.
            if let error = report.error { notebooks[job]?.findings.append(CheckFinding(error, in: report)) }
        }
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
        for (index, cell) in old.cells.enumerated() where cell.kind == .code {
            number += 1
            let marks = NbvalMarkers(of: cell, isLax: settings.isLax)
            warnings += marks.warnings.map { [number] in "cell \(number): \($0)" }
            if marks.allowsErrors { found.findings.removeAll { $0.index == index } }
            // For a cell with an unexpected error, the error is the finding.
            guard marks.isCompared, found.ran.contains(index), !found.findings.contains(where: { $0.index == index })
            else { continue }
            let comparison = OutputComparison(
                of: cell.outputs, with: new.cells[index].outputs, sanitizers: settings.sanitizers)
            found.findings += comparison.differences.map { difference in
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
        if compared == 0, !found.ran.isEmpty, !settings.isLax, found.findings.isEmpty {
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

    func prepare(_ notebook: inout Notebook) {
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
