import GalleyJSON

/// A running kernel that exchanges messages with Galley and can be interrupted and ended.
///
/// The conforming type defines the transport and the location of the kernel. For example, it interrupts a kernel on
/// this machine with a signal, and a kernel behind a server with a request to that server.
///
/// Galley sends `execute_request`, `kernel_info_request`, `input_reply` and `comm_msg`. The kernel must reply as the
/// protocol requires: a request is complete when its reply and, on the IOPub channel, the state `idle` have arrived.
/// Galley uses `kernel_info_request` to find out whether an interrupted kernel is ready again, so the kernel must reply
/// to it at any time.
///
/// A client can also send `complete_request`, `inspect_request` and `is_complete_request`. A kernel need not reply to
/// them: the client waits for a limited time.
public protocol Kernel: Sendable {
    /// The name of the kernel in reports.
    var name: String { get }

    /// The content of the kernel info reply that the kernel sent when it became ready.
    var info: KernelInfo { get }

    /// The client session, which creates the messages to send.
    var session: Session { get }

    /// All messages from the kernel from now on, on all channels, in order of arrival.
    ///
    /// The sequence ends when the kernel was shut down or killed. It throws a ``KernelFailure`` if the kernel dies or
    /// sends an invalid message. The conforming type calls ``KernelMessages/finish(throwing:)`` for both.
    var messages: KernelMessages { get }

    /// The user that the kernel runs as; nil if unknown.
    var user: String? { get }

    /// The private memory of the kernel and its child processes, in bytes; nil if unknown.
    var memory: Int? { get }

    /// The executor on which messages arrive; nil if it cannot run other tasks.
    ///
    /// A task that prefers this executor receives messages without a thread switch for each.
    var executor: (any TaskExecutor)? { get }

    /// Sends a message, without waiting for the kernel to receive it.
    func send(_ message: Message)

    /// Interrupts the kernel. The call returns without waiting for an effect.
    func interrupt() async

    /// Ends the kernel and its child processes: first with a shutdown request, and finally by force.
    ///
    /// Returns when the kernel has ended. Calling it again has no effect.
    func shutdown() async

    /// Disconnects from the kernel and leaves it running; returns nil if the kernel has ended or cannot be kept.
    ///
    /// Galley calls it instead of ``shutdown()`` if the request asks for it (``KernelRequest/keepsKernel``). If it
    /// returns nil or throws, Galley shuts the kernel down. If it returns a kernel, ``shutdown()`` and ``kill()`` must
    /// do nothing afterward.
    func keep() async throws -> KeptKernel?

    /// Kills the kernel and its child processes, even during a shutdown.
    func kill() async
}

extension Kernel {
    /// The implementation name from the kernel info reply.
    public var name: String { info.json["implementation"]?.string ?? "kernel" }

    /// Nil: the user is unknown.
    public var user: String? { nil }

    /// Nil: the memory is unknown.
    public var memory: Int? { nil }

    /// Nil: messages arrive on any thread.
    public var executor: (any TaskExecutor)? { nil }

    /// Returns nil: the kernel cannot be kept.
    public func keep() async throws -> KeptKernel? { nil }
}

extension Kernel {
    /// Calls `body` with the kernel, and shuts the kernel down when `body` returns or throws.
    package func withShutdown<Result>(_ body: (Self) async throws -> Result) async throws -> Result {
        // In a canceled task, `shutdown` could not wait for the kernel's end.
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

/// The reason why the communication with a kernel ended.
@nonexhaustive
public enum KernelFailure: Error, Hashable, Sendable {
    /// The kernel died.
    case died(PostMortem)
    /// An invalid message arrived, from the kernel or from another process.
    case untrustworthy(String)
    /// The connection to the kernel failed.
    case disconnected(String)
}

/// The facts about the death of a kernel.
public struct PostMortem: Hashable, Sendable {
    /// The way in which the process ended.
    public enum Cause: Hashable, Sendable {
        /// The process exited with a status.
        case exited(Int32)
        /// A signal ended the process.
        case signalled(Int32)
        /// The cause is unknown, because the process that monitored the kernel has ended.
        case unknown
    }

    /// The memory limit that ended the kernel.
    @nonexhaustive
    public enum OutOfMemoryCause: Hashable, Sendable {
        /// The limit of the kernel's control group, such as a container.
        case groupLimit
        /// The memory of the machine.
        case machine
        /// The limit that was set for the kernel.
        case kernelLimit(bytes: Int)
    }

    /// The way in which the process ended.
    public var cause: Cause
    /// The memory limit that ended the process; nil if there is no sign of one.
    public var memory: OutOfMemoryCause?
    /// The peak memory of the process, in bytes.
    public var peakMemory: Int
    /// The time from the start of the process to its end.
    public var lifetime: Duration
    /// The last lines that the process wrote to standard output and standard error.
    public var lastLines: [String]

    /// Creates a post-mortem.
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
    /// The cause, the lifetime and the peak memory in a few words.
    public var description: String {
        let how =
            switch cause {
            case .exited(let status): "it exited with status \(status)"
            case .signalled(let number):
                "it was ended by signal \(number)\(Self.signalNames[number].map { " (\($0))" } ?? "")"
            case .unknown: "it ended for an unknown reason"
            }
        // A single division keeps rounding errors out of the digits.
        let (whole, rest) = lifetime.components
        let seconds = (Double(whole) * 1000 + Double(rest / 1_000_000_000_000_000)) / 1000
        let megabytes = peakMemory / 1_000_000
        let memory =
            switch memory {
            case .groupLimit: ", because its control group (such as a container) ran out of memory"
            case .machine: ", perhaps because the machine ran out of memory and the system killed a process"
            case .kernelLimit(let bytes): ", perhaps because of its memory limit of \(bytes / 1_000_000) MB"
            case nil: ""
            }
        return how + " after \(seconds) s" + (megabytes > 0 ? ", using at most \(megabytes) MB" : "") + memory
    }

    /// The names of signals that end processes.
    package static let signalNames: [Int32: String] = [
        1: "SIGHUP", 2: "SIGINT", 3: "SIGQUIT", 4: "SIGILL", 6: "SIGABRT", 7: "SIGBUS", 8: "SIGFPE", 9: "SIGKILL",
        11: "SIGSEGV", 13: "SIGPIPE", 14: "SIGALRM", 15: "SIGTERM", 24: "SIGXCPU", 31: "SIGSYS",
    ]
}

extension KernelFailure: CustomStringConvertible {
    /// The reason as a clause, such as "the kernel died: it exited with status 1".
    public var description: String {
        switch self {
        case .died(let end): "the kernel died: \(end)"
        case .untrustworthy(let reason): "an invalid message arrived: \(reason)"
        case .disconnected: "the connection failed: \(lossReason)"
        }
    }

    /// The reason in a sentence that says already that the connection failed.
    package var lossReason: String { if case .disconnected(let reason) = self { reason } else { "\(self)" } }
}
