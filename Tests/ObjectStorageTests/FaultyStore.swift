import Foundation
import GalleyHTTP
import GalleyStorage
import GalleyTestSupport
import Testing

@testable import GalleyObjectStorage

/// A store behind a proxy that fails at the test's command.
struct FaultyStore {
    let store: StoreProcess
    let proxy: FixtureServer
    let storage: ObjectStorage
    private let environment: [String: String]
    // The pauses between attempts end at once.
    private let time = TestClock(Int(Date.now.timeIntervalSince1970)).time
    private let client = HTTPClient()

    /// Starts a store, and opens it through a proxy.
    ///
    /// - Parameter variables: Variables in addition to those of the store.
    init(_ variables: [String: String] = [:]) async throws {
        let store = try await StoreProcess(.moto)
        let proxy = try FixtureServer("faulty_store.py", "\(store.port)")
        environment = store.environment.merging(
            ["AWS_ENDPOINT_URL": "", "AWS_ENDPOINT_URL_S3": "http://127.0.0.1:\(proxy.port)"]
        ) { $1 }.merging(variables.mapValues { $0.replacing("STORE", with: store.url) }) { $1 }
        (self.store, self.proxy) = (store, proxy)
        storage = ObjectStorage(environment: environment, time: time)
    }

    /// A client whose attempts to remove the parts of an upload have so much time.
    func client(abortLimit: Duration) throws -> ObjectClient {
        let configuration = try AWSConfiguration(environment: environment)
        return ObjectClient(
            ObjectClient.Settings(
                endpoint: try ObjectEndpoint(configuration),
                credentials: CredentialChain(configuration, time: time), abortLimit: abortLimit),
            http: configuration.connections, time: time)
    }

    /// Opens a notebook of the bucket for one run, and looks at it as a run does before its first cell.
    func open(_ key: String) async throws -> any NotebookStore {
        let run = try storage.store(at: NotebookLocation("s3://bucket/\(key)"))
        try await run.checkWritable()
        return run
    }

    /// What the store itself has, past the proxy; nil if there is no such object.
    func contents(_ key: String) async throws -> [UInt8]? {
        // The store looks at signatures only as far as to see that there is one.
        let signature =
            "AWS4-HMAC-SHA256 Credential=\(store.accessKeyID)/20260101/us-east-1/s3/aws4_request, "
            + "SignedHeaders=host, Signature=0"
        let url = try HTTPURL(parsing: "\(store.url)/bucket/\(key)")
        let response = try await client.send(HTTPRequest(url, headers: ["Authorization": signature]))
        if response.status == 404 { return nil }
        try #require(response.isSuccess, "\(response)")
        return response.body
    }

    /// The keys of all objects, and the number of uploads that are neither completed nor removed.
    func listing() async throws -> (keys: [String], uploads: Int) {
        let text = try await store.python(
            "print(len(s3.list_multipart_uploads(Bucket='bucket').get('Uploads', [])))\n"
                + "for o in s3.list_objects_v2(Bucket='bucket').get('Contents', []): print(o['Key'])")
        let lines = text.split(separator: "\n").map(String.init)
        return (Array(lines.dropFirst()), Int(lines.first ?? "") ?? -1)
    }
}

/// Contents that no other call returns.
func contents(_ number: Int, size: Int, _ random: inout some RandomNumberGenerator) -> [UInt8] {
    var bytes = Array("{\"number\": \(number)}\n".utf8)
    bytes += (bytes.count..<max(bytes.count, size)).map { _ in UInt8.random(in: 0x20...0x7E, using: &random) }
    return bytes
}
