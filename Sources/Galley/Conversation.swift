public import GalleyExecution
import GalleyJSON
public import GalleyJupyterProtocol
import GalleyLocalKernels
public import GalleyNotebook
import Synchronization

/// Starts a kernel, hands it to `body`, and ends it however `body` is left.
///
///     let answer = try await withKernel("python3") { kernel in
///         try await kernel.execute("import math")
///         return try await kernel.execute("math.factorial(10)").text
///     }
///
/// When it returns or throws, the kernel is gone, and with it everything that it started and every file that was made
/// for it.
///
/// - Parameters:
///   - name: What notebooks call the kernel, or the path of a Python environment.
///   - options: How it is started, and the limits for each piece of code. What they say of whole runs does not matter.
///   - body: Speaks to the kernel.
/// - Throws: ``KernelError`` where there is no such kernel or it does not start, `CancellationError` where the task is
///   cancelled before it has, and whatever `body` throws.
@discardableResult
public func withKernel<Result>(
    _ name: String, _ options: Options = Options(), _ body: (Conversation) async throws -> Result
) async throws -> Result {
    var options = options
    options.kernel = name
    let request = KernelRequest(options.settings, for: WantedKernel(name: name))
    let kernel = BorrowedKernel(of: options.kernels, request, grace: options.grace.countable) { false }
    do {
        return try await kernel.use {
            let conversation = Conversation($0, options)
            defer { conversation.end() }
            return try await body(conversation)
        }
    } catch is KernelError where Task.isCancelled {
        throw CancellationError()
    }
}

/// A conversation with a kernel: code goes in, and what it puts out comes back.
///
/// Several tasks can take part; what they send is run one after the other.
public final class Conversation: Sendable {
    /// What the kernel said of itself when it was ready.
    public var info: KernelInfo { kernel.info }

    private let kernel: any Kernel
    private let settings: RunSettings
    private let answer: RunHooks.Answer?
    private let state = Mutex(State())

    private struct State {
        /// What was sent last, which the next has to wait for.
        var last: Task<Void, Never>?
        /// How often something was sent.
        var count = 0
        /// Hears what the kernel says while nothing is run, which nobody is going to ask for.
        var idle: Task<Void, Never>?
    }

    init(_ kernel: any Kernel, _ options: Options) {
        self.kernel = kernel
        var settings = RunSettings()
        (settings.timeout, settings.idleTimeout) = (options.timeout, options.idleTimeout)
        (settings.grace, settings.outputLimit) = (options.grace, options.outputLimit)
        (self.settings, answer) = (settings, options.answer)
    }

    /// Runs code and returns what it put out.
    ///
    /// Code that raises an error or comes up against a limit has a result like any other, which tells so.
    ///
    /// - Parameters:
    ///   - code: The code.
    ///   - limit: How long it may take; nil for the limit of the options. Zero, and less, is reached at once.
    /// - Throws: ``KernelFailure`` when the kernel dies; `CancellationError` when the task is cancelled, after the code
    ///   was interrupted.
    @discardableResult
    public func execute(_ code: String, limit: Duration? = nil) async throws -> CodeResult {
        var settings = settings
        if let limit { settings.timeout = limit }
        var notebook = Notebook()
        notebook.cells.append(.code(code))
        let plan = try Plan(for: notebook, settings)
        let executor = Executor(
            notebook, plan, on: kernel, settings, hooks: CellHooks(answer: answer), ignoresForeignOutputs: true)
        let kernel = kernel
        let turn = state.withLock { state -> Task<CodeResult?, Never> in
            let (before, idle) = (state.last, state.idle)
            idle?.cancel()
            (state.idle, state.count) = (nil, state.count + 1)
            let turn = Task { [number = state.count] in
                await before?.value
                // Or it would take what is said of this code.
                await idle?.value
                let cells = await withTaskExecutorPreference(kernel.executor) { await executor.run() }.cells
                listen(after: number)
                return cells.first.map { CodeResult($0, executor.notebook.cells[0]) }
            }
            state.last = Task { _ = await turn.value }
            return turn
        }
        let result = Interlude { await turn.value }
        let answer = await withTaskCancellationHandler {
            await result.answer()
        } onCancel: {
            executor.stop(.cancelled, sparesKernel: true)
            // Nobody waits for what others have sent before.
            if !executor.hasBegun { result.giveUp() }
        }
        guard let answer = answer ?? nil else { throw CancellationError() }
        switch answer.outcome {
        case .kernelFailed(let failure): throw failure
        case .stopped, .notReached: throw CancellationError()
        default: return answer
        }
    }

    /// Hears the kernel until something else is sent: a thread of its own may go on printing for as long as it lives.
    private func listen(after number: Int) {
        state.withLock { state in
            guard state.count == number else { return }
            state.idle = Task { [messages = kernel.messages] in
                do { for try await _ in messages {} } catch {}
            }
        }
    }

    /// Listens no longer.
    func end() {
        state.withLock { state in
            state.count += 1
            state.idle?.cancel()
        }
    }
}

/// What became of code that was run in a kernel.
public struct CodeResult: Sendable {
    /// How it ended.
    public let outcome: CellOutcome
    /// What it put out, in order.
    public let outputs: [Output]
    /// How long it took.
    public let duration: Duration
    /// The number by which the kernel counts it; nil where the kernel does not count.
    public let executionCount: Int?

    init(_ report: CellReport, _ cell: Cell) {
        (outcome, duration, executionCount) = (report.outcome, report.duration, report.executionCount)
        outputs = Array(cell.outputs)
    }

    /// What a person would see: what was printed, and the plain text of what was displayed and of the last value.
    public var text: String {
        outputs.compactMap { output in
            output.kind == .error ? nil : output.text ?? output.data?.text("text/plain")
        }.joined()
    }

    /// The value of the last expression, in its representations; nil where it had none.
    public var value: MimeBundle? { outputs.last { $0.kind == .executeResult }?.data }

    /// The error that it raised; nil where it raised none.
    public var error: CellError? { if case .raised(let error, _) = outcome { error } else { nil } }
}
