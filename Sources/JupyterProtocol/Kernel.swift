import GalleyJSON

/// A running kernel: somebody to talk to, to interrupt, and to send home.
///
/// How the words travel and where the kernel lives is the conformer's business. A kernel on this machine is interrupted
/// by a signal, one behind a server by a request to that server.
///
/// It is sent `execute_request`, `kernel_info_request`, `input_reply` and `comm_msg`, and says what the protocol wants said to
/// them: a request is over when its reply has come and, on the channel on which the kernel publishes, the state `idle`. Also
/// `kernel_info_request` has to be answered: it tells whether a kernel that was interrupted is at one's service again.
///
/// A client can also send `complete_request`, `inspect_request` and `is_complete_request`. A kernel that does not know them may
/// leave them unanswered: the client waits for a limited time.
public protocol Kernel: Sendable {
    /// What reports call it.
    var name: String { get }

    /// What it said of itself when it was ready.
    var info: KernelInfo { get }

    /// The client's side of the conversation, which makes the messages to be sent.
    var session: Session { get }

    /// Everything the kernel says from now on, in the order of its arrival, on all channels.
    ///
    /// It ends when the kernel has been shut down or killed, and throws a ``KernelFailure`` when the kernel dies or says
    /// something that cannot be believed: the conformer calls ``KernelMessages/finish(throwing:)``.
    var messages: KernelMessages { get }

    /// The user that it runs as; nil if that is not known.
    var user: String? { get }

    /// How much memory it has to itself, with everything that it started, in bytes; nil if that is not known.
    var memory: Int? { get }

    /// Where the messages arrive; nil where that is no place for other work.
    ///
    /// A task that prefers it hears the kernel without being woken for each message.
    var executor: (any TaskExecutor)? { get }

    /// Sends a message; the kernel may never read it.
    func send(_ message: Message)

    /// Asks the kernel to stop what it is doing; says nothing of whether it does.
    func interrupt() async

    /// Ends the kernel, and everything that it started, with patience first and by force last.
    ///
    /// Returns when it is gone; doing it twice does no harm.
    func shutdown() async

    /// Leaves the kernel running, and ends the conversation; returns nil if the kernel has ended, or cannot be kept.
    ///
    /// It is called instead of ``shutdown()`` if the request said so (``KernelRequest/keepsKernel``). If it returns nil or
    /// throws, the kernel is shut down; if it returns a kernel, ``shutdown()`` and ``kill()`` do nothing any more.
    func keep() async throws -> KeptKernel?

    /// Ends the kernel by force, and everything that it started, also while it is being asked to end.
    func kill() async
}

extension Kernel {
    /// What it calls itself.
    public var name: String { info.json["implementation"]?.string ?? "kernel" }

    /// It is not known.
    public var user: String? { nil }

    /// It is not known.
    public var memory: Int? { nil }

    /// They arrive anywhere.
    public var executor: (any TaskExecutor)? { nil }

    /// It cannot be kept.
    public func keep() async throws -> KeptKernel? { nil }
}

extension Kernel {
    /// Hands the kernel to `body`, and ends it however `body` is left.
    package func withShutdown<Result>(_ body: (Self) async throws -> Result) async throws -> Result {
        // What is cancelled cannot wait for anything, such as the end of a kernel.
        func end() async { await Task { await shutdown() }.value }
        do {
            let result = try await body(self)
            await end()
            return result
        } catch {
            await end()
            throw error
        }
    }
}

/// Why a conversation with a kernel broke off.
@nonexhaustive
public enum KernelFailure: Error, Hashable, Sendable {
    /// The kernel is dead.
    case died(PostMortem)
    /// The kernel, or somebody else, sent something that is no proper message.
    case untrustworthy(String)
    /// The way to the kernel is broken.
    case disconnected(String)
}

/// What is known of a kernel's end.
public struct PostMortem: Hashable, Sendable {
    /// How the process ended.
    public enum Cause: Hashable, Sendable {
        /// It returned a status.
        case exited(Int32)
        /// A signal ended it.
        case signalled(Int32)
        /// Nobody knows: the process that watched over it is gone.
        case unknown
    }

    /// What took the kernel's memory away, where that ended it.
    @nonexhaustive
    public enum OutOfMemoryCause: Hashable, Sendable {
        /// The limit of the group of processes that it belongs to, such as a container's.
        case groupLimit
        /// The machine had none left.
        case machine
        /// The limit that was set for the kernel.
        case kernelLimit(bytes: Int)
    }

    /// How the process ended.
    public var cause: Cause
    /// Whether lack of memory ended it, as far as the system tells.
    public var memory: OutOfMemoryCause?
    /// The most memory that it had, in bytes.
    public var peakMemory: Int
    /// How long it lived.
    public var lifetime: Duration
    /// The last lines that it wrote to its standard output and error.
    public var lastLines: [String]

    /// Puts the facts together.
    public init(
        cause: Cause, memory: OutOfMemoryCause? = nil, peakMemory: Int = 0, lifetime: Duration = .zero,
        lastLines: [String] = []
    ) {
        self.cause = cause
        self.memory = memory
        self.peakMemory = peakMemory
        self.lifetime = lifetime
        self.lastLines = lastLines
    }
}

extension PostMortem: CustomStringConvertible {
    /// How it ended and of what, in a few words.
    public var description: String {
        let how =
            switch cause {
            case .exited(let status): "it exited with status \(status)"
            case .signalled(let number):
                "it was ended by signal \(number)\(Self.signalNames[number].map { " (\($0))" } ?? "")"
            case .unknown: "how, nobody saw"
            }
        // A Double of its own, so that no digits come up that are not there.
        let (whole, rest) = lifetime.components
        let seconds = (Double(whole) * 1000 + Double(rest / 1_000_000_000_000_000)) / 1000
        let megabytes = peakMemory / 1_000_000
        let memory =
            switch memory {
            case .groupLimit: ", because its group of processes (a container, say) had used up its memory"
            case .machine: ", perhaps because the machine was out of memory: it ended a process for that meanwhile"
            case .kernelLimit(let bytes): ", perhaps for lack of memory: its limit was \(bytes / 1_000_000) MB"
            case nil: ""
            }
        return how + memory + " after \(seconds) s" + (megabytes > 0 ? ", with \(megabytes) MB at most" : "")
    }

    /// What the signals are called that end processes.
    package static let signalNames: [Int32: String] = [
        1: "SIGHUP", 2: "SIGINT", 3: "SIGQUIT", 4: "SIGILL", 6: "SIGABRT", 7: "SIGBUS", 8: "SIGFPE", 9: "SIGKILL",
        11: "SIGSEGV", 13: "SIGPIPE", 14: "SIGALRM", 15: "SIGTERM", 24: "SIGXCPU", 31: "SIGSYS",
    ]
}

extension KernelFailure: CustomStringConvertible {
    /// What broke the conversation off.
    public var description: String {
        switch self {
        case .died(let end): "the kernel died: \(end)"
        case .untrustworthy(let reason): "what came is not to be trusted: \(reason)"
        case .disconnected(let reason): "the connection is broken: \(reason)"
        }
    }
}
