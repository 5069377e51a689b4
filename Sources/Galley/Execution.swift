import GalleyConcurrency
public import GalleyExecution
public import GalleyJupyterProtocol
public import GalleyNotebook

/// Code that a ``KernelClient`` has sent: its outputs as they come, and its result.
///
///     let execution = kernel.start("for day in range(3): print(day, flush=True)")
///     for await output in execution.outputs {
///         if case .stream(_, let text) = output { print(text, terminator: "") }
///     }
///     let result = try await execution.result
///
/// It goes on whether or not its outputs are heard, and ends with the scope of its kernel at the latest.
public final class Execution: Sendable {
    private let state = AsyncState(State())
    private let queue = AsyncState(EventQueue<IOPubMessage>())
    private let streams: Bool

    private struct State: Sendable {
        /// Runs the code; nil before its turn.
        var executor: Executor?
        var isInterrupted = false
        var result: Swift.Result<CodeResult, any Error>?
    }

    /// - Parameter streams: Whether the outputs are kept for ``outputs``.
    init(streams: Bool) { self.streams = streams }

    /// The outputs, as they come, up to the end of the code.
    ///
    /// Text comes in the pieces in which the kernel sends it. A display that changes comes again as
    /// ``IOPubMessage/update(_:)``, and ``IOPubMessage/clear(waits:)`` removes the outputs before it.
    ///
    /// The kernel does not wait for the loop. Outputs that are not taken are kept, up to 16 MB; later ones are left out until
    /// there is room again, and ``droppedOutputCount`` counts them. The ``result`` has all outputs in any case.
    ///
    /// Loops can take turns: each goes on where the one before it was left. When the task that listens is cancelled its loop
    /// ends, and the code goes on.
    public var outputs: EventSequence<IOPubMessage> { EventSequence(of: self, queue) }

    /// How many outputs ``outputs`` has left out, because they were not taken in time.
    public var droppedOutputCount: Int { queue.look(\.droppedCount) }

    /// Waits until the code is over, and returns its result.
    ///
    /// When the task that waits is cancelled, so is the code.
    ///
    /// - Throws: ``KernelFailure`` if the kernel dies, ``KernelClientError/restarted`` if it is restarted, and
    ///   `CancellationError` if the code is cancelled.
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

    /// Interrupts the code, and gives it the grace period of the options; code that waits for its turn is not sent.
    ///
    /// The ``result`` throws `CancellationError`, and the kernel lives on if the code heeds the interrupt.
    public func cancel() {
        let executor = state.change { state in
            if state.executor == nil { state.result = state.result ?? .failure(CancellationError()) }
            return state.executor
        }
        executor?.stop(.cancelled, sparesKernel: true)
        // Code that was not sent has nothing to wait for.
        if executor?.hasBegun != true { end(with: .failure(CancellationError())) }
    }

    /// Interrupts the code once, now or as soon as it is sent.
    func interrupt() {
        state.change { state in
            state.isInterrupted = true
            return state.executor
        }?.interrupt()
    }

    /// Notes that the turn of the code has come; returns whether it is still to be run.
    func begin(_ executor: Executor) -> Bool {
        let (isWanted, isInterrupted) = state.change { state in
            if state.result == nil { state.executor = executor }
            return (state.result == nil, state.isInterrupted)
        }
        if isWanted, isInterrupted { executor.interrupt() }
        return isWanted
    }

    /// Takes an output.
    func receive(_ iopubMessage: IOPubMessage) { if streams { queue.change { $0.add(iopubMessage) } } }

    /// Notes how the code has ended; the first end counts.
    func end(with result: Swift.Result<CodeResult, any Error>) {
        state.change { state in
            state.result = state.result ?? result
            state.executor = nil
        }
        queue.change { $0.finish() }
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

    /// Whether the code came to its end without an error.
    public var isSuccess: Bool { outcome.isSuccess }

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
