import GalleyConcurrency
public import GalleyExecution
public import GalleyJupyterProtocol
public import GalleyNotebook

/// Code that a ``KernelClient`` has sent to its kernel: its outputs as they arrive, and its result.
///
///     let execution = kernel.start("for day in range(3): print(day, flush=True)")
///     for await output in execution.outputs {
///         if case .stream(_, let text) = output { print(text, terminator: "") }
///     }
///     let result = try await execution.result
///
/// The code runs whether or not its outputs are read. It ends with the kernel at the latest.
public final class Execution: Sendable {
    private let state = AsyncState(State())
    private let queue = AsyncState(EventQueue<IOPubMessage>())
    private let streams: Bool

    private struct State: Sendable {
        /// The executor of the code; nil until it is the code's turn.
        var executor: Executor?
        var isInterrupted = false
        var result: Swift.Result<CodeResult, any Error>?
    }

    /// - Parameter streams: Whether to queue the outputs for ``outputs``.
    init(streams: Bool) { self.streams = streams }

    /// The outputs in the order in which they arrive, until the code ends.
    ///
    /// Text arrives in the pieces that the kernel sends. A changed display arrives as an ``IOPubMessage/update(_:)``,
    /// and an ``IOPubMessage/clear(waits:)`` removes the outputs before it.
    ///
    /// The kernel does not wait for the reader. Up to 16 MB of unread outputs are kept. Further outputs are dropped
    /// until there is room again, and ``droppedOutputCount`` counts them. The ``result`` contains all outputs in any
    /// case.
    ///
    /// Several loops can follow one another: each continues where the previous one stopped. If the task that runs the
    /// loop is canceled, the loop ends and the code continues.
    public var outputs: EventSequence<IOPubMessage> { EventSequence(of: self, queue) }

    /// The number of outputs that are missing from ``outputs`` because they were not read in time.
    public var droppedOutputCount: Int { queue.look(\.droppedCount) }

    /// The result of the code, available when the code has ended.
    ///
    /// If the waiting task is canceled, the code is canceled too.
    ///
    /// - Throws: ``KernelFailure`` if the kernel dies, ``KernelClientError/restarted`` if the kernel is restarted, and
    ///   `CancellationError` if the code is canceled.
    public var result: CodeResult {
        get async throws {
            let result = await withTaskCancellationHandler {
                await Task { [state] in await state.first(\.result) }.value
            } onCancel: {
                cancel()
            }
            guard let result else { throw CancellationError() }
            return try result.get()
        }
    }

    /// Interrupts the code. Code that waits for its turn is not sent.
    ///
    /// The ``result`` then throws `CancellationError`. The kernel stays alive if the code ends within the grace period
    /// of the options; otherwise it is killed.
    public func cancel() {
        let executor = state.change { state in
            if state.executor == nil { state.result = state.result ?? .failure(CancellationError()) }
            return state.executor
        }
        executor?.stop(.cancelled, sparesKernel: true)
        // Code that was never sent produces no result to wait for.
        if executor?.hasBegun != true { end(with: .failure(CancellationError())) }
    }

    /// Interrupts the code once: now, or as soon as it is sent.
    func interrupt() {
        state.change { state in
            state.isInterrupted = true
            return state.executor
        }?.interrupt()
    }

    /// Records that it is the code's turn; returns false if the code has been canceled in the meantime.
    func begin(_ executor: Executor) -> Bool {
        let (isWanted, isInterrupted) = state.change { state in
            if state.result == nil { state.executor = executor }
            return (state.result == nil, state.isInterrupted)
        }
        if isWanted, isInterrupted { executor.interrupt() }
        return isWanted
    }

    /// Queues an output for ``outputs``.
    func receive(_ iopubMessage: IOPubMessage) { if streams { queue.change { $0.add(iopubMessage) } } }

    /// Records the result of the code. Only the first call counts.
    func end(with result: Swift.Result<CodeResult, any Error>) {
        state.change { state in
            state.result = state.result ?? result
            state.executor = nil
        }
        queue.change { $0.finish() }
    }
}

/// The result of code that was run in a kernel.
public struct CodeResult: Sendable {
    /// How the code ended.
    public let outcome: CellOutcome
    /// The outputs, in order.
    public let outputs: [Output]
    /// How long the code ran.
    public let duration: Duration
    /// The kernel's execution count for the code; nil if the kernel does not report one.
    public let executionCount: Int?

    init(_ report: CellReport, _ cell: Cell) {
        (outcome, duration, executionCount) = (report.outcome, report.duration, report.executionCount)
        outputs = Array(cell.outputs)
    }

    /// Whether the code ended without an error.
    public var isSuccess: Bool { outcome.isSuccess }

    /// The printed text, and the plain text of displayed data and of the last value, joined in order.
    public var text: String {
        outputs.compactMap { output in
            output.kind == .error ? nil : output.text ?? output.data?.text("text/plain")
        }.joined()
    }

    /// The value of the last expression by MIME type; nil if there is none.
    public var value: MimeBundle? { outputs.last { $0.kind == .executeResult }?.data }

    /// The error that the code raised; nil if it raised none.
    public var error: CellError? { if case .raised(let error, _) = outcome { error } else { nil } }
}
