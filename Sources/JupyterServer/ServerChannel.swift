import GalleyConcurrency
import GalleyJupyterProtocol
import Synchronization

/// The connection to a kernel on a server. It is opened again after a cut.
///
/// The type performs the actions of ``ServerKernelState``, which decides what happens.
final class ServerChannel: Sendable {
    let session: Session
    let messages = KernelMessages()
    /// Set when the kernel is ready, or when its start has failed.
    let ready = AsyncPromise<Result<KernelInfo, KernelFailure>>()
    private let endpoint: ServerKernelEndpoint
    private let warn: @Sendable (String) -> Void
    private let start = ContinuousClock.now
    private let guarded: Mutex<Guarded>

    private struct Guarded {
        var state: ServerKernelState
        var format = ServerWireFormat(subprotocol: nil)
        var socket: (any ServerSocket)?
        /// The subprotocol to offer.
        var subprotocol: String? = ServerWireFormat.subprotocol
        /// The number of the current connection, by which late events of earlier ones are recognized.
        var connection = 0
        /// Whether the state knows about the current connection.
        var isAnnounced = false
        /// The events that arrived before that.
        var early: [Event] = []
        var isClosed = false
        var problem: String?
        var tasks: [Work: Task<Void, Never>] = [:]
    }

    /// What a task is for. There is one task for each.
    private enum Work {
        case tick, poll, connect
    }

    private enum Event {
        case frame(ServerWireFormat.Frame)
        case end(ServerSocketEnding)
    }

    private static let tick = Duration.milliseconds(500)

    /// Creates a channel. Call ``open()`` to connect.
    ///
    /// - Parameter warn: Receives sentences about problems that do not end the run.
    init(_ endpoint: ServerKernelEndpoint, session: Session, warn: @escaping @Sendable (String) -> Void) {
        (self.endpoint, self.session, self.warn) = (endpoint, session, warn)
        guarded = Mutex(Guarded(state: ServerKernelState(session: session)))
    }

    /// Begins to connect. ``ready`` tells the result.
    func open() {
        connect(after: .zero)
        let ticking = Task { [weak self] in
            while !Task.isCancelled {
                try? await Task.sleep(for: Self.tick)
                guard let self else { return }
                change { state, now in state.tick(at: now) }
            }
        }
        keep(ticking, for: .tick)
    }

    /// Sends a message. A message that is too large for servers is answered here.
    func send(_ message: Message) {
        let size = guarded.withLock { $0.format.frame(of: message).bytes.count }
        guard size <= OversizedMessage.limit else {
            let refusal = OversizedMessage(message, size: size)
            refusal.replies(in: session).forEach(messages.add)
            if let substitute = refusal.substitute(in: session) { send(substitute) }
            if let warning = refusal.warning { warn(warning) }
            return
        }
        change { state, now in state.send(message, at: now) }
    }

    /// Receives messages until ``close()``, but treats the end of the kernel as expected.
    func expectEnd() { change { state, _ in state.expectEnd() } }

    /// Whether the messages have ended.
    var isClosed: Bool { guarded.withLock(\.isClosed) }

    /// The reason why the last attempt to connect failed; nil if none has.
    var lastProblem: String? { guarded.withLock(\.problem) }

    /// Ends the connection and the messages.
    func close() async {
        let socket = finish(nil)
        await socket?.close()
    }

    /// Ends the connection and the messages at once.
    func abort() { finish(nil)?.abort() }

    // MARK: - Events

    private var now: Duration { start.duration(to: .now) }

    /// Changes the state, and performs the actions that follow.
    private func change(_ body: (inout ServerKernelState, Duration) -> [ServerKernelState.Action]) {
        let late = guarded.withLock { guarded -> [ServerKernelState.Action] in
            guard !guarded.isClosed else { return [] }
            return perform(body(&guarded.state, now), &guarded)
        }
        performLate(late)
    }

    /// Performs the actions whose order matters; returns the others.
    private func perform(
        _ actions: [ServerKernelState.Action], _ guarded: inout Guarded
    ) -> [ServerKernelState.Action] {
        var late: [ServerKernelState.Action] = []
        for action in actions {
            switch action {
            case .deliver(let message): messages.add(message)
            case .send(let message): guarded.socket?.send(guarded.format.frame(of: message))
            case .poll, .reconnect, .warn, .becomeReady, .end: late.append(action)
            }
        }
        return late
    }

    /// Performs actions that may call this channel again.
    private func performLate(_ actions: [ServerKernelState.Action]) {
        for action in actions {
            switch action {
            case .deliver, .send: break
            case .poll: poll()
            case .reconnect(let delay): connect(after: delay)
            case .warn(let text): warn(text)
            case .becomeReady(let info): ready.set(.success(info))
            case .end(let failure): finish(failure)?.abort()
            }
        }
    }

    /// Ends the messages; returns the socket to close.
    private func finish(_ failure: KernelFailure?) -> (any ServerSocket)? {
        let (socket, tasks) = guarded.withLock { guarded -> ((any ServerSocket)?, [Work: Task<Void, Never>]) in
            guarded.state.close()
            guarded.isClosed = true
            defer { (guarded.socket, guarded.tasks) = (nil, [:]) }
            return (guarded.socket, guarded.tasks)
        }
        for task in tasks.values { task.cancel() }
        messages.finish(throwing: failure)
        ready.set(.failure(failure ?? .disconnected("the kernel was shut down")))
        return socket
    }

    private func keep(_ task: Task<Void, Never>, for work: Work) {
        let isClosed = guarded.withLock { guarded in
            if !guarded.isClosed { guarded.tasks[work] = task }
            return guarded.isClosed
        }
        if isClosed { task.cancel() }
    }

    private func poll() {
        keep(
            Task { [weak self, endpoint] in
                let reported = await endpoint.state()
                self?.change { state, now in state.receive(reported, at: now) }
            }, for: .poll)
    }

    // MARK: - Connecting

    private func connect(after delay: Duration) {
        let number = guarded.withLock { guarded in
            guarded.connection += 1
            (guarded.isAnnounced, guarded.early) = (false, [])
            return guarded.connection
        }
        keep(
            Task { [weak self] in
                if delay > .zero { try? await Task.sleep(for: delay) }
                await self?.connect(number)
            }, for: .connect)
    }

    private func connect(_ number: Int) async {
        guard !Task.isCancelled else { return }
        do {
            let offered = guarded.withLock(\.subprotocol)
            let socket = try await endpoint.open(offered) { [weak self] in
                self?.receive(.frame($0), number)
            } _: { [weak self] in
                self?.receive(.end($0), number)
            }
            guard offered == nil || socket.subprotocol != nil else {
                // The server is an old one, or a proxy has removed the choice from its answer. The framing is certain
                // only if nothing is offered.
                guarded.withLock { $0.subprotocol = nil }
                connect(after: .zero)
                return await socket.close()
            }
            let isWanted = guarded.withLock { guarded in
                guard !guarded.isClosed, guarded.connection == number else { return false }
                guarded.socket = socket
                guarded.format = ServerWireFormat(subprotocol: socket.subprotocol)
                return true
            }
            guard isWanted else { return socket.abort() }
            announce(number)
        } catch {
            guard !Task.isCancelled else { return }
            guarded.withLock { $0.problem = "\(error)" }
            change { state, now in state.failToConnect("\(error)", at: now) }
        }
    }

    /// Tells the state about a connection, and then about the events that arrived meanwhile.
    private func announce(_ number: Int) {
        let late = guarded.withLock { guarded -> [ServerKernelState.Action] in
            guard guarded.connection == number, !guarded.isAnnounced, guarded.socket != nil else { return [] }
            guarded.isAnnounced = true
            let early = guarded.early
            guarded.early = []
            return early.reduce(perform(guarded.state.connect(at: now), &guarded)) { $0 + process($1, &guarded) }
        }
        performLate(late)
    }

    private func receive(_ event: Event, _ number: Int) {
        let late = guarded.withLock { guarded -> [ServerKernelState.Action] in
            guard guarded.connection == number, !guarded.isClosed else { return [] }
            guard guarded.isAnnounced else {
                guarded.early.append(event)
                return []
            }
            return process(event, &guarded)
        }
        performLate(late)
    }

    private func process(_ event: Event, _ guarded: inout Guarded) -> [ServerKernelState.Action] {
        switch event {
        case .frame(let frame):
            do throws(ServerFrameError) {
                let message = try ServerWireFormat.message(of: frame)
                return perform(guarded.state.receive(message, at: now), &guarded)
            } catch {
                return [.end(.untrustworthy("\(error)"))]
            }
        case .end(let ending):
            guarded.socket = nil
            return perform(guarded.state.disconnect(isOrderly: ending == .closed, at: now), &guarded)
        }
    }
}
