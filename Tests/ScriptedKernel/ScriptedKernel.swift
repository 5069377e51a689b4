public import JSON
public import JupyterProtocol
import Synchronization

/// A kernel that answers from a script, without a process and without a wire.
public final class ScriptedKernel: Kernel {
    /// What happens when a request arrives.
    public enum Step: Sendable {
        /// Something is published or replied that belongs to the request.
        case say(String, on: Channel, content: Value = [:])
        /// The kernel dies.
        case die(PostMortem)
    }

    /// What it says of itself.
    public let info = KernelInfo(json: [
        "implementation": "script", "language_info": ["name": "script"], "protocol_version": "5.3",
    ])
    /// The client's side of the conversation.
    public let session = Session()
    /// Everything it says.
    public let messages = KernelMessages()

    private let own = Session()
    private let script: @Sendable (Message) -> [Step]
    private let log = Mutex<[Message]>([])

    /// Begins; `script` is asked about every request.
    public init(_ script: @escaping @Sendable (Message) -> [Step]) { self.script = script }

    /// The requests that have arrived.
    public var requests: [Message] { log.withLock(\.self) }

    /// Answers a request as the script says.
    public func send(_ message: Message) {
        log.withLock { $0.append(message) }
        for step in script(message) {
            switch step {
            case .say(let type, let channel, let content):
                messages.add(own.message(type, on: channel, content: content, parent: message.header))
            case .die(let end): messages.finish(throwing: .died(end))
            }
        }
    }

    /// Is noted as a request.
    public func interrupt() async { send(session.interruptRequest()) }

    /// Ends what it says.
    public func shutdown() async { messages.finish() }

    /// Ends what it says.
    public func kill() async { messages.finish() }
}

extension [ScriptedKernel.Step] {
    /// What a kernel says that runs code and prints something.
    public static func running(printing text: String, losingIdle: Bool = false) -> Self {
        [
            .say("status", on: .iopub, content: ["execution_state": "busy"]),
            .say("stream", on: .iopub, content: ["name": "stdout", "text": .string(text)]),
            .say("execute_reply", on: .shell, content: ["execution_count": 1, "status": "ok"]),
        ] + (losingIdle ? [] : [.say("status", on: .iopub, content: ["execution_state": "idle"])])
    }
}
