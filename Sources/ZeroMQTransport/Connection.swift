import GalleyConcurrency
package import GalleyJupyterProtocol
import Glibc

/// A way to a kernel: what is sent goes in, everything that the kernel says comes out.
///
/// libzmq's sockets live and die on a thread of the connection's own. It waits for all of them at once and takes out
/// whatever arrives, however slow the one who listens is, so that nothing is dropped on this side.
package final class Connection: Sendable {
    /// Everything the kernel says; ends when the connection is closed, throws when it breaks.
    package let messages: KernelMessages
    private let mailbox: IOMailbox

    /// What is to become of a message that has arrived.
    package struct Reaction: Sendable {
        /// Whether it is one of ``Connection/messages``.
        package var isDelivered: Bool
        /// What is sent at once.
        package var replies: [Message]

        /// Decides.
        package init(isDelivered: Bool, replies: [Message] = []) {
            self.isDelivered = isDelivered
            self.replies = replies
        }
    }

    /// Connects to the channels, which need not be there yet.
    ///
    /// - Parameters:
    ///   - keys: Those of the kernel, where it encrypts what it says.
    ///   - react: Is asked about every message, on the connection's thread, before anybody else sees it.
    ///   - onFailure: Is told when the connection breaks, before ``messages`` is.
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
        if !isRunning { throw .disconnected("the system has no thread left") }
    }

    deinit { mailbox.close() }

    /// Finds out whether the system has what connections take; returns what it says where it has not.
    ///
    /// It is better asked before a kernel is started than when that has taken the rest.
    package static func shortage() -> String? {
        do throws(ZeroMQError) {
            try ZeroMQContext.shared.start()
            return nil
        } catch {
            return error.code == EAGAIN ? "the system has no thread left" : "\(error)"
        }
    }

    /// The thread on which messages arrive: a task that runs there hears them without being woken, and what it sends
    /// leaves without a detour.
    package var executor: any TaskExecutor { mailbox }

    /// Sends a message when the thread gets to it; once the connection is closed or onFailure, does nothing.
    package func send(_ message: Message) { mailbox.enqueueMessage(message) }

    /// Ends the conversation once everything is there that is on the way.
    ///
    /// - Parameter failure: What ``messages`` throws then, such as the news of the kernel's death; nil where all is well.
    package func close(with failure: KernelFailure?) { mailbox.close(with: failure) }

    /// Ends the conversation once everything is taken out that has arrived; returns when the sockets are closed.
    ///
    /// - Parameter drainsMessages: Whether what is still on the way is waited for as well.
    package func close(drainsMessages: Bool = false) async {
        if drainsMessages { mailbox.close(with: nil) } else { mailbox.close() }
        // Somebody may go on sending.
        if await mailbox.ended.value(within: .seconds(1)) == nil { mailbox.abandon() }
        _ = await mailbox.ended.value()
    }
}
