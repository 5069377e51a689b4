public import GalleyExecution
public import GalleyJupyterProtocol
import GalleyLocalKernels
public import GalleyNotebook
public import GalleyParameters
public import GalleyStorage

/// Several notebooks to run, each in its own kernel and some of them at the same time.
///
/// One notebook does not affect another: failures, dead kernels and hanging cells are results in the report.
public struct Batch: Sendable {
    /// The notebooks to run.
    public var jobs: [Job]
    /// The maximum number of notebooks that run their cells at the same time; 1 to run one after the other.
    ///
    /// If it is greater than 1, up to the same number of further kernels start ahead of time.
    public var concurrency = Batch.defaultConcurrency
    /// The memory in bytes that a kernel is expected to need; nil to estimate it from the batch's own kernels.
    ///
    /// While less memory is free and other notebooks run, no kernel is started.
    public var memoryPerKernel: Int?
    /// The number of failures after which no more notebooks are started; nil for no limit. Running notebooks continue
    /// to their end.
    public var failureLimit: Int?
    /// How often to run a notebook again if its kernel did not start or died, or its storage failed temporarily.
    public var retries = 0
    /// The order in which notebooks are started. The report is always in the order of the jobs.
    public var order = Order.asGiven
    /// Whether the reports contain the executed notebooks. False by default, to save memory.
    public var keepsNotebooks = false
    /// Sinks that receive the events of all notebooks and of the batch, in this order.
    public var events: [any EventSink] = []
    /// Returns whether a completed run counts as a success.
    package var accepts: @Sendable (_ job: Int, Report) -> Bool = { _, report in report.isSuccess }

    /// Creates a batch of notebooks.
    public init(_ jobs: [Job]) { self.jobs = jobs }

    /// The number of processors that this process may use, or fewer if its limit of open files does not allow that many
    /// kernels.
    public static var defaultConcurrency: Int {
        max(1, min(SystemResources.processors, SystemResources.openFiles / 40 - 1))
    }

    /// The number of notebooks that can run at the same time within this process's limit of open files: two kernels for
    /// each, and a reserve for the rest.
    package static var maximumConcurrency: Int { max(1, (SystemResources.openFiles - 30) / 28) }

    /// The order in which notebooks are started.
    @nonexhaustive
    public enum Order: Hashable, Sendable {
        /// The order of the list.
        case asGiven
        /// Notebooks of unknown duration first, then the others from longest to shortest ``Batch/Job/earlierDuration``.
        case slowestFirst
    }

    /// One notebook of a batch.
    public struct Job: Sendable {
        /// The name of the notebook in reports and messages.
        public var name: String
        /// How to run the notebook.
        public var options: Options
        /// The names of the parameters that tell this run from other runs of the notebook.
        public var distinguishingParameters: [String] = []
        /// How long an earlier run took; nil if unknown.
        public var earlierDuration: Duration?
        /// Opens the stores, once for each attempt.
        let stores: @Sendable (Options) throws -> RunStores

        /// Creates a job for a notebook in a store. A store serves one run, so each attempt requests new ones.
        ///
        /// - Parameters:
        ///   - name: The name of the notebook in reports and messages.
        ///   - options: How to run the notebook.
        ///   - stores: Returns the store to read from and the one to save to; nil saves where the options say.
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

        /// Creates a job for the notebook at a location. A file runs in its own folder unless the options name another.
        public init(_ location: NotebookLocation, _ options: Options = Options()) {
            (name, self.options) = (location.text, options)
            let names = ResultNames(of: location, options.parameters.values)
            stores = { options in
                var names = names
                names.parameters = options.parameters.values
                return try RunStores(location, options, names: names)
            }
        }

        /// Creates a job for the notebook at a path or an address. Otherwise the same as
        /// ``init(_:_:)-(NotebookLocation,_)``.
        public init(_ location: String, _ options: Options = Options()) {
            self.init(NotebookLocation(location), options)
        }
    }
}

/// An event of a batch, delivered when it happens. `job` is the index of the notebook in the batch.
///
/// The events of one notebook are delivered in order. Events of several notebooks can be delivered at the same time.
@nonexhaustive
public enum BatchEvent: Sendable {
    /// Work on a notebook begins.
    case began(job: Int)
    /// An event in the run of a notebook.
    case run(job: Int, RunEvent)
    /// All cells of this attempt have run: the notebook with their outputs, and the notebook as it was read.
    ///
    /// This event comes before the result is saved for the last time. Only an ``EventSink`` receives it. The sequence
    /// ``BatchRun/events`` omits it, because waiting events would keep both notebooks in memory.
    case notebook(job: Int, new: Notebook, old: Notebook)
    /// A notebook is about to run again, because the previous attempt failed for this reason.
    case retrying(job: Int, attempt: Int, reason: String)
    /// No kernel is started until there is enough memory for it and for the growth of the running kernels.
    case waitingForMemory(available: Int, needed: Int)
    /// The work on a notebook is complete.
    case ended(job: Int, JobReport)
    /// The batch is complete.
    case finished(BatchReport)
}

/// The report of a batch.
///
/// Its `Codable` form is the document that `galley execute --json` writes.
public struct BatchReport: Sendable {
    /// The reports of the notebooks, in the order of the jobs.
    public package(set) var jobs: [JobReport]
    /// When the batch started.
    public package(set) var started: Timestamp
    /// How long the batch took.
    public package(set) var duration: Duration
    /// Why the batch was stopped; nil if it was not.
    public package(set) var stop: StopReason?

    /// Whether every notebook ran successfully.
    public var isSuccess: Bool { jobs.allSatisfy(\.isSuccess) }
}

/// The report of one notebook of a batch.
public struct JobReport: Sendable {
    /// The name of the notebook.
    public package(set) var name: String
    /// The result of the last attempt.
    public package(set) var result: JobResult
    /// Why earlier attempts failed, as sentences.
    public package(set) var failedAttempts: [String] = []
    /// When the last attempt began.
    var started = Timestamp.now()
    /// When the last attempt began, measured from the start of the batch.
    public package(set) var begin = Duration.zero
    /// When the last attempt ended, measured from the start of the batch.
    public package(set) var end = Duration.zero
    /// How long the kernel was ready and waited for other notebooks.
    public package(set) var waited = Duration.zero
    /// Problems that did not end the run.
    public package(set) var warnings: [String] = []
    /// The values of the parameters that the run was given, without secrets.
    public package(set) var parameters = ParameterMap()
    /// The names of the parameters that tell the run from other runs of the notebook.
    public package(set) var distinguishingParameters: [String] = []
    /// The differences that `galley check` found.
    package var findings: [CheckFinding] = []

    /// Creates a report of this result.
    package init(_ name: String, _ result: JobResult) { (self.name, self.result) = (name, result) }

    /// Creates a report of a job.
    init(_ job: Batch.Job, _ result: JobResult) {
        self.init(job.name, result)
        (parameters, distinguishingParameters) = (job.options.parameters.values, job.distinguishingParameters)
    }

    /// The name of the run for people, such as `report.ipynb [region=eu, year=2024]`.
    public var title: String {
        let own = distinguishingParameters.compactMap { name in parameters[name].map { (name, $0) } }
        return own.isEmpty ? name : "\(name) [\(own.map { "\($0)=\($1.text)" }.joined(separator: ", "))]"
    }

    /// The duration of the last attempt, including the shutdown of the kernel, without the time in ``waited``.
    package var span: Duration { max(.zero, end.clampedToClock - begin.clampedToClock - waited.clampedToClock) }

    /// Whether the notebook ran successfully, and a check found no differences.
    public var isSuccess: Bool {
        if case .ran(let report) = result { report.isSuccess && findings.isEmpty } else { false }
    }

    /// The report of the run; nil if the notebook did not run.
    public var run: Report? {
        switch result {
        case .ran(let report): report
        case .failed(let error):
            (error as? UnsavedRun)?.report ?? (error as? UncollectedFiles)?.report ?? (error as? RecordedError)?.report
        case .leftOut: nil
        }
    }
}

/// The result of a notebook of a batch.
@nonexhaustive
public enum JobResult: Sendable {
    /// The notebook ran, and its result was saved.
    case ran(Report)
    /// The notebook could not run, or its result could not be saved.
    case failed(any Error)
    /// The notebook was not started, because the batch was stopped or reached its ``Batch/failureLimit``.
    case leftOut
}
