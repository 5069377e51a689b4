import GalleyExecution
import Galley
import GalleyReports
import Synchronization

/// Keeps what the end of the run follows from: the jobReports, the places of the results, the notebooks that still run.
final class RunTally: ProgramSink {
    private let arguments: ExecuteArguments
    private let paths: RunPaths
    private let state = Mutex(State())

    private struct State {
        var jobReports: [Int: JobReport] = [:]
        /// Where notebooks are saved, where that is not the place that was meant.
        var places: [Int: String] = [:]
        /// The notebooks whose cells have begun to run and that are not over.
        var unsaved: Set<Int> = []
    }

    init(_ arguments: ExecuteArguments, _ paths: RunPaths) { (self.arguments, self.paths) = (arguments, paths) }

    func receive(_ event: BatchEvent) {
        switch event {
        case .run(let job, .started): state.withLock { _ = $0.unsaved.insert(job) }
        case .run(let job, .saved(let path)): state.withLock { $0.places[job] = path }
        case .ended(let job, _): state.withLock { _ = $0.unsaved.remove(job) }
        default: break
        }
    }

    func receive(_ event: ProgramEvent) {
        if case .judged(let job, let jobReport) = event { state.withLock { $0.jobReports[job] = jobReport } }
    }

    /// For each notebook that still runs, that its result is not saved.
    var losses: [String] {
        state.withLock { $0.unsaved.sorted() }.map {
            "\(arguments.tasks[$0].path): the result could not be saved in time"
        }
    }

    /// Puts together what became of all notebooks.
    func summary(_ report: BatchReport) -> BatchSummary {
        let (known, places) = state.withLock { ($0.jobReports, $0.places) }
        // Notebooks that were never begun have no jobReport yet.
        let jobReports = report.jobs.indices.map { known[$0] ?? report.jobs[$0] }
        return BatchSummary(
            report: report,
            notebooks: jobReports.indices.map { job in
                (jobReports[job], ExitStatus.of(jobReports[job]), result(of: job, jobReports[job], places))
            },
            status: ExitStatus.of(jobReports, stop: decisiveStop(jobReports, report)))
    }

    /// The stop that decides how the program ends. A single notebook that began says itself how its run was stopped.
    private func decisiveStop(_ jobReports: [JobReport], _ report: BatchReport) -> StopReason? {
        arguments.isSingle && jobReports.first?.isLeftOut == false ? nil : report.stop
    }

    /// How the program ends.
    ///
    /// - Parameter problems: Why reports could not be written.
    func end(_ summary: BatchSummary, problems: [String]) -> RunSummary {
        let (jobReports, stop) = (summary.jobReports, decisiveStop(summary.jobReports, summary.report))
        let isLacking = summary.status == ExitStatus.success && !problems.isEmpty
        return RunSummary(
            status: isLacking ? ExitStatus.storage : summary.status, outcome: outcome(jobReports, stop),
            result: arguments.isSingle ? summary.notebooks.first?.result : paths.result,
            message: message(jobReports, stop) ?? problems.first ?? "")
    }

    /// Where a notebook's result is; nil where there is none, or where that is no file.
    private func result(of job: Int, _ jobReport: JobReport, _ places: [Int: String]) -> String? {
        switch jobReport.result {
        case .ran:
            let task = arguments.tasks[job]
            return arguments.outputPath(of: task).map { RunPaths.absolutePath(places[job] ?? $0) }
        case .failed(let error): return (error as? UnsavedRun)?.rescue
        default: return nil
        }
    }

    private func outcome(_ jobReports: [JobReport], _ stop: StopReason?) -> String {
        if stop != nil { return "stopped" }
        let worst = ExitStatus.of(jobReports, stop: nil)
        return jobReports.first { !$0.isSuccess && ExitStatus.of($0) == worst }?.status ?? "succeeded"
    }

    private func message(_ jobReports: [JobReport], _ stop: StopReason?) -> String? {
        guard !arguments.isSingle else {
            if let stop { return "the run \(stop)" }
            guard let jobReport = jobReports.first else { return nil }
            if case .failed(let error) = jobReport.result {
                return (error as? NotebookError).map { "\(jobReport.name): \($0)" } ?? "\(error)"
            }
            return jobReport.run.flatMap { FailureDescription($0)?.sentence } ?? jobReport.sentence
        }
        let failed = jobReports.count(where: \.hasFailed)
        let parts = [
            failed == 0 ? nil : "\(failed) of \(jobReports.count) notebooks failed", stop.map { "the run \($0)" },
        ]
        let sentence = parts.compactMap(\.self).joined(separator: "; ")
        return sentence.isEmpty ? nil : sentence
    }
}
