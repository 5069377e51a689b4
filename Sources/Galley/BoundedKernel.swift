import GalleyConcurrency
import GalleyExecution
import GalleyJupyterProtocol
import Synchronization

/// A kernel of any provider that is killed if it does not shut down in time.
final class BoundedKernel: KernelDecorator {
    let kernel: any Kernel
    /// How long the kernel may take to shut down.
    private let shutdownTimeout: @Sendable () -> Duration
    private let end = Mutex<Shutdown?>(nil)
    /// The result of the request to keep the kernel; nil until the provider has replied.
    private let keeping = AsyncState<KeptKernel??>(nil)

    private struct Shutdown {
        /// Waits for the kernel to shut down; nil if it is killed at once.
        var asking: AbandonableTask<Void>?
        var task: Task<Bool, Never>
    }

    /// How long killing the kernel may take.
    private static let lastPatience = Duration.seconds(3)

    init(_ kernel: any Kernel, shutdownTimeout: @escaping @Sendable () -> Duration) {
        (self.kernel, self.shutdownTimeout) = (kernel, shutdownTimeout)
    }

    var messages: KernelMessages { kernel.messages }
    func send(_ message: Message) { kernel.send(message) }
    func interrupt() async {
        // The run continues with its next step, whether or not the kernel reacts.
        Task { [kernel] in await kernel.interrupt() }
    }

    func shutdown() async { _ = await end(force: false) }

    /// Keeps the kernel, or shuts it down if it cannot be kept. Returns nil in the second case, and if a shutdown began
    /// earlier.
    func keep() async -> KeptKernel? {
        let (end, isFirst) = begin(force: false, keeps: true)
        guard isFirst else { return nil }
        _ = await end.task.value
        // If the request timed out, the provider may still have kept the kernel just before it was to be killed.
        let answer = AbandonableTask { [keeping] in await keeping.first { $0 } ?? nil }
        return await answer.answer(within: Self.lastPatience) ?? nil
    }

    /// Shuts the kernel down, unless a shutdown began earlier; returns whether the kernel has ended.
    func end(force: Bool) async -> Bool {
        let (end, _) = begin(force: force)
        if force { end.asking?.abandon() }
        return await end.task.value
    }

    func kill() async { _ = await end(force: true) }

    /// Begins the shutdown, or returns the one that began earlier.
    ///
    /// - Parameter keeps: Whether to shut the kernel down only if it cannot be kept.
    private func begin(force: Bool, keeps: Bool = false) -> (Shutdown, isFirst: Bool) {
        end.withLock { end in
            if let end { return (end, false) }
            let asking =
                force
                ? nil
                : AbandonableTask { [kernel, keeping] in
                    let kept = keeps ? try? await kernel.keep() : nil
                    keeping.change { $0 = .some(kept) }
                    if kept == nil { await kernel.shutdown() }
                }
            let task = Task { [kernel, shutdownTimeout] in
                var hasEnded = await asking?.answer(within: shutdownTimeout()) != nil
                if !hasEnded {
                    let killing = AbandonableTask { await kernel.kill() }
                    hasEnded = await killing.answer(within: Self.lastPatience) != nil
                }
                // The provider's kernel may not have finished its messages.
                kernel.messages.finish()
                return hasEnded
            }
            let begun = Shutdown(asking: asking, task: task)
            end = begun
            return (begun, true)
        }
    }
}
