import GalleyConcurrency
package import GalleyExecution
import GalleyJupyterProtocol

/// Ends a run from outside of it.
package final class StopSignal: Sendable {
    private struct State {
        var reasons: [StopReason] = []
        /// When it was used first.
        var firstUse: ContinuousClock.Instant?
        /// What listens: at first whatever starts the kernel, then whatever runs the cells.
        var listener: (@Sendable (StopReason) -> Bool)?
    }

    private let state = AsyncState(State())

    /// Makes a switch, for one run.
    package init() {}

    /// Ends the run: the cell that runs is interrupted, what there is is kept and saved, the kernel is ended.
    ///
    /// It takes no longer than the grace period of the options. When it is called again the kernel is killed at once.
    ///
    /// - Returns: Whether there is anything to be ended: false before there is a kernel, when the run merely reads, and
    ///   when everything is saved.
    @discardableResult
    package func stop(_ reason: StopReason) -> Bool {
        send(reason, isRepeatable: true)
    }

    /// Ends the run for nobody's sake in particular, unless it was ended before: the kernel has its time.
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

    /// Waits until somebody uses it, and returns when that was; nil where the task is cancelled before.
    func firstUse() async -> ContinuousClock.Instant? { await state.first { $0.firstUse } }

    /// Why the run was ended first; nil where it was not.
    var reason: StopReason? { state.look { $0.reasons.first } }

    /// Lets somebody hear of every stop from now on, and of those that were before; nil for nobody.
    func setListener(_ listener: (@Sendable (StopReason) -> Void)?) {
        guard let listener else { return setAnsweringListener(nil) }
        setAnsweringListener { reason in
            listener(reason)
            return true
        }
    }

    /// Lets somebody hear of every stop who tells whether there is anything to be ended.
    func setAnsweringListener(_ listener: (@Sendable (StopReason) -> Bool)?) {
        let reasons = state.change { state in
            state.listener = listener
            return state.reasons
        }
        if let listener { reasons.forEach { _ = listener($0) } }
    }
}
