import GalleyJSON
import GalleyJupyterProtocol

/// The state of a kernel on a server, as its client knows it: a pure value that changes with messages and time.
///
/// The server is not a transparent connection. It drops outputs at its rate limit, restarts a kernel that has died,
/// and keeps the connection of a kernel that it has ended. A network can lose messages without an error. This type
/// detects all of that. Its functions return the actions to perform, in order.
struct ServerKernelState: Sendable {
    /// An action that follows from an event.
    enum Action: Sendable {
        /// Passes a message to the client.
        case deliver(Message)
        /// Sends a message to the server.
        case send(Message)
        /// Asks the server's API for the state of the kernel.
        case poll
        /// Opens a new connection after a delay.
        case reconnect(after: Duration)
        /// Tells the user about a problem that did not end the run.
        case warn(String)
        /// The kernel is ready for requests.
        case becomeReady(KernelInfo)
        /// No more messages will arrive.
        case end(KernelFailure)
    }

    /// The state of a kernel according to the server's API.
    enum ReportedState: Hashable, Sendable {
        /// The server has the kernel, in this execution state.
        case present(String)
        /// The server has no kernel with the ID.
        case missing
        /// The server did not answer.
        case unknown
    }

    private enum Phase {
        case starting
        case connected
        case disconnected
        /// The connection is new. A probe finds out whether open requests have ended meanwhile.
        case probing
        case ended
    }

    /// A kernel info request of this type's own.
    private struct Probe {
        let id: String
        let sent: Duration
        var reply: (info: KernelInfo, session: String, time: Duration)?
        var isIdle = false
    }

    private let session: Session
    /// Creates messages in place of those that were lost.
    private let replacements = Session()
    private var phase = Phase.starting
    private(set) var open = OpenRequests()
    /// Messages to send when the connection is back.
    private var queued: [Message] = []
    private var probe: Probe?
    private var earlierProbes: Set<String> = []
    private var info: KernelInfo?
    /// The session of the kernel's messages, which changes when the kernel is restarted.
    private var kernelSession: String?
    private var seen = RecentIDs()
    private var hasReconnected = false
    /// The time of the last cut.
    private var cut: Duration?
    private var isCutOrderly = true
    /// The time from the cut to the new connection.
    private var cutLength = Duration.zero
    private var attempts = 0
    private var attemptsStart: Duration?
    private var connectTime = Duration.zero
    private var readyTime = Duration.zero
    private var lastMessage = Duration.zero
    private var lastPoll = Duration.zero
    private var isPolling = false
    /// The number of times in a row that the server reported an idle kernel, while a request was open.
    private var idleReports = 0
    private var isShutDown = false
    /// Whether the client is ending the kernel.
    private var isEnding = false

    /// The time in which the connection must be restored.
    static let reconnectLimit = Duration.seconds(60)
    /// The time between two questions to the server's API, while a request is open and no messages arrive.
    static let pollInterval = Duration.milliseconds(1500)
    /// The time after which a connection counts as restored.
    private static let stableTime = Duration.seconds(10)
    private static let probeInterval = Duration.seconds(5)
    /// The time to wait for the IOPub messages of a probe after its reply.
    private static let idleDelay = Duration.seconds(2)
    private static let queueLimit = 10_000

    init(session: Session) { self.session = session }

    private var hasBeenReady: Bool { info != nil }
    private var isEnded: Bool { if case .ended = phase { true } else { false } }

    // MARK: - The connection

    /// Records a new connection.
    mutating func connect(at now: Duration) -> [Action] {
        guard !isEnded else { return [] }
        (lastMessage, connectTime) = (now, now)
        guard hasBeenReady else { return [sendProbe(at: now)] }
        phase = .probing
        hasReconnected = true
        var actions: [Action] = [.warn("the connection to the kernel's server was restored")]
        cutLength = cut.map { now - $0 } ?? .zero
        if !isCutOrderly {
            for request in open.requests where request.isExecution && request.isUncertain {
                actions.append(deliver(loss: .connection(cutLength, isReplyMissing: false), of: request.header))
            }
        }
        // The kernel may wait for input. Requests must wait until it is certain that it is the same kernel.
        actions += queued.filter { $0.channel != .shell }.map { .send($0) }
        queued.removeAll { $0.channel != .shell }
        return actions + [sendProbe(at: now)]
    }

    /// Records the end of the connection.
    ///
    /// - Parameter isOrderly: Whether the server closed it, so that it kept all messages from then on.
    mutating func disconnect(isOrderly: Bool, at now: Duration) -> [Action] {
        switch phase {
        case .ended, .disconnected: return []
        case .starting: break
        case .connected, .probing: phase = .disconnected
        }
        guard !isEnding else { return [] }
        cut = now
        isCutOrderly = isCutOrderly && isOrderly
        open.markUncertain()
        (probe, idleReports) = (nil, 0)
        let warning = "the connection to the kernel's server was interrupted; Galley connects again"
        let actions: [Action] = hasBeenReady ? [.warn(warning)] : []
        guard attemptsStart == nil else { return actions + retry("the server closed the connection again", at: now) }
        attemptsStart = now
        return actions + [.reconnect(after: .zero)]
    }

    /// Records that a new connection could not be opened.
    mutating func failToConnect(_ reason: String, at now: Duration) -> [Action] {
        guard !isEnded, !isEnding else { return [] }
        return poll(at: now) + retry(reason, at: now)
    }

    private mutating func retry(_ reason: String, at now: Duration) -> [Action] {
        let start = attemptsStart ?? now
        attemptsStart = start
        guard now - start < Self.reconnectLimit else {
            let limit = Self.reconnectLimit.components.seconds
            return end(.disconnected("the connection to the server could not be restored within \(limit) s: \(reason)"))
        }
        attempts += 1
        return [.reconnect(after: min(Duration.milliseconds(500) * (1 << min(attempts - 1, 4)), .seconds(5)))]
    }

    /// Records that the client ends the kernel. Messages still arrive, and the end is not a failure.
    mutating func expectEnd() -> [Action] {
        isEnding = true
        return []
    }

    /// Records that the client needs no more messages.
    mutating func close() { phase = .ended }

    // MARK: - Messages

    /// Processes a message that the client sends.
    mutating func send(_ message: Message, at now: Duration) -> [Action] {
        open.add(message)
        switch phase {
        case .ended: return []
        case .connected, .starting: break
        case .probing: if message.channel == .shell { return queue(message) }
        case .disconnected: return queue(message)
        }
        lastMessage = now
        return [.send(message)]
    }

    private mutating func queue(_ message: Message) -> [Action] {
        guard queued.count < Self.queueLimit else {
            return end(.disconnected("more than \(Self.queueLimit) messages wait for the connection to the server"))
        }
        queued.append(message)
        return []
    }

    /// Processes a message that arrived.
    mutating func receive(_ message: Message, at now: Duration) -> [Action] {
        guard !isEnded else { return [] }
        (lastMessage, idleReports) = (now, 0)
        // The server replays messages after a reconnection.
        guard seen.insert(message.header.id) || !hasReconnected else { return [] }
        if let parent = message.parent?.id {
            if parent == probe?.id { return receiveOfProbe(message, at: now) }
            if earlierProbes.contains(parent) { return [] }
        }
        if message.channel == .iopub {
            switch message.executionState {
            case .restarting?, .dead?: return endOfDeath(at: now)
            default: break
            }
            if let isRestart = message.announcedRestart { return receiveShutdown(isRestart: isRestart, at: now) }
        }
        guard hasBeenReady, isWanted(message) else { return [] }
        open.receive(message)
        guard isNotice(message) else { return [.deliver(message)] }
        var notice = message
        notice.loss = .rateLimit(notice: message.content["text"]?.string ?? "")
        return [.deliver(notice)]
    }

    /// Whether a message belongs to this client, or to no client.
    private func isWanted(_ message: Message) -> Bool {
        guard message.channel == .iopub, let parent = message.parent else { return true }
        if parent.session == session.id || parent.session.isEmpty || open.contains(parent.id) { return true }
        // Widgets are shared by all clients.
        if case .comm? = message.iopubMessage { return true }
        return false
    }

    /// Whether a message is the server's own, about outputs that it drops.
    ///
    /// The server's messages have the client's session. Some kernels copy that session into their messages. For them,
    /// only the text tells.
    private func isNotice(_ message: Message) -> Bool {
        guard message.channel == .iopub, message.header.session == session.id,
            case .stream(name: "stderr", let text)? = message.iopubMessage
        else { return false }
        return kernelSession != session.id || text.hasPrefix("IOPub ") && text.contains("rate exceeded")
    }

    private mutating func receiveShutdown(isRestart: Bool, at now: Duration) -> [Action] {
        guard !isRestart else {
            return end(.disconnected("another client of the server restarted the kernel"))
        }
        isShutDown = true
        return poll(at: now)
    }

    // MARK: - Probes

    private mutating func sendProbe(at now: Duration) -> Action {
        let request = session.kernelInfoRequest()
        if let probe { earlierProbes.insert(probe.id) }
        probe = Probe(id: request.header.id, sent: now)
        return .send(request)
    }

    private mutating func receiveOfProbe(_ message: Message, at now: Duration) -> [Action] {
        if message.channel == .shell, let info = message.kernelInfo {
            probe?.reply = (info, message.header.session, now)
        }
        if message.executionState == .idle { probe?.isIdle = true }
        return finishProbe(at: now)
    }

    /// Ends the start or the reconnection, if the probe is complete.
    private mutating func finishProbe(at now: Duration) -> [Action] {
        guard let probe, let reply = probe.reply, probe.isIdle || now - reply.time >= Self.idleDelay else { return [] }
        switch phase {
        case .starting:
            (info, kernelSession, readyTime) = (reply.info, reply.session, now)
            phase = .connected
            earlierProbes.insert(probe.id)
            (self.probe, cut, isCutOrderly) = (nil, nil, true)
            return [.becomeReady(reply.info)]
        case .probing:
            let known = kernelSession ?? ""
            let isOther = !known.isEmpty && !reply.session.isEmpty && known != reply.session
            return isOther ? endOfDeath(at: now) : resume()
        default: return []
        }
    }

    /// Continues after a reconnection. The kernel has ended all requests that came before the probe.
    private mutating func resume() -> [Action] {
        var actions: [Action] = []
        for request in open.takeUncertain() { actions += replacements(for: request) }
        phase = .connected
        if let probe { earlierProbes = [probe.id] }
        (probe, cut, isCutOrderly, cutLength, idleReports) = (nil, nil, true, .zero, 0)
        defer { queued = [] }
        return actions + queued.map { .send($0) }
    }

    /// Returns messages in place of those that were lost, so that the request ends.
    private func replacements(for request: OpenRequests.Request) -> [Action] {
        var actions: [Action] = []
        func add(_ type: String, on channel: Channel, _ content: Value) {
            actions.append(
                .deliver(replacements.message(type, on: channel, content: content, parent: request.header)))
        }
        if request.isExecution {
            let loss = OutputLoss.connection(cutLength, isReplyMissing: !request.hasReply)
            actions.append(deliver(loss: loss, of: request.header))
            if !request.hasReply { add("execute_reply", on: request.channel, ["status": "ok"]) }
        } else if request.isInfo, let info {
            if !request.hasReply { add("kernel_info_reply", on: request.channel, info.json) }
        } else {
            return []
        }
        if !request.isIdle { add("status", on: .iopub, ["execution_state": "idle"]) }
        return actions
    }

    private func deliver(loss: OutputLoss, of parent: Header) -> Action {
        var message = replacements.message("output_loss", on: .iopub, parent: parent)
        message.loss = loss
        return .deliver(message)
    }

    // MARK: - Time and the server's API

    /// Checks what has to be done as time passes. Call it at least twice a second.
    mutating func tick(at now: Duration) -> [Action] {
        guard !isEnding else { return [] }
        var actions = finishProbe(at: now)
        if now - connectTime >= Self.stableTime, phase != .disconnected { (attempts, attemptsStart) = (0, nil) }
        switch phase {
        case .ended, .disconnected: return actions
        case .starting:
            if let probe, probe.reply == nil, now - probe.sent >= Self.probeInterval {
                actions.append(sendProbe(at: now))
            }
        case .connected, .probing: break
        }
        let isSilent = now - max(lastMessage, lastPoll) >= Self.pollInterval
        if isShutDown || isSilent && (!open.isEmpty || !hasBeenReady) { actions += poll(at: now) }
        return actions
    }

    private mutating func poll(at now: Duration) -> [Action] {
        guard !isPolling, !isEnding else { return [] }
        (isPolling, lastPoll) = (true, now)
        return [.poll]
    }

    /// Processes the kernel's state according to the server's API.
    mutating func receive(_ state: ReportedState, at now: Duration) -> [Action] {
        isPolling = false
        lastPoll = now
        guard !isEnded else { return [] }
        switch state {
        case .unknown: return []
        case .missing:
            return end(
                .disconnected(
                    isShutDown
                        ? "another client of the server shut the kernel down, or the server culled it"
                        : "the server no longer has the kernel: another client shut it down, or the server culled it or "
                            + "was restarted"))
        case .present("dead"), .present("restarting"): return endOfDeath(at: now)
        case .present("idle"): return receiveIdle(at: now)
        case .present:
            idleReports = 0
            return []
        }
    }

    /// Probes a kernel that is idle although a request is open. If it does not reply to several probes, its replies are
    /// lost.
    private mutating func receiveIdle(at now: Duration) -> [Action] {
        guard hasBeenReady, !open.isEmpty else { return [] }
        idleReports += 1
        switch phase {
        case .probing where idleReports >= 12: return resume()
        case .probing where probe.map { now - $0.sent >= Self.probeInterval } ?? true:
            return [sendProbe(at: now)]
        case .connected where idleReports >= 5:
            // A message may also be lost on a connection that seems intact.
            phase = .probing
            open.markUncertain()
            return [sendProbe(at: now)]
        default: return []
        }
    }

    // MARK: - The end

    private mutating func endOfDeath(at now: Duration) -> [Action] {
        end(.died(PostMortem(cause: .unknown, lifetime: hasBeenReady ? now - readyTime : .zero)))
    }

    private mutating func end(_ failure: KernelFailure) -> [Action] {
        guard !isEnding else { return [] }
        phase = .ended
        return [.end(failure)]
    }
}
