package import GalleyExecution
public import GalleyJupyterProtocol
import GalleyLocalKernels
public import GalleyStorage

/// The code that takes part in a run: what provides kernels and storage, what prepares the notebook, what runs around each
/// cell, what receives the events.
public struct RunHooks: Sendable {
    /// Provides the kernel; by default this machine does.
    public var kernels: any KernelProvider = LocalKernels()
    /// Open the locations of notebooks and results: each is asked in turn. By default there are the files of this machine.
    public var storage: [any StorageProvider] = [LocalStorage()]
    /// Change the notebook before it runs, in this order.
    public var preparations: [any NotebookPreparation] = []
    /// Run around each cell: the first before all others, and after all others.
    public var middleware: [any Middleware] = []
    /// Receive the events of the run, in this order.
    public var events: [any EventSink] = []
    /// Answers the questions of the code; without it, or if it returns nil, `input()` is an error.
    public var answer: InputHandler?

    /// Measures the time of cells and the pauses between saves.
    package var clock: any Clock<Duration> = ContinuousClock()

    /// Whether the report has the notebook as the run has left it.
    package var keepsNotebook = true

    /// Answers a question with a line, or with nil for no answer.
    public typealias InputHandler = @Sendable (_ prompt: String, _ isPassword: Bool) async -> String?

    /// Runs on this machine, with no other code.
    public init() {}

    /// Runs in a kernel of this provider, with no other code.
    public init(kernels: any KernelProvider) { self.kernels = kernels }

    /// What takes part in running cells.
    package var cells: CellHooks { CellHooks(middleware: middleware, answer: answer) }
}
