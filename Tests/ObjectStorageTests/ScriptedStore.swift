import Foundation
import GalleyHTTP
import GalleyStorage
import GalleyTestSupport
import Testing

@testable import GalleyObjectStorage

/// A store whose answers a test writes down.
struct ScriptedStore {
    let server: ScriptedServer
    let storage: ObjectStorage
    private let variables: [String: String]
    private let time: HTTPTime

    /// An answer: its status, header and body.
    typealias Answer = [String: any Sendable]

    static let place: NotebookLocation = "s3://bucket/a.ipynb"
    static let secrets = ["the-secret-key", "the-session-token", "secret body"]

    /// Starts a store.
    ///
    /// - Parameters:
    ///   - rules: For each method and path the answers, in order; the last one again and again.
    ///   - scheme: `s3` or `gs`.
    init(_ rules: [(method: String, path: String, answers: [Answer])], scheme: String = "s3") async throws {
        let list = rules.map { ["method": $0.method, "path": $0.path, "answers": $0.answers] as Answer }
        server = try await ScriptedServer(
            String(decoding: try JSONSerialization.data(withJSONObject: list), as: UTF8.self))
        variables = [
            "AWS_ENDPOINT_URL": server.url, "AWS_ACCESS_KEY_ID": "AKID", "AWS_SECRET_ACCESS_KEY": Self.secrets[0],
            "AWS_SESSION_TOKEN": Self.secrets[1], "AWS_REGION": "us-east-1", "AWS_CONFIG_FILE": "/dev/null",
            "AWS_SHARED_CREDENTIALS_FILE": "/dev/null", "GS_ENDPOINT_URL": server.url, "GS_ACCESS_KEY_ID": "GOOG1",
            "GS_SECRET_ACCESS_KEY": Self.secrets[0],
        ]
        // The clock of the machine, without pauses.
        var time = HTTPTime.system
        time.sleep = { _ in }
        self.time = time
        storage = ObjectStorage(environment: variables, time: time)
    }

    /// A client of the store.
    func client() throws -> ObjectClient {
        let configuration = try AWSConfiguration(environment: variables)
        return ObjectClient(
            ObjectClient.Settings(
                endpoint: try ObjectEndpoint(configuration), credentials: CredentialChain(configuration, time: time)),
            http: configuration.connections, time: time)
    }

    /// An answer of these bytes, after which the connection ends.
    static func raw(_ text: String) -> Answer { ["raw": text] }

    static func ok(_ body: String, _ headers: [[String]] = []) -> Answer {
        ["status": 200, "body": body, "headers": [["ETag", "\"1\""]] + headers]
    }

    /// An answer with an error of the protocol.
    static func error(_ status: Int, _ code: String, _ more: String = "", _ headers: [[String]] = []) -> Answer {
        let body = "<Error><Code>\(code)</Code><Message>what the store says</Message>\(more)</Error>"
        return ["status": status, "body": body, "headers": headers]
    }

    func read() async throws -> String {
        String(decoding: try await storage.store(at: Self.place).read(), as: UTF8.self)
    }

    /// The error of reading the object.
    func failure() async throws -> ObjectStorageError {
        let error = try await #require(throws: ObjectStorageError.self) { try await read() }
        for secret in Self.secrets { #expect(!"\(error)".contains(secret), "\(error)") }
        return error
    }

    /// The regions for which the requests were signed.
    var regions: [String] {
        get throws {
            try server.requests.compactMap { request in
                request.headers["authorization"]?.split(separator: "/").dropFirst(2).first.map(String.init)
            }
        }
    }
}
