import Foundation

/// An object store that others wrote, with one bucket. It ends together with this object.
package final class StoreProcess: Sendable {
    /// A program of the environment for stores.
    package enum Kind: String, CaseIterable, Sendable {
        /// Amazon's services, imitated; it heeds the conditions of writes. It accepts all keys.
        case moto
        /// The same, with an IAM user whose signatures it verifies.
        case motoWithSignatures
        /// Verifies signatures and ignores conditions.
        case nanio
        /// Heeds `If-None-Match` and ignores `If-Match`. It accepts all keys.
        case localbucket
    }

    /// The folder of the environment's programs.
    package static let programs = Repository.root + "/.build/python-stores/bin/"

    package let kind: Kind
    package let port: Int
    /// The keys of requests.
    package let accessKeyID: String
    package let secretAccessKey: String
    private let folder: TemporaryFolder
    private let process: ServerProcess

    /// The URL of the store, without a slash at the end.
    package var url: String { "http://127.0.0.1:\(port)" }

    /// The variables with which the tools of AWS, and Galley, use the store.
    package var environment: [String: String] {
        [
            "AWS_ENDPOINT_URL": url, "AWS_ACCESS_KEY_ID": accessKeyID, "AWS_SECRET_ACCESS_KEY": secretAccessKey,
            "AWS_REGION": "us-east-1", "AWS_CONFIG_FILE": "/dev/null", "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
            "AWS_EC2_METADATA_DISABLED": "true",
        ]
    }

    /// Everything that the store has written so far: with moto and nanio a line for each request.
    package var log: String { process.output }

    /// Starts a store, waits until it listens, and creates the buckets.
    package init(_ kind: Kind = .moto, buckets: [String] = ["bucket"]) async throws {
        self.kind = kind
        let folder = try TemporaryFolder()
        let port = try FreePorts.take(1)[0]
        (self.folder, self.port) = (folder, port)
        let program: [String]
        var variables: [String: String] = [:]
        var keys = ["AKIAEXAMPLE", "secret-of-the-test"]
        switch kind {
        case .moto, .motoWithSignatures:
            program = [Self.programs + "moto_server", "-H", "127.0.0.1", "-p", "\(port)"]
            // The actions that create the IAM user come before its keys.
            if kind == .motoWithSignatures { variables["INITIAL_NO_AUTH_ACTION_COUNT"] = "3" }
        case .nanio:
            program =
                [Self.programs + "nanio", "serve", "--data-dir", folder("data"), "--host", "127.0.0.1"]
                + ["--port", "\(port)"]
            variables = ["NANIO_ACCESS_KEY": keys[0], "NANIO_SECRET_KEY": keys[1]]
        case .localbucket: program = [Self.programs + "localbucket", folder("data"), "--port", "\(port)"]
        }
        if kind == .nanio || kind == .localbucket {
            for bucket in buckets {
                try FileManager.default.createDirectory(
                    atPath: folder("data/" + bucket), withIntermediateDirectories: true)
            }
        }
        process = try ServerProcess(program, in: folder, environment: variables)
        let process = process
        let listens = try await eventually { Self.listens(port) || !isAlive(process.id) }
        guard listens, isAlive(process.id) else {
            throw ServerProcess.Failure(description: "the store did not start:\n\(process.output)")
        }
        switch kind {
        case .moto: try await Self.prepareMoto(["http://127.0.0.1:\(port)", "open"] + buckets)
        case .motoWithSignatures:
            let lines = try await Self.prepareMoto(["http://127.0.0.1:\(port)", "verified"] + buckets).split(
                separator: "\n")
            guard lines.count == 2 else { throw ServerProcess.Failure(description: "moto made no user") }
            keys = lines.map(String.init)
        case .nanio, .localbucket: break
        }
        (accessKeyID, secretAccessKey) = (keys[0], keys[1])
    }

    /// Runs Python with boto3 connected to this store as `s3`, and returns what it prints.
    @discardableResult package func python(_ script: String) async throws -> String {
        let start = "import boto3, sys\ns3 = boto3.client('s3', endpoint_url='\(url)')\n"
        guard
            let output = try await ServerProcess.output(
                of: [Self.programs + "python", "-c", start + script], environment: environment)
        else { throw ServerProcess.Failure(description: "the script failed: \(script)\n\(log)") }
        return output
    }

    /// Ends the store.
    package func stop() { process.end() }

    @discardableResult private static func prepareMoto(_ arguments: [String]) async throws -> String {
        let script = Repository.fixture("servers/moto_buckets.py")
        let output = try await ServerProcess.output(of: [programs + "python", script] + arguments)
        guard let output else { throw ServerProcess.Failure(description: "moto has no buckets") }
        return output
    }

    private static func listens(_ port: Int) -> Bool {
        let number = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(number) }
        return withLoopbackAddress(port) { connect(number, $0, $1) == 0 }
    }
}
