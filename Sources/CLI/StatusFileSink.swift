import GalleyExecution
import Galley
import GalleyJupyterProtocol
import GalleyReports
import GalleyRuns
import GalleyStorage
import Synchronization

/// Keeps what can be told of a run from outside.
final class StatusFileSink: ProgramSink {
    private let file: StatusFile
    private let isRequired: Bool
    private let hasBegun = Mutex(false)

    /// - Parameters:
    ///   - notebooks: How many notebooks there are; nil where it is the run of one.
    ///   - isRequired: Whether the user asked for it: then the run does not go on in silence without it.
    init(_ place: RunPaths, notebooks: Int?, isRequired: Bool, files: any RunFileWriter) {
        self.isRequired = isRequired
        var status = RunStatus(id: place.id, process: place.process, notebook: place.notebook)
        (status.result, status.log, status.notebooks) = (place.result, place.log, notebooks)
        let own = ProcessIdentity.current()
        status.engine = own == place.process ? nil : own
        file = StatusFile(status, copies: place.statusCopies, files: files)
    }

    /// Makes the file, before anything else is done.
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
            // Why nothing was run was said before.
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
            // Whoever is told that it runs finds it running.
            try? file.finish { status in
                (status.state, status.activity) = (.running, .now())
                (status.kernel, status.user, status.cells) = (start.kernel, start.user, start.cells)
            }
        case .cellStarted(let cell):
            file.update { ($0.cell, $0.activity) = (cell.number, .now()) }
        case .saved(let path):
            // It can be another place than was meant, when somebody has changed the notebook meanwhile.
            file.update { ($0.result, $0.activity) = ($0.result == nil ? nil : RunPaths.absolutePath(path), .now()) }
        default: file.update { $0.activity = .now() }
        }
    }

    /// Takes note of what became of one of several notebooks.
    private func update(_ jobReport: JobReport) {
        guard file.status.notebooks != nil, !jobReport.isLeftOut else { return }
        file.update { status in
            status.finished += 1
            if !jobReport.isSuccess { status.failed += 1 }
            status.activity = .now()
        }
    }

    /// Tells the end; returns what is wrong where it cannot.
    private func write(_ end: RunSummary) -> StorageError? {
        do throws(StorageError) {
            // A record stays short enough for those who read it.
            let message = end.status == 0 ? nil : String(end.message.unicodeScalars.prefix(4000))
            try file.finish { $0.end(end.status, end.outcome, message) }
            return nil
        } catch {
            return error
        }
    }
}
