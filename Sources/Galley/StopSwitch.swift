public import Execution
import Synchronization

/// Ends a run from outside of it.
public final class StopSwitch: Sendable {
    private struct State {
        var reasons: [StopReason] = []
        /// What listens: at first whatever starts the kernel, then whatever runs the cells.
        var listener: (@Sendable (StopReason) -> Bool)?
    }

    private let state = Mutex(State())

    /// Makes a switch, for one run.
    public init() {}

    /// Ends the run: the cell that runs is interrupted, what there is is kept and saved, the kernel is ended.
    ///
    /// It takes no longer than the grace period of the options. When it is called again the kernel is killed at once.
    ///
    /// - Returns: Whether there is anything to be ended: false before there is a kernel, when the run merely reads, and
    ///   when everything is saved.
    @discardableResult
    public func stop(_ reason: StopReason) -> Bool {
        let listener = state.withLock { state in
            state.reasons.append(reason)
            return state.listener
        }
        return listener?(reason) ?? false
    }

    /// Why the run was ended first; nil where it was not.
    var reason: StopReason? { state.withLock { $0.reasons.first } }

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
        let reasons = state.withLock { state in
            state.listener = listener
            return state.reasons
        }
        if let listener { reasons.forEach { _ = listener($0) } }
    }
}
