import GalleyConcurrency
import GalleyExecution
import GalleyJupyterProtocol
import GalleyLocalKernels

/// A kernel that is borrowed from a provider, from the request until its return.
///
/// A provider is external code that may never return. It runs in a task of its own, which is abandoned after a time
/// limit.
struct BorrowedKernel: Sendable {
    private enum State: Sendable {
        case asked
        case here(any Kernel)
        case failed(any Error)
        /// The run no longer needs the kernel, or no longer waits for it.
        case returned
        /// The provider has taken the kernel back.
        case over
    }

    private let state = AsyncState(State.asked)
    private let work: Task<Void, Never>
    private let request: KernelRequest
    private let provider: String
    private let grace: Duration
    private let shutdownTimeout: @Sendable () -> Duration

    /// How long the kernel may take to end after a run that was not stopped.
    private static let usualEnd = Duration.seconds(5)
    private static let slack = Duration.seconds(1)

    /// Requests the kernel.
    ///
    /// - Parameter isStopping: Whether the kernel must end within `grace`.
    init(
        of provider: any KernelProvider, _ request: KernelRequest, grace: Duration,
        isStopping: @escaping @Sendable () -> Bool
    ) {
        (self.request, self.provider, self.grace) = (request, provider.name, grace)
        shutdownTimeout = { isStopping() ? grace : max(grace, Self.usualEnd) }
        work = Task { [state] in
            do {
                try request.check(for: provider)
                try await provider.withKernel(request) { kernel in
                    state.change { if case .asked = $0 { $0 = .here(kernel) } }
                    // A canceled task must not return the kernel before the run does.
                    await Task { _ = await state.first { if case .returned = $0 { true } else { nil } } }.value
                }
            } catch {
                state.change { if case .asked = $0 { $0 = .failed(error) } }
            }
            state.change { if case .failed = $0 {} else { $0 = .over } }
        }
    }

    /// Waits for the kernel, passes it to `body`, and returns it to the provider when `body` returns or throws.
    ///
    /// - Throws: Any error of the provider or of `body`; `KernelError.silent` if the provider does not respond in time.
    func withKernel<Result>(_ body: (any Kernel) async throws -> Result) async throws -> Result {
        let kernel = BoundedKernel(try await kernel(), shutdownTimeout: shutdownTimeout)
        do {
            let result = try await kernel.withShutdown(body)
            await returnKernel(kernel)
            return result
        } catch {
            await returnKernel(kernel)
            throw error
        }
    }

    private func kernel() async throws -> any Kernel {
        let answer = AbandonableTask { [state] in
            await state.first { state -> Swift.Result<any Kernel, any Error>? in
                switch state {
                case .asked: nil
                case .here(let kernel): .success(kernel)
                case .failed(let error): .failure(error)
                case .returned, .over: .failure(CancellationError())
                }
            } ?? .failure(CancellationError())
        }
        @Sendable func giveUpSoon() async throws {
            work.cancel()
            try await ContinuousClock().sleepInSteps(until: .now + grace)
            answer.abandon()
        }
        let alarm = Task {
            // The provider's own error is more specific, so the provider has slightly more time to throw it.
            try await ContinuousClock().sleepInSteps(until: .now + request.startTimeout + Self.slack)
            try await giveUpSoon()
        }
        defer { alarm.cancel() }
        let found = await withTaskCancellationHandler {
            await answer.answer()
        } onCancel: {
            Task { try await giveUpSoon() }
        }
        do {
            if let found { return try found.get() }
            state.change { $0 = .returned }
        } catch is CancellationError {}
        try Task.checkCancellation()
        let name = request.kernel ?? request.notebook.name ?? "of \(provider)"
        throw KernelError.silent(kernel: name, request.startTimeout, lastLines: [])
    }

    /// Returns the kernel to the provider, and waits until the provider has finished.
    private func returnKernel(_ kernel: BoundedKernel) async {
        state.change { if case .here = $0 { $0 = .returned } }
        // If the kernel has not ended, the provider would wait for it in vain.
        guard await kernel.end(force: false) else { return work.cancel() }
        let end = AbandonableTask { [work] in await work.value }
        if await end.answer(within: shutdownTimeout()) == nil { work.cancel() }
    }
}
