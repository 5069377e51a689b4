import GalleyJSON
import GalleyJupyterProtocol

/// A message that is larger than servers accept. They break the connection without a reason.
struct OversizedMessage: Sendable {
    /// The size limit of servers in bytes.
    static let limit = 10 << 20

    private let message: Message
    private let size: Int

    init(_ message: Message, size: Int) { (self.message, self.size) = (message, size) }

    private var sentence: String {
        "the message has \(size) bytes, but Jupyter servers accept at most \(Self.limit); it was not sent"
    }

    /// Returns the messages with which a kernel would refuse the request; empty if the message is not a request.
    func replies(in session: Session) -> [Message] {
        guard message.expectsReply else { return [] }
        let error: Value = [
            "ename": "MessageTooLarge", "evalue": .string(sentence),
            "traceback": [.string("MessageTooLarge: \(sentence)")],
        ]
        var reply = error
        reply["status"] = "error"
        let type = message.type.replacing("request", with: "reply")
        let parent = message.header
        return (message.isExecuteRequest ? [session.message("error", on: .iopub, content: error, parent: parent)] : [])
            + [
                session.message(type, on: message.channel, content: reply, parent: parent),
                session.message("status", on: .iopub, content: ["execution_state": "idle"], parent: parent),
            ]
    }

    /// Returns the message to send in its place; nil if there is none. A kernel that waits for input needs an answer.
    func substitute(in session: Session) -> Message? {
        guard message.channel == .stdin else { return nil }
        var answer = session.inputReply(nil, to: message)
        answer.parent = message.parent
        return answer
    }

    /// A sentence for the user about a message without a reply; nil for a request, whose reply contains it.
    var warning: String? {
        message.expectsReply ? nil : "a message to the kernel is too large: \(sentence)"
    }
}
