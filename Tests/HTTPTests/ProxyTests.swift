import Foundation
import GalleyHTTP
import GalleyTestSupport
import Testing

@Suite struct `The proxies of the environment` {
    /// The proxy of a URL with these variables; nil for a direct connection.
    struct Case: Sendable, CustomTestStringConvertible {
        let variables: [String: String]
        let url: String
        let proxy: String?
        var testDescription: String { "\(url) with \(variables)" }

        init(_ variables: [String: String], _ url: String, _ proxy: String?) {
            (self.variables, self.url, self.proxy) = (variables, url, proxy)
        }
    }

    private static let both = ["http_proxy": "http://p:1", "https_proxy": "http://q:2"]

    private static func exceptions(_ list: String) -> [String: String] { ["all_proxy": "p", "no_proxy": list] }

    @Test(arguments: [
        Case([:], "http://a/", nil),
        Case(both, "http://a/", "http://p:1"), Case(both, "https://a/", "http://q:2"),
        Case(["HTTP_PROXY": "p"], "http://a/", nil), Case(["HTTPS_PROXY": "p"], "https://a/", "http://p"),
        Case(["https_proxy": "p", "HTTPS_PROXY": "q"], "https://a/", "http://p"),
        Case(["all_proxy": "socks5h://p:1080"], "https://a/", "socks5h://p:1080"),
        Case(["ALL_PROXY": "https://p"], "http://a/", "https://p"),
        Case(["all_proxy": "p", "http_proxy": ""], "http://a/", nil),
        Case(["http_proxy": "http://ann:secret@p:3128/"], "http://a/", "http://p:3128"),
        Case(["http_proxy": "[::1]:3128"], "http://a/", "http://[::1]:3128"),
        // This machine
        Case(both, "http://localhost:8888/", nil), Case(both, "http://127.0.0.1:8888/", nil),
        Case(both, "https://[::1]/", nil), Case(both, "http://127.9.9.9/", nil),
        Case(both, "http://128.0.0.1/", "http://p:1"),
        // Exceptions
        Case(exceptions("*"), "http://a/", nil), Case(exceptions("a"), "http://a/", nil),
        Case(exceptions("x.org"), "http://x.org/", nil), Case(exceptions("x.org"), "http://sub.x.org/", nil),
        Case(exceptions(".x.org"), "http://x.org/", nil), Case(exceptions("x.org"), "http://notx.org/", "http://p"),
        Case(exceptions("b, X.ORG c"), "http://x.org/", nil), Case(exceptions("x.org."), "http://x.org/", nil),
        Case(exceptions("x.org:8888"), "http://x.org:8888/", nil),
        Case(exceptions("x.org:8888"), "http://x.org/", "http://p"),
        Case(exceptions("x.org:443"), "https://x.org/", nil),
        Case(exceptions("10.1.2.3"), "http://10.1.2.3/", nil), Case(exceptions("10.0.0.0/8"), "http://10.1.2.3/", nil),
        Case(exceptions("10.0.0.0/8"), "http://11.1.2.3/", "http://p"),
        Case(exceptions("10.1.2.0/23"), "http://10.1.3.9/", nil),
        Case(exceptions("10.1.2.0/23"), "http://10.1.4.9/", "http://p"),
        Case(exceptions("0.0.0.0/0"), "http://1.2.3.4/", nil),
        Case(exceptions("fd00::/8"), "http://[fd12::1]/", nil), Case(exceptions("[fd12::1]"), "http://[fd12::1]/", nil),
        Case(exceptions("fd00::/8"), "http://10.0.0.1/", "http://p"), Case(exceptions("2.3"), "http://1.2.3/", nil),
        Case(exceptions("3.4"), "http://1.2.3.4/", "http://p"),
        Case(exceptions("10.0.0.0/99"), "http://10.0.0.1/", "http://p"),
        Case(exceptions(",, /8 ."), "http://a/", "http://p"),
        Case(["all_proxy": "p", "NO_PROXY": "a"], "http://a/", nil),
    ]) func `The variables choose the proxy`(sample: Case) throws {
        let proxy = try ProxySettings(environment: sample.variables).proxy(for: HTTPURL(parsing: sample.url))
        #expect(proxy.map { "\($0)" } == sample.proxy)
    }

    @Test(arguments: ["ftp://p", "http://", "http://p:x", "http://ann:secret@", "a b"])
    func `A proxy that is no URL is an error without its contents`(text: String) throws {
        let settings = ProxySettings(environment: ["http_proxy": text])
        let error = try #require(throws: HTTPError.self) { try settings.proxy(for: HTTPURL(parsing: "http://a/")) }
        #expect("\(error)".hasPrefix("The proxy of http URLs") && !"\(error)".contains("secret"))
    }
}

@Suite struct `A proxy` {
    /// The requests that a proxy has received.
    private func log(of proxy: FixtureServer) async throws -> [String] {
        let url = try HTTPURL(parsing: "http://127.0.0.1:\(proxy.port)/log")
        return try await HTTPClient().send(HTTPRequest(url)).text.split(separator: "\n").map(String.init)
    }

    private func settings(_ proxy: FixtureServer, user: String = "", exceptions: String = "") -> HTTPSettings {
        HTTPSettings(environment: [
            "all_proxy": "http://\(user)127.0.0.1:\(proxy.port)", "no_proxy": exceptions,
        ])
    }

    @Test func `Requests for http URLs pass through it`() async throws {
        let (server, proxy) = try (AnswersServer(), FixtureServer("proxy.py"))
        let client = HTTPClient(settings(proxy))
        let response = try await client.send(HTTPRequest(server.url("/echo?x=1", host: "server.test")))
        #expect(try Echo(response).target == "/echo?x=1")
        _ = try await client.send(HTTPRequest(server.url("/echo")))
        #expect(try await log(of: proxy) == ["GET http://server.test:\(server.port)/echo?x=1"])
    }

    @Test func `Requests for https URLs tunnel through it`() async throws {
        let (server, proxy) = try (AnswersServer(hosts: "DNS:server.test"), FixtureServer("proxy.py"))
        var settings = settings(proxy)
        settings.certificates = server.certificates?.authority
        let response = try await HTTPClient(settings).send(HTTPRequest(server.url("/echo", host: "server.test")))
        #expect(response.status == 200)
        #expect(try await log(of: proxy) == ["CONNECT server.test:\(server.port)"])
        settings.certificates = nil
        let error = try await httpError {
            try await HTTPClient(settings).send(HTTPRequest(server.url("/echo", host: "server.test")))
        }
        #expect(error.kind == .certificate)
    }

    @Test func `Raw connections tunnel through it for http URLs too`() async throws {
        let (server, proxy) = try (AnswersServer(), FixtureServer("proxy.py"))
        let url = try server.url("/echo", host: "server.test")
        let connection = try await HTTPClient(settings(proxy)).connect(to: url, timeout: .seconds(60))
        #expect(try exchange(connection, "GET /echo HTTP/1.1\r\nHost: x\r\n\r\n", until: "}").contains("200 Status"))
        #expect(try await log(of: proxy) == ["CONNECT server.test:\(server.port)"])
    }

    @Test(arguments: ["", "ann:pa:ss"])
    func `Requests and raw connections pass through a SOCKS proxy, which looks up the host`(
        credentials: String
    ) async throws {
        let server = try AnswersServer()
        let proxy = try FixtureServer("proxy.py", credentials)
        let user = credentials.isEmpty ? "" : "ann:pa%3Ass@"
        let client = HTTPClient(
            HTTPSettings(environment: ["all_proxy": "socks5h://\(user)127.0.0.1:\(proxy.port)"]))
        let url = try server.url("/echo", host: "server.test")
        #expect(try await client.send(HTTPRequest(url)).status == 200)
        let connection = try await client.connect(to: url, timeout: .seconds(60))
        #expect(try exchange(connection, "GET /echo HTTP/1.1\r\nHost: x\r\n\r\n", until: "}").contains("200 Status"))
        let line = "SOCKS server.test:\(server.port)"
        #expect(try await log(of: proxy) == [line, line])
    }

    @Test func `A SOCKS proxy that refuses the credentials is an error without them`() async throws {
        let (server, proxy) = try (AnswersServer(), FixtureServer("proxy.py", "ann:other"))
        var settings = HTTPSettings(environment: ["all_proxy": "socks5h://ann:secret@127.0.0.1:\(proxy.port)"])
        settings.retries = .never
        var request = HTTPRequest(try server.url("/echo", host: "server.test"))
        (request.timeout, request.connectTimeout) = (.seconds(600), .seconds(600))
        let error = try await httpError { [settings, request] in try await HTTPClient(settings).send(request) }
        #expect(!"\(error)".contains("secret") && "\(error)".contains("proxy"), "\(error)")
    }

    @Test func `It receives its credentials, and the server does not`() async throws {
        let (server, proxy) = try (AnswersServer(), FixtureServer("proxy.py", "ann:pa:ss"))
        let url = try server.url("/echo", host: "server.test")
        let client = HTTPClient(settings(proxy, user: "ann:pa%3Ass@"))
        let echo = try Echo(await client.send(HTTPRequest(url)))
        #expect(echo.method == "GET" && echo["authorization"].isEmpty)
        let connection = try await client.connect(to: url, timeout: .seconds(60))
        connection.close()

        let refused = HTTPClient(settings(proxy, user: "ann:wrong@"))
        #expect(try await refused.send(HTTPRequest(url)).status == 407)
        let error = try await httpError { try await refused.connect(to: url, timeout: .seconds(60)) }
        #expect(error == .proxy("http://127.0.0.1:\(proxy.port)", reason: "it responded with status 407"))
        #expect(!"\(error)".contains("wrong") && !"\(error)".contains("secret"))
    }

    @Test func `Exceptions are connected to directly`() async throws {
        let proxy = try FixtureServer("proxy.py")
        var settings = settings(proxy, exceptions: ".invalid")
        settings.retries = .never
        let url = try HTTPURL(parsing: "http://no-such-host.invalid/")
        let error = try await httpError { try await HTTPClient(settings).send(HTTPRequest(url)) }
        #expect(error == .unresolved(host: "no-such-host.invalid"))
        #expect(try await log(of: proxy).isEmpty)
    }

    @Test func `A proxy that does not run is named`() async throws {
        let port = try FixtureServer("proxy.py").port
        var settings = HTTPSettings(environment: ["all_proxy": "http://ann:secret@127.0.0.1:\(port)"])
        settings.retries = .never
        let url = try HTTPURL(parsing: "http://server.test/")
        let error = try await httpError { try await HTTPClient(settings).send(HTTPRequest(url)) }
        #expect(error == .proxy("http://127.0.0.1:\(port)", reason: "Connection refused"))
    }
}

/// Sends a text on a raw connection, and receives until a text ends what has arrived.
func exchange(_ connection: RawConnection, _ text: String, until end: String) throws -> String {
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
        rest = rest.dropFirst(try connection.send(rest))
        if !rest.isEmpty { wait(connection, POLLOUT) }
    }
    var received: [UInt8] = []
    while true {
        switch try connection.receive() {
        case .bytes(let bytes):
            received += bytes
            if received.suffix(end.utf8.count).elementsEqual(end.utf8) {
                return String(decoding: received, as: UTF8.self)
            }
        case .nothing: wait(connection, POLLIN)
        case .end: return String(decoding: received, as: UTF8.self)
        }
    }
}

private func wait(_ connection: RawConnection, _ events: Int32) {
    var item = pollfd(fd: connection.descriptor, events: Int16(events), revents: 0)
    poll(&item, 1, 60_000)
}
