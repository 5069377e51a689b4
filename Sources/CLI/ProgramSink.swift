import Galley
import GalleyReports

/// Receives the events of the library, and those that the program adds to them.
protocol ProgramSink: EventSink {
    /// Receives an event of the program when it happens, as ``receive(_:)-(BatchEvent)`` does those of the library.
    func receive(_ event: ProgramEvent)
}

extension ProgramSink {
    /// Does nothing.
    func receive(_ event: ProgramEvent) {}
}

/// Something that happens in the program, beside what the library tells of its notebooks.
enum ProgramEvent: Sendable {
    /// No more is done for a notebook, and the program has judged it: follows ``BatchEvent/ended(job:_:)``.
    case judged(job: Int, JobReport)
    /// All notebooks are over: reports are written now.
    case summarized(BatchSummary)
    /// More is to be said of a notebook that was judged.
    case notice([String])
    /// A file or a stream that the program writes is not what was asked for.
    case problem(String)
    /// The program has decided how it ends; there is a summary unless the run was refused or cut off.
    ///
    /// It comes once, from within a lock: the sink does no more than hand it on.
    case decided(RunSummary, BatchSummary?)
    /// The process is about to end; it comes again if a signal does not wait for the first time.
    case ending(RunSummary)
}

/// What became of all notebooks.
struct BatchSummary: Sendable {
    let report: BatchReport
    /// Of each notebook, with the status that its own run would end with and the place of its result.
    let notebooks: [(jobReport: JobReport, exitStatus: Int32, result: String?)]
    /// The exit status that follows from them.
    let status: Int32

    var jobReports: [JobReport] { notebooks.map(\.jobReport) }
}
