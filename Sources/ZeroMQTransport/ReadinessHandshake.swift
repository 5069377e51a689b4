package import GalleyConcurrency
import GalleyJSON
package import GalleyJupyterProtocol
import Synchronization

/// Inspects every message of a kernel first, to detect when the kernel is ready and when control replies arrive.
package final class ReadinessHandshake: Sendable {
    /// Fulfilled when the kernel has sent its kernel info reply and at least one IOPub message.
    package let ready = AsyncPromise<KernelInfo>()
    /// Fulfilled when the connection has failed.
    package let connectionFailed = AsyncPromise<KernelFailure>()
    private let session: Session
    private let state = Mutex(State())

    private struct State {
        var isPublishing = false
        var questions: Set<String> = []
        var replies: [String: AsyncPromise<Void>] = [:]
    }

    /// The number of requests after which a kernel counts as ready even without an IOPub message.
    private static let enough = 200

    /// Creates a handshake. Call it before the first message is sent.
    package init(session: Session) { self.session = session }

    /// Returns a kernel info request, the first message to a kernel.
    ///
    /// The request waits in the socket until the kernel listens. Kernels silently drop repeated messages, so each
    /// request has a new ID.
    package func infoRequest() -> Message {
        let request = session.kernelInfoRequest()
        state.withLock { _ = $0.questions.insert(request.header.id) }
        return request
    }

    /// Returns a promise that is fulfilled when the reply to a control request arrives.
    package func expectReply(to request: Message) -> AsyncPromise<Void> {
        let latch = AsyncPromise<Void>()
        state.withLock { $0.replies[request.header.id] = latch }
        return latch
    }

    /// Processes a message before its delivery; returns how to handle it.
    package func receive(_ message: Message) -> Connection.Reaction {
        if message.channel == .control, let parent = message.parent?.id {
            state.withLock { $0.replies.removeValue(forKey: parent) }?.set(())
        }
        if ready.current != nil {
            // Late messages of the handshake's own requests are not delivered.
            let isOwn = message.parent.map { parent in state.withLock { $0.questions.contains(parent.id) } } ?? false
            return Connection.Reaction(isDelivered: !isOwn && !message.isWelcome)
        }
        return Connection.Reaction(isDelivered: false, replies: getReady(with: message))
    }

    /// Checks whether the kernel is ready; returns the next request if it is not.
    ///
    /// A subscription takes effect with a delay, and messages published before that are lost. The kernel is therefore
    /// ready only after an IOPub message has arrived, such as its welcome message.
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
