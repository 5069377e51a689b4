import Foundation
import GalleyTestSupport
import Testing

/// An object store with the buckets `source` and `out`, for runs of the program.
struct StoreForRuns {
    let store: StoreProcess
    let folder: TemporaryFolder
    /// The proxy between the program and the store, which fails at the test's command; nil if there is none.
    let proxy: FixtureServer?

    init(_ kind: StoreProcess.Kind = .moto, behindProxy: Bool = false) async throws {
        store = try await StoreProcess(kind, buckets: ["source", "out"])
        folder = try TemporaryFolder()
        proxy = behindProxy ? try FixtureServer("faulty_store.py", "\(store.port)") : nil
    }

    /// An environment with the store's keys.
    var environment: [String: String] {
        var variables = GalleyProgram.environment.merging(store.environment) { $1 }
        if let proxy { variables["AWS_ENDPOINT_URL"] = "http://127.0.0.1:\(proxy.port)" }
        return variables
    }

    /// Lets the requests of a method wait that have a text in their target, and returns once one of them does.
    func waitForRequest(_ method: String, _ text: String, _ begin: () async throws -> Void) async throws {
        let proxy = try #require(proxy)
        let before = try proxy.command("kinds")
        try proxy.command("hold \(method) \(text)")
        try await begin()
        #expect(try await eventually { try proxy.command("kinds") != before })
    }

    /// Runs galley to its end.
    func galley(_ arguments: String..., environment more: [String: String] = [:]) async throws -> GalleyProgram.Run {
        try await GalleyProgram.run(arguments, environment: environment.merging(more) { $1 }, in: folder)
    }

    /// Starts galley.
    func start(_ arguments: String...) async throws -> GalleyProgram.RunningProgram {
        try await GalleyProgram.start(arguments, environment: environment, in: folder)
    }

    /// Stores a notebook.
    func put(_ sources: [String], at key: String, tags: [Int: [String]] = [:], in bucket: String = "source")
        async throws
    {
        try folder.write(sources, to: "uploaded.ipynb", tags: tags)
        try await putFile("uploaded.ipynb", at: key, in: bucket)
        try FileManager.default.removeItem(atPath: folder("uploaded.ipynb"))
    }

    /// Stores a text.
    func put(_ text: String, at key: String, in bucket: String = "source") async throws {
        try folder.write(text, to: "uploaded")
        try await putFile("uploaded", at: key, in: bucket)
        try FileManager.default.removeItem(atPath: folder("uploaded"))
    }

    private func putFile(_ name: String, at key: String, in bucket: String) async throws {
        try await store.python("s3.upload_file('\(folder(name))', '\(bucket)', '''\(key)''')")
    }

    /// Returns the text of an object.
    func text(_ key: String, in bucket: String = "source") async throws -> String {
        try await store.python("print(s3.get_object(Bucket='\(bucket)', Key='''\(key)''')['Body'].read().decode())")
    }

    /// Returns a notebook.
    func notebook(_ key: String, in bucket: String = "source") async throws -> RunNotebook {
        try await RunNotebook(Data(text(key, in: bucket).utf8))
    }

    /// Returns the media type of an object.
    func mediaType(_ key: String, in bucket: String = "out") async throws -> String {
        try await store.python("print(s3.head_object(Bucket='\(bucket)', Key='''\(key)''')['ContentType'])")
    }

    /// Returns the keys of a bucket.
    func keys(_ bucket: String = "source") async throws -> [String] {
        let list = "print('\\n'.join(o['Key'] for o in s3.list_objects_v2(Bucket='\(bucket)').get('Contents', [])))"
        return try await store.python(list).split(separator: "\n").map(String.init)
    }

    /// The requests that the store has answered since its log had this length, such as `GET /source/a.ipynb`.
    func requests(since start: Int) -> [String] {
        store.log.dropFirst(start).matches(of: /"((?:GET|PUT|HEAD|POST|DELETE) [^ "]+)/).map { String($0.1) }
    }
}
