import GalleyConcurrency
package import GalleyExecution
import GalleyJupyterProtocol

/// A signal that ends a run from outside.
package final class StopSignal: Sendable {
    private struct State {
        var reasons: [StopReason] = []
        /// When the run was first stopped.
        var firstUse: ContinuousClock.Instant?
        /// Receives the stops: first the code that starts the kernel, then the code that runs the cells.
        var listener: (@Sendable (StopReason) -> Bool)?
    }

    private let state = AsyncState(State())

    /// Creates a signal for one run.
    package init() {}

    /// Ends the run: interrupts the running cell, saves the outputs so far, and shuts the kernel down.
    ///
    /// This takes at most the grace period of the options. A second call kills the kernel at once.
    ///
    /// - Returns: Whether there is anything to end: false while the run only reads, and after the result was saved.
    @discardableResult
    package func stop(_ reason: StopReason) -> Bool {
        send(reason, isRepeatable: true)
    }

    /// Ends the run unless it was stopped earlier, so it never kills the kernel at once.
    func cancelOnce() { _ = send(.cancelled, isRepeatable: false) }

    private func send(_ reason: StopReason, isRepeatable: Bool) -> Bool {
        let listener = state.change { state -> (@Sendable (StopReason) -> Bool)? in
            guard isRepeatable || state.reasons.isEmpty else { return nil }
            state.reasons.append(reason)
            state.firstUse = state.firstUse ?? .now
            return state.listener
        }
        return listener?(reason) ?? false
    }

    /// Waits for the first stop and returns its time; nil if the task is canceled earlier.
    func firstUse() async -> ContinuousClock.Instant? { await state.first { $0.firstUse } }

    /// The reason of the first stop; nil if the run was not stopped.
    var reason: StopReason? { state.look { $0.reasons.first } }

    /// Sets the listener for all stops, including earlier ones; nil removes it.
    func setListener(_ listener: (@Sendable (StopReason) -> Void)?) {
        guard let listener else { return setAnsweringListener(nil) }
        setAnsweringListener { reason in
            listener(reason)
            return true
        }
    }

    /// Sets a listener for all stops, including earlier ones, that returns whether there is anything to end; nil
    /// removes it.
    func setAnsweringListener(_ listener: (@Sendable (StopReason) -> Bool)?) {
        let reasons = state.change { state in
            state.listener = listener
            return state.reasons
        }
        if let listener { reasons.forEach { _ = listener($0) } }
    }
}
