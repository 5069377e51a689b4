import GalleyJSON
import GalleyJupyterProtocol
import Testing

@Suite struct `A request tracker` {
    private let session = Session()
    private let kernel = Session()

    private func reply(to request: Message, on channel: Channel = .shell) -> Message {
        kernel.message("execute_reply", on: channel, content: ["status": "ok"], parent: request.header)
    }

    private func status(_ state: String, of request: Message) -> Message {
        kernel.message("status", on: .iopub, content: ["execution_state": .string(state)], parent: request.header)
    }

    @Test func `A request tracker is complete after the reply and the idle status, in any order`() {
        for isReplyFirst in [true, false] {
            let request = session.executeRequest("x")
            var requestTracker = RequestTracker(request)
            #expect(requestTracker.receive(status("busy", of: request)) == .going)
            #expect(requestTracker.wasBusy)
            let last = [reply(to: request), status("idle", of: request)]
            #expect(requestTracker.receive(last[isReplyFirst ? 0 : 1]) == .going)
            #expect(requestTracker.receive(last[isReplyFirst ? 1 : 0]) == .complete)
            #expect(requestTracker.reply?.content["status"]?.string == "ok")
        }
    }

    @Test func `A request tracker ignores messages of other requests and other channels`() {
        let request = session.executeRequest("x")
        let other = session.executeRequest("y")
        var requestTracker = RequestTracker(request)
        for message in [status("idle", of: other), reply(to: other), reply(to: request, on: .control)] {
            #expect(requestTracker.receive(message) == .going)
        }
        #expect(requestTracker.reply == nil)
        #expect(
            requestTracker.receive(kernel.message("status", on: .iopub, content: ["execution_state": "idle"])) == .going
        )
    }

    @Test func `A request tracker waits while the kernel works`() {
        var requestTracker = RequestTracker(session.executeRequest("x"))
        #expect(requestTracker.probe(of: session)?.header.id == nil)
        _ = requestTracker.receive(status("busy", of: requestTracker.request))
        #expect(requestTracker.probe(of: session)?.header.id == nil)
    }

    @Test func `A request tracker learns from a probe's messages that its own idle status was lost`() throws {
        var requestTracker = RequestTracker(session.executeRequest("x"))
        _ = requestTracker.receive(reply(to: requestTracker.request))
        let asked = requestTracker.probe(of: session)
        let probe = try #require(asked)
        #expect(probe.type == "kernel_info_request")
        #expect(requestTracker.receive(reply(to: probe)) == .going)
        #expect(requestTracker.receive(status("busy", of: probe)) == .completeWithLoss)
    }

    @Test func `A request tracker completes if its idle status was only late`() throws {
        var requestTracker = RequestTracker(session.executeRequest("x"))
        _ = requestTracker.receive(reply(to: requestTracker.request))
        let asked = requestTracker.probe(of: session)
        let probe = try #require(asked)
        #expect(requestTracker.receive(reply(to: probe)) == .going)
        #expect(requestTracker.receive(status("idle", of: requestTracker.request)) == .complete)
    }

    @Test func `A request tracker learns from a probe's reply that an interrupt prevented its own reply`() throws {
        for wasInterrupted in [true, false] {
            var requestTracker = RequestTracker(session.executeRequest("x"))
            requestTracker.wasInterrupted = wasInterrupted
            let early = requestTracker.probe(of: session)
            #expect(early == nil)
            _ = requestTracker.receive(status("idle", of: requestTracker.request))
            let asked = requestTracker.probe(of: session)
            // A kernel that was not interrupted may be idle for a moment, and reply later.
            guard wasInterrupted else { return #expect(asked == nil) }
            let probe = try #require(asked)
            #expect(requestTracker.receive(status("busy", of: probe)) == .going)
            #expect(requestTracker.receive(reply(to: probe)) == .completeWithoutReply)
        }
    }

    @Test func `A request tracker stops waiting for IOPub if many probes are answered on the shell channel alone`()
        throws
    {
        var requestTracker = RequestTracker(session.executeRequest("x"))
        _ = requestTracker.receive(reply(to: requestTracker.request))
        var progress = RequestTracker.Progress.going
        var count = 0
        while progress == .going, count < 100 {
            count += 1
            let asked = requestTracker.probe(of: session)
            let probe = try #require(asked)
            progress = requestTracker.receive(reply(to: probe))
        }
        #expect(progress == .completeWithLoss)
        #expect(2...10 ~= count)
    }
}

@Suite struct `A session` {
    @Test func `A session gives every message its own identifier, and the time`() {
        let session = Session()
        let messages = (0..<1000).map { _ in session.kernelInfoRequest() }
        #expect(Set(messages.map(\.header.id)).count == 1000)
        #expect(messages.allSatisfy { $0.header.session == session.id })
        #expect(
            messages.allSatisfy {
                $0.header.date?.wholeMatch(of: /20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z/) != nil
            })
    }

    @Test func `A session reads headers as kernels write them`() {
        #expect(Header(json: ["msg_id": "1", "msg_type": "status"])?.date == nil)
        #expect(Header(json: ["msg_id": "1", "msg_type": "status", "date": "2026-06-06T17:21+0000"])?.date != nil)
        #expect(Header(json: ["msg_id": "1"]) == nil)
        #expect(Header(json: ["msg_id": 1, "msg_type": "x"]) == nil)
        #expect(Header(parent: ["msg_id": "1"])?.id == "1")
        #expect(Header(parent: [:]) == nil)
    }
}

@Suite struct `A post-mortem` {
    @Test(arguments: [
        (PostMortem(cause: .exited(1), lifetime: .milliseconds(1500)), "it exited with status 1 after 1.5 s"),
        (PostMortem(cause: .exited(1), lifetime: .milliseconds(1386)), "it exited with status 1 after 1.386 s"),
        (
            PostMortem(cause: .signalled(11), peakMemory: 50_000_000),
            "it was ended by signal 11 (SIGSEGV) after 0.0 s, using at most 50 MB"
        ),
        (
            PostMortem(cause: .signalled(9), memory: .machine),
            "it was ended by signal 9 (SIGKILL) after 0.0 s, perhaps because the machine ran out of memory and the system killed a process"
        ),
        (
            PostMortem(cause: .signalled(9), memory: .groupLimit),
            "it was ended by signal 9 (SIGKILL) after 0.0 s, because its control group (such as a container) ran out of memory"
        ),
        (
            PostMortem(cause: .signalled(6), memory: .kernelLimit(bytes: 500_000_000)),
            "it was ended by signal 6 (SIGABRT) after 0.0 s, perhaps because of its memory limit of 500 MB"
        ),
        (PostMortem(cause: .unknown), "it ended for an unknown reason after 0.0 s"),
    ])
    func `A post-mortem is one sentence`(end: PostMortem, sentence: String) { #expect(end.description == sentence) }
}
