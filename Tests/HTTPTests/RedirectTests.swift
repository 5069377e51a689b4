import GalleyHTTP
import GalleyTestSupport
import Testing

@Suite struct `A redirect` {
    private func redirect(_ server: AnswersServer, to: String, code: Int = 302) throws -> HTTPURL {
        try server.url("/redirect?code=\(code)").adding("to", to)
    }

    @Test(arguments: [301, 302, 303, 307, 308])
    func `GET and HEAD requests follow it with their own method`(code: Int) async throws {
        let server = try AnswersServer()
        let response = try await HTTPClient().send(
            HTTPRequest(redirect(server, to: "/echo?there", code: code), headers: ["Authorization": "token t"]))
        let echo = try Echo(response)
        #expect(echo.method == "GET" && echo.target == "/echo?there" && echo["authorization"] == ["token t"])
        #expect(response.url == (try server.url("/echo?there")))
        let head = try await HTTPClient().send(HTTPRequest("HEAD", redirect(server, to: "/echo", code: code)))
        #expect(head.status == 200 && head.body.isEmpty)
    }

    @Test(arguments: ["POST", "PUT", "DELETE"])
    func `Other requests return it`(method: String) async throws {
        let server = try AnswersServer()
        for code in [301, 302, 303, 307, 308] {
            let response = try await HTTPClient().send(HTTPRequest(method, redirect(server, to: "/echo", code: code)))
            #expect(response.status == code && response.headers["location"] == "/echo")
        }
    }

    @Test func `A request that does not follow redirects returns it`() async throws {
        let server = try AnswersServer()
        var request = HTTPRequest(try redirect(server, to: "/echo"))
        request.followsRedirects = false
        #expect(try await HTTPClient().send(request).status == 302)
    }

    @Test func `Another origin receives no credentials`() async throws {
        let server = try AnswersServer()
        let client = HTTPClient()
        _ = try await client.send(HTTPRequest(server.url("/cookie?set=jar%3D1%3B%20Path%3D%2F")))
        var url = try redirect(server, to: "http://127.0.0.1:PORT2/echo")
        (url.user, url.password) = ("ann", "secret")
        let headers: HTTPHeaders = [
            "Authorization": "token secret", "Cookie": "hand=secret", "X-XSRFToken": "secret", "X-Other": "1",
        ]
        let response = try await client.send(HTTPRequest(url, headers: headers))
        let echo = try Echo(response)
        #expect(response.url == (try server.otherURL("/echo")) && response.url.user == nil)
        #expect(echo["authorization"].isEmpty && echo["x-xsrftoken"].isEmpty && echo["x-other"] == ["1"])
        // Cookies do not know ports. The jar's own belongs to the host.
        #expect(echo["cookie"] == ["jar=1"])
    }

    @Test func `User info in it is not used`() async throws {
        let server = try AnswersServer()
        let client = HTTPClient()
        for host in ["127.0.0.1:PORT1", "127.0.0.1:PORT2"] {
            let response = try await client.send(HTTPRequest(redirect(server, to: "http://bob:pw@\(host)/echo")))
            #expect(try Echo(response)["authorization"].isEmpty)
        }
    }

    @Test func `Cookies of the redirecting response go along`() async throws {
        let server = try AnswersServer()
        let client = HTTPClient()
        client.cookies.store(setCookie: "a=1; Path=/", from: try server.url("/"))
        let echo = try Echo(await client.send(HTTPRequest(redirect(server, to: "/echo"))))
        #expect(echo["cookie"] == ["a=1"])
    }

    @Test func `An encrypted connection is not left for a plain one`() async throws {
        let server = try AnswersServer(hosts: "IP:127.0.0.1")
        var settings = HTTPSettings()
        settings.certificates = server.certificates?.authority
        let url = try redirect(server, to: "http://127.0.0.1:PORT2/echo?key=plain")
        let error = try await httpError { try await HTTPClient(settings).send(HTTPRequest(url)) }
        #expect(error == .unsafeRedirect(from: url.origin, to: try server.otherURL("/").origin))
        #expect(try await server.count(of: "plain") == 0)
    }

    @Test func `A chain of redirects ends after ten`() async throws {
        let server = try AnswersServer()
        let loop = try server.url("/loop?key=loop")
        let error = try await httpError { try await HTTPClient().send(HTTPRequest(loop)) }
        #expect(error == .tooManyRedirects(loop.origin))
        #expect(try await server.count(of: "loop") == 11)
    }

    @Test(arguments: ["ftp://h/", "file:///etc/passwd", "http://", "http://a:0/?token=secret", "javascript:secret", ""])
    func `A place that is no http or https URL is an error without its text`(place: String) async throws {
        let server = try AnswersServer()
        var settings = HTTPSettings()
        settings.retries = .never
        let error = try await httpError {
            try await HTTPClient(settings).send(HTTPRequest(redirect(server, to: place)))
        }
        #expect(error.kind == .broken && !"\(error)".contains("secret") && !"\(error)".contains("passwd"))
    }
}
