import Galley
import GalleyReports

/// Receives the events of the library and of the program.
protocol ProgramSink: EventSink {
    /// Receives an event of the program when it happens, as ``receive(_:)-(BatchEvent)`` receives those of the library.
    func receive(_ event: ProgramEvent)
}

extension ProgramSink {
    /// Does nothing by default.
    func receive(_ event: ProgramEvent) {}
}

/// An event of the program, in addition to the events of the library.
enum ProgramEvent: Sendable {
    /// The program has judged a finished notebook. Follows ``BatchEvent/ended(job:_:)``.
    case judged(job: Int, JobReport)
    /// All notebooks are finished. Reports are written now.
    case summarized(BatchSummary)
    /// More lines about a notebook that was judged.
    case notice([String])
    /// A signal asks the run to end. The second one kills the kernels.
    case stopping(signal: Int32, isFirst: Bool)
    /// A file or stream could not be written as requested.
    case problem(String)
    /// An option had no effect that it was meant to have.
    case warning(String)
    /// The program has decided how it ends. The summary is nil if the run was refused or cut off.
    ///
    /// Sent once, while a lock is held: a sink only passes it on.
    case decided(RunSummary, BatchSummary?)
    /// The process is about to end. Sent again if a signal arrives while the first one is processed.
    case ending(RunSummary)
}

/// The results of all notebooks.
struct BatchSummary: Sendable {
    /// The report, whose jobs hold the findings of `galley check`.
    let report: BatchReport
    /// For each notebook the exit status that its own run would have, and the path of its result.
    let ends: [(exitStatus: Int32, result: String?)]
    /// The exit status that follows from them.
    let status: Int32
}
