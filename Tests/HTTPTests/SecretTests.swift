import Foundation
import GalleyHTTP
import GalleyTestSupport
import Testing

@Suite struct `A secret` {
    @Test func `No description of a request, a response or a header contains it`() throws {
        let url = try HTTPURL(parsing: "https://secret:secret@h/x?token=secret")
        let headers: HTTPHeaders = ["Authorization": "token secret", "Cookie": "a=secret"]
        let request = HTTPRequest("POST", url, headers: headers, body: Array("password=secret".utf8))
        let response = HTTPResponse(status: 500, headers: headers, body: Array("<html>secret".utf8), url: url)
        var dumped = ""
        dump(
            [request as Any, response, headers, url.query, try ProxyServer(parsing: "http://a:secret@p")], to: &dumped)
        for text in ["\(request)", "\(response)", "\(headers)", String(reflecting: headers.fields), "\(url.query)"] {
            #expect(!text.contains("secret"), "\(text)")
        }
        #expect(!dumped.contains("secret"), "\(dumped)")
        let settings = HTTPSettings(environment: ["all_proxy": "http://a:secret@p:1", "http_proxy": "secret x"])
        #expect("\(settings.proxies)" == "http: not valid, https: http://p:1")
        dump([settings as Any, HTTPClient(settings)], to: &dumped)
        #expect(!dumped.contains("secret"), "\(dumped)")
        #expect("\(request)" == "POST https://h/x?token=…" && "\(headers)" == "Authorization: …, Cookie: …")
    }

    @Test func `No error contains it`() async throws {
        let server = try AnswersServer()
        var settings = HTTPSettings()
        settings.retries = .never
        let client = HTTPClient(settings)
        let path = "/drop?token=secret"
        var urls = [
            try server.url(path), try server.url("/silence?token=secret"), try server.url("/loop?token=secret"),
        ]
        urls.append(try server.url("/large?bytes=100000&token=secret"))
        urls.append(try HTTPURL(parsing: "https://127.0.0.1:\(server.port)\(path)"))
        urls.append(try HTTPURL(parsing: "http://no-such-host.invalid\(path)"))
        urls.append(try server.url("/redirect?to=https://secret:secret@127.0.0.1:PORT2\(path)"))
        for var url in urls {
            (url.user, url.password) = ("secret", "secret")
            var request = HTTPRequest(url, headers: ["Authorization": "token secret"])
            request.timeout = .seconds(2)
            request.maximumBody = 1000
            let error = try await httpError { try await client.send(request) }
            #expect(!"\(error)".contains("secret") && !String(reflecting: error).contains("secret"), "\(error)")
        }
    }

    @Test func `A header value cannot become another header`() {
        var headers: HTTPHeaders = ["A": "b\r\nX: y", "B\r\nX": "y", "C": "a\0b", "D ": "x", "": "x", "E": "ok"]
        headers.add("F", "x\ny")
        #expect(headers.fields.map(\.name) == ["E"])
        headers["e"] = "new"
        #expect(headers["E"] == "new" && headers.all("E") == ["new"])
        headers["E"] = nil
        #expect(headers.fields.isEmpty)
    }
}
