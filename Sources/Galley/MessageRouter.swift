import GalleyConcurrency
import GalleyExecution
import GalleyJupyterProtocol
import Synchronization

/// A router that passes each message of a kernel to the request that it belongs to.
///
/// One piece of code runs at a time, while any number of other requests wait for replies. Other messages are dropped: a
/// thread of earlier code may print for as long as the kernel lives.
final class MessageRouter: Sendable {
    let kernel: any Kernel
    private let state = AsyncState(State())

    private struct State: Sendable {
        /// The kernel of the running code.
        var code: CodeKernel?
        /// The requests that wait for a reply, by message ID.
        var replies: [String: Reply] = [:]
        /// Why no more messages arrive; nil while they may.
        var ending: (any Error)?
    }

    private enum Reply: Sendable {
        case awaited
        case here(Message)
        case late
    }

    /// Starts to receive the messages of a kernel, until they end.
    init(_ kernel: any Kernel) {
        self.kernel = kernel
        Task { [self] in
            do {
                // On the executor where the messages arrive, so that no message wakes another thread.
                try await withTaskExecutorPreference(kernel.executor) {
                    for try await message in kernel.messages { route(message) }
                }
                end(with: KernelFailure.disconnected("the kernel was shut down"))
            } catch {
                end(with: error)
            }
        }
    }

    /// Why no more messages arrive; nil while they may.
    var ending: (any Error)? { state.look(\.ending) }

    /// Ends all current and later waits for the kernel with an error. Only the first error counts.
    func end(with error: any Error) {
        let (code, ending) = state.change { state in
            state.ending = state.ending ?? error
            return (state.code, state.ending)
        }
        code?.messages.finish(throwing: ending as? KernelFailure)
    }

    private func route(_ message: Message) {
        let (code, isReply) = state.look { state in
            guard message.channel == .shell, let id = message.parent?.id, case .awaited? = state.replies[id] else {
                return (state.code, false)
            }
            return (state.code, true)
        }
        guard isReply, let id = message.parent?.id else { code?.receive(message); return }
        state.change { if case .awaited? = $0.replies[id] { $0.replies[id] = .here(message) } }
    }

    /// Calls `body` with a kernel that receives only the messages of this code.
    func withCode<Result>(_ body: (CodeKernel) async -> Result) async -> Result {
        let code = CodeKernel(kernel)
        let ending = state.change { state in
            state.code = code
            return state.ending
        }
        if let ending { code.messages.finish(throwing: ending as? KernelFailure) }
        let result = await body(code)
        state.change { $0.code = nil }
        return result
    }

    /// Sends a request and waits for its reply, even while code runs.
    ///
    /// - Throws: `KernelClientError.noReply` after the limit, the error with which the messages ended, and
    ///   `CancellationError` if the task is canceled.
    func reply(to request: Message, within limit: Duration) async throws -> Message {
        let id = request.header.id
        state.change { $0.replies[id] = .awaited }
        defer { state.change { $0.replies[id] = nil } }
        kernel.send(request)
        let alarm = Task { [state] in
            try await ContinuousClock().sleepInSteps(until: .now + limit.clampedToClock)
            state.change { if case .awaited? = $0.replies[id] { $0.replies[id] = .late } }
        }
        defer { alarm.cancel() }
        let found = await state.first { state -> Swift.Result<Message, any Error>? in
            switch state.replies[id] {
            case .here(let message): .success(message)
            case .late: .failure(KernelClientError.noReply(request: request.type, limit: limit))
            case .awaited, nil: state.ending.map { .failure($0) }
            }
        }
        guard let found else { throw CancellationError() }
        return try found.get()
    }
}

/// A view of a kernel for one piece of code, without the messages of other code.
final class CodeKernel: KernelDecorator {
    let messages = KernelMessages()
    let kernel: any Kernel
    private let state = Mutex((requests: Set<String>(), hasBegun: false))

    init(_ kernel: any Kernel) { self.kernel = kernel }

    func interrupt() async { await kernel.interrupt() }
    func shutdown() async { await kernel.shutdown() }
    func kill() async { await kernel.kill() }

    func send(_ message: Message) {
        _ = state.withLock { $0.requests.insert(message.header.id) }
        kernel.send(message)
    }

    /// Adds a message of the kernel, if it may belong to this code.
    func receive(_ message: Message) {
        let isWanted = state.withLock { state in
            let isOwn = message.parent.map { state.requests.contains($0.id) }
            if isOwn == true { state.hasBegun = true }
            // An output without a parent belongs to the running code.
            return state.hasBegun && isOwn != false || message.channel == .stdin
        }
        if isWanted { messages.add(message) }
    }
}
