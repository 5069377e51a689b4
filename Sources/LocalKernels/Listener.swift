import GalleyJSON
import GalleyJupyterProtocol
import Synchronization
import GalleyZeroMQTransport

/// Hears every message of a kernel first: knows when it is ready, and answers what nobody else would.
final class Listener: Sendable {
    /// Set when the kernel has told what it is and has been heard on the channel on which it publishes.
    let ready = Latch<KernelInfo>()
    /// Set when the conversation has broken off.
    let broken = Latch<KernelFailure>()
    private let session: Session
    private let answer: KernelOptions.Answer?
    private let state = Mutex(State())

    private struct State {
        var isPublishing = false
        var questions: Set<String> = []
        var replies: [String: Latch<Void>] = [:]
    }

    /// A kernel that answers this often and never publishes anything is taken as it is.
    private static let enough = 200

    init(session: Session, answer: KernelOptions.Answer?) {
        self.session = session
        self.answer = answer
    }

    /// Says through which connection answers go.
    func speak(through connection: Connection) { speaker.set(Speaker(connection: connection)) }

    /// The connection knows the listener, so the listener must not hold it.
    private struct Speaker: Sendable {
        weak let connection: Connection?
        func send(_ message: Message) { connection?.send(message) }
    }

    private let speaker = Latch<Speaker>()

    /// The first thing that is said to a kernel.
    ///
    /// It waits in the socket until the kernel is there. A kernel drops a message that it has seen before without a
    /// word, so each further one has an identifier of its own.
    func question() -> Message {
        let request = session.kernelInfoRequest()
        state.withLock { _ = $0.questions.insert(request.header.id) }
        return request
    }

    /// Returns what is set when the reply to a request has come.
    func expectReply(to request: Message) -> Latch<Void> {
        let latch = Latch<Void>()
        state.withLock { $0.replies[request.header.id] = latch }
        return latch
    }

    func hear(_ message: Message) -> Connection.Reaction {
        if message.channel == .control, let parent = message.parent?.id {
            state.withLock { $0.replies.removeValue(forKey: parent) }?.set(())
        }
        if let (prompt, isPassword) = message.question {
            guard let answer else {
                return Connection.Reaction(passesOn: true, replies: [session.inputReply(nil, to: message)])
            }
            // Somebody may have to be asked, and the kernel goes on speaking meanwhile.
            Task { [self] in
                let text = await answer(prompt, isPassword)
                speaker.current?.send(session.inputReply(text, to: message))
            }
            return Connection.Reaction(passesOn: true)
        }
        if ready.current != nil {
            // What is still to come of the questions is nobody's business.
            let isOwn = message.parent.map { parent in state.withLock { $0.questions.contains(parent.id) } } ?? false
            return Connection.Reaction(passesOn: !isOwn && !message.isWelcome)
        }
        return Connection.Reaction(passesOn: false, replies: getReady(with: message))
    }

    /// A kernel is ready when it replies. But a subscription takes its time, and what is published before it has
    /// arrived is lost: so it must have been heard publishing too, be it only its welcome.
    private func getReady(with message: Message) -> [Message] {
        let (isAnswer, isPublishing, count) = state.withLock { state in
            if message.channel == .iopub { state.isPublishing = true }
            return (state.questions.contains(message.parent?.id ?? ""), state.isPublishing, state.questions.count)
        }
        guard let info = message.kernelInfo, isAnswer else { return [] }
        if !isPublishing, count < Self.enough { return [question()] }
        ready.set(info)
        return []
    }
}
