import GalleyConcurrency
import Glibc
package import GalleyJupyterProtocol
import Synchronization
import GalleyZeroMQTransport

/// A kernel on this machine that is ready.
package final class LocalKernel: Kernel {
    /// The kernel's info reply.
    package let info: KernelInfo
    /// The session that creates the client's messages.
    package var session: Session { start.session }
    /// The messages from the kernel, in order.
    package var messages: KernelMessages { start.connection.messages }
    /// The thread of the connection.
    package var executor: (any TaskExecutor)? { start.connection.executor }
    /// The name in notebooks.
    package var name: String { spec.name }
    /// The kernel spec.
    package var spec: KernelSpec { start.spec }

    /// The user of this process, which is also the kernel's.
    package var user: String? { Account.caller }

    /// The memory, in bytes, that the kernel and its descendants do not share with other processes; nil if the system
    /// does not report it.
    package var memory: Int? { start.process.memory }

    private let start: KernelStartup
    private let isEnding = Mutex(false)
    private let finished = AsyncPromise<Void>()

    init(_ start: KernelStartup, info: KernelInfo) {
        self.info = info
        self.start = start
        // Output from the start does not explain a later death.
        start.process.forgetOutput()
        start.process.ending.whenSet { [weak self] ending in
            // A requested end is not a death.
            let wasAsked = self?.isEnding.withLock(\.self) ?? true
            start.connection.close(with: wasAsked ? nil : .died(start.postMortem(ending)))
        }
    }

    /// Sends a message to the kernel.
    package func send(_ message: Message) { start.connection.send(message) }

    /// Interrupts the kernel by signal or by message, as its kernel spec says. If the kernel does not reply to the
    /// message, sends the signal.
    package func interrupt() async {
        guard spec.interruptMode == .message else { return start.process.signal(SIGINT) }
        let request = session.interruptRequest()
        let answered = start.handshake.expectReply(to: request)
        start.connection.send(request)
        if await answered.value(within: .seconds(1)) == nil { start.process.signal(SIGINT) }
    }

    /// Kills the kernel and all its descendants. Messages that it has already sent are kept.
    package func kill() async {
        let isFirst = beginEnding()
        start.process.killEverything()
        // A shutdown in progress sees that the kernel has ended.
        guard isFirst else { return _ = await finished.value() }
        await start.cleanUp(drainsMessages: true)
        finished.set(())
    }

    /// Marks the kernel as ending; returns whether this is the first call.
    private func beginEnding() -> Bool {
        isEnding.withLock { isEnding in
            defer { isEnding = true }
            return !isEnding
        }
    }

    /// Performs the shutdown steps of the options, then kills the kernel and removes its folder.
    package func shutdown() async {
        guard beginEnding() else { return _ = await finished.value() }
        for step in start.options.shutdownSteps where start.process.ending.current == nil { await perform(step) }
        await start.cleanUp()
        finished.set(())
    }

    /// Leaves the kernel to its guard, which needs no engine. Returns nil if the kernel may not be kept or has ended.
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
            // A kernel can end without a reply, or reply and not end.
            if await replied.isSet(before: start.process.ending, within: patience) {
                _ = await start.process.ending.value(within: afterReply)
            }
        case .signal(let number, let patience):
            start.process.signal(number)
            _ = await start.process.ending.value(within: patience)
        }
    }
}
