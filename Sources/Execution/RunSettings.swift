public import GalleyJupyterProtocol

/// How a notebook is run: values, and no code.
///
/// As it is made, all cells run in the kernel that the notebook names, in the environment of this process, for as long as
/// they want, up to the first error, and the result goes to a new file beside the notebook.
///
/// Settings are `Codable`: a run can be written to a file and started elsewhere. What is code stands in `RunHooks`.
///
/// - Important: ``environment`` is written with the rest. Settings that hold secrets belong into no file.
public struct RunSettings: Hashable, Sendable {
    // MARK: The kernel

    /// The kernel by its name, or by the path of a Python environment; nil for the one that the notebook names.
    public var kernel: String?
    /// Whether the only kernel of the notebook's language may replace one that is not there.
    public var allowsKernelFallback = false
    /// The user that the kernel has to run as.
    public var user = KernelUser.automatic
    /// The variables to set for the kernel, besides those that it has anyway.
    public var environment: [String: String] = [:]
    /// Whether the kernel has the variables of this process, or those of the machine that it runs on.
    public var inheritsEnvironment = true
    /// The directory that the kernel works in; nil for that of the notebook's file or, if it is in none, that of this
    /// process.
    public var workingDirectory: String?
    /// Arguments for the kernel, added to its own.
    public var kernelArguments: [String] = []
    /// Whether the kernel has a directory of its own for temporary files, which is removed with it.
    ///
    /// In a batch of several it has one in any case, unless `TMPDIR` is set for it.
    public var hasTemporaryDirectory = false
    /// What the kernel may use of the machine.
    public var resources = ResourceLimits()
    /// Whether processes that the kernel started may outlive it, for a notebook that starts a service on purpose.
    public var leavesChildren = false
    /// Whether the kernel goes on after the run, for a person or a program to look at what it holds.
    ///
    /// The report names the kernel: ``Report/keptKernel``. A kernel that has died, or had to be killed, is not kept.
    public var keepsKernel = KernelKeeping.never

    // MARK: Time

    /// How long the kernel may take until it is ready.
    public var startTimeout = Duration.seconds(60)
    /// How long a cell may take, unless the cell or the notebook says otherwise; nil for no limit.
    ///
    /// Zero, and less, is reached at once, here and with the two that follow.
    public var timeout: Duration?
    /// How long the whole run may take; nil for no limit.
    ///
    /// The time begins with the reading of the notebook and ends with its last cell. Saving may take longer.
    public var totalTimeout: Duration?
    /// How long a running cell may be silent; nil for no limit.
    public var idleTimeout: Duration?
    /// What happens to the rest of the notebook when a cell reaches a limit.
    public var onTimeout = TimeoutAction.stop
    /// How long an interrupted kernel has until it is killed, and how long a cancelled run takes at most.
    public var grace = Duration.seconds(10)

    // MARK: The cells

    /// Which errors do not end the run.
    public var allowedErrors = AllowedErrors()
    /// Where to begin: the number of a code cell, counted from 1, or a tag, or the identifier of a cell; nil for the first.
    public var startAt: String?
    /// The cell to stop after, named as for ``startAt``; nil for the last.
    public var stopAfter: String?
    /// The tag of cells that are left out and left as they are.
    public var skipTag = "skip-execution"

    // MARK: The result

    /// Where the result goes, unless a store is named for it.
    public var result = ResultPlace.beside
    /// Whether the notebook's metadata tell how the run went, under `galley`.
    public var keepsRecord = false
    /// Whether each cell's metadata tell when it ran.
    public var keepsTiming = true
    /// Whether the notebook's metadata tell what its widgets look like.
    public var keepsWidgets = true
    /// Whether of text that a program wrote over itself only that is kept which a terminal would show at the end.
    public var collapsesProgress = false
    /// How many bytes of output are kept of a cell; nil for all of it.
    public var outputLimit: Int?

    /// Makes the usual settings.
    public init() {}
}

extension RunSettings {
    /// The limit of a cell.
    package var cellLimit: TimeLimit { TimeLimit(atMost: timeout) }
    /// The limit of the whole run.
    package var totalLimit: TimeLimit { TimeLimit(atMost: totalTimeout) }
    /// The limit of a cell's silence.
    package var idleLimit: TimeLimit { TimeLimit(atMost: idleTimeout) }
    /// The bytes that are kept of a cell's output.
    var outputBound: Int? { outputLimit.map { max(0, $0) } }
}

/// Where the result of a run goes.
@nonexhaustive
public enum ResultPlace: Hashable, Sendable {
    /// Beside the notebook: that of `report.ipynb` is `report.executed.ipynb`.
    case beside
    /// Where the notebook was read from.
    case inPlace
    /// To this location, such as the path of a file.
    case file(String)
    /// To this folder, which is made if need be, under the notebook's own name.
    case folder(String)
    /// Nowhere: the run is for its report, or for its events.
    case nowhere

    /// To standard output.
    public static let standardOutput = ResultPlace.file("-")
}

/// What happens to the rest of a notebook when a cell has reached a limit.
@nonexhaustive
public enum TimeoutAction: String, Hashable, Sendable {
    /// The run ends.
    case stop
    /// The next cell is run.
    case `continue`
}

/// Errors that do not end a run.
public struct AllowedErrors: Hashable, Sendable {
    /// Whether no error ends the run.
    public var isEverything = false
    /// The names of errors that do not, such as `ValueError`.
    public var names: Set<String> = []
    /// Whether the tag `raises-exception` counts.
    public var respectsTags = true

    /// Allows what the tag `raises-exception` stands on.
    public init() {}

    /// Allows every error.
    public static let everything: AllowedErrors = {
        var errors = AllowedErrors()
        errors.isEverything = true
        return errors
    }()

    /// Allows errors by their names, and what the tag `raises-exception` stands on.
    public static func named(_ names: Set<String>) -> AllowedErrors {
        var errors = AllowedErrors()
        errors.names = names
        return errors
    }

    /// Allows no error, even if a tag does.
    public static let nothing: AllowedErrors = {
        var errors = AllowedErrors()
        errors.respectsTags = false
        return errors
    }()
}
