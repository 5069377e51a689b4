import Glibc
public import JupyterProtocol
import Synchronization
import ZeroMQTransport

/// A kernel on this machine, from the moment it is ready.
public final class LocalKernel: Kernel {
    /// What it said of itself when it was ready.
    public let info: KernelInfo
    /// The client's side of the conversation.
    public let session: Session
    /// Everything it says, in order.
    public var messages: KernelMessages { connection.messages }
    /// What it was started from.
    public let spec: KernelSpec

    private let connection: Connection
    private let process: GuardedProcess
    private let folder: RuntimeFolder
    private let options: KernelOptions
    private let listener: Listener
    private let isEnding = Mutex(false)
    private let finished = Latch<Void>()

    init(_ start: Start, info: KernelInfo) {
        self.info = info
        (session, spec, options) = (start.session, start.spec, start.options)
        (connection, process, folder, listener) = (start.connection, start.process, start.folder, start.listener)
        process.ending.whenSet { [weak self] ending in
            // An end that was asked for is no death.
            let wasAsked = self?.isEnding.withLock(\.self) ?? true
            start.connection.close(with: wasAsked ? nil : .died(start.postMortem(ending)))
        }
    }

    /// Sends it a message.
    public func send(_ message: Message) { connection.send(message) }

    /// Interrupts by signal or by message, as the kernel wants it; one that does not answer the message gets the signal.
    public func interrupt() async {
        guard spec.interruptMode == .message else { return process.signal(SIGINT) }
        let request = session.interruptRequest()
        let answered = listener.expectReply(to: request)
        connection.send(request)
        if await answered.value(within: .seconds(1)) == nil { process.signal(SIGINT) }
    }

    /// Ends the kernel by the steps of its options, then by force, and removes its folder.
    public func shutdown() async {
        let isFirst = isEnding.withLock { isEnding in
            defer { isEnding = true }
            return !isEnding
        }
        guard isFirst else { return _ = await finished.value() }
        for step in options.ending where process.ending.current == nil { await perform(step) }
        process.killEverything()
        // A guard that nothing moves is in the system's hands; nobody waits for it for ever.
        _ = await process.gone.value(within: .seconds(5))
        await connection.close()
        folder.remove()
        finished.set(())
    }

    private func perform(_ step: EndingStep) async {
        switch step {
        case .request(let patience, let afterReply):
            let request = session.shutdownRequest()
            let replied = listener.expectReply(to: request)
            connection.send(request)
            // A kernel may leave without a word, or say that it leaves and stay.
            if await replied.isSet(before: process.ending, within: patience) {
                _ = await process.ending.value(within: afterReply)
            }
        case .signal(let number, let patience):
            process.signal(number)
            _ = await process.ending.value(within: patience)
        }
    }
}
