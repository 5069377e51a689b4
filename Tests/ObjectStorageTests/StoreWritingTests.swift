import GalleyHTTP
import GalleyJSON
import GalleyStorage
import GalleyTestSupport
import Testing

@testable import GalleyObjectStorage

@Suite struct `A write to a store` {
    private static let path = "/bucket/a[.]ipynb"
    private static let place = "s3://bucket/a.ipynb"

    private func write(_ text: String, to store: ScriptedStore) async throws {
        try await store.storage.writeFile(Array(text.utf8), at: ScriptedStore.place, mediaType: "application/json")
    }

    private func checksums(_ store: ScriptedStore) throws -> [Bool] {
        try store.server.requests.filter { $0.method == "PUT" }.map { $0.headers["x-amz-checksum-sha256"] != nil }
    }

    @Test(arguments: ["BadDigest", "XAmzContentSHA256Mismatch", "IncompleteBody", "RequestTimeout", "OperationAborted"])
    func `An error that may pass does not turn checksums off`(code: String) async throws {
        let refused = ScriptedStore.error(400, code)
        let store = try await ScriptedStore([
            ("PUT", Self.path, [refused, refused, refused, ScriptedStore.ok(""), ScriptedStore.ok("")])
        ])
        let error = try await #require(throws: ObjectStorageError.self) { try await write("one", to: store) }
        #expect(error.isTransient)
        try await write("two", to: store)
        #expect(try checksums(store) == [true, true, true, true])
    }

    @Test func `A store that refuses checksums gets requests without them from then on`() async throws {
        let refused = ScriptedStore.error(400, "InvalidArgument")
        let store = try await ScriptedStore([("PUT", Self.path, [refused, ScriptedStore.ok("")])])
        try await write("one", to: store)
        try await write("two", to: store)
        #expect(try checksums(store) == [true, false, false])
    }

    @Test func `A refusal by a proxy turns checksums off for one write only`() async throws {
        let page: ScriptedStore.Answer = ["status": 400, "body": "<html>Bad Request</html>"]
        let store = try await ScriptedStore([("PUT", Self.path, [page, ScriptedStore.ok("")])])
        try await write("one", to: store)
        try await write("two", to: store)
        #expect(try checksums(store) == [true, false, true])
    }

    @Test(arguments: [(400, "InvalidArgument"), (403, "AccessDenied"), (400, "BadDigest")])
    func `A request that fails without a checksum too does not turn checksums off`(
        status: Int, code: String
    ) async throws {
        let refused = ScriptedStore.error(400, "InvalidArgument")
        let second = Array(repeating: ScriptedStore.error(status, code), count: code == "BadDigest" ? 3 : 1)
        let store = try await ScriptedStore([("PUT", Self.path, [refused] + second + [ScriptedStore.ok("")])])
        await #expect(throws: ObjectStorageError.self) { try await write("one", to: store) }
        try await write("two", to: store)
        #expect(try checksums(store) == [true] + second.map { _ in false } + [true])
    }

    private func open(_ store: ScriptedStore) async throws -> any NotebookStore {
        let notebook = try store.storage.store(at: ScriptedStore.place)
        _ = try await notebook.read()
        return notebook
    }

    @Test func `A bucket that was removed is an error, not a change by another program`() async throws {
        let store = try await ScriptedStore([
            ("GET", Self.path, [ScriptedStore.ok("old")]), ("HEAD", Self.path, [ScriptedStore.ok("old")]),
            ("PUT", "/bucket/.*", [ScriptedStore.error(404, "NoSuchBucket")]),
        ])
        let notebook = try await open(store)
        await #expect(throws: ObjectStorageError.noSuchBucket(Self.place)) {
            try await notebook.write(Array("new".utf8))
        }
        #expect(try store.server.requests.allSatisfy { !$0.path.contains("conflict") })
    }

    @Test func `A write that meets another one, which has changed the object, goes beside`() async throws {
        let changed: ScriptedStore.Answer = ["status": 200, "body": "theirs", "headers": [["ETag", "\"2\""]]]
        let store = try await ScriptedStore([
            ("GET", Self.path, [ScriptedStore.ok("old")]), ("HEAD", Self.path, [ScriptedStore.ok("old"), changed]),
            (
                "PUT", Self.path,
                [
                    ScriptedStore.error(412, "PreconditionFailed"),
                    ScriptedStore.error(409, "ConditionalRequestConflict"), ScriptedStore.ok(""),
                ]
            ),
            ("PUT", "/bucket/a[.]galley-conflict[.]ipynb", [ScriptedStore.ok("")]),
        ])
        let notebook = try await open(store)
        #expect(try await notebook.write(Array("new".utf8)) == .conflict("s3://bucket/a.galley-conflict.ipynb"))
        let puts = try store.server.requests.filter { $0.method == "PUT" }
        #expect(puts.map { $0.path.contains("conflict") } == [false, false, true])
        #expect(puts.last?.headers["if-none-match"] == "*")
    }
}
