import Foundation
import GalleyHTTP
import GalleyTestSupport
import Testing

@Suite struct `A raw connection` {
    @Test func `Bytes arrive in both directions, and the end differs from silence`() async throws {
        let server = try AnswersServer()
        let connection = try await HTTPClient().connect(to: server.url("/"), timeout: .seconds(60))
        let origin = try server.url("/").origin
        #expect(connection.descriptor >= 0 && connection.origin == origin)
        // Programs that this process starts, such as kernels, do not inherit it.
        #expect(fcntl(connection.descriptor, F_GETFD) & FD_CLOEXEC != 0)
        #expect(try connection.receive() == .nothing)
        let first = try exchange(connection, "GET /echo?1 HTTP/1.1\r\n\r\n", until: "}")
        #expect(first.hasPrefix("HTTP/1.1 200") && first.contains("/echo?1"))
        // The server closes the connection after this.
        let last = try exchange(connection, "GET /raw?bytes=YWJj HTTP/1.1\r\n\r\n", until: "end")
        #expect(last == "abc")
        #expect(try connection.receive() == .end)
        connection.close()
        #expect(throws: HTTPError.self) { try connection.receive() }
        #expect(throws: HTTPError.self) { try connection.send([1]) }
    }

    @Test func `More than the system buffers is sent in parts`() async throws {
        let server = try AnswersServer(hosts: "IP:127.0.0.1")
        var settings = HTTPSettings()
        settings.certificates = server.certificates?.authority
        let connection = try await HTTPClient(settings).connect(to: server.url("/"), timeout: .seconds(60))
        let body = String(repeating: "a", count: 30_000_000)
        let text = "PUT /count?key=x HTTP/1.1\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
        #expect(try exchange(connection, text, until: "0").hasPrefix("HTTP/1.1 200"))
    }

    @Test func `A connection that the server has reset is an error and not a signal`() async throws {
        let server = try AnswersServer()
        let connection = try await HTTPClient().connect(to: server.url("/"), timeout: .seconds(60))
        _ = try exchange(connection, "GET /raw?bytes= HTTP/1.1\r\n\r\n", until: "end")
        // The system answers what arrives after the end with a reset.
        let hasFailed = try await eventually {
            do { _ = try connection.send([1]) } catch is HTTPError { return true }
            return false
        }
        #expect(hasFailed)
    }

    @Test func `A port without a server refuses it`() async throws {
        let port = try AnswersServer().port
        let url = try HTTPURL(parsing: "http://127.0.0.1:\(port)/")
        let error = try await httpError { try await HTTPClient().connect(to: url, timeout: .seconds(60)) }
        #expect(error == .refused(url.origin, reason: "Connection refused"))
    }

    @Test func `Canceling the task ends the opening at once`() async throws {
        // A port of this machine that takes connections and never speaks: TLS waits for it.
        let server = try AnswersServer()
        let silent = try SilentListener()
        let url = try HTTPURL(parsing: "https://127.0.0.1:\(silent.port)/")
        let client = HTTPClient()
        let task = Task { try await client.connect(to: url, timeout: .seconds(600)) }
        #expect(try await eventually { silent.hasConnection })
        task.cancel()
        await #expect(throws: HTTPError.canceled) { _ = try await task.value }
        // The time limit ends it as well.
        let error = try await httpError { try await client.connect(to: url, timeout: .milliseconds(100)) }
        #expect(error == .timedOut(url.origin, .milliseconds(100)))
        #expect(try await client.send(HTTPRequest(server.url("/echo"))).status == 200)
    }
}

/// A port that takes connections and sends nothing.
private final class SilentListener: Sendable {
    let port: Int
    private let descriptor: Int32

    init() throws {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let code = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, length) + listen(descriptor, 8) + getsockname(descriptor, $0, &length)
            }
        }
        guard code == 0 else { throw POSIXError(.EADDRINUSE) }
        self.descriptor = descriptor
        port = Int(UInt16(bigEndian: address.sin_port))
    }

    /// Whether a connection waits to be accepted.
    var hasConnection: Bool {
        var item = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return poll(&item, 1, 0) > 0
    }

    deinit { close(descriptor) }
}
