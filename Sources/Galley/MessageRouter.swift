import GalleyConcurrency
import GalleyExecution
import GalleyJupyterProtocol
import Synchronization

/// Hears a kernel, and hands each message to the request that it belongs to.
///
/// At a time one piece of code runs, and any number of other requests wait for their replies. A message that belongs to none
/// of them is dropped: a thread of earlier code may go on printing for as long as the kernel lives.
final class MessageRouter: Sendable {
    let kernel: any Kernel
    private let state = AsyncState(State())

    private struct State: Sendable {
        /// The code that runs.
        var code: CodeKernel?
        /// The requests that wait for a reply, by their identifiers.
        var replies: [String: Reply] = [:]
        /// Why no more messages come; nil while they may.
        var ending: (any Error)?
    }

    private enum Reply: Sendable {
        case awaited
        case here(Message)
        case late
    }

    /// Begins to hear the kernel; ends with its messages.
    init(_ kernel: any Kernel) {
        self.kernel = kernel
        Task { [self] in
            do {
                // Where the messages arrive, so that none of them wakes a thread.
                try await withTaskExecutorPreference(kernel.executor) {
                    for try await message in kernel.messages { route(message) }
                }
                end(with: KernelFailure.disconnected("the kernel was shut down"))
            } catch {
                end(with: error)
            }
        }
    }

    /// Why no more messages come; nil while they may.
    var ending: (any Error)? { state.look(\.ending) }

    /// Ends all that waits for the kernel, and all that is sent to it later; the first reason counts.
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

    /// Lets code run in a kernel that has the messages of this code alone.
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

    /// Sends a request and waits for its reply, also while code runs.
    ///
    /// - Throws: `KernelClientError.noReply` after the limit, the reason for which no more messages come, and
    ///   `CancellationError` if the task is cancelled.
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

/// A kernel as one piece of code sees it: it says nothing before it has begun with this code, and nothing of other code.
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

    /// Takes a message of the kernel, if it may belong to this code.
    func receive(_ message: Message) {
        let isWanted = state.withLock { state in
            let isOwn = message.parent.map { state.requests.contains($0.id) }
            if isOwn == true { state.hasBegun = true }
            // A kernel that does not tell what its output belongs to means the code that runs.
            return state.hasBegun && isOwn != false || message.channel == .stdin
        }
        if isWanted { messages.add(message) }
    }
}
