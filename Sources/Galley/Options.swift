public import GalleyExecution
public import GalleyJupyterProtocol
import GalleyLocalKernels
import GalleyStorage

/// How a notebook is to be run.
///
/// As it is made, all cells are run in the kernel that the notebook names, in the environment of this process, however long
/// they take, up to the first error, and the result is written over the notebook.
public struct Options: Sendable {
    // MARK: The kernel

    /// Where the kernel comes from; at first this machine.
    public var provider: any KernelProvider = LocalKernels()
    /// What the provider is asked for, but for what depends on the notebook.
    package var request = KernelRequest()

    // MARK: The notebook

    /// Where the result goes, unless a store is named for it.
    public var result = ResultPlace.inPlace
    /// Whether the notebook's metadata tell how the run went, under `galley`.
    public var keepsRecord = false
    /// Whether the report has the notebook as the run has left it.
    package var keepsNotebook = true

    /// How the cells are run.
    package var execution = ExecutionOptions()

    /// Makes the usual options.
    public init() {}
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

// MARK: - Where the kernel runs

extension Options {
    /// The kernel by its name, or by the path of a Python environment; nil for the one that the notebook names.
    public var kernel: String? {
        get { request.kernel }
        set { request.kernel = newValue }
    }

    /// Whether the only kernel of the notebook's language may replace one that is not there.
    public var allowsKernelFallback: Bool {
        get { request.allowsFallback }
        set { request.allowsFallback = newValue }
    }

    /// The user that the kernel has to run as.
    public var user: KernelUser {
        get { request.user }
        set { request.user = newValue }
    }

    /// The variables to set for the kernel, besides those that it has anyway.
    public var environment: [String: String] {
        get { request.environment }
        set { request.environment = newValue }
    }

    /// Whether the kernel has the variables of this process, or of where else it runs; at first it has.
    public var inheritsEnvironment: Bool {
        get { request.inheritsEnvironment }
        set { request.inheritsEnvironment = newValue }
    }

    /// The directory that the kernel works in; nil for that of the notebook's file or, if it is in none, that of this
    /// process.
    public var workingDirectory: String? {
        get { request.workingDirectory }
        set { request.workingDirectory = newValue }
    }

    /// Arguments for the kernel, added to its own.
    public var kernelArguments: [String] {
        get { request.arguments }
        set { request.arguments = newValue }
    }

    /// Whether the kernel has a directory of its own for temporary files, which is removed with it.
    ///
    /// In a batch of several it has one in any case, unless `TMPDIR` was set for it.
    public var hasTemporaryDirectory: Bool {
        get { request.hasTemporaryDirectory }
        set { request.hasTemporaryDirectory = newValue }
    }

    /// What the kernel may use of the machine.
    public var resources: ResourceLimits {
        get { request.resources }
        set { request.resources = newValue }
    }

    /// Whether processes that the kernel started may outlive it, for a notebook that starts a service on purpose.
    public var leavesChildren: Bool {
        get { request.leavesChildren }
        set { request.leavesChildren = newValue }
    }

    /// Answers the questions that the code asks; without it, or if it gives nil, `input()` is an error.
    public var answer: (@Sendable (_ prompt: String, _ isPassword: Bool) async -> String?)? {
        get { execution.answer }
        set { execution.answer = newValue }
    }
}

// MARK: - Limits

extension Options {
    /// How long the kernel may take until it is ready; at first a minute.
    public var startTimeout: Duration {
        get { request.startTimeout }
        set { request.startTimeout = newValue.countable }
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

// MARK: - Files

extension Options {
    /// The options for a notebook in a file, which is run in its own folder unless they name another.
    func forFile(_ path: String) -> Options {
        var options = self
        options.request.notebookDirectory = LocalFile.folder(of: path)
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
