import GalleyJSON
import GalleyJupyterProtocol
import Testing

@testable import GalleyJupyterServer

/// A kernel's state with a clock of its own, and the actions that it returned.
private struct Driven {
    let session = Session()
    let kernel = Session()
    var state: ServerKernelState
    var now = Duration.zero
    var actions: [ServerKernelState.Action] = []

    init() { state = ServerKernelState(session: session) }

    /// A kernel that is ready, with no actions left.
    static func ready(echoing: Bool = false) -> Driven {
        var driven = Driven()
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

@Suite struct `The state of a kernel on a server` {
    @Test func `A kernel is ready when it has replied to a kernel info request`() {
        var driven = Driven()
        driven.connect()
        driven.receive(driven.status("busy", to: Session().kernelInfoRequest()))
        driven.receive(driven.status("starting"))
        driven.answerProbe()
        #expect(driven.take() == ["send kernel_info_request", "ready"])
    }

    @Test func `A kernel that loses the first request gets another one`() {
        var driven = Driven()
        driven.connect()
        driven.pass(.seconds(5))
        #expect(driven.take().filter { $0 != "poll" } == ["send kernel_info_request", "send kernel_info_request"])
    }

    @Test func `A kernel without IOPub messages is ready two seconds after its reply`() {
        var driven = Driven()
        driven.connect()
        let probe = driven.probe
        driven.receive(driven.said("kernel_info_reply", on: .shell, to: probe))
        driven.pass(.seconds(1))
        #expect(!driven.take().contains("ready"))
        driven.pass(.seconds(1))
        #expect(driven.take().contains("ready"))
    }

    @Test func `Messages of this client are delivered, those about other clients' requests are not`() {
        var driven = Driven.ready()
        let request = driven.send(driven.session.executeRequest("1"))
        let other = Session().executeRequest("2")
        driven.receive(driven.said("execute_reply", ["status": "ok"], on: .shell, to: request))
        for message in [request, other] {
            driven.receive(driven.status("busy", to: message))
            driven.receive(driven.said("stream", ["name": "stdout", "text": "x"], to: message))
            driven.receive(driven.status("idle", to: message))
        }
        driven.receive(driven.said("comm_msg", ["comm_id": "c"], to: other))
        driven.receive(driven.said("stream", ["name": "stdout", "text": "no parent"]))
        #expect(
            driven.take() == [
                "send execute_request", "deliver execute_reply", "deliver status", "deliver stream", "deliver status",
                "deliver comm_msg", "deliver stream",
            ])
        #expect(driven.state.open.isEmpty)
    }

    @Test(arguments: [
        // The session of the kernel's messages, the session of this one, its text, and whether it is a notice.
        (false, true, "IOPub data rate exceeded.", true), (false, true, "another text", true),
        (false, false, "IOPub data rate exceeded.", false), (true, true, "IOPub message rate exceeded.", true),
        (true, true, "an error", false),
    ])
    func `The server's notice is found by its session, or by its text if the kernel copies sessions`(
        echoes: Bool, isOwnSession: Bool, text: String, isNotice: Bool
    ) {
        var driven = Driven.ready(echoing: echoes)
        let request = driven.send(driven.session.executeRequest("1"))
        let content: Value = ["name": "stderr", "text": .string(text)]
        driven.receive(
            (isOwnSession ? driven.session : driven.kernel).message(
                "stream", on: .iopub, content: content, parent: request.header))
        #expect(driven.take() == ["send execute_request", isNotice ? "loss rate" : "deliver stream"])
    }

    @Test(arguments: ["restarting", "dead"])
    func `A server that restarts a kernel, or gives it up, reports its death`(state: String) {
        var driven = Driven.ready()
        driven.now += .seconds(3)
        driven.receive(driven.session.message("status", on: .iopub, content: ["execution_state": .string(state)]))
        driven.receive(driven.status("starting"))
        driven.pass(.seconds(100))
        #expect(driven.take() == ["died"])
    }

    @Test func `A kernel that dies before it is ready is dead`() {
        var driven = Driven()
        driven.connect()
        driven.receive(driven.session.message("status", on: .iopub, content: ["execution_state": "restarting"]))
        #expect(driven.take() == ["send kernel_info_request", "died"])
    }

    @Test func `A silent kernel with an open request is asked for every two seconds`() {
        var driven = Driven.ready()
        driven.pass(.seconds(60))
        #expect(driven.take() == [])
        _ = driven.send(driven.session.executeRequest("1"))
        driven.pass(.seconds(2))
        #expect(driven.take() == ["send execute_request", "poll"])
        driven.pass(.seconds(20))
        #expect(driven.take() == [], "the server has not answered yet")
        driven.report(.present("busy"))
        driven.pass(.seconds(2))
        driven.report(.unknown)
        driven.pass(.seconds(2))
        #expect(driven.take() == ["poll", "poll"])
        driven.report(.present("dead"))
        #expect(driven.take() == ["died"])
    }

    @Test func `A kernel that another client shut down is missed at once`() {
        var driven = Driven.ready()
        driven.receive(driven.said("shutdown_reply", ["restart": false]))
        #expect(driven.take() == ["poll"])
        driven.report(.missing)
        let end = driven.take()
        #expect(end.count == 1 && end[0].hasPrefix("end another client of the server shut the kernel down"))
        driven.receive(driven.status("idle"))
        driven.pass(.seconds(9))
        #expect(driven.take() == [])
    }

    @Test func `A kernel that another client restarted has lost its state`() {
        var driven = Driven.ready()
        driven.receive(driven.said("shutdown_reply", ["restart": true]))
        #expect(driven.take() == ["end another client of the server restarted the kernel"])
    }

    @Test func `After a cut between cells, the next request waits until the kernel has proved that it is the same`() {
        var driven = Driven.ready()
        driven.disconnect()
        _ = driven.send(driven.session.executeRequest("1"))
        driven.connect()
        #expect(
            driven.take(keepingProbe: true) == ["warn", "reconnect 0.0 seconds", "warn", "send kernel_info_request"])
        driven.answerProbe()
        #expect(driven.take().last == "send execute_request")
    }

    @Test func `A kernel that was restarted during a cut is dead`() {
        var driven = Driven.ready()
        driven.disconnect()
        driven.connect()
        driven.answerProbe(by: Session())
        #expect(driven.take().last == "died")
    }

    @Test func `A request whose end was lost in a cut ends, and its outputs are uncertain`() {
        var driven = Driven.ready()
        let request = driven.send(driven.session.executeRequest("1"))
        driven.receive(driven.status("busy", to: request))
        driven.disconnect()
        driven.now += .seconds(4)
        driven.connect()
        #expect(
            driven.take(keepingProbe: true) == [
                "send execute_request", "deliver status", "warn", "reconnect 0.0 seconds", "warn", "loss 4",
                "send kernel_info_request",
            ])
        driven.now += .seconds(9)
        driven.answerProbe()
        #expect(driven.take().suffix(3) == ["loss 4 reply", "deliver execute_reply", "deliver status"])
        #expect(driven.state.open.isEmpty)
    }

    @Test func `After an orderly cut, replayed messages are complete, and duplicates are dropped`() {
        var driven = Driven.ready()
        let request = driven.send(driven.session.executeRequest("1"))
        let output = driven.said("stream", ["name": "stdout", "text": "x"], to: request)
        driven.receive(output)
        driven.disconnect(orderly: true)
        driven.connect()
        for message in [
            output, driven.said("execute_reply", ["status": "ok"], on: .shell, to: request),
            driven.status("idle", to: request),
        ] { driven.receive(message) }
        driven.answerProbe()
        driven.report(.present("idle", connections: 1))
        #expect(
            driven.take().filter { $0.hasPrefix("deliver") || $0.hasPrefix("loss") } == [
                "deliver stream", "deliver execute_reply", "deliver status",
            ])
    }

    @Test(arguments: [(1, false), (2, true), (nil, false)])
    func `After an orderly cut in a cell, another client at the kernel means a loss, which comes before the end`(
        connections: Int?, isLoss: Bool
    ) {
        var driven = Driven.ready()
        let request = driven.send(driven.session.executeRequest("1"))
        driven.receive(driven.status("busy", to: request))
        driven.disconnect(orderly: true)
        driven.actions = []
        driven.connect()
        #expect(driven.warnings.count == 1 && driven.warnings[0].contains("output of that moment may be missing"))
        driven.receive(driven.said("execute_reply", ["status": "ok"], on: .shell, to: request))
        driven.receive(driven.status("idle", to: request))
        driven.answerProbe()
        driven.pass(.seconds(3))
        #expect(driven.take() == ["warn", "poll", "send kernel_info_request"], "all waits for the answer")
        _ = driven.send(driven.session.executeRequest("2"))
        driven.report(.present("idle", connections: connections))
        #expect(
            driven.take() == (isLoss ? ["loss 0"] : []) + [
                "deliver execute_reply", "deliver status", "send execute_request",
            ])
    }

    @Test func `After an orderly cut, an answer from before the new connection does not count`() {
        var driven = Driven.ready()
        _ = driven.send(driven.session.executeRequest("1"))
        driven.pass(.seconds(2))
        driven.disconnect(orderly: true)
        driven.connect()
        driven.actions = []
        driven.report(.present("busy", connections: 1))
        #expect(driven.take() == ["poll"])
        driven.report(.present("busy", connections: 2))
        #expect(driven.take() == ["loss 0"])
    }

    @Test(arguments: ["cut", "end", "no answer"])
    func `Messages that wait for the number of clients are delivered at any end of the wait`(way: String) {
        var driven = Driven.ready()
        let request = driven.send(driven.session.executeRequest("1"))
        driven.disconnect(orderly: true)
        driven.connect()
        driven.actions = []
        driven.receive(driven.said("stream", ["name": "stdout", "text": "x"], to: request))
        #expect(driven.take() == [])
        switch way {
        case "cut": driven.disconnect()
        case "end": driven.actions += driven.state.expectEnd()
        default: driven.report(.unknown)
        }
        #expect(driven.take().first == "deliver stream")
    }

    @Test func `Messages that wait for the number of clients do not fill the memory`() {
        var driven = Driven.ready()
        let request = driven.send(driven.session.executeRequest("1"))
        driven.disconnect(orderly: true)
        driven.connect()
        driven.actions = []
        for _ in 0..<10_002 { driven.receive(driven.said("display_data", to: request)) }
        #expect(driven.take().count == 10_002)
    }

    @Test func `An orderly cut between cells is no loss`() {
        var driven = Driven.ready()
        driven.disconnect(orderly: true)
        driven.connect()
        #expect(!driven.warnings.contains { $0.contains("missing") })
        driven.answerProbe()
        #expect(!driven.take().contains { $0.hasPrefix("loss") || $0 == "poll" })
    }

    @Test func `A kernel info request that was lost in a cut is answered`() {
        var driven = Driven.ready()
        _ = driven.send(driven.session.kernelInfoRequest())
        driven.actions = []
        driven.disconnect()
        driven.connect()
        driven.answerProbe()
        #expect(driven.take().suffix(2) == ["deliver kernel_info_reply", "deliver status"])
    }

    @Test func `A lost connection is opened again with growing delays, for one minute`() {
        var driven = Driven.ready()
        driven.disconnect()
        var delays: [Duration] = []
        while true {
            guard case .reconnect(let delay)? = driven.actions.last else { break }
            delays.append(delay)
            driven.now += delay
            driven.actions = driven.state.failToConnect("refused", at: driven.now)
        }
        #expect(Array(delays.prefix(7)) == [0, 500, 1000, 2000, 4000, 5000, 5000].map { .milliseconds($0) })
        #expect(driven.now >= .seconds(60) && driven.now < .seconds(66))
        #expect(
            driven.take() == ["end the connection to the server could not be restored within 60 s: refused"])
    }

    @Test func `A request that two cuts delay is sent once, and nothing about it is invented`() {
        var driven = Driven.ready()
        driven.disconnect()
        let request = driven.send(driven.session.executeRequest("1"))
        driven.connect()
        driven.actions = []
        driven.disconnect()
        driven.now += .seconds(1)
        driven.connect()
        driven.answerProbe()
        #expect(
            driven.take() == [
                "warn", "reconnect 0.5 seconds", "warn", "send kernel_info_request", "send execute_request",
            ])
        #expect(driven.state.open.contains(request.header.id))
        // A third cut can lose it.
        driven.disconnect()
        driven.connect()
        #expect(driven.take().contains("loss 0"))
    }

    @Test(arguments: [true, false])
    func `A request about which no message has arrived after a cut ends the run`(isOrderly: Bool) {
        var driven = Driven.ready()
        _ = driven.send(driven.session.executeRequest("1"))
        driven.disconnect(orderly: isOrderly)
        driven.connect()
        if isOrderly { driven.report(.present("idle")) }
        driven.answerProbe()
        let actions = driven.take()
        #expect(actions.last?.contains("it is unknown whether the cell ran") == true, "\(actions)")
        #expect(!actions.contains { $0.hasPrefix("deliver") })
    }

    @Test(arguments: ["busy", "execute_input", "execute_reply"])
    func `One message about a request proves that the kernel had it`(type: String) {
        var driven = Driven.ready()
        let request = driven.send(driven.session.executeRequest("1"))
        switch type {
        case "busy": driven.receive(driven.status("busy", to: request))
        case "execute_input": driven.receive(driven.said("execute_input", to: request))
        default: driven.receive(driven.said("execute_reply", ["status": "ok"], on: .shell, to: request))
        }
        driven.disconnect()
        driven.connect()
        driven.answerProbe()
        let actions = driven.take()
        #expect(actions.last == "deliver status" && !actions.contains { $0.hasPrefix("end") }, "\(actions)")
    }

    @Test func `A start without a connection is tried with growing delays, for one minute`() {
        var driven = Driven()
        driven.pass(.seconds(20))
        var delays: [Duration] = []
        for _ in 0..<200 {
            driven.actions = driven.state.failToConnect("refused", at: driven.now)
            guard case .reconnect(let delay)? = driven.actions.last else { break }
            delays.append(delay)
            driven.pass(delay)
        }
        #expect(Array(delays.prefix(6)) == [500, 1000, 2000, 4000, 5000, 5000].map { .milliseconds($0) })
        #expect(delays.count < 30)
        #expect(driven.take() == ["end the connection to the server could not be made within 60 s: refused"])
    }

    @Test func `A server that closes each new connection at once is not asked again without a pause`() {
        var driven = Driven.ready()
        var delays: [Duration] = []
        for _ in 0..<100 {
            driven.disconnect()
            guard case .reconnect(let delay)? = driven.actions.last else { break }
            delays.append(delay)
            driven.now += delay
            driven.actions = []
            driven.connect()
        }
        #expect(delays.count < 30 && delays[0] == .zero && delays.dropFirst().allSatisfy { $0 >= .milliseconds(500) })
        #expect(driven.take().last?.hasSuffix("within 60 s: the server closed the connection again") == true)
    }

    @Test func `A cell of many hours survives any number of cuts`() {
        var driven = Driven.ready()
        _ = driven.send(driven.session.executeRequest("1"))
        for _ in 0..<20 {
            driven.disconnect()
            driven.now += .seconds(2)
            driven.connect()
            driven.pass(.seconds(600))
            driven.report(.present("busy"))
        }
        #expect(driven.take().allSatisfy { !$0.hasPrefix("end") && $0 != "died" })
    }

    @Test(arguments: [true, false])
    func `A kernel that is idle while its reply is missing does not hang the run`(hasBegun: Bool) {
        var driven = Driven.ready()
        let request = driven.send(driven.session.executeRequest("1"))
        if hasBegun { driven.receive(driven.status("busy", to: request)) }
        for _ in 0..<40 where !driven.state.open.isEmpty {
            driven.pass(.seconds(2))
            driven.report(.present("idle"))
        }
        let actions = driven.take()
        #expect(driven.now < .seconds(60))
        #expect(actions.contains("loss 0 reply") == hasBegun, "\(actions)")
        #expect(actions.contains { $0.contains("it is unknown whether the cell ran") } != hasBegun, "\(actions)")
    }

    @Test func `Requests without an end do not fill the memory`() {
        var driven = Driven.ready()
        for _ in 0..<2000 { _ = driven.send(driven.session.isCompleteRequest("1")) }
        #expect(driven.state.open.requests.count == 1000)
        var ids = RecentIDs(capacity: 3)
        #expect(["a", "b", "a", "c", "d", "a"].map { ids.insert($0) } == [true, true, false, true, true, true])
    }
}

extension Driven {
    /// Like ``take()``, but the probe can still be answered.
    fileprivate mutating func take(keepingProbe: Bool) -> [String] {
        let probe = probe
        defer { actions = probe.map { [.send($0)] } ?? [] }
        return take()
    }
}
