import Synchronization

/// One request and everything that belongs to it: sent, busy, replied, idle.
///
/// A request is over when the kernel has both replied and published that it is idle again. What it publishes can get lost
/// when the kernel's own queue runs over; the reply cannot. So an idle that does not come after the reply is asked
/// for: a second request, whose own messages come behind it on the same channel, shows whether it was lost.
///
/// An interrupt can hit a kernel between the code and the reply, which is then never sent. Once the kernel is idle, that is
/// found out in the same way.
package struct RequestTracker: Sendable {
    /// The request that it is about.
    package let request: Message
    /// The reply, once it is there.
    package private(set) var reply: Message?
    /// Whether the kernel published that it began.
    package private(set) var wasBusy = false
    /// Whether the kernel was interrupted meanwhile.
    package var wasInterrupted = false
    private var isIdle = false
    private var probes: [String] = []

    /// Begins with a request that is about to be sent.
    ///
    /// - Parameter wasInterrupted: Whether the kernel was interrupted a moment ago.
    package init(_ request: Message, wasInterrupted: Bool = false) {
        (self.request, self.wasInterrupted) = (request, wasInterrupted)
    }

    /// How far it is.
    package enum Progress: Hashable, Sendable {
        /// Something is still to come.
        case going
        /// Everything has arrived.
        case complete
        /// It is over, and something that the kernel published was lost.
        case completeWithLoss
        /// It is over, and the kernel has not replied and never will.
        case completeWithoutReply
    }

    /// Takes note of a message; it may belong to something else.
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
            // What is replied to a probe stands behind the reply to the request.
            if message.channel == request.channel { return .completeWithoutReply }
        } else if let parent, probes.contains(parent) {
            // What was published for a probe stands behind all that was published for the request.
            if message.channel == .iopub { return .completeWithLoss }
            // So many that were answered, and not one was heard publishing: nothing comes through any more.
            if parent == probes.last, probes.count > Self.enoughProbes { return .completeWithLoss }
        }
        return reply != nil && isIdle ? .complete : .going
    }

    private static let enoughProbes = 5

    /// Returns a request to be sent after a while in which nothing has arrived; nil where waiting is all there is to
    /// do, because the kernel is at work.
    package mutating func probe(of session: Session) -> Message? {
        guard reply != nil || wasInterrupted && isIdle else { return nil }
        let request = session.kernelInfoRequest()
        probes.append(request.header.id)
        return request
    }
}

extension Kernel {
    /// Sends a request and waits until everything that belongs to it has arrived.
    ///
    /// It waits as long as the kernel works. When the kernel has replied and is silent, it is asked whether something
    /// was lost.
    ///
    /// - Parameters:
    ///   - request: The request, with an identifier that was not used before.
    ///   - patience: How long the kernel may be silent after its reply.
    ///   - body: Is given every message that arrives meanwhile, whatever it belongs to.
    /// - Returns: The reply, and whether something that the kernel published was lost on the way.
    /// - Throws: ``KernelFailure`` when the kernel dies, `CancellationError` when the task is cancelled, or what `body`
    ///   throws. What has not been heard by then stays in the kernel's messages.
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
            if progress == .completeWithoutReply { throw KernelFailure.disconnected("the kernel has not replied") }
            if progress != .going, let reply { return (reply, progress == .completeWithLoss) }
        }
        throw KernelFailure.disconnected("the kernel was shut down")
    }
}
