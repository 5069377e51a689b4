import Dispatch
import Synchronization

/// A value that is set once, and that any number of tasks can wait for.
package final class AsyncPromise<Value: Sendable>: Sendable {
    private struct State {
        var value: Value?
        var next = 0
        var waiters: [Int: @Sendable (Value?) -> Void] = [:]
    }

    private let state = Mutex(State())

    package init() {}

    /// Sets the value, unless it is already set; returns whether this call set it.
    @discardableResult
    package func set(_ value: Value) -> Bool {
        let waiters: [@Sendable (Value?) -> Void]? = state.withLock { state in
            guard state.value == nil else { return nil }
            state.value = value
            defer { state.waiters = [:] }
            return Array(state.waiters.values)
        }
        for waiter in waiters ?? [] { waiter(value) }
        return waiters != nil
    }

    /// The value; nil if it is not set.
    package var current: Value? { state.withLock { $0.value } }

    /// Calls `body` with the value when it is set, or at once if it is already set.
    package func whenSet(_ body: @escaping @Sendable (Value) -> Void) {
        wait(nil) { if let value = $0 { body(value) } }
    }

    /// Waits for the value, even if the task is canceled; returns nil if it is not set within `patience`.
    package func value(within patience: Duration? = nil) async -> Value? {
        await withCheckedContinuation { continuation in wait(patience) { continuation.resume(returning: $0) } }
    }

    /// Waits until this promise or another one is set; returns true only if this one was set first, within `patience`.
    package func isSet(before other: AsyncPromise<some Sendable>, within patience: Duration) async -> Bool {
        let first = AsyncPromise<Bool>()
        whenSet { _ in first.set(true) }
        other.whenSet { _ in first.set(false) }
        return await first.value(within: patience) ?? false
    }

    private func wait(_ patience: Duration?, _ body: @escaping @Sendable (Value?) -> Void) {
        let (value, number): (Value?, Int) = state.withLock { state in
            state.next += 1
            if state.value == nil { state.waiters[state.next] = body }
            return (state.value, state.next)
        }
        if let value { return body(value) }
        guard let patience else { return }
        DispatchQueue.global().asyncAfter(deadline: .now() + .nanoseconds(patience.nanoseconds)) { [weak self] in
            self?.state.withLock { $0.waiters.removeValue(forKey: number) }?(nil)
        }
    }
}

extension Duration {
    fileprivate var nanoseconds: Int {
        let (seconds, attoseconds) = components
        let (product, overflows) = Int(seconds).multipliedReportingOverflow(by: 1_000_000_000)
        return overflows ? .max / 2 : min(product, .max / 2) + Int(attoseconds / 1_000_000_000)
    }
}
