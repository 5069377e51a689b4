import GalleyJSON
import GalleyJupyterProtocol

/// Creates messages in place of those that were lost.
struct LostMessages: Sendable {
    private let session = Session()

    /// Returns a message that reports a loss of outputs.
    func report(_ loss: OutputLoss, of request: Header) -> Message {
        var message = session.message("output_loss", on: .iopub, parent: request)
        message.loss = loss
        return message
    }

    /// Returns the messages that end a request, if a client waits for its end.
    ///
    /// - Parameters:
    ///   - cutLength: The time in which messages may have been lost.
    ///   - info: The reply to a kernel info request.
    func ending(of request: OpenRequests.Request, cutLength: Duration, info: KernelInfo?) -> [Message] {
        var messages: [Message] = []
        if request.isExecution {
            messages.append(
                report(.connection(cutLength, isReplyMissing: !request.hasReply), of: request.header))
        }
        guard let content: Value = request.isExecution ? ["status": "ok"] : request.isInfo ? info?.json : nil else {
            return messages
        }
        if !request.hasReply {
            let type = request.isExecution ? "execute_reply" : "kernel_info_reply"
            messages.append(session.message(type, on: request.channel, content: content, parent: request.header))
        }
        if !request.isIdle {
            messages.append(
                session.message(
                    "status", on: .iopub, content: ["execution_state": "idle"], parent: request.header))
        }
        return messages
    }
}
