public import GalleyJSON
public import GalleyJupyterProtocol
import Synchronization

/// A kernel for tests that replies from a script, without a process or a network connection.
///
///     var options = Options()
///     options.kernels = ScriptedKernels { _ in
///         ScriptedKernel { code in .running(printing: "I was asked to run \(code)") }
///     }
public final class ScriptedKernel: Kernel {
    /// A step of the script, taken when a request arrives.
    @nonexhaustive
    public enum Step: Sendable {
        /// The kernel sends a message of this type on a channel.
        case say(
            String, on: Channel, content: Value = [:], about: ParentRequest = .request, buffers: [[UInt8]] = [],
            date: String? = nil)
        /// The kernel reports that outputs of the request did not arrive.
        case lose(OutputLoss)
        /// The kernel dies.
        case die(PostMortem)
    }

    /// The request that a message names as its parent.
    @nonexhaustive
    public enum ParentRequest: Sendable {
        /// The request that has just arrived.
        case request
        /// An earlier execute request: 0 for the latest one, 1 for the one before it.
        case code(before: Int)
        /// None: the message has no parent.
        case nothing
    }

    /// The kernel's information about itself.
    public let info = KernelInfo(json: [
        "implementation": "script", "language_info": ["name": "script"], "protocol_version": "5.3",
    ])
    /// The session that creates the client's requests.
    public let session = Session()
    /// The messages that the kernel sends.
    public let messages = KernelMessages()

    private let own = Session()
    private let script: @Sendable (Message) -> [Step]
    private let keptAs: KeptKernel?
    private let log = Mutex(Log())

    private struct Log {
        var requests: [Message] = []
        var (isDead, isOver, isKept) = (false, false, false)
    }

    /// Creates a well-behaved kernel from closures that return its reactions.
    ///
    /// Code with no steps runs until it is interrupted. Requests about code have no reply unless `answering` returns
    /// one.
    ///
    ///     let kernel = ScriptedKernel({ code in .running(printing: code) }) { question in
    ///         switch question.type {
    ///         case "complete_request": .completing(["print", "property"], replacing: 0..<2)
    ///         case "inspect_request": .inspecting("Prints values.")
    ///         case "is_complete_request": .judging("incomplete", indent: "    ")
    ///         default: []
    ///         }
    ///     }
    ///
    /// - Parameters:
    ///   - kept: The description of the kernel to return from ``keep()``; nil if the kernel cannot be kept.
    ///   - running: Returns the steps for code.
    ///   - answering: Returns the steps for a complete request, an inspect request or an is-complete request.
    public convenience init(
        keptAs kept: KeptKernel? = nil,
        _ running: @escaping @Sendable (_ code: String) -> [Step],
        answering: @escaping @Sendable (_ question: Message) -> [Step] = { _ in [] }
    ) {
        self.init(
            keptAs: kept,
            script: { request in
                switch request.type {
                case "execute_request": running(request.content["code"]?.string ?? "")
                case "interrupt_request": .raising("KeyboardInterrupt", "", about: .code(before: 0))
                case "kernel_info_request": .introducing
                case "complete_request", "inspect_request", "is_complete_request": answering(request)
                default: []
                }
            })
    }

    private init(keptAs kept: KeptKernel?, script: @escaping @Sendable (Message) -> [Step]) {
        (keptAs, self.script) = (kept, script)
    }

    /// Creates a kernel that takes only the steps that `script` returns for each request.
    public static func answering(_ script: @escaping @Sendable (_ request: Message) -> [Step]) -> ScriptedKernel {
        ScriptedKernel(keptAs: nil, script: script)
    }

    /// The requests that have arrived, including interrupts and kills.
    public var requests: [Message] { log.withLock(\.requests) }

    /// Whether the kernel was shut down or killed.
    public var isOver: Bool { log.withLock(\.isOver) }

    /// Whether the kernel was left running.
    public var isKept: Bool { log.withLock(\.isKept) }

    /// Records a request, and takes the steps of the script.
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
            case .lose(let loss):
                var report = own.message("output_loss", on: .iopub, parent: message.header)
                report.loss = loss
                messages.add(report)
            case .die(let end):
                log.withLock { $0.isDead = true }
                messages.finish(throwing: .died(end))
            }
        }
    }

    /// The number of execute requests that have arrived.
    private var count: Int { requests.count { $0.type == "execute_request" } }

    /// Records an interrupt request, and takes the steps of the script.
    public func interrupt() async { send(session.interruptRequest()) }

    /// Ends the messages, and marks the kernel as over unless it was kept.
    public func shutdown() async {
        log.withLock { if !$0.isKept { $0.isOver = true } }
        messages.finish()
    }

    /// Ends the messages and leaves the kernel running; returns nil if it cannot be kept, or has ended.
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

    /// Records a shutdown request, and ends the messages.
    public func kill() async {
        log.withLock { if !$0.isKept { $0.requests.append(session.shutdownRequest()) } }
        await shutdown()
    }
}
