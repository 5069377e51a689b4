package import GalleyConcurrency
import GalleyJSON
package import GalleyJupyterProtocol
import Synchronization

/// Hears every message of a kernel first: knows when it is ready, and who waits for a reply on the control channel.
package final class ReadinessHandshake: Sendable {
    /// Set when the kernel has told what it is and has been heard on the channel on which it publishes.
    package let ready = AsyncPromise<KernelInfo>()
    /// Set when the conversation has broken off.
    package let connectionFailed = AsyncPromise<KernelFailure>()
    private let session: Session
    private let state = Mutex(State())

    private struct State {
        var isPublishing = false
        var questions: Set<String> = []
        var replies: [String: AsyncPromise<Void>] = [:]
    }

    /// A kernel that answers this often and never publishes anything is taken as it is.
    private static let enough = 200

    /// Begins before anything is sent.
    package init(session: Session) { self.session = session }

    /// The first thing that is said to a kernel.
    ///
    /// It waits in the socket until the kernel is there. A kernel drops a message that it has seen before without a
    /// word, so each further one has an identifier of its own.
    package func infoRequest() -> Message {
        let request = session.kernelInfoRequest()
        state.withLock { _ = $0.questions.insert(request.header.id) }
        return request
    }

    /// Returns what is set when the reply to a request has come.
    package func expectReply(to request: Message) -> AsyncPromise<Void> {
        let latch = AsyncPromise<Void>()
        state.withLock { $0.replies[request.header.id] = latch }
        return latch
    }

    /// Looks at a message before anything else does, and says what becomes of it.
    package func receive(_ message: Message) -> Connection.Reaction {
        if message.channel == .control, let parent = message.parent?.id {
            state.withLock { $0.replies.removeValue(forKey: parent) }?.set(())
        }
        if ready.current != nil {
            // What is still to come of the questions is nobody's business.
            let isOwn = message.parent.map { parent in state.withLock { $0.questions.contains(parent.id) } } ?? false
            return Connection.Reaction(isDelivered: !isOwn && !message.isWelcome)
        }
        return Connection.Reaction(isDelivered: false, replies: getReady(with: message))
    }

    /// A kernel is ready when it replies. But a subscription takes its time, and what is published before it has
    /// arrived is lost: so it must have been heard publishing too, be it only its welcome.
    private func getReady(with message: Message) -> [Message] {
        let (isAnswer, isPublishing, count) = state.withLock { state in
            if message.channel == .iopub { state.isPublishing = true }
            return (state.questions.contains(message.parent?.id ?? ""), state.isPublishing, state.questions.count)
        }
        guard let info = message.kernelInfo, isAnswer else { return [] }
        if !isPublishing, count < Self.enough { return [infoRequest()] }
        ready.set(info)
        return []
    }
}
