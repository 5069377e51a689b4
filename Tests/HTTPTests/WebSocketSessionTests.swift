import GalleyTestSupport
import Testing

@testable import GalleyHTTP

@Suite struct `A WebSocket session` {
    private static let close1000 = ClientFrame(0x88, [3, 0xE8])

    // MARK: - Messages and pings of the server

    @Test func `A session delivers messages and sends those of the caller in order`() {
        var run = SessionRun()
        run.receive(frame(0x81, "a") + frame(0x82, [1]))
        #expect(run.messages == [.text([0x61]), .binary([1])])
        run.send("b")
        run.session.send(.binary([2]))
        run.flush()
        #expect(run.sent == [ClientFrame(0x81, [0x62]), ClientFrame(0x82, [2])])
        #expect(run.session.ending == nil)
    }

    @Test func `A session answers a ping with its payload`() {
        var run = SessionRun()
        run.receive(frame(0x89, "payload"))
        run.receive(frame(0x89))
        #expect(run.sent == [ClientFrame(0x8A, Array("payload".utf8)), ClientFrame(0x8A)])
    }

    @Test func `A session that cannot send keeps one answer to all pings`() {
        var run = SessionRun()
        for number in 0..<100_000 {
            _ = run.session.receive(frame(0x89, "\(number)")[...], at: run.now)
        }
        #expect(run.session.unsentBytes == 0)
        run.flush()
        #expect(run.sent == [ClientFrame(0x8A, Array("99999".utf8))])
    }

    @Test func `An answer to a ping goes before the messages that wait, and not into a frame`() {
        var run = SessionRun()
        run.session.send(.text([0x61, 0x62, 0x63]))
        run.session.send(.text([0x64]))
        var bytes = Array((run.session.bytesToSend() ?? []).prefix(5))
        run.session.markSent(5)
        _ = run.session.receive(frame(0x89, "p")[...], at: run.now)
        while let part = run.session.bytesToSend() {
            bytes += part.prefix(1)
            run.session.markSent(1)
        }
        #expect(
            ClientFrame.decode(bytes) == [
                ClientFrame(0x81, [0x61, 0x62, 0x63]), ClientFrame(0x8A, [0x70]), ClientFrame(0x81, [0x64]),
            ])
    }

    @Test func `The unsent bytes are those that wait`() {
        var run = SessionRun()
        #expect(run.session.unsentBytes == 0)
        for _ in 0..<10 { run.session.send(.binary(.init(repeating: 0, count: 1000))) }
        #expect(run.session.unsentBytes == 10_000)
        let first = run.session.bytesToSend()
        run.session.markSent((first?.count ?? 0) - 100)
        #expect(run.session.unsentBytes == 9100)
        run.sendRest()
        #expect(run.session.unsentBytes == 0)
    }

    // MARK: - Pings of this side

    @Test func `A session sends a ping after each interval`() {
        var run = SessionRun()
        run.waitAndFlush(.seconds(19))
        #expect(run.sent == [])
        for _ in 0..<3 {
            run.waitAndFlush(.seconds(20))
            run.receive(frame(0x8A))
        }
        #expect(run.sent == .init(repeating: ClientFrame(0x89), count: 3))
    }

    @Test(arguments: [frame(0x8A), frame(0x8A, "other"), frame(0x81, "a"), [0x82], frame(0x89)])
    func `Any bytes answer a ping`(bytes: [UInt8]) {
        var run = SessionRun()
        run.waitAndFlush(.seconds(20))
        run.wait(.seconds(19))
        run.receive(bytes)
        run.wait(.seconds(19))
        #expect(run.session.ending == nil)
    }

    @Test func `A session without any bytes after a ping fails`() {
        var run = SessionRun()
        run.waitAndFlush(.seconds(20))
        run.wait(.seconds(19))
        #expect(run.session.ending == nil)
        run.wait(.seconds(1))
        #expect(run.session.ending == .failed(.silent(.seconds(20))))
        #expect(run.session.deadline == nil)
    }

    @Test func `Progress of a long message delays the failure`() {
        var run = SessionRun()
        run.session.send(.binary(.init(repeating: 0, count: 1000)))
        run.wait(.seconds(20))
        for _ in 0..<100 {
            run.wait(.seconds(19))
            #expect(run.session.bytesToSend() != nil)
            run.session.markSent(1)
            run.session.markProgress(at: run.now)
        }
        run.wait(.seconds(19))
        #expect(run.session.ending == nil)
        run.wait(.seconds(1))
        #expect(run.session.ending == .failed(.silent(.seconds(20))))
    }

    @Test func `A pause of the machine is no silence of the server`() {
        var run = SessionRun()
        // The owner passes what has arrived before it says the time.
        run.waitAndFlush(.seconds(20))
        run.receive(frame(0x8A))
        run.waitAndFlush(.seconds(100_000))
        #expect(run.session.ending == nil)
        #expect(run.sent.count == 2)
    }

    @Test func `A session without an interval sends no ping and never fails of silence`() {
        var limits = WebSocketLimits()
        limits.pingInterval = nil
        var run = SessionRun(limits: limits)
        run.waitAndFlush(.seconds(100_000))
        #expect(run.session.deadline == nil)
        #expect(run.sent == [])
        #expect(run.session.ending == nil)
    }

    @Test func `The deadline is the next moment at which something happens`() throws {
        var run = SessionRun()
        for _ in 0..<100 {
            let deadline = try #require(run.session.deadline)
            #expect(deadline > run.now)
            run.waitAndFlush(deadline - run.now)
            run.receive(frame(0x8A))
        }
        #expect(run.sent.count == 100)
    }

    // MARK: - Closing

    @Test func `A session closes after the messages that wait, and ends with the server's answer`() {
        var run = SessionRun()
        run.session.send(.text([0x61]))
        run.close(4000, "bye")
        run.send("too late")
        #expect(run.sent == [ClientFrame(0x81, [0x61]), ClientFrame(0x88, [0x0F, 0xA0] + Array("bye".utf8))])
        run.receive(frame(0x81, "last") + frame(0x88, [0x0F, 0xA0]) + frame(0x81, "ignored"))
        #expect(run.messages == [.text(Array("last".utf8))])
        #expect(run.session.ending == nil)
        run.session.receiveEnd(.canceled)
        #expect(run.session.ending == .closed(code: 4000, reason: ""))
        #expect(run.sent.count == 2)
    }

    @Test func `A session answers the server's close frame with its code`() {
        var run = SessionRun()
        run.receive(frame(0x81, "a") + frame(0x88, [0x0F, 0xA1] + Array("gone".utf8)))
        #expect(run.sent == [ClientFrame(0x88, [0x0F, 0xA1])])
        #expect(run.messages.count == 1)
        run.send("dropped")
        run.close()
        run.session.receiveEnd(.canceled)
        #expect(run.session.ending == .closed(code: 4001, reason: "gone"))
        #expect(run.sent.count == 1)
    }

    @Test func `An empty close frame is answered with an empty one`() {
        var run = SessionRun()
        run.receive(frame(0x88))
        run.session.receiveEnd(.canceled)
        #expect(run.sent == [ClientFrame(0x88)])
        #expect(run.session.ending == .closed(code: nil, reason: ""))
    }

    @Test func `The server's close frame drops the messages that wait, but no half of a frame`() {
        var run = SessionRun()
        for _ in 0..<3 { run.session.send(.text([0x61])) }
        var bytes = Array((run.session.bytesToSend() ?? []).prefix(3))
        run.session.markSent(3)
        _ = run.session.receive(frame(0x88, [3, 0xE8])[...], at: run.now)
        while let part = run.session.bytesToSend() {
            bytes += part
            run.session.markSent(part.count)
        }
        #expect(ClientFrame.decode(bytes) == [ClientFrame(0x81, [0x61]), Self.close1000])
    }

    @Test func `A server that does not end the connection after its close frame is left after two seconds`() {
        var run = SessionRun()
        run.receive(frame(0x88, [3, 0xE8]))
        run.wait(.milliseconds(1900))
        #expect(run.session.ending == nil)
        run.wait(.milliseconds(100))
        #expect(run.session.ending == .closed(code: 1000, reason: ""))
    }

    @Test func `A server that does not answer a close frame is left after five seconds`() {
        var run = SessionRun()
        run.close()
        run.wait(.milliseconds(4900))
        run.receive(frame(0x81, "a"))
        #expect(run.session.ending == nil)
        run.wait(.milliseconds(100))
        #expect(run.session.ending == .failed(.silent(.seconds(5))))
        #expect(run.messages.count == 1)
    }

    @Test func `A server that ends the connection instead of answering a close frame has closed it`() {
        var run = SessionRun()
        run.close()
        run.session.receiveEnd(.canceled)
        #expect(run.session.ending == .closed(code: nil, reason: ""))
    }

    @Test func `The end of the connection without a close frame is a failure`() {
        var run = SessionRun()
        run.receive(frame(0x81, "a"))
        run.session.receiveEnd(.connection(.canceled))
        #expect(run.session.ending == .failed(.connection(.canceled)))
    }

    @Test func `A second close and an abort after the end change nothing`() {
        var run = SessionRun()
        run.close()
        run.close(4000)
        run.receive(frame(0x88, [3, 0xE8]))
        run.session.receiveEnd(.canceled)
        run.session.abort()
        run.session.receiveEnd(.canceled)
        run.wait(.seconds(1000))
        #expect(run.sent == [Self.close1000])
        #expect(run.session.ending == .closed(code: 1000, reason: ""))
    }

    @Test func `An abort ends a session at once, and it sends nothing more`() {
        var run = SessionRun()
        run.session.send(.text([0x61]))
        run.session.abort()
        run.flush()
        #expect(run.sent == [])
        #expect(run.session.ending == .failed(.canceled))
    }

    // MARK: - Violations

    @Test func `A violation closes with its code, delivers what came before, and fails`() {
        var run = SessionRun()
        run.receive(frame(0x81, "a") + frame(0x89, "p") + [0x83, 0] + frame(0x81, "b"))
        #expect(run.messages == [.text([0x61])])
        #expect(run.sent.map(\.first) == [0x88])
        #expect(run.sent.first?.payload.prefix(2) == [3, 0xEA])
        run.receive(frame(0x81, "c"))
        run.send("d")
        #expect(run.messages.count == 1)
        run.wait(.seconds(2))
        guard case .failed(.protocolViolation) = run.session.ending else {
            Issue.record("\(String(describing: run.session.ending))")
            return
        }
        #expect(run.sent.count == 1)
    }

    @Test func `A message beyond the limit fails with the limit`() {
        var limits = WebSocketLimits()
        limits.maximumMessage = 3
        var run = SessionRun(limits: limits)
        run.receive(frame(0x81, "abc") + frame(0x81, "abcd"))
        run.session.receiveEnd(.canceled)
        #expect(run.messages.count == 1)
        #expect(run.sent.first?.payload.prefix(2) == [3, 0xF1])
        #expect(run.session.ending == .failed(.tooLarge(limit: 3)))
    }

    @Test func `A text that is not UTF-8 closes with its own code`() {
        var run = SessionRun()
        run.receive(frame(0x81, [0xFF]))
        #expect(run.sent.first?.payload.prefix(2) == [3, 0xEF])
    }
}
