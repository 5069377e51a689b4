package import GalleyExecution
public import GalleyJupyterProtocol
import GalleyLocalKernels
public import GalleyStorage

/// The code that takes part in a run: providers of kernels and storage, preparations, middleware and event sinks.
public struct RunHooks: Sendable {
    /// The provider of the kernel; by default the kernels of this machine.
    public var kernels: any KernelProvider = LocalKernels()
    /// The storage providers, which are asked in this order to open a location; by default only local files.
    public var storage: [any StorageProvider] = [LocalStorage()]
    /// The preparations that change the notebook before it runs, in this order.
    public var preparations: [any NotebookPreparation] = []
    /// The middleware around each cell. The first one runs before all others, and again after all others.
    public var middleware: [any Middleware] = []
    /// The sinks that receive the events of the run, in this order.
    public var events: [any EventSink] = []
    /// Replies to input requests of the code. Without a handler, or if it returns nil, `input()` raises an error.
    public var answer: InputHandler?

    /// The clock for the durations of cells and the pauses between saves.
    package var clock: any Clock<Duration> = ContinuousClock()

    /// The editors that change the notebook each time before it is saved, in this order.
    package var editors: [any ResultEditor] = []

    /// The folder of the kernel, if files are brought there or taken from there; nil for the notebook's own.
    package var workspace: (any RunWorkspace)?

    /// Whether the report contains the executed notebook.
    package var keepsNotebook = true

    /// A function that returns a line of input for a prompt, or nil for none.
    public typealias InputHandler = @Sendable (_ prompt: String, _ isPassword: Bool) async -> String?

    /// Creates hooks for the kernels and files of this machine, without other code.
    public init() {}

    /// Creates hooks for the kernels of a provider, without other code.
    public init(kernels: any KernelProvider) { self.kernels = kernels }

    /// The hooks that take part in running cells.
    package var cells: CellHooks { CellHooks(middleware: middleware, answer: answer) }
}
