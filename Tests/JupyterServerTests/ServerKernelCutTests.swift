import GalleyJSON
import GalleyJupyterProtocol
import Testing

@testable import GalleyJupyterServer

@Suite struct `The state of a kernel whose connection was cut` {
    @Test func `After a cut between cells, the next request waits until the kernel has proved that it is the same`() {
        var driven = DrivenKernelState.ready()
        driven.disconnect()
        _ = driven.send(driven.session.executeRequest("1"))
        driven.connect()
        #expect(
            driven.take(keepingProbe: true) == ["warn", "reconnect 0.0 seconds", "warn", "send kernel_info_request"])
        driven.answerProbe()
        #expect(driven.take().last == "send execute_request")
    }

    @Test func `A kernel that was restarted during a cut is dead`() {
        var driven = DrivenKernelState.ready()
        driven.disconnect()
        driven.connect()
        driven.answerProbe(by: Session())
        #expect(driven.take().last == "died")
    }

    @Test func `A request whose end was lost in a cut ends, and its outputs are uncertain`() {
        var driven = DrivenKernelState.ready()
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
        var driven = DrivenKernelState.ready()
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
        var driven = DrivenKernelState.ready()
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
        var driven = DrivenKernelState.ready()
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
        var driven = DrivenKernelState.ready()
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
        var driven = DrivenKernelState.ready()
        let request = driven.send(driven.session.executeRequest("1"))
        driven.disconnect(orderly: true)
        driven.connect()
        driven.actions = []
        for _ in 0..<10_002 { driven.receive(driven.said("display_data", to: request)) }
        #expect(driven.take().count == 10_002)
    }

    @Test func `An orderly cut between cells is no loss`() {
        var driven = DrivenKernelState.ready()
        driven.disconnect(orderly: true)
        driven.connect()
        #expect(!driven.warnings.contains { $0.contains("missing") })
        driven.answerProbe()
        #expect(!driven.take().contains { $0.hasPrefix("loss") || $0 == "poll" })
    }

    @Test func `A kernel info request that was lost in a cut is answered`() {
        var driven = DrivenKernelState.ready()
        _ = driven.send(driven.session.kernelInfoRequest())
        driven.actions = []
        driven.disconnect()
        driven.connect()
        driven.answerProbe()
        #expect(driven.take().suffix(2) == ["deliver kernel_info_reply", "deliver status"])
    }

    @Test func `A lost connection is opened again with growing delays, for one minute`() {
        var driven = DrivenKernelState.ready()
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
        var driven = DrivenKernelState.ready()
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
        var driven = DrivenKernelState.ready()
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
        var driven = DrivenKernelState.ready()
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
        var driven = DrivenKernelState()
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
        var driven = DrivenKernelState.ready()
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
        var driven = DrivenKernelState.ready()
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
}
