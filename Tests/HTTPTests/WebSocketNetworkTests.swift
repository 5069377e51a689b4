import Foundation
import GalleyConcurrency
import GalleyTestSupport
import Testing

@testable import GalleyHTTP

@Suite(.timeLimit(.minutes(10))) struct `A WebSocket connection over a failing network` {
    private let server: FixtureServer
    private let proxy: CuttingProxy

    init() throws {
        server = try FixtureServer("websocket.py")
        proxy = try CuttingProxy(to: server.port)
    }

    private func connect(_ limits: WebSocketLimits = WebSocketLimits()) async throws -> WebSocketClient {
        let client = try await WebSocketClient("http://127.0.0.1:\(proxy.port)/echo", limits: limits)
        client.send("one")
        #expect(try await client.texts(1) == ["one"])
        return client
    }

    @Test func `A connection that the network cuts or resets fails`() async throws {
        for fault in [CuttingProxy.cut, CuttingProxy.reset] {
            let client = try await connect()
            try fault(proxy)()
            guard case .failed(.connection(.broken)) = try await client.ending() else {
                Issue.record("\(try await client.ending())")
                return
            }
        }
    }

    @Test(arguments: [CuttingProxy.Direction.toServer, .toClient, .both])
    func `A network that swallows the bytes is noticed`(direction: CuttingProxy.Direction) async throws {
        var limits = WebSocketLimits()
        (limits.pingInterval, limits.pongTimeout) = (.milliseconds(200), .seconds(6))
        let client = try await connect(limits)
        try proxy.swallow(direction)
        #expect(try await client.ending() == .failed(.silent(.seconds(6))))
    }

    @Test func `A slow network delays messages and loses none`() async throws {
        let client = try await connect()
        try proxy.delay(0.2)
        for number in 0..<50 { client.send("\(number)") }
        #expect(try await client.texts(51) == ["one"] + (0..<50).map { "\($0)" })
    }

    @Test func `Messages wait while the network takes none, and an abort still ends the connection`() async throws {
        let client = try await connect()
        try proxy.stall()
        for _ in 0..<40 { client.socket.send(.binary(.init(repeating: 1, count: 1 << 20))) }
        let waiting = client.socket.unsentBytes
        #expect(waiting > 1 << 20)
        client.socket.abort()
        #expect(try await client.ending() == .failed(.canceled))
        #expect(client.socket.unsentBytes == 0)
    }

    @Test func `Messages that waited are sent when the network takes them again`() async throws {
        let client = try await connect()
        try proxy.stall()
        for _ in 0..<20 { client.socket.send(.binary(.init(repeating: 1, count: 1 << 20))) }
        try proxy.pass()
        #expect(try await client.messages(21).count == 21)
        await client.socket.close()
        #expect(try await client.ending() == .closed(code: 1000, reason: ""))
    }

    @Test(arguments: [0, 40]) func `A connection that waits uses no processor time`(megabytes: Int) async throws {
        var limits = WebSocketLimits()
        (limits.pingInterval, limits.pongTimeout) = (.milliseconds(200), .seconds(4))
        let used = AsyncPromise<Double>()
        let socket = try await WebSocket.connect(
            to: HTTPURL(parsing: "http://127.0.0.1:\(proxy.port)/echo"), using: HTTPClient(), limits: limits,
            receive: { _ in },
            onEnd: { _ in
                var time = timespec()
                clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
                used.set(Double(time.tv_sec) + Double(time.tv_nsec) / 1e9)
            })
        try proxy.stall()
        for _ in 0..<megabytes { socket.send(.binary(.init(repeating: 1, count: 1 << 20))) }
        // The connection waits four seconds for an answer to its ping. A loop without a wait would use most of them.
        #expect(try #require(await used.value()) < 1)
        // The connection would end with its object.
        withExtendedLifetime(socket) {}
    }

    @Test func `Closing over a network that takes nothing is bounded`() async throws {
        let client = try await connect()
        try proxy.stall()
        await client.socket.close()
        #expect(try await client.ending() == .failed(.silent(WebSocketSession.closeTimeout)))
    }
}

@Suite(.timeLimit(.minutes(10))) struct `An encrypted WebSocket connection` {
    private let certificates: TestCertificates
    private let server: FixtureServer

    init() throws {
        certificates = try TestCertificates(hosts: ["IP:127.0.0.1", "DNS:server.test"])
        server = try FixtureServer("websocket.py", certificates.certificate, certificates.key)
    }

    private func client(_ environment: [String: String] = [:]) -> HTTPClient {
        HTTPClient(HTTPSettings(environment: environment.merging(["SSL_CERT_FILE": certificates.authority]) { $1 }))
    }

    @Test func `Messages go through a connection with a private authority`() async throws {
        let client = try await WebSocketClient("https://127.0.0.1:\(server.port)/echo", client: client())
        let messages: [WebSocket.Message] = [
            .text(Array("a".utf8)), .binary(.init(repeating: 3, count: 5_000_000)), .text([]),
        ]
        for message in messages { client.socket.send(message) }
        #expect(try await client.messages(3) == messages)
        await client.socket.close()
        #expect(try await client.ending() == .closed(code: 1000, reason: ""))
    }

    @Test func `All messages that the encryption has read are received`() async throws {
        let client = try await WebSocketClient("https://127.0.0.1:\(server.port)/burst?count=20000", client: client())
        #expect(try await client.ending() == .closed(code: 1000, reason: ""))
        #expect(try await client.texts(20_000).last == "19999")
    }

    @Test func `An authority that is not trusted is refused`() async throws {
        let error = try await refusal("https://127.0.0.1:\(server.port)/echo")
        guard case .connection(.certificate) = error else {
            Issue.record("\(error)")
            return
        }
    }

    @Test func `Both kinds of connections go through a proxy`() async throws {
        let (proxy, plain) = (try FixtureServer("proxy.py", "user:secret"), try FixtureServer("websocket.py"))
        let address = "http://user:secret@127.0.0.1:\(proxy.port)"
        let client = client(["https_proxy": address, "http_proxy": address])
        for url in ["https://server.test:\(server.port)/echo", "http://server.test:\(plain.port)/echo"] {
            let connection = try await WebSocketClient(url, client: client)
            connection.send("through the proxy")
            #expect(try await connection.texts(1) == ["through the proxy"])
            await connection.socket.close()
        }
    }

    @Test func `A proxy that refuses is an error without its credentials`() async throws {
        let proxy = try FixtureServer("proxy.py", "user:secret")
        let client = client(["https_proxy": "http://user:wrong@127.0.0.1:\(proxy.port)"])
        let error = try await refusal("https://server.test:\(server.port)/echo", client: client)
        guard case .connection(.proxy) = error else {
            Issue.record("\(error)")
            return
        }
        for text in ["\(error)", String(reflecting: error)] {
            #expect(!text.contains("wrong") && !text.contains("secret"))
        }
    }
}
