import Synchronization

/// The progress of one request: sent, busy, replied, idle.
///
/// A request is complete when the kernel has replied and published the state `idle`. IOPub messages can get lost if the
/// kernel's queue overflows; the reply cannot. If `idle` does not follow the reply, Galley sends a probe: a second
/// request, whose own IOPub messages show whether the `idle` was lost.
///
/// An interrupt can hit a kernel between the end of the code and the reply, which is then never sent. When the kernel
/// is idle, a probe detects that too.
package struct RequestTracker: Sendable {
    /// The tracked request.
    package let request: Message
    /// The reply, once it has arrived.
    package private(set) var reply: Message?
    /// Whether the kernel published the state `busy` for the request.
    package private(set) var wasBusy = false
    /// Whether the kernel was interrupted since the request was sent, or just before.
    package var wasInterrupted = false
    private var isIdle = false
    private var probes: [String] = []

    /// Creates a tracker for a request that is about to be sent.
    ///
    /// - Parameter wasInterrupted: Whether the kernel was interrupted just before.
    package init(_ request: Message, wasInterrupted: Bool = false) {
        (self.request, self.wasInterrupted) = (request, wasInterrupted)
    }

    /// The progress of a request.
    package enum Progress: Hashable, Sendable {
        /// More messages are expected.
        case going
        /// All messages have arrived.
        case complete
        /// The request has ended, but some IOPub messages were lost.
        case completeWithLoss
        /// The request has ended, and the kernel will never reply to it.
        case completeWithoutReply
    }

    /// Processes a message, which may belong to another request.
    package mutating func receive(_ message: Message) -> Progress {
        let parent = message.parent?.id
        if parent == request.header.id {
            switch message.channel {
            case .shell, .control: if message.channel == request.channel { reply = message }
            case .iopub:
                if message.executionState == .busy { wasBusy = true }
                if message.executionState == .idle { isIdle = true }
            case .stdin: break
            }
        } else if let parent, probes.contains(parent), reply == nil {
            // A kernel replies in order: the reply to a probe comes after the reply to the request.
            if message.channel == request.channel { return .completeWithoutReply }
        } else if let parent, probes.contains(parent) {
            // IOPub messages are in order too: those of a probe come after those of the request.
            if message.channel == .iopub { return .completeWithLoss }
            // After several replies without a single IOPub message, assume that none will arrive.
            if parent == probes.last, probes.count > Self.enoughProbes { return .completeWithLoss }
        }
        return reply != nil && isIdle ? .complete : .going
    }

    private static let enoughProbes = 5

    /// Returns a probe to send after a period without messages; nil if the kernel is still working on the request.
    package mutating func probe(of session: Session) -> Message? {
        guard reply != nil || wasInterrupted && isIdle else { return nil }
        let request = session.kernelInfoRequest()
        probes.append(request.header.id)
        return request
    }
}

extension Kernel {
    /// Sends a request and waits until it is complete.
    ///
    /// There is no time limit while the kernel works. If the kernel has replied and then sends nothing, a probe finds
    /// out whether messages were lost.
    ///
    /// - Parameters:
    ///   - request: The request, with a new message ID.
    ///   - patience: The time without messages before a probe is sent.
    ///   - body: Receives every message that arrives meanwhile, including those of other requests.
    /// - Returns: The reply, and whether IOPub messages were lost.
    /// - Throws: ``KernelFailure`` if the kernel dies, `CancellationError` if the task is canceled, or any error of
    ///   `body`. Unread messages stay in the kernel's ``Kernel/messages``.
    package func perform(
        _ request: Message, patience: Duration = .seconds(1), _ body: (Message) throws -> Void = { _ in }
    ) async throws -> (reply: Message, hasLoss: Bool) {
        let exchange = Mutex(RequestTracker(request))
        let heard = Mutex(ContinuousClock.now)
        let watch = Task {
            while !Task.isCancelled {
                try await Task.sleep(for: patience)
                guard heard.withLock({ $0.duration(to: .now) }) >= patience else { continue }
                if let probe = exchange.withLock({ $0.probe(of: session) }) { send(probe) }
            }
        }
        defer { watch.cancel() }
        send(request)
        for try await message in messages {
            heard.withLock { $0 = .now }
            try body(message)
            let (progress, reply) = exchange.withLock { ($0.receive(message), $0.reply) }
            if progress == .completeWithoutReply { throw KernelFailure.disconnected("the kernel did not reply") }
            if progress != .going, let reply { return (reply, progress == .completeWithLoss) }
        }
        throw KernelFailure.disconnected("the kernel was shut down")
    }
}
