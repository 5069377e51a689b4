import GalleyHTTP
import Synchronization
import Testing

/// A clock that a test moves: sleeping takes no time.
final class TestClock: Sendable {
    private let state = Mutex<(now: Duration, pauses: [Duration])>((.zero, []))

    /// The pauses so far.
    var pauses: [Duration] { state.withLock(\.pauses) }

    /// The time that a client uses, with this number for its chance.
    func time(random: Double) -> HTTPTime {
        HTTPTime(
            uptime: { self.state.withLock(\.now) },
            date: { 1_800_000_000 + Int(self.state.withLock(\.now) / .seconds(1)) },
            sleep: { pause in
                try Task.checkCancellation()
                self.state.withLock { state in
                    state.now += pause
                    state.pauses.append(pause)
                }
            }, random: { random })
    }
}

@Suite struct `A repeated request` {
    @Test(arguments: [429, 502, 503, 504])
    func `A status that says "later" is repeated with growing pauses`(status: Int) async throws {
        let (server, clock) = try (AnswersServer(), TestClock())
        let client = HTTPClient(time: clock.time(random: 1))
        let response = try await client.send(HTTPRequest(server.url("/status?code=\(status)&times=3&key=k")))
        #expect(response.status == 200)
        #expect(clock.pauses == [.milliseconds(250), .milliseconds(500), .seconds(1)])
    }

    @Test func `Jitter makes the pauses up to one half shorter`() async throws {
        let (server, clock) = try (AnswersServer(), TestClock())
        let client = HTTPClient(time: clock.time(random: 0))
        _ = try await client.send(HTTPRequest(server.url("/status?code=503&times=2&key=k")))
        #expect(clock.pauses == [.milliseconds(125), .milliseconds(250)])
    }

    @Test func `After four attempts, the response is returned`() async throws {
        let server = try AnswersServer()
        let client = HTTPClient(time: TestClock().time(random: 1))
        #expect(try await client.send(HTTPRequest(server.url("/status?code=503&key=k"))).status == 503)
        #expect(try await server.count(of: "k") == 4)
    }

    @Test(arguments: ["POST", "PATCH"])
    func `A request that may have arrived and is not repeatable is sent once`(method: String) async throws {
        let server = try AnswersServer()
        let client = HTTPClient(time: TestClock().time(random: 1))
        #expect(try await client.send(HTTPRequest(method, server.url("/status?code=503&key=s"))).status == 503)
        let error = try await httpError { try await client.send(HTTPRequest(method, server.url("/drop?key=d"))) }
        #expect(error.kind == .broken && error.isTransient)
        #expect(try await server.count(of: "s") == 1)
        #expect(try await server.count(of: "d") == 1)
    }

    @Test func `A POST over a connection that was kept and then closed is sent once`() async throws {
        let server = try AnswersServer()
        let client = HTTPClient(time: TestClock().time(random: 1))
        for _ in 0..<5 {
            _ = try await client.send(HTTPRequest(server.url("/echo")))
            _ = try await httpError { try await client.send(HTTPRequest("POST", server.url("/drop?key=kept"))) }
        }
        #expect(try await server.count(of: "kept") == 5)
    }

    @Test(arguments: ["GET", "PUT", "DELETE"])
    func `A lost connection is repeated if the method allows it`(method: String) async throws {
        let server = try AnswersServer()
        let client = HTTPClient(time: TestClock().time(random: 1))
        let url = try server.url("/drop?times=2&key=k")
        #expect(try await client.send(HTTPRequest(method, url, body: method == "PUT" ? [1] : nil)).status == 200)
    }

    @Test func `A POST is repeated if nothing was sent`() async throws {
        let clock = TestClock()
        let port = try AnswersServer().port
        let request = HTTPRequest("POST", try HTTPURL(parsing: "http://127.0.0.1:\(port)/"))
        _ = try await httpError { try await HTTPClient(time: clock.time(random: 1)).send(request) }
        #expect(clock.pauses.count == 3)
    }

    @Test func `A request that the caller declares repeatable is repeated`() async throws {
        let server = try AnswersServer()
        var request = HTTPRequest("POST", try server.url("/drop?times=1&key=k"))
        request.isRepeatable = true
        #expect(try await HTTPClient(time: TestClock().time(random: 1)).send(request).status == 200)
    }

    @Test(arguments: [
        ("5", Duration.seconds(5)), ("0", .milliseconds(250)), ("Fri, 15 Jan 2027 08:00:07 GMT", .seconds(7)),
        ("Fri, 15 Jan 2027 07:00:00 GMT", .milliseconds(250)), ("soon", .milliseconds(250)), ("-5", .milliseconds(250)),
    ]) func `The pause that the server asks for is kept`(wanted: String, pause: Duration) async throws {
        let (server, clock) = try (AnswersServer(), TestClock())
        let client = HTTPClient(time: clock.time(random: 1))
        let url = try server.url("/status?code=503&times=1&key=k").adding("retry", wanted)
        #expect(try await client.send(HTTPRequest(url)).status == 200)
        #expect(clock.pauses == [pause])
    }

    @Test(arguments: ["61", "99999999999999999999", "4611686018427387904"])
    func `A pause that is longer than the time limit is not begun`(wanted: String) async throws {
        let (server, clock) = try (AnswersServer(), TestClock())
        var settings = HTTPSettings()
        // The largest numbers are not read as numbers. Then the usual pauses apply.
        settings.retries.attempts = 2
        let client = HTTPClient(settings, time: clock.time(random: 1))
        let url = try server.url("/status?code=503&key=k&retry=\(wanted)")
        #expect(try await client.send(HTTPRequest(url)).status == 503)
        #expect(clock.pauses.allSatisfy { $0 <= .milliseconds(250) })
    }

    @Test func `Attempts share the time limit`() async throws {
        let (server, clock) = try (AnswersServer(), TestClock())
        let client = HTTPClient(time: clock.time(random: 1))
        var request = HTTPRequest(try server.url("/status?code=503&key=k"))
        request.timeout = .milliseconds(1000)
        #expect(try await client.send(request).status == 503)
        // After 250 and 500 ms, the next pause would end too late.
        #expect(clock.pauses == [.milliseconds(250), .milliseconds(500)])
    }

    @Test func `Canceling the task ends a pause`() async throws {
        let server = try AnswersServer()
        var request = HTTPRequest(try server.url("/status?code=503&key=k&retry=3600"))
        // A pause that ends after the limit is not begun.
        request.timeout = .seconds(7200)
        let task = Task { [request] in try await HTTPClient().send(request) }
        while try await server.count(of: "k") == 0 { await Task.yield() }
        task.cancel()
        await #expect(throws: HTTPError.canceled) { try await task.value }
    }
}
