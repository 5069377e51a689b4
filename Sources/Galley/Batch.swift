public import GalleyExecution
public import GalleyJupyterProtocol
import GalleyLocalKernels
public import GalleyNotebook
public import GalleyStorage

/// Many notebooks, of which several are run at a time, each in a kernel of its own.
///
/// What becomes of one of them makes no difference to another: a failure, a dead kernel and a hang are results, told by
/// the report.
public struct Batch: Sendable {
    /// The notebooks.
    public var jobs: [Job]
    /// How many run their cells at a time; 1 for one after the other.
    ///
    /// Where it is more, the next kernels are started meanwhile, as many again at most.
    public var concurrency = Batch.defaultConcurrency
    /// How many bytes of memory a kernel is expected to need; nil for what those of this batch turn out to need.
    ///
    /// As long as there is not that much, and others run, no kernel is started.
    public var memoryPerKernel: Int?
    /// After how many failures nothing else is begun; what runs by then is run to its end. Nil for any number.
    public var failureLimit: Int?
    /// How often a notebook is run again whose kernel did not start, or died.
    public var retries = 0
    /// Which notebooks are started first; the report is in the order of the jobs in any case.
    public var order = Order.asGiven
    /// Whether the reports have the notebooks as their runs have left them; at first they do not, because that takes the
    /// memory of all notebooks.
    public var keepsNotebooks = false
    /// Receive the events of all notebooks and of the batch, in this order.
    public var events: [any EventSink] = []
    /// Whether a run that has ended is as it should be.
    package var accepts: @Sendable (_ job: Int, Report) -> Bool = { _, report in report.isSuccess }

    /// Puts notebooks together.
    public init(_ jobs: [Job]) { self.jobs = jobs }

    /// The number of processors that this process may use, or fewer where it may not open the files that so many kernels
    /// take.
    public static var defaultConcurrency: Int {
        max(1, min(SystemResources.processors, SystemResources.openFiles / 40 - 1))
    }

    /// How many can run at a time with the files that this process may open: two kernels for each, and what serves all.
    package static var maximumConcurrency: Int { max(1, (SystemResources.openFiles - 30) / 28) }

    /// In which order notebooks are started.
    @nonexhaustive
    public enum Order: Hashable, Sendable {
        /// As they are in the list.
        case asGiven
        /// Those first that took longest before, and before them those of which that is not known.
        case slowestFirst
    }

    /// One notebook of a batch.
    public struct Job: Sendable {
        /// What it is called.
        public var name: String
        /// How it is run.
        public var options: Options
        /// How long it took before; nil where nobody knows.
        public var earlierDuration: Duration?
        /// Opens its stores, once for each attempt.
        let stores: @Sendable (Options) throws -> RunStores

        /// Names a notebook by its stores. They are asked for again for each attempt, because a store serves one run.
        ///
        /// - Parameters:
        ///   - name: What it is called.
        ///   - options: How it is run.
        ///   - stores: Makes the store that it is read from and the one that it is saved to, nil for where the options say.
        public init(
            _ name: String, _ options: Options = Options(),
            stores: @escaping @Sendable () -> (source: any NotebookStore, destination: (any NotebookStore)?)
        ) {
            (self.name, self.options) = (name, options)
            self.stores = {
                let (source, destination) = stores()
                return try RunStores(source, to: destination, $0)
            }
        }

        /// Names the notebook at a location. A file is run in the folder that it is in, unless the options name another.
        public init(_ location: NotebookLocation, _ options: Options = Options()) {
            (name, self.options) = (location.text, options)
            stores = { try RunStores(location, $0) }
        }

        /// Names the notebook at a path or an address; otherwise as ``init(_:_:)-(NotebookLocation,_)`` does.
        public init(_ location: String, _ options: Options = Options()) {
            self.init(NotebookLocation(location), options)
        }
    }
}

/// Something that happens in a batch, told when it happens; `job` counts its notebooks from 0.
///
/// What happens in one notebook is told in order. Several notebooks can be told of at the same time.
@nonexhaustive
public enum BatchEvent: Sendable {
    /// Work on a notebook begins.
    case began(job: Int)
    /// Something happens in the run of a notebook.
    case run(job: Int, RunEvent)
    /// No more cells of a notebook run in this attempt: the notebook with their outputs, and as it was before.
    ///
    /// It comes before the result is saved for the last time. An ``EventSink`` alone receives it: the sequence
    /// ``BatchRun/events`` leaves it out, because what waits there would keep both notebooks in memory.
    case notebook(job: Int, new: Notebook, old: Notebook)
    /// A notebook is run again, because of what became of this attempt.
    case retrying(job: Int, attempt: Int, reason: String)
    /// No more kernels are started until there is enough memory for one, and for what those that live may still need.
    case waitingForMemory(available: Int, needed: Int)
    /// No more is to be done for a notebook.
    case ended(job: Int, JobReport)
    /// Everything is over.
    case finished(BatchReport)
}

/// What became of a batch.
///
/// It is `Codable`, in the form of the document that `galley execute --json` writes.
public struct BatchReport: Sendable {
    /// What became of each notebook, in the order of the jobs.
    public package(set) var jobs: [JobReport]
    /// When it began.
    public package(set) var started: Timestamp
    /// How long it took.
    public package(set) var duration: Duration
    /// Why somebody ended it; nil where nobody did.
    public package(set) var stop: StopReason?

    /// Whether each notebook was run and all is well.
    public var isSuccess: Bool { jobs.allSatisfy(\.isSuccess) }
}

/// What became of a notebook of a batch.
public struct JobReport: Sendable {
    /// What it is called.
    public package(set) var name: String
    /// What became of it in the end.
    public package(set) var result: JobResult
    /// Why earlier attempts failed, each in a sentence.
    public package(set) var failedAttempts: [String] = []
    /// When the last attempt began.
    var started = Timestamp.now()
    /// When the last attempt began, since the batch did.
    public package(set) var begin = Duration.zero
    /// When it was over, since the batch began.
    public package(set) var end = Duration.zero
    /// How long its kernel was ready and had to wait for others.
    public package(set) var waited = Duration.zero
    /// What was not as it should be, and no reason to end the run.
    public package(set) var warnings: [String] = []
    /// The differences that `galley check` found.
    package var findings: [CheckFinding] = []

    /// Begins with what became of it.
    package init(_ name: String, _ result: JobResult) { (self.name, self.result) = (name, result) }

    /// How long the last attempt took, its end included; waiting for its turn is left out.
    package var span: Duration { max(.zero, end.clampedToClock - begin.clampedToClock - waited.clampedToClock) }

    /// Whether the notebook was run and all is well.
    public var isSuccess: Bool {
        if case .ran(let report) = result { report.isSuccess && findings.isEmpty } else { false }
    }

    /// The report of the run; nil where there was none.
    public var run: Report? {
        switch result {
        case .ran(let report): report
        case .failed(let error): (error as? UnsavedRun)?.report ?? (error as? RecordedError)?.report
        case .leftOut: nil
        }
    }
}

/// What can become of a notebook of a batch.
@nonexhaustive
public enum JobResult: Sendable {
    /// It was run and saved.
    case ran(Report)
    /// It could not be run, or not saved.
    case failed(any Error)
    /// It was not begun, because enough others had failed or somebody had ended the batch.
    case leftOut
}
