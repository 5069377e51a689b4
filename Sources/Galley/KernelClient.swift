import GalleyConcurrency
import GalleyExecution
public import GalleyJupyterProtocol
import GalleyNotebook

/// Starts a kernel, passes a client for it to `body`, and ends the kernel when `body` returns or throws.
///
///     let answer = try await withKernel("python3") { kernel in
///         try await kernel.execute("import math")
///         return try await kernel.execute("math.factorial(10)").text
///     }
///
/// When the function returns or throws, the kernel has ended, with all processes that it started and all files that
/// were made for it. A kernel that its provider leaves running, such as one of ``AttachedKernels``, is only released.
///
/// - Parameters:
///   - name: The name of the kernel as in notebooks, or the path of a Python environment.
///   - options: How to start the kernel, and the limits for each piece of code. Options of whole runs have no effect.
///   - body: Sends code to the kernel.
/// - Throws: ``KernelError`` if the kernel does not exist or does not start, `CancellationError` if the task is
///   canceled before the kernel is ready, and any error of `body`.
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

/// A client of a kernel, which sends code and receives the outputs.
///
/// Several tasks can use a client at the same time. The kernel runs pieces of code one after the other, in the order in
/// which they were sent. Other requests, such as ``complete(_:at:limit:)``, do not wait for queued code, but most
/// kernels reply only after the running code has ended.
///
/// ``withKernel(_:_:_:)`` creates a client, and ends its kernel.
public final class KernelClient: Sendable {
    private let settings: RunSettings
    private let hooks: CellHooks
    private let provider: any KernelProvider
    /// Requests a kernel like the first one.
    private let request: @Sendable () -> KernelScope
    private let state: AsyncState<State>

    private struct State: Sendable {
        var stage: Stage
        /// The information that the latest ready kernel sent.
        var info: KernelInfo
        /// Increases with each restart.
        var generation = 0
        var isRestarting = false
        /// The code that has not ended, in order.
        var executions: [Execution] = []
        /// Completes when the code that was sent last has ended.
        var last: Task<Void, Never>?
    }

    private enum Stage: Sendable {
        case starting(KernelScope?)
        case ready(KernelScope, MessageRouter)
        case failed(any Error)
        case ended
    }

    /// Starts the kernel with this name.
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

    /// The information that the kernel sent when it was ready; after a restart, that of the new kernel.
    public var info: KernelInfo { state.look(\.info) }

    // MARK: - Code

    /// Runs code and returns its result.
    ///
    /// Code that raises an error, is interrupted or exceeds a limit has a result too: its ``CodeResult/outcome`` says
    /// how it ended.
    ///
    /// - Parameters:
    ///   - code: The code.
    ///   - limit: How long the code may run; nil for the limit of the options. Zero or less is exceeded at once.
    /// - Throws: ``KernelFailure`` if the kernel dies; ``KernelClientError/restarted`` if the kernel is restarted;
    ///   `CancellationError` if the task is canceled, after the code was interrupted.
    @discardableResult
    public func execute(_ code: String, limit: Duration? = nil) async throws -> CodeResult {
        let execution = Execution(streams: false)
        begin(execution, of: code, limit)
        return try await execution.result
    }

    /// Sends code and returns at once, so that you can follow the outputs while the code runs.
    ///
    /// - Parameters:
    ///   - code: The code.
    ///   - limit: How long the code may run; nil for the limit of the options. Zero or less is exceeded at once.
    public func start(_ code: String, limit: Duration? = nil) -> Execution {
        let execution = Execution(streams: true)
        begin(execution, of: code, limit)
        return execution
    }

    /// Interrupts the running code, or the next code if it is about to run.
    ///
    /// In most kernels the interrupt raises an error, which the code's result contains. Queued code runs afterward.
    /// Does nothing if no code was sent. A kernel can ignore the interrupt; use ``restart()`` to end such a kernel.
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
                // This comes first: an interrupt after the result is meant for the next code.
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

    /// Ends the kernel, and starts a new one with the same name and options.
    ///
    ///     try await withKernel("python3") { kernel in
    ///         try await kernel.execute("x = 1")
    ///         try await kernel.restart()
    ///         let result = try await kernel.execute("x")
    ///         print(result.error?.name ?? "")
    ///     }
    ///
    /// Code and requests that have no result yet throw ``KernelClientError/restarted`` at once. Code and requests that
    /// are sent during the restart wait for the new kernel. The old kernel and the processes that it started end before
    /// the new kernel starts.
    ///
    /// - Throws: ``KernelClientError/cannotRestart(provider:)`` if the provider leaves its kernels running; the kernel
    ///   is not affected. Any error of the start, and `CancellationError` if the task is canceled before the new kernel
    ///   is ready; the client then has no kernel until the next restart.
    public func restart() async throws {
        guard provider.endsKernels else { throw KernelClientError.cannotRestart(provider: provider.name) }
        // If the task is already canceled, the kernel keeps running.
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
        // The client ended during the start, and left this scope too.
        if !isWanted { throw KernelClientError.ended }
    }

    /// Ends the kernel, and waits until it has ended, even if the task is canceled.
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
    /// - Parameter generation: The generation of the kernel; nil for the current or the next one.
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

    /// Sends a request to the kernel and returns the reply.
    func requestReply(within limit: Duration, _ request: @Sendable (Session) -> Message) async throws -> KernelReply {
        let router = try await router()
        let request = request(router.kernel.session)
        return KernelReply(to: request, try await router.reply(to: request, within: limit))
    }
}
