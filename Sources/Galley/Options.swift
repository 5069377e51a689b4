public import Execution
public import LocalKernels

/// How a notebook is to be run.
public struct Options: Sendable {
    /// The kernel by its name, or by the path of a Python environment; nil for the one that the notebook names.
    public var kernel: String?
    /// Whether a kernel that is not there may be replaced by the only one of the notebook's language.
    public var mayReplaceKernel = false
    /// The user that the kernel runs as.
    public var user = KernelUser.automatic
    /// How the kernel is started and ended. Its limit for the start is shortened where the whole run has less time.
    public var launch: KernelOptions
    /// How the cells are run.
    public var execution = ExecutionOptions()
    /// Whether the notebook's metadata tell how the run went.
    public var records = false

    /// Runs all cells in the kernel that the notebook names, up to the first error.
    public init(launch: KernelOptions = KernelOptions()) { self.launch = launch }
}

/// Who a kernel runs as. It takes root to choose anybody but whoever runs this process.
@nonexhaustive
public enum KernelUser: Hashable, Sendable {
    /// Where root runs the notebook of another user, that user, if this machine knows the user and the user may get at
    /// the kernel; whoever runs this process in all other cases, with a warning if root runs it for another user.
    case automatic
    /// Whoever runs this process.
    case caller
    /// The owner of the notebook.
    case owner
    /// The user of this name or number.
    case named(String)
}
