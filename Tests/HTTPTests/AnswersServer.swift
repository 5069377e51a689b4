import Foundation
import GalleyHTTP
import GalleyTestSupport

/// The server `answers.py`, and URLs of it.
struct AnswersServer {
    let process: FixtureServer
    let certificates: TestCertificates?
    let otherPort: Int

    /// Starts the server.
    ///
    /// - Parameter hosts: The hosts of the server's certificate; without hosts, it speaks plain HTTP.
    init(hosts: String...) throws {
        if hosts.isEmpty {
            certificates = nil
            process = try FixtureServer("answers.py")
        } else {
            let certificates = try TestCertificates(hosts: hosts)
            self.certificates = certificates
            process = try FixtureServer("answers.py", certificates.certificate, certificates.key)
        }
        otherPort = Int(try process.command("other port")) ?? 0
    }

    var port: Int { process.port }

    /// A URL of the first port.
    func url(_ path: String, host: String = "127.0.0.1") throws -> HTTPURL {
        try HTTPURL(parsing: "\(certificates == nil ? "http" : "https")://\(host):\(port)\(path)")
    }

    /// A URL of the second port, which never speaks TLS.
    func otherURL(_ path: String) throws -> HTTPURL { try HTTPURL(parsing: "http://127.0.0.1:\(otherPort)\(path)") }

    /// Returns how many requests with a key have arrived.
    func count(of key: String) async throws -> Int {
        let response = try await HTTPClient().send(HTTPRequest(otherURL("/count?key=\(key)")))
        return Int(response.text) ?? -1
    }
}

/// What `/echo` says about a request.
struct Echo: Decodable {
    let method: String
    let target: String
    let headers: [[String]]
    let body: String

    init(_ response: HTTPResponse) throws {
        self = try JSONDecoder().decode(Echo.self, from: Data(response.body))
    }

    /// All values of a field.
    subscript(_ name: String) -> [String] { headers.filter { $0[0].lowercased() == name.lowercased() }.map { $0[1] } }
}

extension HTTPResponse {
    var text: String { String(decoding: body, as: UTF8.self) }
}

/// Runs code that must throw an `HTTPError`, and returns it.
func httpError(_ body: () async throws -> some Any) async throws -> HTTPError {
    do {
        _ = try await body()
    } catch let error as HTTPError {
        return error
    }
    throw NoError()
}

struct NoError: Error {}

extension HTTPError {
    enum Kind { case certificate, timedOut, broken, other }

    /// The case of the error, without the reason, which depends on the version of libcurl.
    var kind: Kind {
        switch self {
        case .certificate: .certificate
        case .timedOut: .timedOut
        case .broken: .broken
        default: .other
        }
    }
}
