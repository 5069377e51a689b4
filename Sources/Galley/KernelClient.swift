import GalleyConcurrency
import GalleyExecution
public import GalleyJupyterProtocol
import GalleyNotebook

/// Starts a kernel, hands a client of it to `body`, and ends the kernel however `body` is left.
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
///   - body: Sends code to the kernel.
/// - Throws: ``KernelError`` where there is no such kernel or it does not start, `CancellationError` where the task is
///   cancelled before it has, and whatever `body` throws.
@discardableResult
public func withKernel<Result>(
    _ name: String, _ options: Options = Options(), _ body: (KernelClient) async throws -> Result
) async throws -> Result {
    var options = options
    options.kernel = name
    let client = try await KernelClient.start(name, options)
    do {
        let result = try await body(client)
        await client.end()
        return result
    } catch {
        await client.end()
        throw error
    }
}

/// A client of a kernel: it sends code, and gets what the kernel puts out.
///
/// Several tasks can use it at a time. Code is run one piece after the other, in the order in which it was sent. Questions such
/// as ``complete(_:at:limit:)`` do not wait for code that waits for its turn; most kernels answer them when the code that runs
/// is over.
///
/// ``withKernel(_:_:_:)`` makes a client, and ends its kernel.
public final class KernelClient: Sendable {
    private let settings: RunSettings
    private let hooks: CellHooks
    private let provider: any KernelProvider
    /// Asks for a kernel like the first.
    private let request: @Sendable () -> KernelScope
    private let state: AsyncState<State>

    private struct State: Sendable {
        var stage: Stage
        /// What the last kernel that was ready said of itself.
        var info: KernelInfo
        /// Grows with each restart.
        var generation = 0
        var isRestarting = false
        /// The code that is not over, in its order.
        var executions: [Execution] = []
        /// Ends when the code that was sent last is over.
        var last: Task<Void, Never>?
    }

    private enum Stage: Sendable {
        case starting(KernelScope?)
        case ready(KernelScope, MessageRouter)
        case failed(any Error)
        case ended
    }

    /// Starts a kernel of this name.
    static func start(_ name: String, _ options: Options) async throws -> KernelClient {
        let kernelRequest = KernelRequest(options.settings, for: WantedKernel(name: name))
        let request = { @Sendable in
            KernelScope {
                BorrowedKernel(of: options.kernels, kernelRequest, grace: options.grace.clampedToClock) { false }
            }
        }
        let scope = request()
        return KernelClient(scope, try await scope.kernel(), options, request)
    }

    private init(
        _ scope: KernelScope, _ kernel: any Kernel, _ options: Options, _ request: @escaping @Sendable () -> KernelScope
    ) {
        var settings = RunSettings()
        (settings.timeout, settings.idleTimeout) = (options.timeout, options.idleTimeout)
        (settings.grace, settings.outputLimit) = (options.grace, options.outputLimit)
        (self.settings, hooks) = (settings, CellHooks(answer: options.answer))
        (provider, self.request) = (options.kernels, request)
        state = AsyncState(State(stage: .ready(scope, MessageRouter(kernel)), info: kernel.info))
    }

    /// What the kernel said of itself when it was ready; after a restart, what the new one said.
    public var info: KernelInfo { state.look(\.info) }

    // MARK: - Code

    /// Runs code and returns what it put out.
    ///
    /// Code that raises an error, is interrupted or comes up against a limit has a result like any other, which tells so.
    ///
    /// - Parameters:
    ///   - code: The code.
    ///   - limit: How long it may take; nil for the limit of the options. Zero, and less, is reached at once.
    /// - Throws: ``KernelFailure`` when the kernel dies; ``KernelClientError/restarted`` when it is restarted;
    ///   `CancellationError` when the task is cancelled, after the code was interrupted.
    @discardableResult
    public func execute(_ code: String, limit: Duration? = nil) async throws -> CodeResult {
        let execution = Execution(streams: false)
        begin(execution, of: code, limit)
        return try await execution.result
    }

    /// Sends code, and returns at once: the outputs can be followed while the code runs.
    ///
    /// - Parameters:
    ///   - code: The code.
    ///   - limit: How long it may take; nil for the limit of the options. Zero, and less, is reached at once.
    public func start(_ code: String, limit: Duration? = nil) -> Execution {
        let execution = Execution(streams: true)
        begin(execution, of: code, limit)
        return execution
    }

    /// Interrupts the code that runs, or is about to: of the code that was sent, the first that is not over.
    ///
    /// In most kernels it raises an error, which its result has. Code behind it keeps its turn. Does nothing if no code was
    /// sent, and says nothing of whether the kernel heeds the interrupt; ``restart()`` ends a kernel that does not.
    public func interrupt() async { state.look(\.executions.first)?.interrupt() }

    private func begin(_ execution: Execution, of code: String, _ limit: Duration?) {
        var settings = settings
        if let limit { settings.timeout = limit }
        state.change { state in
            state.executions.append(execution)
            state.last = Task { [self, settings, last = state.last, generation = state.generation] in
                await last?.value
                let result: Result<CodeResult, any Error>
                do {
                    let router = try await router(of: generation)
                    result = .success(try await run(execution, of: code, settings, router))
                } catch {
                    result = .failure(error)
                }
                // First: an interrupt after the result is meant for the code behind it.
                self.state.change { state in state.executions.removeAll { $0 === execution } }
                execution.end(with: result)
            }
        }
    }

    private func run(
        _ execution: Execution, of code: String, _ settings: RunSettings, _ router: MessageRouter
    ) async throws -> CodeResult {
        var notebook = Notebook()
        notebook.cells.append(.code(code))
        let plan = try Plan(for: notebook, settings)
        let result = await router.withCode { [notebook, hooks] kernel -> CodeResult? in
            let executor = Executor(
                notebook, plan, on: kernel, settings, hooks: hooks, ignoresForeignOutputs: true
            ) { event in
                if case .output(_, let iopubMessage) = event { execution.receive(iopubMessage) }
            }
            guard execution.begin(executor) else { return nil }
            let cells = await withTaskExecutorPreference(kernel.executor) { await executor.run() }.cells
            return cells.first.map { CodeResult($0, executor.notebook.cells[0]) }
        }
        switch result?.outcome {
        case .kernelFailed(let failure): throw router.ending as? KernelClientError ?? failure
        case .stopped, .notReached, nil: throw CancellationError()
        default: break
        }
        guard let result else { throw CancellationError() }
        return result
    }

    // MARK: - The kernel

    /// Ends the kernel and starts a fresh one in its stead, by the same name and options.
    ///
    ///     try await withKernel("python3") { kernel in
    ///         try await kernel.execute("x = 1")
    ///         try await kernel.restart()
    ///         let result = try await kernel.execute("x")
    ///         print(result.error?.name ?? "")
    ///     }
    ///
    /// What was sent before and has no result yet throws ``KernelClientError/restarted`` at once. What is sent meanwhile waits
    /// for the new kernel. The old one is gone before the new one starts, and so is everything that it started.
    ///
    /// - Throws: Any error for which there is no new kernel, and `CancellationError` if the task is cancelled before it is
    ///   ready: then the client has no kernel until the next restart. ``KernelClientError/cannotRestart(provider:)``, with the
    ///   kernel as it was, if the provider leaves its kernels running.
    public func restart() async throws {
        guard provider.endsKernels else { throw KernelClientError.cannotRestart(provider: provider.name) }
        // A task that is cancelled already takes no kernel away.
        try Task.checkCancellation()
        let old = await state.first { state -> Stage? in
            guard !state.isRestarting else { return nil }
            if case .ended = state.stage { return .ended }
            defer { (state.stage, state.isRestarting) = (.starting(nil), true) }
            state.generation += 1
            return state.stage
        }
        guard let old else { throw CancellationError() }
        if case .ended = old { throw KernelClientError.ended }
        defer { state.change { $0.isRestarting = false } }
        if case .ready(let scope, let router) = old {
            router.end(with: KernelClientError.restarted)
            await scope.leave()
        }
        do {
            try await startAgain()
        } catch {
            state.change { if case .starting = $0.stage { $0.stage = .failed(error) } }
            throw error
        }
    }

    private func startAgain() async throws {
        try Task.checkCancellation()
        let scope = try state.change { state -> Swift.Result<KernelScope, any Error> in
            guard case .starting = state.stage else { return .failure(KernelClientError.ended) }
            let scope = request()
            state.stage = .starting(scope)
            return .success(scope)
        }.get()
        let kernel = try await scope.kernel()
        let isWanted = state.change { state in
            guard case .starting = state.stage else { return false }
            (state.stage, state.info) = (.ready(scope, MessageRouter(kernel)), kernel.info)
            return true
        }
        // The scope that the client is from has left this one too.
        if !isWanted { throw KernelClientError.ended }
    }

    /// Ends the kernel, and waits until it is gone, whether or not the task is cancelled.
    func end() async {
        let last = state.change { state in
            defer { state.stage = .ended }
            state.generation += 1
            return state.stage
        }
        switch last {
        case .ready(let scope, let router):
            router.end(with: KernelClientError.ended)
            await scope.leave()
        case .starting(let scope): await scope?.leave()
        case .failed, .ended: break
        }
        await Task { [state] in _ = await state.first { $0.isRestarting ? nil : true } }.value
    }

    /// Waits for the kernel.
    ///
    /// - Parameter generation: Which one; nil for the one that is there, or comes next.
    private func router(of generation: Int? = nil) async throws -> MessageRouter {
        let found = await state.first { state -> Swift.Result<MessageRouter, any Error>? in
            let isCurrent = generation == nil || generation == state.generation
            return switch state.stage {
            case .ended: .failure(KernelClientError.ended)
            case _ where !isCurrent: .failure(KernelClientError.restarted)
            case .starting: nil
            case .ready(_, let router): .success(router)
            case .failed(let error): .failure(KernelClientError.notRestarted(reason: "\(error)"))
            }
        }
        guard let found else { throw CancellationError() }
        return try found.get()
    }

    /// Asks the kernel something, and returns the reply.
    func requestReply(within limit: Duration, _ request: @Sendable (Session) -> Message) async throws -> KernelReply {
        let router = try await router()
        let request = request(router.kernel.session)
        return KernelReply(to: request, try await router.reply(to: request, within: limit))
    }
}
