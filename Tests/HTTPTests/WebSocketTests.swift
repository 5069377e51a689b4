import Foundation
import GalleyConcurrency
import GalleyTestSupport
import Testing

@testable import GalleyHTTP

@Suite(.timeLimit(.minutes(10))) struct `A WebSocket connection` {
    private let server: FixtureServer

    init() throws { server = try FixtureServer("websocket.py") }

    private func url(_ path: String) -> String { "http://127.0.0.1:\(server.port)\(path)" }

    // MARK: - Messages

    @Test func `Messages of all sizes come back as they were sent, in order`() async throws {
        let client = try await WebSocketClient(url("/echo"))
        let messages: [WebSocket.Message] = [0, 1, 125, 126, 127, 65_535, 65_536, 3_000_000].flatMap { count in
            [
                .binary((0..<count).map { UInt8(truncatingIfNeeded: $0) }),
                .text(.init(repeating: UInt8(ascii: "x"), count: count)),
            ]
        }
        for message in messages { client.socket.send(message) }
        #expect(try await client.messages(messages.count) == messages)
        await client.socket.close()
        #expect(try await client.ending() == .closed(code: 1000, reason: ""))
        #expect(client.socket.unsentBytes == 0)
    }

    @Test func `A message of twenty million bytes goes both ways`() async throws {
        let client = try await WebSocketClient(url("/echo"))
        let message = WebSocket.Message.binary(.init(repeating: 7, count: 20_000_000))
        client.socket.send(message)
        #expect(try await client.messages(1) == [message])
    }

    @Test func `Fragments with pings between them are one message`() async throws {
        let client = try await WebSocketClient(url("/fragments"))
        let text = String(repeating: "κόσμε😀", count: 300)
        client.send(text)
        client.send("")
        #expect(try await client.texts(2) == [text, ""])
    }

    @Test func `Frames that arrive with the handshake are received`() async throws {
        let client = try await WebSocketClient(url("/large?bytes=200000"))
        #expect(try await client.messages(1) == [.binary(.init(repeating: 0, count: 200_000))])
    }

    @Test func `Thousands of messages arrive in order before the ending`() async throws {
        let client = try await WebSocketClient(url("/burst?count=5000"))
        #expect(try await client.ending() == .closed(code: 1000, reason: ""))
        #expect(try await client.texts(5000) == (0..<5000).map { "\($0)" })
    }

    @Test func `Messages of many tasks all arrive`() async throws {
        let client = try await WebSocketClient(url("/echo"))
        await withTaskGroup { group in
            for number in 0..<200 { group.addTask { client.send("\(number)") } }
        }
        #expect(try await Set(client.texts(200)) == Set((0..<200).map { "\($0)" }))
    }

    @Test func `Pings are sent at each interval`() async throws {
        var limits = WebSocketLimits()
        limits.pingInterval = .milliseconds(1)
        limits.pongTimeout = .seconds(600)
        let client = try await WebSocketClient(url("/pings"), limits: limits)
        #expect(try await client.texts(5).prefix(5) == .init(repeating: "ping", count: 5)[...])
    }

    // MARK: - The end

    @Test(arguments: [(1000, ""), (1001, "going away"), (1011, "fehlerhaft: ü"), (4001, "ours")])
    func `A close frame of the server ends the connection with its code`(code: Int, reason: String) async throws {
        let encoded = try #require(reason.addingPercentEncoding(withAllowedCharacters: .alphanumerics))
        for abrupt in ["", "&abrupt=1"] {
            let client = try await WebSocketClient(url("/close?code=\(code)&reason=\(encoded)\(abrupt)"))
            client.send("now")
            #expect(try await client.ending() == .closed(code: code, reason: reason))
        }
    }

    @Test func `Closing sends what waits, and returns after the ending`() async throws {
        let client = try await WebSocketClient(url("/echo"))
        for number in 0..<100 { client.send("\(number)") }
        await client.socket.close(code: 4000, reason: "bye")
        #expect(client.current.endings == [.closed(code: 4000, reason: "")])
        #expect(client.current.messages.count == 100)
        client.send("too late")
        #expect(client.socket.unsentBytes == 0)
        await client.socket.close()
        client.socket.abort()
        #expect(client.current.endings.count == 1)
    }

    @Test func `A server that does not answer the close frame is left`() async throws {
        let client = try await WebSocketClient(url("/ignore"))
        await client.socket.close()
        #expect(try await client.ending() == .failed(.silent(WebSocketSession.closeTimeout)))
    }

    @Test func `A server that leaves the connection open after its close frame is left`() async throws {
        let client = try await WebSocketClient(url("/linger"))
        await client.socket.close()
        #expect(try await client.ending() == .closed(code: 1000, reason: ""))
    }

    @Test(arguments: ["/end", "/reset"]) func `A connection that breaks fails`(path: String) async throws {
        let client = try await WebSocketClient(url(path))
        client.send("now")
        guard case .failed(.connection(.broken(let origin, _))) = try await client.ending() else {
            Issue.record("\(try await client.ending())")
            return
        }
        #expect(origin.port == server.port)
    }

    @Test func `A server that sends nothing is found silent`() async throws {
        var limits = WebSocketLimits()
        (limits.pingInterval, limits.pongTimeout) = (.milliseconds(10), .milliseconds(50))
        let client = try await WebSocketClient(url("/silent"), limits: limits)
        #expect(try await client.ending() == .failed(.silent(.milliseconds(50))))
    }

    @Test(arguments: [
        ("8301", "unmasked"), ("f100", "reserved"), ("81ff", "masked"), ("c10161", "reserved"), ("8101ff", "UTF-8"),
    ])
    func `A violation ends the connection`(hex: String, kind: String) async throws {
        let client = try await WebSocketClient(url("/raw?hex=810161\(hex)"))
        guard case .failed(.protocolViolation) = try await client.ending() else {
            Issue.record("\(kind): \(try await client.ending())")
            return
        }
        #expect(try await client.texts(1) == ["a"])
    }

    @Test func `A message beyond the limit ends the connection`() async throws {
        var limits = WebSocketLimits()
        limits.maximumMessage = 1000
        let client = try await WebSocketClient(url("/large?bytes=1001"), limits: limits)
        #expect(try await client.ending() == .failed(.tooLarge(limit: 1000)))
    }

    @Test func `An abort ends the connection at once`() async throws {
        let client = try await WebSocketClient(url("/silent"))
        client.send("x")
        client.socket.abort()
        #expect(try await client.ending() == .failed(.canceled))
    }

    @Test func `A connection whose object is released ends`() async throws {
        let ended = AsyncPromise<WebSocket.Ending>()
        var socket: WebSocket? = try await WebSocket.connect(
            to: HTTPURL(parsing: url("/silent")), using: HTTPClient(), receive: { _ in }, onEnd: { ended.set($0) })
        #expect(socket?.subprotocol == nil)
        socket = nil
        #expect(await ended.value() == .failed(.canceled))
    }

    // MARK: - The handshake

    @Test func `The first subprotocol that the server accepts is chosen`() async throws {
        let chosen = try await WebSocketClient(url("/echo?choose=two"), subprotocols: ["one", "two"])
        #expect(chosen.socket.subprotocol == "two")
        let stripped = try await WebSocketClient(url("/echo?strip=1"), subprotocols: ["one", "two"])
        #expect(stripped.socket.subprotocol == nil)
        guard case .badHandshake = try await refusal(url("/echo?choose=three"), subprotocols: ["one"]) else {
            Issue.record("a subprotocol that was not offered was accepted")
            return
        }
    }

    @Test func `An answer that arrives byte by byte is accepted`() async throws {
        let client = try await WebSocketClient(url("/drip"))
        client.send("x")
        #expect(try await client.texts(1) == ["x"])
    }

    @Test func `The request carries credentials and cookies, and the client keeps the server's cookies`() async throws {
        let http = HTTPClient()
        let first = try await WebSocketClient(
            url("/headers?cookie=session%3Dabc%3B%20Path%3D/"), client: http, headers: ["Authorization": "token xyz"])
        let fields = try await fields(first)
        #expect(fields["authorization"] == "token xyz")
        #expect(fields["cookie"] == nil)
        #expect(fields["origin"] == nil)
        #expect(fields["host"] == "127.0.0.1:\(server.port)")
        #expect(fields["user-agent"] == http.settings.userAgent)
        let second = try await WebSocketClient(url("/headers"), client: http)
        #expect(try await self.fields(second)["cookie"] == "session=abc")
        #expect(try await self.fields(second)["authorization"] == nil)
    }

    private func fields(_ client: WebSocketClient) async throws -> [String: String] {
        try await JSONDecoder().decode([String: String].self, from: Data(client.messages(1)[0].bytes))
    }

    @Test(arguments: [401, 403, 404, 503]) func `A refusal has the message of JSON, and nothing of a page`(
        status: Int
    ) async throws {
        let http = HTTPClient()
        #expect(
            try await refusal(url("/refuse?status=\(status)"), client: http)
                == .refused(status: status, message: "Forbidden by the test"))
        #expect(http.cookies.value(named: "refused", for: try HTTPURL(parsing: url("/"))) == "yes")
        #expect(
            try await refusal(url("/refuse?status=\(status)&type=html")) == .refused(status: status, message: nil))
    }

    @Test func `A redirect is not followed, and its origin is named`() async throws {
        let error = try await refusal(url("/redirect?to=https%3A%2F%2Fother%3A8443%2Flogin%3Ftoken%3Dsecret"))
        #expect(error == .redirected(status: 302, to: try HTTPURL(parsing: "https://other:8443").origin))
        #expect(!"\(error)".contains("secret"))
    }

    @Test(arguments: ["/echo?accept=AAAALMBiTxaQ9kYGzzhZRbK%2BxOo=", "/echo?choose=x"])
    func `A wrong answer is refused`(path: String) async throws {
        guard case .badHandshake = try await refusal(url(path)) else {
            Issue.record("\(path) was accepted")
            return
        }
    }

    @Test func `A server that ends the connection instead of answering is an error`() async throws {
        guard case .connection(.broken) = try await refusal(url("/bye")) else {
            Issue.record("there is another error")
            return
        }
    }

    @Test(arguments: ["/hang", "/half"]) func `A server that does not answer in time is an error`(
        path: String
    ) async throws {
        let error = try await refusal(url(path), timeout: .milliseconds(300))
        guard case .connection(.timedOut(_, .milliseconds(300))) = error else {
            Issue.record("\(error)")
            return
        }
    }

    @Test func `A port at which nothing listens is an error of the connection`() async throws {
        let port = server.port
        server.stop()
        guard case .connection(.refused(let origin, _)) = try await refusal(url("/echo")) else {
            Issue.record("there is another error")
            return
        }
        #expect(origin.port == port)
    }

    @Test(arguments: ["/hang", "/half"]) func `Canceling an attempt ends it at once`(path: String) async throws {
        let proxy = try CuttingProxy(to: server.port)
        let address = "http://127.0.0.1:\(proxy.port)\(path)"
        let attempt = Task { try await refusal(address) }
        #expect(try await eventually { try proxy.openCount == 1 })
        attempt.cancel()
        #expect(try await attempt.value == .canceled)
        #expect(try await eventually { try proxy.openCount == 0 })
    }

    @Test func `A canceled task makes no connection`() async throws {
        let address = url("/echo")
        let attempt = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return try await refusal(address)
        }
        #expect(try await attempt.value == .canceled)
    }
}
