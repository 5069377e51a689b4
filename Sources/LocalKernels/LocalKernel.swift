import GalleyConcurrency
import Glibc
package import GalleyJupyterProtocol
import Synchronization
import GalleyZeroMQTransport

/// A kernel on this machine, from the moment it is ready.
package final class LocalKernel: Kernel {
    /// What it said of itself when it was ready.
    package let info: KernelInfo
    /// The client's side of the conversation.
    package var session: Session { start.session }
    /// Everything it says, in order.
    package var messages: KernelMessages { start.connection.messages }
    /// The thread of its connection.
    package var executor: (any TaskExecutor)? { start.connection.executor }
    /// What notebooks call it.
    package var name: String { spec.name }
    /// What it was started from.
    package var spec: KernelSpec { start.spec }

    /// The user of this process, as whom it was started.
    package var user: String? { Account.caller }

    /// How much memory it has to itself, with everything that it started, in bytes; nil where the system does not tell.
    package var memory: Int? { start.process.memory }

    private let start: KernelStartup
    private let isEnding = Mutex(false)
    private let finished = AsyncPromise<Void>()

    init(_ start: KernelStartup, info: KernelInfo) {
        self.info = info
        self.start = start
        // What a kernel says while it gets ready explains nothing of what it may die of later.
        start.process.forgetOutput()
        start.process.ending.whenSet { [weak self] ending in
            // An end that was asked for is no death.
            let wasAsked = self?.isEnding.withLock(\.self) ?? true
            start.connection.close(with: wasAsked ? nil : .died(start.postMortem(ending)))
        }
    }

    /// Sends it a message.
    package func send(_ message: Message) { start.connection.send(message) }

    /// Interrupts by signal or by message, as the kernel wants it; one that does not answer the message gets the signal.
    package func interrupt() async {
        guard spec.interruptMode == .message else { return start.process.signal(SIGINT) }
        let request = session.interruptRequest()
        let answered = start.handshake.expectReply(to: request)
        start.connection.send(request)
        if await answered.value(within: .seconds(1)) == nil { start.process.signal(SIGINT) }
    }

    /// Ends the kernel and everything that it started; what it has said by then is kept.
    package func kill() async {
        let isFirst = beginEnding()
        start.process.killEverything()
        // Whoever is asking it to end sees that it has.
        guard isFirst else { return _ = await finished.value() }
        await start.cleanUp(drainsMessages: true)
        finished.set(())
    }

    /// Notes that the end is wanted; returns whether this is the first to want it.
    private func beginEnding() -> Bool {
        isEnding.withLock { isEnding in
            defer { isEnding = true }
            return !isEnding
        }
    }

    /// Ends the kernel by the steps of its options, then by force, and removes its folder.
    package func shutdown() async {
        guard beginEnding() else { return _ = await finished.value() }
        for step in start.options.shutdownSteps where start.process.ending.current == nil { await perform(step) }
        await start.cleanUp()
        finished.set(())
    }

    /// Leaves the kernel to a keeper that needs no engine: its guard.
    package func keep() async -> KeptKernel? {
        guard start.options.isKeepable, start.process.ending.current == nil, beginEnding() else { return nil }
        let kept = await start.keep()
        finished.set(())
        return kept
    }

    private func perform(_ step: ShutdownStep) async {
        switch step {
        case .request(let patience, let afterReply):
            let request = session.shutdownRequest()
            let replied = start.handshake.expectReply(to: request)
            start.connection.send(request)
            // A kernel may leave without a word, or say that it leaves and stay.
            if await replied.isSet(before: start.process.ending, within: patience) {
                _ = await start.process.ending.value(within: afterReply)
            }
        case .signal(let number, let patience):
            start.process.signal(number)
            _ = await start.process.ending.value(within: patience)
        }
    }
}
