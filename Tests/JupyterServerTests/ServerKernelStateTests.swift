import GalleyJSON
import GalleyJupyterProtocol
import Testing

@testable import GalleyJupyterServer

@Suite struct `The state of a kernel on a server` {
    @Test func `A kernel is ready when it has replied to a kernel info request`() {
        var driven = DrivenKernelState()
        driven.connect()
        driven.receive(driven.status("busy", to: Session().kernelInfoRequest()))
        driven.receive(driven.status("starting"))
        driven.answerProbe()
        #expect(driven.take() == ["send kernel_info_request", "ready"])
    }

    @Test func `A kernel that loses the first request gets another one`() {
        var driven = DrivenKernelState()
        driven.connect()
        driven.pass(.seconds(5))
        #expect(driven.take().filter { $0 != "poll" } == ["send kernel_info_request", "send kernel_info_request"])
    }

    @Test func `A kernel without IOPub messages is ready two seconds after its reply`() {
        var driven = DrivenKernelState()
        driven.connect()
        let probe = driven.probe
        driven.receive(driven.said("kernel_info_reply", on: .shell, to: probe))
        driven.pass(.seconds(1))
        #expect(!driven.take().contains("ready"))
        driven.pass(.seconds(1))
        #expect(driven.take().contains("ready"))
    }

    @Test func `Messages of this client are delivered, those about other clients' requests are not`() {
        var driven = DrivenKernelState.ready()
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
        var driven = DrivenKernelState.ready(echoing: echoes)
        let request = driven.send(driven.session.executeRequest("1"))
        let content: Value = ["name": "stderr", "text": .string(text)]
        driven.receive(
            (isOwnSession ? driven.session : driven.kernel).message(
                "stream", on: .iopub, content: content, parent: request.header))
        #expect(driven.take() == ["send execute_request", isNotice ? "loss rate" : "deliver stream"])
    }

    @Test(arguments: ["restarting", "dead"])
    func `A server that restarts a kernel, or gives it up, reports its death`(state: String) {
        var driven = DrivenKernelState.ready()
        driven.now += .seconds(3)
        driven.receive(driven.session.message("status", on: .iopub, content: ["execution_state": .string(state)]))
        driven.receive(driven.status("starting"))
        driven.pass(.seconds(100))
        #expect(driven.take() == ["died"])
    }

    @Test func `A kernel that dies before it is ready is dead`() {
        var driven = DrivenKernelState()
        driven.connect()
        driven.receive(driven.session.message("status", on: .iopub, content: ["execution_state": "restarting"]))
        #expect(driven.take() == ["send kernel_info_request", "died"])
    }

    @Test func `A silent kernel with an open request is asked for every two seconds`() {
        var driven = DrivenKernelState.ready()
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
        var driven = DrivenKernelState.ready()
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
        var driven = DrivenKernelState.ready()
        driven.receive(driven.said("shutdown_reply", ["restart": true]))
        #expect(driven.take() == ["end another client of the server restarted the kernel"])
    }

    @Test(arguments: [true, false])
    func `A kernel that is idle while its reply is missing does not hang the run`(hasBegun: Bool) {
        var driven = DrivenKernelState.ready()
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
        var driven = DrivenKernelState.ready()
        for _ in 0..<2000 { _ = driven.send(driven.session.isCompleteRequest("1")) }
        #expect(driven.state.open.requests.count == 1000)
        var ids = RecentIDs(capacity: 3)
        #expect(["a", "b", "a", "c", "d", "a"].map { ids.insert($0) } == [true, true, false, true, true, true])
    }
}
