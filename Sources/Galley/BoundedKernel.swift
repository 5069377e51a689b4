import GalleyExecution
import GalleyJupyterProtocol
import Synchronization

/// A kernel of any provider that is killed if it does not end in time.
final class BoundedKernel: Kernel {
    private let kernel: any Kernel
    /// How long it may take to end by itself.
    private let patience: @Sendable () -> Duration
    private let end = Mutex<End?>(nil)

    private struct End {
        /// Waits for the kernel to end by itself; nil if it is killed at once.
        var asking: Interlude<Void>?
        var task: Task<Bool, Never>
    }

    /// How long it may take to end by force.
    private static let lastPatience = Duration.seconds(3)

    init(_ kernel: any Kernel, patience: @escaping @Sendable () -> Duration) {
        (self.kernel, self.patience) = (kernel, patience)
    }

    var name: String { kernel.name }
    var info: KernelInfo { kernel.info }
    var session: Session { kernel.session }
    var messages: KernelMessages { kernel.messages }
    var user: String? { kernel.user }
    var memory: Int? { kernel.memory }
    var executor: (any TaskExecutor)? { kernel.executor }
    func send(_ message: Message) { kernel.send(message) }
    func interrupt() async {
        // The run goes on with its next step, whether or not the kernel reacts.
        Task { [kernel] in await kernel.interrupt() }
    }

    func shutdown() async { _ = await end(byForce: false) }

    /// Ends it, unless that was begun before; returns whether it has ended.
    func end(byForce: Bool) async -> Bool {
        let end = begin(byForce: byForce)
        if byForce { end.asking?.giveUp() }
        return await end.task.value
    }

    func kill() async { _ = await end(byForce: true) }

    /// Begins to end it, unless that was begun before.
    private func begin(byForce: Bool) -> End {
        end.withLock { end in
            if let end { return end }
            let asking = byForce ? nil : Interlude { [kernel] in await kernel.shutdown() }
            let task = Task { [kernel, patience] in
                var hasEnded = await asking?.answer(within: patience()) != nil
                if !hasEnded {
                    let killing = Interlude { await kernel.kill() }
                    hasEnded = await killing.answer(within: Self.lastPatience) != nil
                }
                // It may have forgotten to say that this was all.
                kernel.messages.finish()
                return hasEnded
            }
            let begun = End(asking: asking, task: task)
            end = begun
            return begun
        }
    }
}
