public import GalleyJSON
public import GalleyJupyterProtocol
import Synchronization

/// A kernel that answers from a script, without a process and without a wire.
///
///     var options = Options()
///     options.kernels = ScriptedKernels { _ in
///         ScriptedKernel { code in .running(printing: "I was asked to run \(code)") }
///     }
public final class ScriptedKernel: Kernel {
    /// What happens when a request arrives.
    @nonexhaustive
    public enum Step: Sendable {
        /// Something is published or replied.
        case say(
            String, on: Channel, content: Value = [:], about: Subject = .request, buffers: [[UInt8]] = [],
            date: String? = nil)
        /// The kernel dies.
        case die(PostMortem)
    }

    /// What something that is said belongs to.
    @nonexhaustive
    public enum Subject: Sendable {
        /// The request that has just arrived.
        case request
        /// The request to run code that arrived so many before the last one.
        case code(before: Int)
        /// The kernel does not tell.
        case nothing
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
    private let keptAs: KeptKernel?
    private let log = Mutex(Log())

    private struct Log {
        var requests: [Message] = []
        var (isDead, isOver, isKept) = (false, false, false)
    }

    /// Begins with a kernel that behaves, and asks what its code does.
    ///
    /// Code of which nothing is said runs on until it is interrupted.
    ///
    /// - Parameters:
    ///   - kept: What is told of the kernel when it is kept; nil if it cannot be kept.
    ///   - running: Is given the code.
    public convenience init(keptAs kept: KeptKernel? = nil, _ running: @escaping @Sendable (_ code: String) -> [Step]) {
        self.init(
            keptAs: kept,
            script: { request in
                switch request.type {
                case "execute_request": running(request.content["code"]?.string ?? "")
                case "interrupt_request": .raising("KeyboardInterrupt", "", about: .code(before: 0))
                case "kernel_info_request": .introducing
                default: []
                }
            })
    }

    private init(keptAs kept: KeptKernel?, script: @escaping @Sendable (Message) -> [Step]) {
        (keptAs, self.script) = (kept, script)
    }

    /// Makes a kernel that does with each request what a script says, and nothing else.
    public static func answering(_ script: @escaping @Sendable (_ request: Message) -> [Step]) -> ScriptedKernel {
        ScriptedKernel(keptAs: nil, script: script)
    }

    /// The requests that have arrived; a request to be interrupted is one, and so is the end.
    public var requests: [Message] { log.withLock(\.requests) }

    /// Whether it was shut down, or killed.
    public var isOver: Bool { log.withLock(\.isOver) }

    /// Whether it was left running.
    public var isKept: Bool { log.withLock(\.isKept) }

    /// Answers a request as the script says.
    public func send(_ message: Message) {
        log.withLock { $0.requests.append(message) }
        for step in script(message) {
            switch step {
            case .say(let type, let channel, let content, let subject, let buffers, let date):
                let parent: Header? =
                    switch subject {
                    case .request: message.header
                    case .code(let before):
                        requests.filter { $0.type == "execute_request" }.dropLast(before).last?.header
                    case .nothing: nil
                    }
                var said = own.message(type, on: channel, content: content, parent: parent, buffers: buffers)
                if said.content["execution_count"]?.isNull == true { said.content["execution_count"] = .number(count) }
                if let date { said.header.date = date }
                messages.add(said)
            case .die(let end):
                log.withLock { $0.isDead = true }
                messages.finish(throwing: .died(end))
            }
        }
    }

    /// How many requests to run code have arrived.
    private var count: Int { requests.count { $0.type == "execute_request" } }

    /// Is noted as a request.
    public func interrupt() async { send(session.interruptRequest()) }

    /// Ends what it says, unless it was kept.
    public func shutdown() async {
        log.withLock { if !$0.isKept { $0.isOver = true } }
        messages.finish()
    }

    /// Ends what it says, and leaves it running if it can be kept and is not over.
    public func keep() async -> KeptKernel? {
        guard let keptAs,
            log.withLock({ log in
                log.isKept = !log.isOver && !log.isDead
                return log.isKept
            })
        else { return nil }
        messages.finish()
        return keptAs
    }

    /// Is noted as a request to end, and ends what it says.
    public func kill() async {
        log.withLock { if !$0.isKept { $0.requests.append(session.shutdownRequest()) } }
        await shutdown()
    }
}

extension [ScriptedKernel.Step] {
    /// What a kernel says that runs code and prints something.
    public static func running(printing text: String, losingIdle: Bool = false) -> Self {
        running(
            [.say("stream", on: .iopub, content: ["name": "stdout", "text": .string(text)])], losingIdle: losingIdle)
    }

    /// What a kernel says around what its code puts out.
    ///
    /// - Parameter count: By what number it counts the code; nil for that of the request.
    public static func running(
        _ steps: Self = [], count: Int? = nil, reply: Value = ["status": "ok"], losingIdle: Bool = false
    ) -> Self {
        var reply = reply
        reply["execution_count"] = .number(count)
        return beginning(count) + steps + [.say("execute_reply", on: .shell, content: reply)]
            + (losingIdle ? [] : [.say("status", on: .iopub, content: ["execution_state": "idle"])])
    }

    /// What a kernel says that takes up code.
    private static func beginning(_ count: Int?) -> Self {
        [
            .say("status", on: .iopub, content: ["execution_state": "busy"]),
            .say("execute_input", on: .iopub, content: ["code": "", "execution_count": .number(count)]),
        ]
    }

    /// What a kernel says that runs code which raises an error.
    public static func failing(_ name: String, _ value: String, count: Int? = nil) -> Self {
        beginning(count) + raising(name, value, count: count)
    }

    /// What a kernel says whose code, in the middle of it, raises an error.
    public static func raising(
        _ name: String, _ value: String, count: Int? = nil, about subject: ScriptedKernel.Subject = .request
    ) -> Self {
        let error: Value = [
            "ename": .string(name), "evalue": .string(value), "traceback": [.string("\(name): \(value)")],
        ]
        var reply = error
        reply["status"] = "error"
        reply["execution_count"] = .number(count)
        return [
            .say("error", on: .iopub, content: error, about: subject),
            .say("execute_reply", on: .shell, content: reply, about: subject),
            .say("status", on: .iopub, content: ["execution_state": "idle"], about: subject),
        ]
    }

    /// What a kernel says that tells what it is.
    public static var introducing: Self {
        [
            .say("status", on: .iopub, content: ["execution_state": "busy"]),
            .say("kernel_info_reply", on: .shell, content: ["status": "ok"]),
            .say("status", on: .iopub, content: ["execution_state": "idle"]),
        ]
    }
}
