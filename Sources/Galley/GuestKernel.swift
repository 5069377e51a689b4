import GalleyExecution
import GalleyJupyterProtocol
import Synchronization

/// A kernel of the caller's own, whose end nobody waits for longer than for that of another.
final class GuestKernel: Kernel {
    private let kernel: any Kernel
    /// How long it may take to end by itself.
    private let patience: Duration
    private let end = Mutex<End?>(nil)

    private struct End {
        var interlude: Interlude<Void>
        var task: Task<Void, Never>
    }

    /// How long it may take to end by force.
    private static let lastPatience = Duration.seconds(1)

    init(_ kernel: any Kernel, patience: Duration) { (self.kernel, self.patience) = (kernel, patience) }

    var name: String { kernel.name }
    var info: KernelInfo { kernel.info }
    var session: Session { kernel.session }
    var messages: KernelMessages { kernel.messages }
    var executor: (any TaskExecutor)? { kernel.executor }
    func send(_ message: Message) { kernel.send(message) }
    func interrupt() async {
        // What comes next, where it does not help, does not wait for it.
        Task { [kernel] in await kernel.interrupt() }
    }

    func shutdown() async { await begin().task.value }

    func kill() async {
        let end = begin()
        end.interlude.giveUp()
        await end.task.value
    }

    /// Begins to end it, unless that was begun before.
    private func begin() -> End {
        end.withLock { end in
            if let end { return end }
            let interlude = Interlude { [kernel] in await kernel.shutdown() }
            let task = Task { [kernel, patience] in
                if await interlude.answer(within: patience) == nil {
                    let killing = Interlude { await kernel.kill() }
                    _ = await killing.answer(within: Self.lastPatience)
                }
                // It may have forgotten to say that this was all.
                kernel.messages.finish()
            }
            let begun = End(interlude: interlude, task: task)
            end = begun
            return begun
        }
    }
}
