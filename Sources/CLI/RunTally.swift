import GalleyExecution
import Galley
import GalleyNotebook
import GalleyReports
import Synchronization

/// Collects the facts that decide the end of the run: the job reports, the paths of the results, the unfinished
/// notebooks.
final class RunTally: ProgramSink {
    private let arguments: ExecuteArguments
    private let paths: RunPaths
    private let state = Mutex(State())

    private struct State {
        var jobReports: [Int: JobReport] = [:]
        /// The paths where notebooks were saved last.
        var savedPaths: [Int: String] = [:]
        /// The notebooks that have started and are not finished.
        var unfinished: Set<Int> = []
    }

    init(_ arguments: ExecuteArguments, _ paths: RunPaths) { (self.arguments, self.paths) = (arguments, paths) }

    func receive(_ event: BatchEvent) {
        switch event {
        case .run(let job, .started): state.withLock { _ = $0.unfinished.insert(job) }
        case .run(let job, .saved(let path)): state.withLock { $0.savedPaths[job] = path }
        case .ended(let job, _): state.withLock { _ = $0.unfinished.remove(job) }
        default: break
        }
    }

    func receive(_ event: ProgramEvent) {
        if case .judged(let job, let jobReport) = event { state.withLock { $0.jobReports[job] = jobReport } }
    }

    /// A sentence for each unfinished notebook: its result is not saved.
    var unfinishedProblems: [String] {
        state.withLock { $0.unfinished.sorted() }.map {
            "\(arguments.tasks[$0].title): the result could not be saved in time"
        }
    }

    /// Combines the results of all notebooks.
    func summary(_ report: BatchReport) -> BatchSummary {
        let (known, savedPaths) = state.withLock { ($0.jobReports, $0.savedPaths) }
        var report = report
        // Notebooks that were never started have no judged report.
        for (job, judged) in known { report.jobs[job] = judged }
        return BatchSummary(
            report: report,
            ends: report.jobs.enumerated().map { (ExitStatus.of($1), result(of: $0, $1, savedPaths)) },
            status: ExitStatus.of(report.jobs, stop: decisiveStop(report)))
    }

    /// The stop that decides how the program ends. The report of a single notebook that has started includes the stop
    /// already.
    private func decisiveStop(_ report: BatchReport) -> StopReason? {
        arguments.isSingle && report.jobs.first?.isLeftOut == false ? nil : report.stop
    }

    /// Returns how the program ends.
    ///
    /// - Parameter problems: The reasons why reports could not be written.
    func end(_ summary: BatchSummary, problems: [String]) -> RunSummary {
        let (jobReports, stop) = (summary.report.jobs, decisiveStop(summary.report))
        let lacksReports = summary.status == ExitStatus.success && !problems.isEmpty
        return RunSummary(
            status: lacksReports ? ExitStatus.storage : summary.status, outcome: outcome(jobReports, stop),
            result: arguments.isSingle ? summary.ends.first?.result : paths.result,
            message: message(jobReports, stop) ?? problems.first ?? "")
    }

    /// The path of a notebook's result; nil if there is none, or if it is not a file.
    private func result(of job: Int, _ jobReport: JobReport, _ savedPaths: [Int: String]) -> String? {
        switch jobReport.result {
        case .ran:
            let task = arguments.tasks[job]
            // A check writes only the notebooks that it updates.
            if arguments.dialect == .check { return savedPaths[job].map(RunPaths.absolutePath) }
            return arguments.outputPath(of: task).map { RunPaths.absolutePath(savedPaths[job] ?? $0) }
        case .failed(let error):
            return (error as? UnsavedRun)?.rescue ?? (error as? UncollectedFiles).flatMap { $0.report.result }
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
                return (error as? NotebookError).map { "\(jobReport.name): \($0.withHint)" } ?? "\(error)"
            }
            return jobReport.run.flatMap { FailureDescription($0)?.sentence } ?? jobReport.sentence
        }
        let failed = jobReports.count(where: \.hasFailed)
        let parts = [
            failed == 0 ? nil : "\(failed) of \(jobReports.countInWords) failed", stop.map { "the run \($0)" },
        ]
        let sentence = parts.compactMap(\.self).joined(separator: "; ")
        return sentence.isEmpty ? nil : sentence
    }
}
