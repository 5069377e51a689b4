import GalleyExecution
import Galley
import Glibc
import GalleyJSON
import GalleyJupyterProtocol
import GalleyLocalKernels
import GalleyNotebook
import GalleyReports
import GalleyStorage
import Synchronization

/// Writes the reports of a run (`--junit`, `--html`, `--json`) at its end.
///
/// The part of a report about a notebook is made when the notebook is finished, and waits in a scratch file. Therefore
/// only unfinished notebooks are in memory.
final class ReportWriters: ProgramSink {
    private let reports: [(kind: BatchSettings.ReportKind, path: String)]
    private let tasks: [NotebookTask]
    private let files: any RunFileWriter
    private let storage: [any StorageProvider]
    private let began = Timestamp.now()
    private let spool: ScratchFile?
    /// How long to wait for the reader of a pipe.
    private let grace: Duration
    private let reportProblem: @Sendable (String) -> Void
    private let state = Mutex(State())

    private struct State {
        /// The latest versions of notebooks that are not finished, and their stored versions.
        var notebooks: [Int: (new: Notebook, stored: Notebook)] = [:]
        var suites: [Int: (text: Range<Int>, counts: JUnitSuite.Counts)] = [:]
        /// The pieces of each notebook's section of the HTML page.
        var sections: [Int: [Range<Int>]] = [:]
        var problem: String?
        /// The finished reports for stores.
        var uploads: [Upload] = []
    }

    private struct Upload {
        let kind: BatchSettings.ReportKind
        let location: NotebookLocation
        let text: any ByteRuns
    }

    private init(
        _ arguments: ExecuteArguments, _ files: any RunFileWriter, _ storage: [any StorageProvider],
        _ spool: ScratchFile?, reportProblem: @escaping @Sendable (String) -> Void
    ) {
        self.reportProblem = reportProblem
        reports = arguments.batch.reports
        tasks = arguments.tasks
        (self.files, self.storage, self.spool) = (files, storage, spool)
        grace = arguments.options.grace
    }

    /// Creates the reports' folders and removes the reports of earlier runs, so that no report outlives a run that is
    /// killed.
    ///
    /// - Parameters:
    ///   - storage: The providers of reports that are not local files.
    ///   - reportProblem: Receives each report's error, once Galley has tried to write all of them.
    static func prepare(
        _ arguments: ExecuteArguments, _ files: any RunFileWriter, _ storage: [any StorageProvider],
        reportProblem: @escaping @Sendable (String) -> Void
    ) async throws -> ReportWriters {
        let reports = arguments.batch.reports
        for report in reports where report.path != "-" {
            let location = NotebookLocation(report.path)
            if location.isRemote {
                do {
                    try await storage.files(at: location).removeFile(at: location)
                } catch {
                    throw OptionFileError(option: report.kind.rawValue, location: location, reason: error)
                }
                continue
            }
            try files.makeFolder(of: report.path)
            try await files.removeOldDocument(report.path)
        }
        let folder = currentEnvironment()["TMPDIR"].flatMap { LocalFile.kind(of: $0) == .folder ? $0 : nil } ?? "/tmp"
        return ReportWriters(
            arguments, files, storage, reports.isEmpty ? nil : try ScratchFile(in: folder),
            reportProblem: reportProblem)
    }

    private func wants(_ kind: BatchSettings.ReportKind) -> Bool { reports.contains { $0.kind == kind } }

    func receive(_ event: BatchEvent) {
        switch event {
        case .notebook(let job, let new, let old) where wants(.junit) || wants(.html):
            state.withLock { $0.notebooks[job] = (new, old) }
        case .retrying(let job, _, _): state.withLock { $0.notebooks[job] = nil }
        default: break
        }
    }

    func receive(_ event: ProgramEvent) {
        switch event {
        case .judged(let job, let jobReport): addParts(of: job, jobReport)
        case .summarized(let summary): for problem in write(summary) { reportProblem(problem) }
        default: break
        }
    }

    /// Adds the parts of the reports about a finished notebook.
    private func addParts(of job: Int, _ jobReport: JobReport) {
        guard !reports.isEmpty else { return }
        let notebooks = state.withLock { $0.notebooks.removeValue(forKey: job) }
        if wants(.junit) {
            let suite = JUnitSuite(
                jobReport, notebooks?.new, began: began.advanced(by: jobReport.begin), machine: Self.machine)
            if let text = store(suite.text) { state.withLock { $0.suites[job] = (text, suite.counts) } }
        }
        if wants(.html) {
            let section = HTMLReportSection(
                of: jobReport, notebooks?.new, stored: notebooks?.stored, number: job, isAlone: tasks.count == 1)
            var pieces: [Range<Int>] = []
            section.forEachPiece { if let piece = store($0) { pieces.append(piece) } }
            state.withLock { [pieces] in $0.sections[job] = pieces }
        }
    }

    /// Adds text to the scratch file, and returns its range; nil if it could not be written.
    private func store(_ text: String) -> Range<Int>? {
        do throws(StorageError) {
            return try spool?.add(text)
        } catch {
            state.withLock { $0.problem = "\(error)" }
            return nil
        }
    }

    /// Writes the reports; returns the problems.
    private func write(_ summary: BatchSummary) -> [String] {
        let report = summary.report
        // The reports list the notebooks that were never started, too.
        for job in report.jobs.indices where report.jobs[job].isLeftOut {
            let isAdded = state.withLock { $0.suites[job] != nil || $0.sections[job] != nil }
            if !isAdded { addParts(of: job, report.jobs[job]) }
        }
        var problems = state.withLock { $0.problem.map { [$0] } ?? [] }
        let fileMode = mode
        for (kind, path) in reports {
            let text: any ByteRuns
            switch kind {
            case .junit: text = junit(report)
            case .json:
                text = ReportDocument.document(report, summary.ends, exitStatus: summary.status).canonicalText
            case .html: text = page(report)
            }
            do {
                if path == "-" {
                    var isWritten = true
                    text.forEachRun { run in isWritten = isWritten && Terminal.write(run.bytes, to: STDOUT_FILENO) }
                    if !isWritten {
                        problems.append("\(kind.rawValue): the report could not be written to standard output")
                    }
                } else if NotebookLocation(path).isRemote {
                    let upload = Upload(kind: kind, location: NotebookLocation(path), text: text)
                    state.withLock { $0.uploads.append(upload) }
                } else {
                    try write(text, to: path, mode: fileMode)
                }
            } catch {
                problems.append("\(kind.rawValue): \(error)")
            }
        }
        return problems
    }

    /// Whether ``upload()`` has reports to write.
    var hasUploads: Bool { state.withLock { !$0.uploads.isEmpty } }

    /// Writes the reports for stores, once the run has been summarized; returns the problems.
    ///
    /// The place of each report was free when the run began. A file that has it now is of another run, or a collected
    /// one, and stays.
    ///
    /// - Parameter warn: Receives a sentence about each report that is not in its place.
    func upload(warn: (String) -> Void) async -> [String] {
        var problems: [String] = []
        for upload in state.withLock(\.uploads) {
            do {
                let place = try await storage.files(at: upload.location).writeHereOrBeside(
                    .bytes(upload.text, mediaType: upload.kind.mediaType), at: upload.location
                ) { _ in false }.location
                guard place != upload.location else { continue }
                warn(
                    "\(upload.kind.rawValue): \(upload.location) has appeared during the run, and stays; the report is \(place)"
                )
            } catch {
                let error = OptionFileError(
                    option: upload.kind.rawValue, location: upload.location, reason: error)
                problems.append("\(error)")
            }
        }
        return problems
    }

    private func write(_ text: some ByteRuns, to path: String, mode: UInt32) throws(StorageError) {
        try files.writeDocument(path, with: text, mode: mode, within: grace)
    }

    private func junit(_ report: BatchReport) -> ConcatenatedBytes {
        state.withLock { state in
            var pieces = ConcatenatedBytes()
            let suites = report.jobs.indices.compactMap { state.suites[$0] }
            pieces.append(JUnitSuite.head(suites.map(\.counts), duration: report.duration))
            if let spool { for suite in suites { pieces.append(suite.text, of: spool) } }
            pieces.append(JUnitSuite.tail)
            return pieces
        }
    }

    private func page(_ report: BatchReport) -> ConcatenatedBytes {
        state.withLock { state in
            var pieces = ConcatenatedBytes()
            pieces.append(HTMLReport.head(report, began: began))
            let order = HTMLReport.order(report)
            if let spool {
                for piece in order.failed.flatMap({ state.sections[$0] ?? [] }) { pieces.append(piece, of: spool) }
            }
            pieces.append(HTMLReport.table(report))
            if let spool {
                for piece in order.others.flatMap({ state.sections[$0] ?? [] }) { pieces.append(piece, of: spool) }
            }
            pieces.append(HTMLReport.tail)
            return pieces
        }
    }

    /// The permissions of a report.
    private var mode: UInt32 { NewFileMode.ofFile(showing: tasks.map(\.path)) }

    private static var machine: String {
        var name = [CChar](repeating: 0, count: 256)
        // Safe because the array is passed with its own length, and ends with a NUL.
        guard unsafe gethostname(&name, name.count - 1) == 0 else { return "localhost" }
        return String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}

extension Span<UInt8> {
    fileprivate var bytes: [UInt8] { indices.map { self[$0] } }
}
