import Foundation
import GalleyHTTP
import GalleyTestSupport
import Testing

@Suite struct `An encrypted connection` {
    private func client(_ variables: [String: String] = [:]) -> HTTPClient {
        HTTPClient(HTTPSettings(environment: variables))
    }

    @Test(arguments: ["SSL_CERT_FILE", "CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE"])
    func `A private authority is trusted if a variable names it`(variable: String) async throws {
        let server = try AnswersServer(hosts: "IP:127.0.0.1", "DNS:localhost")
        let authority = try #require(server.certificates?.authority)
        let client = client([variable: authority])
        for host in ["127.0.0.1", "localhost"] {
            #expect(try await client.send(HTTPRequest(server.url("/echo", host: host))).status == 200)
        }
        let connection = try await client.connect(to: server.url("/"), timeout: .seconds(60))
        #expect(try exchange(connection, "GET /echo HTTP/1.1\r\n\r\n", until: "}").hasPrefix("HTTP/1.1 200"))
    }

    @Test func `Without the authority, the certificate is refused, and nothing is sent or repeated`() async throws {
        let server = try AnswersServer(hosts: "IP:127.0.0.1")
        let url = try server.url("/echo?key=untrusted")
        let error = try await httpError { try await client().send(HTTPRequest(url)) }
        #expect(error.kind == .certificate)
        #expect("\(error)".contains("SSL_CERT_FILE") && !error.isTransient)
        let raw = try await httpError { try await client().connect(to: url, timeout: .seconds(60)) }
        #expect(raw.kind == .certificate)
        #expect(try await server.count(of: "untrusted") == 0)
    }

    @Test func `A certificate of another host is refused`() async throws {
        let server = try AnswersServer(hosts: "DNS:server.test")
        let authority = try #require(server.certificates?.authority)
        let url = try server.url("/echo?key=wrong")
        let error = try await httpError { try await client(["SSL_CERT_FILE": authority]).send(HTTPRequest(url)) }
        #expect(error.kind == .certificate)
        #expect(try await server.count(of: "wrong") == 0)
    }

    @Test func `Certificates that cannot be read are an error with their path`() async throws {
        let url = try HTTPURL(parsing: "https://127.0.0.1:1/")
        let error = try await httpError {
            try await client(["SSL_CERT_FILE": "/no/such/file"]).send(HTTPRequest(url))
        }
        #expect(error == .certificateFile(path: "/no/such/file") && "\(error)".contains("SSL_CERT_FILE"))
    }

    @Test func `A file without a certificate is no reason to trust`() async throws {
        let server = try AnswersServer(hosts: "IP:127.0.0.1")
        let folder = try TemporaryFolder()
        try folder.write("not a certificate\n", to: "authority.pem")
        let error = try await httpError {
            try await client(["SSL_CERT_FILE": folder("authority.pem")]).send(HTTPRequest(server.url("/echo")))
        }
        #expect(error.kind == .certificate)
    }

    @Test func `A server without encryption is an error, and nothing is sent to it`() async throws {
        let server = try AnswersServer()
        let url = try HTTPURL(parsing: "https://127.0.0.1:\(server.port)/echo?key=plain")
        var settings = HTTPSettings()
        settings.retries = .never
        let error = try await httpError { try await HTTPClient(settings).send(HTTPRequest(url)) }
        #expect(error.kind == .broken)
        #expect(try await server.count(of: "plain") == 0)
    }

    @Test func `Variables that are set to nothing name no file`() {
        #expect(HTTPSettings(environment: ["SSL_CERT_FILE": ""]).certificates == nil)
        let both = ["SSL_CERT_FILE": "/a", "CURL_CA_BUNDLE": "/b", "REQUESTS_CA_BUNDLE": "/c"]
        #expect(HTTPSettings(environment: both).certificates == "/a")
    }
}
