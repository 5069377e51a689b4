import GalleyExecution
import Galley
import GalleyReports
import Synchronization

/// Keeps what the end of the run follows from: the verdicts, the places of the results, the notebooks that still run.
final class RunTally: ProgramSink {
    private let arguments: ExecuteArguments
    private let place: RunPlace
    private let state = Mutex(State())

    private struct State {
        var verdicts: [Int: Verdict] = [:]
        /// Where notebooks are saved, where that is not the place that was meant.
        var places: [Int: String] = [:]
        /// The notebooks whose cells have begun to run and that are not over.
        var unsaved: Set<Int> = []
    }

    init(_ arguments: ExecuteArguments, _ place: RunPlace) { (self.arguments, self.place) = (arguments, place) }

    func receive(_ event: BatchEvent) {
        switch event {
        case .run(let job, .started): state.withLock { _ = $0.unsaved.insert(job) }
        case .run(let job, .saved(let path)): state.withLock { $0.places[job] = path }
        case .ended(let job, _): state.withLock { _ = $0.unsaved.remove(job) }
        default: break
        }
    }

    func receive(_ event: ProgramEvent) {
        if case .judged(let job, let verdict) = event { state.withLock { $0.verdicts[job] = verdict } }
    }

    /// For each notebook that still runs, that its result is not saved.
    var losses: [String] {
        state.withLock { $0.unsaved.sorted() }.map {
            "\(arguments.tasks[$0].path): the result could not be saved in time"
        }
    }

    /// Puts together what became of all notebooks.
    func summary(_ report: BatchReport) -> Summary {
        let (known, places) = state.withLock { ($0.verdicts, $0.places) }
        // Notebooks that were never begun have no verdict yet.
        let verdicts = report.jobs.indices.map { known[$0] ?? Verdict(report.jobs[$0]) }
        return Summary(
            report: report,
            notebooks: verdicts.indices.map { job in
                (verdicts[job], ExitStatus.of(verdicts[job]), result(of: job, verdicts[job], places))
            },
            status: ExitStatus.of(verdicts, stop: decisiveStop(verdicts, report)))
    }

    /// The stop that decides how the program ends. A single notebook that began says itself how its run was stopped.
    private func decisiveStop(_ verdicts: [Verdict], _ report: BatchReport) -> StopReason? {
        arguments.isSingle && verdicts.first?.isLeftOut == false ? nil : report.stop
    }

    /// How the program ends.
    ///
    /// - Parameter problems: Why reports could not be written.
    func end(_ summary: Summary, problems: [String]) -> End {
        let (verdicts, stop) = (summary.verdicts, decisiveStop(summary.verdicts, summary.report))
        let isLacking = summary.status == ExitStatus.success && !problems.isEmpty
        return End(
            status: isLacking ? ExitStatus.storage : summary.status, outcome: outcome(verdicts, stop),
            result: arguments.isSingle ? summary.notebooks.first?.result : place.result,
            message: message(verdicts, stop) ?? problems.first ?? "")
    }

    /// Where a notebook's result is; nil where there is none, or where that is no file.
    private func result(of job: Int, _ verdict: Verdict, _ places: [Int: String]) -> String? {
        switch verdict.job.result {
        case .ran:
            let task = arguments.tasks[job]
            return arguments.place(ofResultOf: task).map { RunPlace.whole(places[job] ?? $0) }
        case .failed(let error): return (error as? UnsavedRun)?.rescue
        default: return nil
        }
    }

    private func outcome(_ verdicts: [Verdict], _ stop: StopReason?) -> String {
        if stop != nil { return "stopped" }
        let worst = ExitStatus.of(verdicts, stop: nil)
        return verdicts.first { !$0.isGood && ExitStatus.of($0) == worst }?.status ?? "succeeded"
    }

    private func message(_ verdicts: [Verdict], _ stop: StopReason?) -> String? {
        guard !arguments.isSingle else {
            if let stop { return "the run \(stop)" }
            guard let verdict = verdicts.first else { return nil }
            if case .failed(let error) = verdict.job.result {
                return (error as? NotebookError).map { "\(verdict.job.name): \($0)" } ?? "\(error)"
            }
            return verdict.job.run.flatMap { Failure($0)?.sentence } ?? verdict.sentence
        }
        let failed = verdicts.count(where: \.hasFailed)
        let parts = [
            failed == 0 ? nil : "\(failed) of \(verdicts.count) notebooks failed", stop.map { "the run \($0)" },
        ]
        let sentence = parts.compactMap(\.self).joined(separator: "; ")
        return sentence.isEmpty ? nil : sentence
    }
}
