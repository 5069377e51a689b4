import GalleyJSON
import GalleyJupyterProtocol

/// The state of a kernel on a server, as its client knows it: a pure value that changes with messages and time.
///
/// The server is not a transparent connection. It drops outputs at its rate limit, restarts a kernel that has died,
/// and keeps the connection of a kernel that it has ended. A network can lose messages without an error. This type
/// detects all of that. Its functions return the actions to perform, in order.
struct ServerKernelState: Sendable {
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
    private let lost = LostMessages()
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
    private var attempts = ReconnectionAttempts()
    private var otherClients: OtherClientsCheck?
    private var readyTime = Duration.zero
    private var lastMessage = Duration.zero
    private var lastPoll = Duration.zero
    private var isPolling = false
    /// The number of times in a row that the server reported an idle kernel, while a request was open.
    private var idleReports = 0
    private var isShutDown = false
    /// Whether the client is ending the kernel.
    private var isEnding = false

    /// The time between two questions to the server's API, while a request is open and no messages arrive.
    static let pollInterval = Duration.milliseconds(1500)
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
        (lastMessage, idleReports) = (now, 0)
        attempts.connect(at: now)
        guard hasBeenReady else { return [sendProbe(at: now)] }
        phase = .probing
        hasReconnected = true
        cutLength = cut.map { now - $0 } ?? .zero
        var actions = reportCut(at: now)
        // The kernel may wait for input. Requests must wait until it is certain that it is the same kernel.
        actions += queued.filter { $0.channel != .shell }.map { .send($0) }
        queued.removeAll { $0.channel != .shell }
        return actions + [sendProbe(at: now)]
    }

    /// Tells that the connection is back, and what the cut may have lost.
    private mutating func reportCut(at now: Duration) -> [Action] {
        let restored = "the connection to the kernel's server was restored"
        let requests = open.requests.filter { $0.isExecution && $0.isUncertain }.map(\.header)
        guard !requests.isEmpty, !isEnding else { return [.warn(restored)] }
        guard isCutOrderly else { return [.warn(restored)] + reportLoss(of: requests) }
        otherClients = OtherClientsCheck(requests, awaitsEarlierAnswer: isPolling)
        return [.warn("\(restored). The server had closed it, so output of that moment may be missing")]
            + poll(at: now)
    }

    private func reportLoss(of requests: [Header]) -> [Action] {
        requests.map { .deliver(lost.report(.connection(cutLength, isReplyMissing: false), of: $0)) }
    }

    /// Records the end of the connection.
    ///
    /// - Parameter isOrderly: Whether the server closed it, and so kept the messages from then on, unless another
    ///   client was connected.
    mutating func disconnect(isOrderly: Bool, at now: Duration) -> [Action] {
        switch phase {
        case .ended, .disconnected: return []
        case .starting: break
        case .connected, .probing: phase = .disconnected
        }
        guard !isEnding else { return [] }
        cut = now
        isCutOrderly = isCutOrderly && isOrderly
        markUncertain()
        (probe, idleReports) = (nil, 0)
        let warning = "the connection to the kernel's server was interrupted; Galley connects again"
        return release() + (hasBeenReady ? [.warn(warning)] : [])
            + reconnect(after: attempts.disconnect(at: now), "the server closed the connection again")
    }

    /// Records that messages about all requests that were sent may be lost.
    private mutating func markUncertain() { open.markUncertain(except: Set(queued.map(\.header.id))) }

    /// Records that a new connection could not be opened.
    mutating func failToConnect(_ reason: String, at now: Duration) -> [Action] {
        guard !isEnded, !isEnding else { return [] }
        return poll(at: now) + reconnect(after: attempts.fail(at: now), reason)
    }

    /// - Parameters:
    ///   - pause: The time before the next attempt; nil if there is none.
    ///   - reason: The reason why the last attempt failed.
    private mutating func reconnect(after pause: Duration?, _ reason: String) -> [Action] {
        if let pause { return [.reconnect(after: pause)] }
        let (limit, what) = (ReconnectionAttempts.limit.components.seconds, hasBeenReady ? "restored" : "made")
        return end(.disconnected("the connection to the server could not be \(what) within \(limit) s: \(reason)"))
    }

    /// Records that the client ends the kernel. Messages still arrive, and the end is not a failure.
    mutating func expectEnd() -> [Action] {
        isEnding = true
        return release()
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
        var message = message
        if isNotice(message) { message.loss = .rateLimit(notice: message.content["text"]?.string ?? "") }
        return otherClients?.hold(message) == true ? [] : release() + [.deliver(message)]
    }

    /// Returns the messages that waited for the server's answer, and waits no longer.
    private mutating func release() -> [Action] {
        defer { otherClients = nil }
        return otherClients?.held.map { .deliver($0) } ?? []
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
        guard let probe, let reply = probe.reply, probe.isIdle || now - reply.time >= Self.idleDelay,
            otherClients == nil
        else { return [] }
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
        for request in open.takeUncertain() {
            // The run cannot go on as if the cell had run.
            guard request.hasBegun || !request.isExecution else {
                return actions
                    + end(
                        .disconnected(
                            "no message about the cell arrived, so it is unknown whether the cell ran"))
            }
            actions += lost.ending(of: request, cutLength: cutLength, info: info).map { .deliver($0) }
        }
        phase = .connected
        if let probe { earlierProbes = [probe.id] }
        (probe, cut, isCutOrderly, cutLength, idleReports) = (nil, nil, true, .zero, 0)
        defer { queued = [] }
        return actions + queued.map { .send($0) }
    }

    // MARK: - Time and the server's API

    /// Checks what has to be done as time passes. Call it at least twice a second.
    mutating func tick(at now: Duration) -> [Action] {
        guard !isEnding else { return [] }
        var actions = finishProbe(at: now)
        attempts.tick(at: now)
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
        return receiveOtherClients(state, at: now) + receiveExecutionState(state, at: now)
    }

    /// Ends the wait for the number of clients.
    private mutating func receiveOtherClients(_ state: ReportedState, at now: Duration) -> [Action] {
        guard let check = otherClients else { return [] }
        guard !check.awaitsEarlierAnswer else {
            otherClients?.awaitsEarlierAnswer = false
            return poll(at: now)
        }
        var losses: [Action] = []
        if case .present(_, let connections?) = state, connections > 1 { losses = reportLoss(of: check.requests) }
        return losses + release() + finishProbe(at: now)
    }

    private mutating func receiveExecutionState(_ state: ReportedState, at now: Duration) -> [Action] {
        switch state {
        case .unknown: return []
        case .missing:
            return end(
                .disconnected(
                    isShutDown
                        ? "another client of the server shut the kernel down, or the server culled it"
                        : "the server no longer has the kernel: another client shut it down, or the server culled it or "
                            + "was restarted"))
        case .present("dead", _), .present("restarting", _): return endOfDeath(at: now)
        case .present("idle", _): return receiveIdle(at: now)
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
            markUncertain()
            return [sendProbe(at: now)]
        default: return []
        }
    }

    // MARK: - The end

    private mutating func endOfDeath(at now: Duration) -> [Action] {
        end(.died(PostMortem(cause: .unknown, lifetime: hasBeenReady ? now - readyTime : .zero)))
    }

    private mutating func end(_ failure: KernelFailure) -> [Action] {
        guard !isEnding, !isEnded else { return [] }
        phase = .ended
        return release() + [.end(failure)]
    }
}
