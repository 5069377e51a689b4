import Foundation
import GalleyHTTP
import GalleyTestSupport
import Testing

@Suite struct `The response of a hostile server` {
    @Test(arguments: [
        "fields", "interim", "line", "status", "size", "chunks", "trailers", "body",
    ]) func `A response without an end is an error`(what: String) async throws {
        let server = try AnswersServer()
        var settings = HTTPSettings()
        settings.retries = .never
        var request = HTTPRequest(try server.url("/endless?what=\(what)"))
        request.maximumBody = 1 << 20
        let error = try await httpError { try await HTTPClient(settings).send(request) }
        let isBody = ["chunks", "body"].contains(what)
        #expect(isBody ? error == .bodyTooLarge(request.url.origin, limit: 1 << 20) : error.kind == .broken, "\(error)")
    }

    @Test(.timeLimit(.minutes(5)), arguments: ["/drip", "/silence"])
    func `A server that sends a byte now and then stalls like one that sends none`(path: String) async throws {
        let server = try AnswersServer()
        var settings = HTTPSettings()
        settings.retries = .never
        var request = HTTPRequest(try server.url(path))
        (request.timeout, request.stallTimeout) = (.seconds(7200), .seconds(2))
        let error = try await httpError { [request] in try await HTTPClient(settings).send(request) }
        #expect(error.kind == .timedOut, "\(error)")
    }

    @Test func `An end of the connection before the end of the response is an error`() async throws {
        let server = try AnswersServer()
        var settings = HTTPSettings()
        settings.retries = .never
        for text in [
            "", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabcd",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\nabc\r\n0\r\n\r\n", "SSH-2.0-OpenSSH_9\r\n",
            "<html>", "HTTP/9.9 200 OK\r\n\r\n", "HTTP/1.1 100 Continue\r\n\r\n",
        ] {
            let url = try server.url("/raw").adding("bytes", Data(text.utf8).base64EncodedString())
            do throws(HTTPError) {
                let response = try await HTTPClient(settings).send(HTTPRequest(url))
                Issue.record("\(text): \(response) \(response.text)")
            } catch {
                #expect(error.kind == .broken, "\(text): \(error)")
                #expect(!"\(error)".contains("abc") && !"\(error)".contains("SSH") && !"\(error)".contains("html"))
            }
        }
    }

    @Test func `Interim responses and trailers do not become fields`() async throws {
        let server = try AnswersServer()
        let text =
            "HTTP/1.1 103 Early\r\nA: early\r\n\r\nHTTP/1.1 200 OK\r\nB:  b \r\nB: c\r\nTransfer-Encoding: chunked\r\n\r\n"
            + "3\r\nabc\r\n0\r\nC: late\r\n\r\n"
        let url = try server.url("/raw").adding("bytes", Data(text.utf8).base64EncodedString())
        let response = try await HTTPClient().send(HTTPRequest(url))
        #expect(response.text == "abc" && response.headers["a"] == nil && response.headers["c"] == nil)
        #expect(response.headers.all("b") == ["b", "c"])
    }

    /// Responses that mutation makes hostile.
    private static let responses = [
        "HTTP/1.1 200 OK\r\nContent-Length: 11\r\nContent-Type: application/json\r\n\r\n{\"a\": true}",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X\r\n\r\n5;a=b\r\nhello\r\n06\r\n world\r\n0\r\nX: y\r\n\r\n",
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 201 Created\r\n\r\nbody",
        "HTTP/1.0 302 Found\r\nLocation: /echo?x=1\r\nSet-Cookie: a=b; Path=/; Max-Age=60; Secure\r\n\r\n",
        "HTTP/1.1 200 OK\r\nSet-Cookie: _xsrf=2|abc; Expires=Fri, 15 Jan 2027 08:00:00 GMT; Domain=h.org\r\n\r\n",
        "HTTP/1.1 503 Busy\r\nRetry-After: 120\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n\u{1}\u{2}",
        "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nTransfer-Encoding: gzip, chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
        "HTTP/1.1 401 No\r\nWWW-Authenticate: Basic realm=\"x\"\r\nContent-Length: 2\r\nX: a\r\n b\r\n\r\nno",
        "HTTP/1.1 206 Part\r\nContent-Range: bytes 0-1/5\r\nContent-Length: 2\r\n\r\nab",
    ]

    private static let fragments = [
        "\r\n", "\n", "\r", "\0", ":", " ", "HTTP/1.1 ", "HTTP/2 200\r\n", "Content-Length: ", "-1",
        "99999999999999999999",
        "4294967296", "ffffffffffffffff", "Transfer-Encoding: chunked\r\n", "Content-Length: 3\r\n", "Location: ", "//",
        "é",
        "\u{FEFF}", "Set-Cookie: ", "; Domain=.", "0\r\n\r\n", ";", "=", "%00", "Connection: keep-alive\r\n",
        "Transfer-Encoding: gzip\r\n", "Alt-Svc: h2=\"x:1\"\r\n", "\t", "HTTP/0.9",
    ]

    private static func mutated(_ generator: inout SeededGenerator) -> [UInt8] {
        var bytes = Array((responses.randomElement(using: &generator) ?? "").utf8)
        for _ in 0..<Int.random(in: 1...4, using: &generator) {
            let place = Int.random(in: 0...bytes.count, using: &generator)
            let end = min(bytes.count, place + Int.random(in: 0...12, using: &generator))
            switch Int.random(in: 0..<6, using: &generator) {
            case 0: bytes.removeSubrange(place..<end)
            case 1: bytes.insert(contentsOf: Array((fragments.randomElement(using: &generator) ?? "").utf8), at: place)
            case 2: bytes.insert(contentsOf: bytes[place..<end], at: Int.random(in: 0...bytes.count, using: &generator))
            case 3: bytes = Array(bytes[..<place])
            case 4:
                bytes.replaceSubrange(place..<end, with: Array((fragments.randomElement(using: &generator) ?? "").utf8))
            default: for index in place..<end { bytes[index] = .random(in: 0...255, using: &generator) }
            }
        }
        return bytes
    }

    /// The number of mutated responses: 100,000 with `GALLEY_FUZZ=full`.
    private static let count = ProcessInfo.processInfo.environment["GALLEY_FUZZ"] == "full" ? 100_000 : 10_000

    @Test func `A mutated response is a response or an error, and never a crash or a hang`() async throws {
        let server = try AnswersServer()
        var settings = HTTPSettings()
        settings.retries = .never
        let client = HTTPClient(settings)
        var generator = SeededGenerator(seed: 20)
        var (responses, errors) = (0, 0)
        for number in 0..<Self.count {
            let bytes = Self.mutated(&generator)
            var request = HTTPRequest(
                try server.url("/raw").adding("bytes", Data(bytes).base64EncodedString()))
            request.maximumBody = 1 << 20
            do throws(HTTPError) {
                let response = try await client.send(request)
                #expect(response.body.count <= 1 << 20 && response.headers.fields.count < 100)
                responses += 1
            } catch {
                // The server always closes the connection: no time limit is ever reached.
                if error.kind == .timedOut || error == .canceled {
                    Issue.record("\(number): \(error): \(String(decoding: bytes, as: UTF8.self))")
                }
                errors += 1
            }
        }
        #expect(responses > Self.count / 10 && errors > Self.count / 10)
        #expect(try await client.send(HTTPRequest(server.url("/echo"))).status == 200)
    }
}
