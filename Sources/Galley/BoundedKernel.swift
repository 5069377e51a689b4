import GalleyConcurrency
import GalleyExecution
import GalleyJupyterProtocol
import Synchronization

/// A kernel of any provider that is killed if it does not end in time.
final class BoundedKernel: KernelDecorator {
    let kernel: any Kernel
    /// How long it may take to end by itself.
    private let shutdownTimeout: @Sendable () -> Duration
    private let end = Mutex<Shutdown?>(nil)
    /// What has come of the wish to keep the kernel; nil until then.
    private let keeping = AsyncState<KeptKernel??>(nil)

    private struct Shutdown {
        /// Waits for the kernel to end by itself; nil if it is killed at once.
        var asking: AbandonableTask<Void>?
        var task: Task<Bool, Never>
    }

    /// How long it may take to end by force.
    private static let lastPatience = Duration.seconds(3)

    init(_ kernel: any Kernel, shutdownTimeout: @escaping @Sendable () -> Duration) {
        (self.kernel, self.shutdownTimeout) = (kernel, shutdownTimeout)
    }

    var messages: KernelMessages { kernel.messages }
    func send(_ message: Message) { kernel.send(message) }
    func interrupt() async {
        // The run goes on with its next step, whether or not the kernel reacts.
        Task { [kernel] in await kernel.interrupt() }
    }

    func shutdown() async { _ = await end(force: false) }

    /// Keeps the kernel or, if it cannot be kept, ends it; returns nil then, and if its end was begun before.
    func keep() async -> KeptKernel? {
        let (end, isFirst) = begin(force: false, keeps: true)
        guard isFirst else { return nil }
        _ = await end.task.value
        // A kernel that is killed at this moment may have been left to itself the moment before.
        let answer = AbandonableTask { [keeping] in await keeping.first { $0 } ?? nil }
        return await answer.answer(within: Self.lastPatience) ?? nil
    }

    /// Ends it, unless that was begun before; returns whether it has ended.
    func end(force: Bool) async -> Bool {
        let (end, _) = begin(force: force)
        if force { end.asking?.abandon() }
        return await end.task.value
    }

    func kill() async { _ = await end(force: true) }

    /// Begins to end it, unless that was begun before; returns whether this call has.
    ///
    /// - Parameter keeps: Whether it is ended only if it cannot be kept.
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
                // It may have forgotten to say that this was all.
                kernel.messages.finish()
                return hasEnded
            }
            let begun = Shutdown(asking: asking, task: task)
            end = begun
            return (begun, true)
        }
    }
}
