import GalleyJSON
import GalleyJupyterProtocol
import Testing

@testable import GalleyJupyterServer

/// A kernel's state with a clock of its own, and the actions that it returned.
struct DrivenKernelState {
    let session = Session()
    let kernel = Session()
    var state: ServerKernelState
    var now = Duration.zero
    var actions: [ServerKernelState.Action] = []

    init() { state = ServerKernelState(session: session) }

    /// A kernel that is ready, with no actions left.
    static func ready(echoing: Bool = false) -> DrivenKernelState {
        var driven = DrivenKernelState()
        driven.connect()
        driven.answerProbe(echoing: echoing)
        driven.actions = []
        return driven
    }

    /// The actions since the last call, one word for each, with the type of a message.
    mutating func take() -> [String] {
        defer { actions = [] }
        return actions.map { action in
            switch action {
            case .deliver(let message):
                message.loss.map { loss in
                    switch loss {
                    case .rateLimit: "loss rate"
                    case .connection(let time, let isReplyMissing):
                        "loss \(time.components.seconds)\(isReplyMissing ? " reply" : "")"
                    }
                } ?? "deliver \(message.type)"
            case .send(let message): "send \(message.type)"
            case .poll: "poll"
            case .reconnect(let delay): "reconnect \(delay)"
            case .warn: "warn"
            case .becomeReady: "ready"
            case .end(.died): "died"
            case .end(.disconnected(let reason)): "end \(reason)"
            case .end: "end"
            }
        }
    }

    mutating func connect() { actions += state.connect(at: now) }
    mutating func disconnect(orderly: Bool = false) { actions += state.disconnect(isOrderly: orderly, at: now) }
    mutating func receive(_ message: Message) { actions += state.receive(message, at: now) }
    mutating func report(_ reported: ServerKernelState.ReportedState) { actions += state.receive(reported, at: now) }

    mutating func send(_ message: Message) -> Message {
        actions += state.send(message, at: now)
        return message
    }

    /// Lets time pass in ticks of half a second.
    mutating func pass(_ duration: Duration) {
        let end = now + duration
        while now < end {
            now += .milliseconds(500)
            actions += state.tick(at: now)
        }
    }

    var warnings: [String] { actions.compactMap { if case .warn(let text) = $0 { text } else { nil } } }

    /// The last probe that was sent.
    var probe: Message? {
        actions.compactMap { if case .send(let message) = $0, message.isKernelInfoRequest { message } else { nil } }
            .last
    }

    func said(_ type: String, _ content: Value = [:], on channel: Channel = .iopub, to parent: Message? = nil)
        -> Message
    { kernel.message(type, on: channel, content: content, parent: parent?.header) }

    func status(_ state: String, to parent: Message? = nil) -> Message {
        said("status", ["execution_state": .string(state)], to: parent)
    }

    mutating func answerProbe(echoing: Bool = false, by other: Session? = nil) {
        guard let probe else { Issue.record("no probe was sent"); return }
        receive(status("busy", to: probe))
        receive(
            (echoing ? session : other ?? kernel).message(
                "kernel_info_reply", on: .shell, content: ["implementation": "k"], parent: probe.header))
        receive(status("idle", to: probe))
    }
}

extension DrivenKernelState {
    /// Like ``take()``, but the probe can still be answered.
    mutating func take(keepingProbe: Bool) -> [String] {
        let probe = probe
        defer { actions = probe.map { [.send($0)] } ?? [] }
        return take()
    }
}
