import GalleyConcurrency
package import GalleyJupyterProtocol
import Glibc

/// A connection to a kernel, which sends messages and receives all messages from the kernel.
///
/// The libzmq sockets belong to a thread of the connection. The thread waits for all of them at once and always
/// receives immediately, so that a slow reader does not cause lost messages.
package final class Connection: Sendable {
    /// All messages from the kernel. The sequence ends when the connection is closed, and throws when it fails.
    package let messages: KernelMessages
    private let mailbox: IOMailbox

    /// The handling of a message that has arrived.
    package struct Reaction: Sendable {
        /// Whether the message is added to ``Connection/messages``.
        package var isDelivered: Bool
        /// Messages to send at once.
        package var replies: [Message]

        /// Creates a reaction.
        package init(isDelivered: Bool, replies: [Message] = []) {
            self.isDelivered = isDelivered
            self.replies = replies
        }
    }

    /// Connects to the channels, even if the kernel does not listen yet.
    ///
    /// - Parameters:
    ///   - keys: The kernel's CURVE keys; nil if the connection is not encrypted.
    ///   - react: Decides how to handle each message. It runs on the connection's thread, before the message is
    ///     delivered.
    ///   - onFailure: Receives the reason when the connection fails, before ``messages`` throws it.
    package init(
        to endpoints: Endpoints, key: SigningKey, encryptedWith keys: CurveKeys? = nil,
        react: @escaping @Sendable (Message) -> Reaction = { _ in Reaction(isDelivered: true) },
        onFailure: @escaping @Sendable (KernelFailure) -> Void = { _ in }
    ) throws(KernelFailure) {
        mailbox = try IOMailbox()
        let messages = KernelMessages()
        self.messages = messages
        let mailbox = mailbox
        let isRunning = startThread {
            mailbox.attachThread()
            mailbox.wait(for: endpoints.socket)
            do throws(KernelFailure) {
                var loop = try IOLoop(to: endpoints, key: key, keys: keys)
                try loop.run(mailbox) { message in
                    let reaction = react(message)
                    if reaction.isDelivered { messages.add(message) }
                    return reaction.replies
                }
                messages.finish()
            } catch {
                onFailure(error)
                messages.finish(throwing: error)
            }
            mailbox.detachThread()
        }
        if !isRunning { throw .disconnected("the system cannot start another thread") }
    }

    deinit { mailbox.close() }

    /// Checks whether the system has enough resources for connections; returns the problem, or nil.
    ///
    /// Call it before you start a kernel, because the kernel may use the remaining resources.
    package static func shortage() -> String? {
        do throws(ZeroMQError) {
            try ZeroMQContext.shared.start()
            return nil
        } catch {
            return error.code == EAGAIN ? "the system cannot start another thread" : "\(error)"
        }
    }

    /// The thread on which messages arrive. A task with this executor receives and sends messages without a thread
    /// switch.
    package var executor: any TaskExecutor { mailbox }

    /// Sends a message from the connection's thread. Does nothing after the connection was closed or has failed.
    package func send(_ message: Message) { mailbox.enqueueMessage(message) }

    /// Closes the connection once all messages in transit have arrived.
    ///
    /// - Parameter failure: The error that ``messages`` then throws, such as the kernel's death; nil for a normal end.
    package func close(with failure: KernelFailure?) { mailbox.close(with: failure) }

    /// Closes the connection after delivering all messages that have arrived; returns when the sockets are closed.
    ///
    /// - Parameter drainsMessages: Whether messages still in transit are delivered as well.
    package func close(drainsMessages: Bool = false) async {
        if drainsMessages { mailbox.close(with: nil) } else { mailbox.close() }
        // Another client may keep the kernel sending without a pause.
        if await mailbox.ended.value(within: .seconds(1)) == nil { mailbox.abandon() }
        _ = await mailbox.ended.value()
    }
}
