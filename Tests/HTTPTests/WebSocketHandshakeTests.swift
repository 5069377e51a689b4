import GalleyJSON
import GalleyTestSupport
import Testing

@testable import GalleyHTTP

/// The nonce of the example of RFC 6455, and the answer to it.
private let nonce = Array("the sample nonce".utf8)
private let accept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="

/// An answer to a handshake that offers the subprotocols "one" and "two".
struct AnswerCase: Sendable, CustomTestStringConvertible {
    enum Outcome: Hashable, Sendable {
        case agreed(String?, rest: String = "")
        case fails(WebSocketError)
        /// The reason does not matter for the caller, but that it is the answer's fault.
        case bad
        /// The answer is not complete.
        case waits
    }

    let testDescription: String
    let answer: String
    let outcome: Outcome

    init(_ name: String, _ answer: String, _ outcome: Outcome) {
        (testDescription, self.answer, self.outcome) = (name, answer, outcome)
    }

    /// An answer that agrees, with changed fields.
    static func switching(_ name: String, _ changes: [String: String?], _ outcome: Outcome, rest: String = "") -> Self {
        var fields: [String: String?] = [
            "Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Accept": accept,
        ]
        fields.merge(changes) { $1 }
        let lines = fields.sorted { $0.key < $1.key }.compactMap { field in
            field.value.map { "\(field.key): \($0)\r\n" }
        }
        return Self(name, "HTTP/1.1 101 Switching Protocols\r\n\(lines.joined())\r\n\(rest)", outcome)
    }

    static func refusing(_ name: String, _ status: Int, type: String, _ body: String, _ message: String?) -> Self {
        Self(
            name,
            "HTTP/1.1 \(status) No\r\nContent-Type: \(type)\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)",
            .fails(.refused(status: status, message: message)))
    }

    private static let page =
        "<html data-jupyter-api-token=\"secret\"><body>{\"message\": \"secret\"}</body></html>"
    private static let json = "application/json; charset=UTF-8"

    static let agreements: [AnswerCase] = [
        switching("no subprotocol", [:], .agreed(nil)),
        switching("the first subprotocol", ["Sec-WebSocket-Protocol": "one"], .agreed("one")),
        switching("the second subprotocol", ["Sec-WebSocket-Protocol": " two \t"], .agreed("two")),
        switching("an empty subprotocol", ["Sec-WebSocket-Protocol": ""], .agreed(nil)),
        switching("a foreign subprotocol", ["Sec-WebSocket-Protocol": "three"], .bad),
        switching("a subprotocol in another case", ["Sec-WebSocket-Protocol": "One"], .bad),
        switching("two subprotocols", ["Sec-WebSocket-Protocol": "one, two"], .bad),
        switching("names in other cases", ["Upgrade": nil, "uPGRADE": "WebSocket"], .agreed(nil)),
        switching("a list of connection options", ["Connection": "keep-alive, upgrade"], .agreed(nil)),
        switching("no upgrade", ["Upgrade": nil], .bad), switching("another upgrade", ["Upgrade": "h2c"], .bad),
        switching("no connection", ["Connection": nil], .bad),
        switching("another connection", ["Connection": "keep-alive"], .bad),
        switching("no accept", ["Sec-WebSocket-Accept": nil], .bad),
        switching("another accept", ["Sec-WebSocket-Accept": "AAAALMBiTxaQ9kYGzzhZRbK+xOo="], .bad),
        switching("an accept in another case", ["Sec-WebSocket-Accept": accept.lowercased()], .bad),
        switching("the key as accept", ["Sec-WebSocket-Accept": "dGhlIHNhbXBsZSBub25jZQ=="], .bad),
        switching("an extension", ["Sec-WebSocket-Extensions": "permessage-deflate"], .bad),
        switching("the first frame", [:], .agreed(nil, rest: "\u{1}\u{2}x"), rest: "\u{1}\u{2}x"),
        AnswerCase(
            "an interim answer", "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + switching("", [:], .bad).answer,
            .agreed(nil)),
    ]

    static let refusals: [AnswerCase] =
        [400, 401, 403, 404, 426, 429, 500, 502, 503, 504].map {
            refusing("status \($0)", $0, type: json, "{\"message\": \"No!\"}", "No!")
        }
        + [
            refusing("a page", 403, type: "text/html", page, nil),
            refusing("a page that says JSON", 403, type: json, page, nil),
            refusing("a page in plain text", 403, type: "text/plain", "{\"message\": \"secret\"}", nil),
            refusing(
                "a JSON type of an application", 404, type: "application/problem+json", "{\"message\":\"m\"}", "m"),
            refusing("no message", 403, type: json, "{\"token\": \"secret\"}", nil),
            refusing("a message that is no text", 403, type: json, "{\"message\": [1]}", nil),
            refusing("an empty message", 403, type: json, "{\"message\": \"\"}", nil),
            refusing("a list", 403, type: json, "[\"message\"]", nil),
            refusing("an empty body", 403, type: json, "", nil),
            refusing("a message in lines", 403, type: json, "{\"message\": \"a\\nb\\u001b[1m\"}", "a b [1m"),
            refusing(
                "a long message", 403, type: json, "{\"message\": \"\(String(repeating: "x", count: 9000))\"}",
                String(repeating: "x", count: 500)),
            refusing("a message with HTML", 403, type: json, "{\"message\": \"a <b>\"}", nil),
            refusing("a body beyond the limit", 403, type: json, String(repeating: " ", count: 70_000), nil),
            refusing("success", 200, type: "text/html", page, nil),
            AnswerCase(
                "chunks",
                "HTTP/1.1 403 No\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
                    + "b\r\n{\"message\":\r\n5;x=y\r\n\"No\"}\r\n0\r\n\r\n",
                .fails(.refused(status: 403, message: "No"))),
            AnswerCase(
                "wrong chunks",
                "HTTP/1.1 403 No\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
                .fails(.refused(status: 403, message: nil))),
            AnswerCase(
                "half of the body",
                "HTTP/1.1 403 No\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{\"mess", .waits),
            AnswerCase(
                "half of the chunks",
                "HTTP/1.1 403 No\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{\"m",
                .waits),
            AnswerCase(
                "no length", "HTTP/1.1 403 No\r\nContent-Type: application/json\r\n\r\n{\"message\": \"No\"}", .waits),
            AnswerCase(
                "a negative length",
                "HTTP/1.1 403 No\r\nContent-Type: application/json\r\nContent-Length: -1\r\n\r\n{}",
                .fails(.refused(status: 403, message: nil))),
        ]
        + [301, 302, 303, 307, 308].map { status in
            AnswerCase(
                "redirect \(status)",
                "HTTP/1.1 \(status) Found\r\nLocation: https://user:pass@other:8443/login?token=secret\r\n\r\n",
                .fails(
                    .redirected(
                        status: status, to: (try? HTTPURL(parsing: "https://other:8443/"))?.origin)))
        }
        + [
            AnswerCase(
                "a relative redirect", "HTTP/1.1 302 Found\r\nLocation: /login?next=x\r\n\r\n",
                .fails(.redirected(status: 302, to: (try? HTTPURL(parsing: "http://host:8888/"))?.origin))),
            AnswerCase(
                "a redirect to nowhere", "HTTP/1.1 302 Found\r\n\r\n", .fails(.redirected(status: 302, to: nil))),
        ]

    static let broken: [AnswerCase] = [
        AnswerCase("nothing", "", .waits), AnswerCase("half a line", "HTTP/1.1 101", .waits),
        AnswerCase("half a header", "HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\n", .waits),
        AnswerCase("HTTP/1.0", "HTTP/1.0 101 Switching\r\n\r\n", .bad),
        AnswerCase("HTTP/2", "HTTP/2 101\r\n\r\n", .bad), AnswerCase("another protocol", "SSH-2.0-x\r\n\r\n", .bad),
        AnswerCase("an empty line", "\r\n\r\n", .bad), AnswerCase("no status", "HTTP/1.1 \r\n\r\n", .bad),
        AnswerCase("a word as status", "HTTP/1.1 abc\r\n\r\n", .bad),
        AnswerCase("a long status", "HTTP/1.1 1011\r\n\r\n", .bad),
        AnswerCase("status 0", "HTTP/1.1 000 x\r\n\r\n", .bad),
        AnswerCase("a field without a colon", "HTTP/1.1 101 x\r\nUpgrade websocket\r\n\r\n", .bad),
        AnswerCase("a field without a name", "HTTP/1.1 101 x\r\n: websocket\r\n\r\n", .bad),
        AnswerCase("a folded field", "HTTP/1.1 101 x\r\nUpgrade:\r\n websocket\r\n\r\n", .bad),
        AnswerCase("a large header", "HTTP/1.1 101 x\r\n" + String(repeating: "a: b\r\n", count: 12_000), .bad),
        AnswerCase("a large line", "HTTP/1.1 101 " + String(repeating: "x", count: 70_000), .bad),
        AnswerCase(
            "endless interim answers", String(repeating: "HTTP/1.1 100 Continue\r\n\r\n", count: 3000), .bad),
    ]

    static let all = agreements + refusals + broken
}

@Suite struct `The WebSocket handshake` {
    private func request(
        _ url: String, headers: HTTPHeaders = [:], subprotocols: [String] = [], cookies: String? = nil
    ) throws -> [String] {
        let handshake = try WebSocketHandshake(
            url: HTTPURL(parsing: url), headers: headers, subprotocols: subprotocols, cookies: cookies, nonce: nonce)
        let text = String(decoding: handshake.request, as: UTF8.self)
        #expect(text.hasSuffix("\r\n\r\n"))
        return text.dropLast(2).split(separator: "\r\n", omittingEmptySubsequences: false).map(String.init)
    }

    @Test func `A request has the fields of the protocol and no Origin`() throws {
        #expect(
            try request("http://host:8888/api/kernels/1/channels?session_id=a%20b") == [
                "GET /api/kernels/1/channels?session_id=a%20b HTTP/1.1", "Host: host:8888", "Upgrade: websocket",
                "Connection: Upgrade", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version: 13",
            ])
    }

    @Test(arguments: [
        ("http://host/", "host"), ("http://host:80/", "host"), ("https://host:443/", "host"),
        ("https://host:80/", "host:80"), ("http://[::1]/", "[::1]"), ("http://[::1]:8888/", "[::1]:8888"),
        ("http://user:pass@host:1/", "host:1"),
    ])
    func `A request names the host and a port that is not the scheme's`(url: String, host: String) throws {
        #expect(try request(url).filter { $0.hasPrefix("Host:") } == ["Host: \(host)"])
    }

    @Test func `A request has the caller's credentials, subprotocols and fields`() throws {
        let lines = try request(
            "http://host/", headers: ["Authorization": "token abc", "X-XSRFToken": "x", "Cookie": "a=1"],
            subprotocols: ["one", "two"], cookies: "b=2; c=3")
        for line in [
            "Authorization: token abc", "X-XSRFToken: x", "Cookie: a=1; b=2; c=3", "Sec-WebSocket-Protocol: one, two",
        ] { #expect(lines.contains(line), "\(line)") }
        #expect(lines.count == 10)
    }

    @Test func `User information of the URL becomes Basic credentials, unless there are others`() throws {
        #expect(
            try request("http://Aladdin:open%20sesame@host/").contains(
                "Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="))
        let lines = try request("http://u:p@host/", headers: ["authorization": "token abc"])
        #expect(lines.filter { $0.lowercased().hasPrefix("authorization") } == ["authorization: token abc"])
    }

    @Test func `A caller's fields do not change those of the handshake`() throws {
        let own = try request("http://host/")
        let lines = try request(
            "http://host/",
            headers: [
                "Host": "other", "upgrade": "h2c", "Connection": "close", "Sec-WebSocket-Key": "x",
                "Sec-WebSocket-Extensions": "permessage-deflate", "Content-Length": "5", "Transfer-Encoding": "chunked",
            ])
        #expect(lines == own)
    }

    @Test func `Each request has a new key of sixteen bytes`() throws {
        let keys = try (0..<100).map { _ in
            let text = try String(
                decoding: WebSocketHandshake(url: HTTPURL(parsing: "http://host/")).request, as: UTF8.self)
            return try #require(text.firstMatch(of: /Sec-WebSocket-Key: ([A-Za-z0-9+\/]{22}==)\r\n/)).1
        }
        #expect(Set(keys).count == 100)
    }

    private func outcome(of parts: [ArraySlice<UInt8>]) throws -> AnswerCase.Outcome {
        var handshake = try WebSocketHandshake(
            url: HTTPURL(parsing: "http://host:8888/"), subprotocols: ["one", "two"], nonce: nonce)
        for (index, part) in parts.enumerated() {
            do throws(WebSocketError) {
                if let agreement = try handshake.receive(part) {
                    // The frames that follow arrive after the handshake.
                    let rest = agreement.rest + parts[(index + 1)...].joined()
                    return .agreed(agreement.subprotocol, rest: String(decoding: rest, as: UTF8.self))
                }
            } catch {
                if case .badHandshake = error { return .bad }
                return .fails(error)
            }
        }
        return .waits
    }

    @Test(arguments: AnswerCase.all) func `An answer is accepted, refused or incomplete`(answer: AnswerCase) throws {
        let bytes = Array(answer.answer.utf8)
        #expect(try outcome(of: [bytes[...]]) == answer.outcome)
        var generator = SeededGenerator(seed: 20)
        for _ in 0..<5 { #expect(try outcome(of: bytes.split(&generator)) == answer.outcome) }
        if bytes.count < 2000 { #expect(try outcome(of: bytes.singly) == answer.outcome) }
    }

    @Test(arguments: AnswerCase.all) func `No error of a handshake contains a secret`(answer: AnswerCase) throws {
        guard case .fails(let error) = try outcome(of: [Array(answer.answer.utf8)[...]]) else { return }
        for text in ["\(error)", String(reflecting: error)] {
            for secret in ["secret", "pass", "user", "token", "<html"] { #expect(!text.contains(secret), "\(text)") }
        }
    }

    @Test func `A refusal whose body does not get complete has the message that arrived`() throws {
        var handshake = try WebSocketHandshake(url: HTTPURL(parsing: "http://host/"))
        #expect(handshake.incompleteRefusal == nil)
        _ = try handshake.receive(
            Array("HTTP/1.1 503 No\r\nContent-Type: application/json\r\n\r\n{\"message\": \"Busy\"}".utf8)[...])
        #expect(handshake.incompleteRefusal == .refused(status: 503, message: "Busy"))
    }

    @Test func `The cookies of an answer are there, of a refusal too`() throws {
        for status in ["101 Yes", "403 No"] {
            var handshake = try WebSocketHandshake(url: HTTPURL(parsing: "http://host/"), nonce: nonce)
            _ = try? handshake.receive(
                Array("HTTP/1.1 \(status)\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\n\r\n".utf8)[...])
            #expect(handshake.responseHeaders?.all("Set-Cookie") == ["a=1", "b=2"])
        }
    }

    @Test(arguments: [
        ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="),
        ("foobar", "Zm9vYmFy"),
    ])
    func `The Base64 text is that of RFC 4648`(text: String, encoded: String) {
        #expect(Base64.encode(Array(text.utf8)) == encoded)
    }
}

@Suite struct `The errors of WebSocket connections` {
    private static let origin = try? HTTPURL(parsing: "https://host:8888/?token=secret").origin

    static let cases: [(WebSocketError, isTransient: Bool, text: String)] = [
        (.connection(.canceled), false, "The request was canceled"),
        (.connection(.unresolved(host: "host")), true, "The host host is not known"),
        (.refused(status: 503, message: nil), true, "refused the WebSocket connection with HTTP status 503"),
        (.refused(status: 429, message: "Wait"), true, "HTTP status 429: Wait"),
        (.refused(status: 403, message: "No"), false, "HTTP status 403: No. Check the credentials"),
        (.refused(status: 404, message: nil), false, "HTTP status 404"),
        (.redirected(status: 302, to: origin), false, "redirects the WebSocket connection to https://host:8888 ("),
        (.redirected(status: 302, to: nil), false, "redirects the WebSocket connection (HTTP status 302)"),
        (.badHandshake(reason: "a reason"), false, "did not open a WebSocket connection: a reason. A proxy"),
        (.protocolViolation(reason: "a reason"), false, "violated the WebSocket protocol: a reason"),
        (.tooLarge(limit: 5), false, "more than 5 bytes"),
        (.silent(.seconds(20)), true, "sent nothing over the WebSocket connection for 20 s"),
        (.canceled, false, "The WebSocket connection was canceled"),
    ]

    @Test(arguments: cases) func `An error says what failed, and whether another attempt may succeed`(
        error: WebSocketError, isTransient: Bool, text: String
    ) {
        #expect("\(error)".contains(text), "\(error)")
        #expect(error.isTransient == isTransient)
    }
}
