public import GalleyJupyterProtocol
public import GalleyParameters

/// The settings of a run: plain values, no code.
///
/// By default, all cells run in the kernel that the notebook names, with the environment of this process, without time
/// limits, up to the first error. The result goes to a new file next to the notebook.
///
/// Settings are `Codable`, so a run can be written to a file and started elsewhere. `RunHooks` holds the code that
/// takes part in a run.
///
/// - Important: The encoded form contains ``environment``. Do not write settings with secrets to a file.
public struct RunSettings: Hashable, Sendable {
    // MARK: The kernel

    /// The name of a kernel, or the path of a Python environment; nil for the kernel that the notebook names.
    public var kernel: String?
    /// Whether a missing kernel may be replaced by the only kernel of the notebook's language.
    public var allowsKernelFallback = false
    /// The user that the kernel must run as.
    public var user = KernelUser.automatic
    /// Environment variables to set for the kernel, in addition to the inherited ones.
    public var environment: [String: String] = [:]
    /// Whether the kernel inherits the environment of this process. If false, it gets the default environment of its
    /// machine.
    public var inheritsEnvironment = true
    /// The kernel's working directory.
    ///
    /// If it is nil, the kernel works in the directory of the notebook's file or, without a file, in that of this
    /// process.
    public var workingDirectory: String?
    /// Additional command-line arguments for the kernel.
    public var kernelArguments: [String] = []
    /// Whether the kernel has its own temporary directory, which is removed when the kernel ends.
    ///
    /// In a batch of several notebooks, each kernel has one, unless ``environment`` sets `TMPDIR`.
    public var hasTemporaryDirectory = false
    /// The resource limits of the kernel.
    public var resources = ResourceLimits()
    /// Whether the kernel's child processes may outlive it, for a notebook that starts a service.
    public var leavesChildren = false
    /// Whether the kernel is kept after the run, so that you can inspect its state.
    ///
    /// ``Report/keptKernel`` describes the kernel. A kernel that has died or was killed is not kept.
    public var keepsKernel = KernelKeeping.never

    // MARK: Time

    /// The time limit for the start of the kernel.
    public var startTimeout = Duration.seconds(60)
    /// The time limit of a cell, unless the cell or the notebook sets its own; nil for no limit.
    ///
    /// A limit of zero or less is reached at once. The same applies to ``totalTimeout`` and ``idleTimeout``.
    public var timeout: Duration?
    /// The time limit of the whole run; nil for no limit.
    ///
    /// The time starts before the notebook is read and ends with its last cell. Saving may take longer.
    public var totalTimeout: Duration?
    /// The time that a running cell may go without output; nil for no limit.
    public var idleTimeout: Duration?
    /// The action after a cell has reached a time limit.
    public var onTimeout = TimeoutAction.stop
    /// The time before an interrupted kernel is killed, and the maximum duration of a canceled run's end.
    public var grace = Duration.seconds(10)

    // MARK: The cells

    /// The parameters of the notebook, which a cell assigns before the others run.
    public var parameters = Parameters()
    /// Whether the run ends before its first cell. The result then has the parameters, and the outputs that it had.
    public var preparesOnly = false

    /// The errors that do not end the run.
    public var allowedErrors = AllowedErrors()
    /// Whether the run continues after a cell whose outputs did not all arrive, for example because they exceeded the
    /// rate limit of a Jupyter server. A warning names each such cell.
    public var allowsLostOutput = false
    /// The first cell to run: the number of a code cell, counted from 1, a tag, or a cell ID; nil for the first.
    public var startAt: String?
    /// The last cell to run, named as for ``startAt``; nil for the last.
    public var stopAfter: String?
    /// The cells to run, within that range. All other cells keep their outputs.
    public var only = CellSelection()
    /// The tag of cells that are not run and keep their outputs.
    public var skipTag = "skip-execution"

    // MARK: The result

    /// The location of the result, unless the run is given a store for it.
    public var result = ResultPlace.beside
    /// Whether the notebook's metadata gets a record of the run, under `galley`.
    public var keepsRecord = false
    /// Whether each cell's metadata gets the times of its execution.
    public var keepsTiming = true
    /// Whether the notebook's metadata gets the state of its widgets.
    public var keepsWidgets = true
    /// Whether overwritten text, such as a progress bar, is reduced to its final state in a terminal.
    public var collapsesProgress = false
    /// The maximum number of output bytes to keep for each cell; nil for no limit.
    public var outputLimit: Int?

    /// Creates settings with default values.
    public init() {}
}

extension RunSettings {
    /// How long a cell may take to end after the run was stopped. The rest of the grace period is reserved for ending the
    /// kernel and saving.
    package var graceAfterStop: Duration { grace.clampedToClock * 4 / 5 }
    /// The time limit of a cell.
    package var cellLimit: TimeLimit { TimeLimit(atMost: timeout) }
    /// The time limit of the whole run.
    package var totalLimit: TimeLimit { TimeLimit(atMost: totalTimeout) }
    /// The time that a cell may go without output.
    package var idleLimit: TimeLimit { TimeLimit(atMost: idleTimeout) }
    /// The maximum number of output bytes for each cell, at least 0; nil for no limit.
    var outputBound: Int? { outputLimit.map { max(0, $0) } }
}

/// The location of a run's result.
@nonexhaustive
public enum ResultPlace: Hashable, Sendable {
    /// Next to the notebook: `report.executed.ipynb` for `report.ipynb`.
    case beside
    /// The notebook's own location.
    case inPlace
    /// This location, such as the path of a file.
    case file(String)
    /// This location with names in braces, such as `out/{name}-{region}.ipynb`.
    ///
    /// The names are those of ``RunSettings/parameters``; `{name}`, the notebook's name without `.ipynb`;
    /// `{date}`, the day on this machine; and papermill's `{pm.run_uuid}`, `{pm.current_datetime_utc}` and
    /// `{pm.current_datetime_local}`. Folders are created if necessary.
    case template(String)
    /// This folder, under the notebook's own name. The folder is created if necessary.
    case folder(String)
    /// No location: only the report and the events are used.
    case nowhere

    /// Standard output.
    public static let standardOutput = ResultPlace.file("-")
}

/// The action after a cell has reached a time limit.
@nonexhaustive
public enum TimeoutAction: String, Hashable, Sendable {
    /// The run ends.
    case stop
    /// The next cell runs.
    case `continue`
}

/// Errors that do not end a run.
public struct AllowedErrors: Hashable, Sendable {
    /// Whether no error ends the run.
    public var isEverything = false
    /// The names of allowed errors, such as `ValueError`.
    public var names: Set<String> = []
    /// Whether the tag `raises-exception` allows a cell's errors.
    public var respectsTags = true

    /// Allows errors only in cells with the tag `raises-exception`.
    public init() {}

    /// Allows every error.
    public static let everything: AllowedErrors = {
        var errors = AllowedErrors()
        errors.isEverything = true
        return errors
    }()

    /// Allows errors with these names, and errors in cells with the tag `raises-exception`.
    public static func named(_ names: Set<String>) -> AllowedErrors {
        var errors = AllowedErrors()
        errors.names = names
        return errors
    }

    /// Allows no error, not even in cells with the tag `raises-exception`.
    public static let nothing: AllowedErrors = {
        var errors = AllowedErrors()
        errors.respectsTags = false
        return errors
    }()
}
