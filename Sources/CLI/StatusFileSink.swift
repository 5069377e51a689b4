import GalleyExecution
import Galley
import GalleyJupyterProtocol
import GalleyReports
import GalleyRuns
import GalleyStorage
import Synchronization

/// Keeps the status file of a run up to date, which other processes read.
final class StatusFileSink: ProgramSink {
    private let file: StatusFile
    private let isRequired: Bool
    private let hasBegun = Mutex(false)

    /// - Parameters:
    ///   - notebooks: The number of notebooks; nil for a run of a single one.
    ///   - isRequired: Whether the user asked for the file. If so, the run does not start without it.
    init(_ paths: RunPaths, notebooks: Int?, isRequired: Bool, files: any RunFileWriter) {
        self.isRequired = isRequired
        var status = RunStatus(id: paths.id, process: paths.process, notebook: paths.notebook)
        (status.result, status.log, status.notebooks) = (paths.result, paths.log, notebooks)
        let own = ProcessIdentity.current()
        status.engine = own == paths.process ? nil : own
        file = StatusFile(status, copies: paths.statusCopies, files: files)
    }

    /// Creates the file, before anything else runs.
    func begin() throws(StorageError) {
        if isRequired { try file.finish() } else { file.update { _ in } }
    }

    func receive(_ event: BatchEvent) {
        switch event {
        case .began, .finished: hasBegun.withLock { $0 = true }
        case .run(_, let event): update(event)
        default: break
        }
    }

    func receive(_ event: ProgramEvent) {
        switch event {
        case .judged(_, let jobReport): update(jobReport)
        case .ending(let end):
            // Before the run has begun, the reason was reported already.
            if let problem = write(end), isRequired, hasBegun.withLock(\.self) {
                Terminal.reportProblem("galley: \(problem)")
            }
        default: break
        }
    }

    private func update(_ event: RunEvent) {
        guard file.status.notebooks == nil else { return file.update { ($0.state, $0.activity) = (.running, .now()) } }
        switch event {
        case .started(let start):
            // Written at once: a caller that learns of the start must find the run in state running.
            try? file.finish { status in
                (status.state, status.activity) = (.running, .now())
                (status.kernel, status.user, status.cells) = (start.kernel, start.user, start.cells)
            }
        case .cellStarted(let cell):
            file.update { ($0.cell, $0.activity) = (cell.number, .now()) }
        case .saved(let path):
            // If another program has changed the notebook, the path differs from the planned one.
            file.update { ($0.result, $0.activity) = ($0.result == nil ? nil : RunPaths.absolutePath(path), .now()) }
        default: file.update { $0.activity = .now() }
        }
    }

    /// Counts one of several notebooks as finished.
    private func update(_ jobReport: JobReport) {
        guard file.status.notebooks != nil, !jobReport.isLeftOut else { return }
        file.update { status in
            status.finished += 1
            if jobReport.hasFailed { status.failed += 1 }
            status.activity = .now()
        }
    }

    /// Writes the end of the run; returns the error if it cannot.
    private func write(_ end: RunSummary) -> StorageError? {
        do throws(StorageError) {
            // Keep the record short for its readers.
            let message = end.status == 0 ? nil : String(end.message.unicodeScalars.prefix(4000))
            try file.finish { $0.end(end.status, end.outcome, message) }
            return nil
        } catch {
            return error
        }
    }
}
