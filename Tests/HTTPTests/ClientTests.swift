import Foundation
import GalleyHTTP
import GalleyTestSupport
import Synchronization
import Testing

@Suite struct `A client` {
    @Test func `It sends the method, the path, the query, the fields and the body as they are`() async throws {
        let server = try AnswersServer()
        let client = HTTPClient()
        var url = try server.url("/echo/a%20b/%2e/c?x=1+2&y=%2B")
        url = url.adding("z", "ä&=")
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] {
            let body = ["POST", "PUT", "PATCH"].contains(method) ? Array("{\"a\": 1}".utf8) : nil
            let response = try await client.send(
                HTTPRequest(
                    method, url, headers: ["X-One": "1", "X-Empty": "", "Accept": "application/json"], body: body))
            let echo = try Echo(response)
            #expect(response.status == 200 && response.isSuccess && response.url == url)
            #expect(response.headers["content-type"] == "application/json")
            #expect(echo.method == method)
            #expect(echo.target == "/echo/a%20b/%2e/c?x=1+2&y=%2B&z=%C3%A4%26%3D")
            #expect(echo["x-one"] == ["1"] && echo["x-empty"] == [""] && echo["accept"] == ["application/json"])
            #expect(echo["user-agent"] == ["galley"] && echo["host"] == ["127.0.0.1:\(server.port)"])
            #expect(echo.body == (body == nil ? "" : "{\"a\": 1}"))
            #expect(echo["content-type"].isEmpty && echo["expect"].isEmpty && echo["accept-encoding"].isEmpty)
        }
    }

    @Test func `A HEAD request has a response without a body`() async throws {
        let server = try AnswersServer()
        let response = try await HTTPClient().send(HTTPRequest("HEAD", server.url("/echo")))
        #expect(response.status == 200 && response.body.isEmpty)
    }

    @Test func `A body of many megabytes arrives in both directions`() async throws {
        let server = try AnswersServer()
        let client = HTTPClient()
        let sent = try await client.send(
            HTTPRequest("PUT", server.url("/echo"), body: [UInt8](repeating: 97, count: 5_000_000)))
        #expect(try Echo(sent).body.utf8.count == 5_000_000)
        for path in ["/large?bytes=20000000", "/large?bytes=19988480&chunked=1"] {
            let received = try await client.send(HTTPRequest(server.url(path)))
            #expect(received.body.count >= 19_988_480 && received.body.allSatisfy { $0 == 97 })
        }
    }

    @Test(arguments: [0, 1, 65535, 65536, 65537, 1 << 20])
    func `A body of any size is sent whole, also when libcurl repeats it`(count: Int) async throws {
        let server = try AnswersServer()
        var settings = HTTPSettings()
        settings.retries = .never
        let client = HTTPClient(settings)
        let body = (0..<count).map { UInt8(truncatingIfNeeded: 48 + $0 / 7 % 64) }
        _ = try await client.send(HTTPRequest(server.url("/echo")))
        // The server ends the connection, which was kept, instead of its first response.
        let response = try await client.send(HTTPRequest("PUT", server.url("/drop?times=1&key=k"), body: body))
        let echo = try Echo(response)
        #expect(Array(echo.body.utf8) == body)
        #expect(echo["content-length"] == ["\(count)"])
        #expect(echo["transfer-encoding"].isEmpty && echo["expect"].isEmpty)
        #expect(try await server.count(of: "k") == 2)
    }

    @Test func `User info of the URL becomes Basic credentials`() async throws {
        let server = try AnswersServer()
        var url = try server.url("/echo")
        (url.user, url.password) = ("ann", "a:b")
        #expect(try Echo(await HTTPClient().send(HTTPRequest(url)))["authorization"] == ["Basic YW5uOmE6Yg=="])
        let request = HTTPRequest(url, headers: ["Authorization": "token t"])
        #expect(try Echo(await HTTPClient().send(request))["authorization"] == ["token t"])
    }

    @Test func `Any status is a response`() async throws {
        let server = try AnswersServer()
        for status in [204, 304, 400, 401, 403, 404, 424, 500, 501] {
            let response = try await HTTPClient().send(HTTPRequest(server.url("/status?code=\(status)")))
            #expect(response.status == status && response.isSuccess == (status == 204))
        }
    }

    @Test func `Cookies of responses go into later requests of the same client only`() async throws {
        let server = try AnswersServer()
        let client = HTTPClient()
        _ = try await client.send(HTTPRequest(server.url("/cookie?set=a%3D1%3B%20Path%3D%2F")))
        #expect(client.cookies.value(named: "a", for: try server.url("/echo")) == "1")
        #expect(try Echo(await client.send(HTTPRequest(server.url("/echo"))))["cookie"] == ["a=1"])
        let own = HTTPRequest(try server.url("/echo"), headers: ["Cookie": "b=2"])
        #expect(try Echo(await client.send(own))["cookie"] == ["b=2; a=1"])
        #expect(try Echo(await HTTPClient().send(HTTPRequest(server.url("/echo"))))["cookie"].isEmpty)
    }

    @Test func `Many requests at once have their own responses`() async throws {
        let server = try AnswersServer()
        let client = HTTPClient()
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for number in 0..<50 {
                group.addTask {
                    let response = try await client.send(HTTPRequest(server.url("/echo?n=\(number)")))
                    return try Echo(response).target == "/echo?n=\(number)"
                }
            }
            for try await isRight in group { #expect(isRight) }
        }
    }

    @Test func `Canceling the task ends the exchange at once`() async throws {
        let server = try AnswersServer()
        let client = HTTPClient()
        let url = try server.url("/silence?key=cancel")
        let task = Task { try await client.send(HTTPRequest(url)) }
        #expect(try await eventually { try await server.count(of: "cancel") == 1 })
        task.cancel()
        await #expect(throws: HTTPError.canceled) { try await task.value }
        // The client works on.
        #expect(try await client.send(HTTPRequest(server.url("/echo"))).status == 200)
    }

    @Test func `A canceled task sends nothing`() async throws {
        let server = try AnswersServer()
        let url = try server.url("/echo?key=never")
        let task = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return try await HTTPClient().send(HTTPRequest(url))
        }
        await #expect(throws: HTTPError.canceled) { try await task.value }
        #expect(try await server.count(of: "never") == 0)
    }

    @Test func `A server that does not answer exceeds the time limit`() async throws {
        let server = try AnswersServer()
        var request = HTTPRequest(try server.url("/silence"))
        request.timeout = .milliseconds(200)
        let error = try await httpError { try await HTTPClient().send(request) }
        #expect(error == .timedOut(request.url.origin, .milliseconds(200)))
    }

    @Test func `A body that is larger than the request allows is an error`() async throws {
        let server = try AnswersServer()
        for path in ["/large?bytes=100001", "/large?bytes=200000&chunked=1"] {
            var request = HTTPRequest(try server.url(path))
            request.maximumBody = 100_000
            let origin = request.url.origin
            let error = try await httpError { try await HTTPClient().send(request) }
            #expect(error == .bodyTooLarge(origin, limit: 100_000))
        }
        var request = HTTPRequest(try server.url("/large?bytes=100000"))
        request.maximumBody = 100_000
        #expect(try await HTTPClient().send(request).body.count == 100_000)
    }

    @Test func `The body of an error has a limit of its own`() async throws {
        let server = try AnswersServer()
        var settings = HTTPSettings()
        settings.retries = .never
        var request = HTTPRequest(try server.url("/status?code=500"))
        request.maximumErrorBody = 18
        let origin = request.url.origin
        let error = try await httpError { [request] in try await HTTPClient(settings).send(request) }
        #expect(error == .bodyTooLarge(origin, limit: 18))
        (request.maximumErrorBody, request.maximumBody) = (19, 0)
        #expect(try await HTTPClient(settings).send(request).body.count == 19)
    }

    @Test func `A body that is passed on may have a limit`() async throws {
        let server = try AnswersServer()
        for path in ["/large?bytes=200000", "/large?bytes=200000&chunked=1"] {
            var request = HTTPRequest(try server.url(path))
            request.maximumStream = 100_000
            let count = Mutex(0)
            let origin = request.url.origin
            let error = try await httpError { [request] in
                try await HTTPClient().stream(request) { part in count.withLock { $0 += part.count } }
            }
            #expect(error == .bodyTooLarge(origin, limit: 100_000))
            #expect(count.withLock(\.self) <= 100_000)
        }
    }

    @Test func `Compressed bodies are not expanded`() async throws {
        let server = try AnswersServer()
        let bytes = Data("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc".utf8)
        let url = try server.url("/raw").adding("bytes", bytes.base64EncodedString())
        #expect(try await HTTPClient().send(HTTPRequest(url)).text == "abc")
    }

    @Test func `Parts of a stream arrive before its end`() async throws {
        let server = try AnswersServer()
        let client = HTTPClient()
        let (parts, continuation) = AsyncStream<[UInt8]>.makeStream()
        let url = try server.url("/events")
        let task = Task {
            defer { continuation.finish() }
            return try await client.stream(HTTPRequest(url)) { continuation.yield($0) }
        }
        var texts: [String] = []
        for await part in parts {
            texts.append(String(decoding: part, as: UTF8.self))
            // The server sends the next part only after this.
            _ = try await client.send(HTTPRequest(server.url("/next")))
        }
        #expect(texts == ["data: 1\n\n", "data: 2\n\n", "data: 3\n\n"])
        #expect(try await task.value.body.isEmpty)
        let failed = try await client.stream(HTTPRequest(server.url("/status?code=404"))) { _ in Issue.record() }
        #expect(failed.status == 404 && failed.text == "<html>secret</html>")
    }

    @Test func `A port without a server refuses the connection`() async throws {
        let port = try AnswersServer().port
        let url = try HTTPURL(parsing: "http://127.0.0.1:\(port)/")
        var settings = HTTPSettings()
        settings.retries = .never
        let error = try await httpError { try await HTTPClient(settings).send(HTTPRequest(url)) }
        #expect(error == .refused(url.origin, reason: "Connection refused"))
    }

    @Test func `A name without an address is an error with the name`() async throws {
        var settings = HTTPSettings()
        settings.retries = .never
        let url = try HTTPURL(parsing: "http://no-such-host.invalid/")
        let error = try await httpError { try await HTTPClient(settings).send(HTTPRequest(url)) }
        #expect(error == .unresolved(host: "no-such-host.invalid"))
    }

    @Test func `Without libcurl, the error names the package to install`() async throws {
        var settings = HTTPSettings()
        settings.library = "libcurl-absent.so.4"
        let client = HTTPClient(settings)
        let url = try HTTPURL(parsing: "http://127.0.0.1:1/")
        let error = try await httpError { try await client.send(HTTPRequest(url)) }
        #expect(error == .libraryMissing(name: "libcurl-absent.so.4"))
        #expect("\(error)".contains("libcurl4") && "\(error)".contains("kernels of this machine"))
        let other = try await httpError { try await client.connect(to: url, timeout: .seconds(60)) }
        #expect(other == error)
        // A library that is another one lacks the functions.
        settings.library = "libc.so.6"
        let wrong = try await httpError { try await HTTPClient(settings).send(HTTPRequest(url)) }
        #expect(wrong == .libraryMissing(name: "libc.so.6"))
    }

    @Test func `A client that ends leaves no thread`() async throws {
        let server = try AnswersServer()
        func threads() throws -> Int {
            try FileManager.default.contentsOfDirectory(atPath: "/proc/self/task").filter {
                try String(contentsOfFile: "/proc/self/task/\($0)/comm", encoding: .utf8) == "galley\n"
            }.count
        }
        let before = (try? threads()) ?? 0
        for _ in 0..<20 { _ = try await HTTPClient().send(HTTPRequest(server.url("/echo"))) }
        // Other tests run at the same time, with a few clients each.
        #expect(try await eventually { ((try? threads()) ?? .max) < before + 20 })
    }
}
