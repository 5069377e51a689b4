public import GalleyExecution
public import GalleyJupyterProtocol
public import GalleyLocalKernels
public import GalleyNotebook
import GalleyStorage

/// How a notebook is to be run.
///
/// As it is made, all cells are run in the kernel that the notebook names, in the environment of this process, however long
/// they take, up to the first error, and the result is written over the notebook.
public struct Options: Sendable {
    // MARK: The kernel

    /// The kernel by its name, or by the path of a Python environment; nil for the one that the notebook names.
    public var kernel: String?
    /// Whether a kernel that is not there may be replaced by the only one of the notebook's language.
    public var mayReplaceKernel = false
    /// The user that the kernel runs as.
    public var user = KernelUser.automatic
    /// Starts a kernel of the caller's own; nil for one of this machine.
    ///
    /// It is told what the notebook wants. The kernel is shut down when the run is over, however that comes about.
    public var startKernel: (@Sendable (WantedKernel) async throws -> any Kernel)?

    // MARK: The notebook

    /// Where the result goes, unless a store is named for it.
    public var result = ResultPlace.inPlace
    /// Whether the notebook's metadata tell how the run went, under `galley`.
    public var keepsRecord = false

    /// What a login sets of the user that this process has become; nil where it has become none.
    package var login: LoginSession?
    /// How the kernel is started and ended. Its limit for the start is shortened where the whole run has less time.
    package var launch: KernelOptions
    /// How the cells are run.
    package var execution = ExecutionOptions()

    /// Makes the usual options.
    public init() { self.init(launch: KernelOptions()) }

    package init(launch: KernelOptions) { self.launch = launch }
}

/// Where the result of a run goes.
@nonexhaustive
public enum ResultPlace: Hashable, Sendable {
    /// Where the notebook was read from.
    case inPlace
    /// To the file of this path.
    case file(String)
    /// To the folder of this path, which is made if need be, under the notebook's own name.
    case folder(String)
    /// Nowhere: what the run was for is its report, or its events.
    case nowhere
}

/// The user that a kernel runs as: always the one that this process runs as. The cases say what that user has to be.
///
/// A process of root's does not run the notebook of another user, unless ``caller`` says so, and never becomes that user:
/// a library does not change the user of its host. The `galley` program does, in a process of its own.
@nonexhaustive
public enum KernelUser: Hashable, Sendable {
    /// Any user but root; root only for a notebook of root's whose path no other user can change.
    case automatic
    /// Any user. Root runs the notebook of another user with root's rights.
    case caller
    /// The owner of the notebook.
    case owner
    /// The user of this name or number.
    case named(String)
}

// MARK: - Where the kernel runs

extension Options {
    /// The variables that the kernel starts with; at first those of this process.
    public var environment: [String: String] {
        get { launch.environment }
        set { launch.environment = newValue }
    }

    /// The folder that the kernel works in; nil for that of the notebook's file or, where it is in none, that of this
    /// process.
    public var workingFolder: String? {
        get { launch.workingFolder }
        set { launch.workingFolder = newValue }
    }

    /// Arguments for the kernel, added to its own.
    public var kernelArguments: [String] {
        get { launch.extraArguments }
        set { launch.extraArguments = newValue }
    }

    /// Whether the kernel has a folder of its own for temporary files, which is removed with it.
    ///
    /// In a batch of several it has one in any case, unless `TMPDIR` was set for it.
    public var hasOwnTemporaryFolder: Bool {
        get { launch.hasOwnTemporaryFolder }
        set { launch.hasOwnTemporaryFolder = newValue }
    }

    /// What the kernel may use of the machine.
    public var resources: ResourceLimits {
        get { launch.limits }
        set { launch.limits = newValue }
    }

    /// Whether processes that the kernel started may outlive it, for a notebook that starts a service on purpose.
    public var leavesChildren: Bool {
        get { launch.leavesChildren }
        set { launch.leavesChildren = newValue }
    }

    /// Answers the questions that the code asks; nil where nobody is there to answer, and `input()` is an error.
    public var answer: (@Sendable (_ prompt: String, _ isPassword: Bool) async -> String?)? {
        get { launch.answer }
        set { launch.answer = newValue }
    }
}

// MARK: - Limits

extension Options {
    /// How long the kernel may take until it is ready; at first a minute.
    public var startLimit: Duration {
        get { launch.startLimit }
        set { launch.startLimit = newValue.countable }
    }

    /// How long a cell may take, where neither it nor the notebook says otherwise; at first nil, for as long as it wants.
    ///
    /// Zero, and less, is reached at once, here and with those that follow; for no limit use nil.
    public var cellLimit: Duration? {
        get { execution.cellLimit.duration }
        set { execution.cellLimit = TimeLimit(atMost: newValue) }
    }

    /// How long the whole run may take; at first nil, for as long as it wants.
    ///
    /// It begins with the reading, and ends with the last cell: what there is is saved, however long that takes.
    public var totalLimit: Duration? {
        get { execution.totalLimit.duration }
        set { execution.totalLimit = TimeLimit(atMost: newValue) }
    }

    /// How long a cell that runs may say nothing; at first nil, for as long as it wants.
    public var silenceLimit: Duration? {
        get { execution.silenceLimit.duration }
        set { execution.silenceLimit = TimeLimit(atMost: newValue) }
    }

    /// What happens to the rest of the notebook when a cell has come up against a limit; at first it is not run.
    public var atLimit: AtLimit {
        get { execution.atLimit }
        set { execution.atLimit = newValue }
    }

    /// How long a kernel that was interrupted has until it is killed, and how long a run takes at most that is cancelled;
    /// at first ten seconds.
    public var grace: Duration {
        get { execution.grace }
        set { execution.grace = newValue.countable }
    }
}

// MARK: - Cells

extension Options {
    /// Which errors do not end the run.
    public var allowedErrors: AllowedErrors {
        get { execution.allowedErrors }
        set { execution.allowedErrors = newValue }
    }

    /// Where to begin: the number of a code cell, counted from 1, or a tag, or the identifier of a cell; nil for the
    /// first.
    public var startAt: String? {
        get { execution.startAt }
        set { execution.startAt = newValue }
    }

    /// After which cell to stop, called likewise; nil for the last.
    public var stopAfter: String? {
        get { execution.stopAfter }
        set { execution.stopAfter = newValue }
    }

    /// The tag of cells that are left out and left as they are; at first `skip-execution`.
    public var skipTag: String {
        get { execution.skipTag }
        set { execution.skipTag = newValue }
    }

    /// Who does something before and after each cell: the first of them before all others, and after all others.
    public var middleware: [any Middleware] {
        get { execution.middleware }
        set { execution.middleware = newValue }
    }
}

// MARK: - What is kept

extension Options {
    /// Whether each cell's metadata tell when it was run; at first they do.
    public var keepsTiming: Bool {
        get { execution.keepsTiming }
        set { execution.keepsTiming = newValue }
    }

    /// Whether the notebook's metadata tell what its widgets look like; at first they do.
    public var keepsWidgets: Bool {
        get { execution.keepsWidgets }
        set { execution.keepsWidgets = newValue }
    }

    /// Whether of text that a program wrote over itself only that is kept which a terminal would show at the end.
    public var collapsesProgress: Bool {
        get { execution.collapsesProgress }
        set { execution.collapsesProgress = newValue }
    }

    /// How many bytes of output are kept of a cell; nil for all of it.
    public var outputLimit: Int? {
        get { execution.outputLimit }
        set { execution.outputLimit = newValue.map { max(0, $0) } }
    }
}

// MARK: - Questions

extension Options {
    /// Lets cells ask questions, where somebody answers them. A kernel of this machine has its answers from elsewhere.
    func answered(_ execution: ExecutionOptions) -> ExecutionOptions {
        var execution = execution
        execution.allowsInput = answer != nil
        if startKernel != nil { execution.answer = answer ?? { _, _ in nil } }
        return execution
    }
}

// MARK: - Files

extension Options {
    /// The options for a notebook in a file, which is run in its own folder unless they name another.
    func forFile(_ path: String) -> Options {
        var options = self
        if options.workingFolder == nil { options.workingFolder = LocalFile.folder(of: path) }
        return options
    }

    /// Where the result of a run goes; nil for where the notebook is read from.
    func destination(of source: any NotebookStore) -> (any NotebookStore)? {
        let path: String
        switch result {
        case .inPlace: return nil
        case .nowhere: return Nowhere()
        case .file(let file): path = file
        case .folder(let folder):
            let base = LocalFile.base(of: source.name)
            path = folder.withSlash + (base.isEmpty ? "notebook.ipynb" : base)
        }
        // By another name it is the same place still.
        let isSame = source is LocalFile && LocalFile.isSame(path, source.name)
        return isSame ? nil : LocalFile(path)
    }
}
