import Foundation
import GalleyHTTP
import GalleyJSON
import GalleyStorage
import GalleyTestSupport
import Synchronization
import Testing

@testable import GalleyObjectStorage

@Suite struct `The answers of a store` {
    typealias Answer = ScriptedStore.Answer

    private static let path = "/bucket/a[.]ipynb"

    @Test(
        arguments: [
            ScriptedStore.error(301, "PermanentRedirect", "", [["x-amz-bucket-region", "eu-west-1"]]),
            ScriptedStore.error(400, "AuthorizationHeaderMalformed", "<Region>eu-west-1</Region>"),
            ScriptedStore.error(400, "IllegalLocationConstraintException", "<Region>eu-west-1</Region>"),
        ] as [Answer])
    func `A request for a bucket of another region is signed again for it, and later ones at once`(
        answer: Answer
    ) async throws {
        let store = try await ScriptedStore([
            ("GET", Self.path, [answer, ScriptedStore.ok("one"), ScriptedStore.ok("two")])
        ])
        #expect(try await store.read() == "one")
        #expect(try await store.read() == "two")
        #expect(try store.regions == ["us-east-1", "eu-west-1", "eu-west-1"])
    }

    @Test func `A store that names one region after the other is an error, not an endless loop`() async throws {
        let store = try await ScriptedStore([
            (
                "GET", Self.path,
                ["a-1", "b-2", "c-3"].map { region in
                    ScriptedStore.error(301, "PermanentRedirect", "", [["x-amz-bucket-region", region]])
                }
            )
        ])
        #expect("\(try await store.failure())".contains("Set AWS_REGION"))
        #expect(try store.server.requests.count == 2)
    }

    @Test func `A wrong clock is corrected by the date of the store`() async throws {
        let early = "Tue, 01 Jan 2030 00:00:00 GMT"
        let store = try await ScriptedStore([
            (
                "GET", Self.path,
                [ScriptedStore.error(403, "RequestTimeTooSkewed", "", [["Date", early]]), ScriptedStore.ok("x")]
            )
        ])
        #expect(try await store.read() == "x")
        let dates = try store.server.requests.map { $0.headers["x-amz-date"] ?? "" }
        #expect(dates.count == 2 && dates[1].hasPrefix("20300101T0"), "\(dates)")
    }

    @Test(arguments: [
        (500, "InternalError"), (503, "SlowDown"), (429, "TooManyRequests"), (400, "RequestTimeout"),
        (400, "BadDigest"), (502, ""),
    ])
    func `An error that may pass is tried again, as often as is configured`(status: Int, code: String) async throws {
        let error = ScriptedStore.error(status, code)
        let store = try await ScriptedStore([("GET", Self.path, [error, error, ScriptedStore.ok("x")])])
        #expect(try await store.read() == "x")
        let broken = try await ScriptedStore([("GET", Self.path, [error])])
        #expect(try await broken.failure().isTransient)
        #expect(try broken.server.requests.count == 3)
    }

    @Test(arguments: [
        (403, "AccessDenied", "s3:GetObject"), (403, "SignatureDoesNotMatch", "AWS_SECRET_ACCESS_KEY"),
        (403, "InvalidAccessKeyId", "AWS_ACCESS_KEY_ID"), (404, "NoSuchBucket", "create the bucket"),
        (404, "NoSuchKey", "no such object"), (400, "ExpiredToken", "expired"), (400, "KeyTooLongError", "1,024"),
        (418, "Teapot", "418 Teapot: what the store says"),
    ])
    func `An error that stays is a sentence that says what to do`(status: Int, code: String, words: String) async throws
    {
        let store = try await ScriptedStore([("GET", Self.path, [ScriptedStore.error(status, code)])])
        let error = try await store.failure()
        #expect("\(error)".contains(words) && "\(error)".hasPrefix("s3://bucket/a.ipynb"), "\(error)")
        #expect(!error.isTransient)
    }

    @Test(arguments: [
        "<html>secret body</html>", "secret body", "<Error><Code>secret body", "",
        "<!DOCTYPE a [<!ENTITY b \"secret body\">]><Error><Code>&b;</Code></Error>",
    ])
    func `An answer that is no XML of a store is an error without its text`(body: String) async throws {
        let store = try await ScriptedStore([("GET", Self.path, [["status": 418, "body": body]])])
        #expect("\(try await store.failure())".contains("status 418"))
    }

    @Test(arguments: ContentChecksum.Algorithm.allCases)
    func `Contents whose checksum is wrong are read once more, and are then an error`(
        algorithm: ContentChecksum.Algorithm
    ) async throws {
        func answer(_ body: String, of other: String) -> Answer {
            var checksum = ContentChecksum(algorithm)
            checksum.update(Array(other.utf8))
            return ScriptedStore.ok(body, [["x-amz-checksum-\(algorithm.rawValue)", checksum.text]])
        }
        let store = try await ScriptedStore([
            ("GET", Self.path, [answer("bad", of: "good"), answer("good", of: "good")])
        ])
        #expect(try await store.read() == "good")
        let broken = try await ScriptedStore([("GET", Self.path, [answer("bad", of: "good")])])
        guard case .damaged = try await broken.failure() else { Issue.record("no damage"); return }
        #expect(try broken.server.requests.count == 2)
    }

    @Test func `The checksums are those of the standards`() {
        let known: [(ContentChecksum.Algorithm, String)] = [
            (.crc32, "cbf43926"), (.crc32c, "e3069283"), (.crc64nvme, "ae8b14860a799888"),
            (.sha1, "f7c3bc1d808e04732adf679965ccc34ca7ae3441"),
            (.sha256, "15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225"),
        ]
        for (algorithm, wanted) in known {
            var checksum = ContentChecksum(algorithm)
            checksum.update(Array("12345".utf8))
            checksum.update(Array("6789".utf8))
            let bytes = Data(base64Encoded: checksum.text).map { $0.map { String(format: "%02x", $0) }.joined() }
            #expect(bytes == wanted, "\(algorithm)")
        }
    }

    private static let location = ScriptedStore.place

    /// Opens the notebook, which is read, or which does not exist.
    private func open(_ store: ScriptedStore, isNew: Bool = false) async throws -> any NotebookStore {
        let notebook = try store.storage.store(at: Self.location)
        if isNew { try await notebook.checkWritable() } else { _ = try await notebook.read() }
        return notebook
    }

    @Test func `A write that meets another one is tried again, if the object is still the same`() async throws {
        let conflict = ScriptedStore.error(409, "ConditionalRequestConflict")
        let store = try await ScriptedStore([
            ("GET", Self.path, [ScriptedStore.ok("old")]), ("HEAD", Self.path, [ScriptedStore.ok("old")]),
            ("PUT", Self.path, [ScriptedStore.error(412, "PreconditionFailed"), conflict, ScriptedStore.ok("")]),
        ])
        let notebook = try await open(store)
        #expect(try await notebook.write(Array("new".utf8)) == .original)
        let conditions = try store.server.requests.filter { $0.method == "PUT" }.map { $0.headers["if-match"] ?? "" }
        // The first one finds out whether the store heeds conditions.
        #expect(conditions.count == 3 && conditions[1...] == ["\"1\"", "\"1\""], "\(conditions)")
    }

    @Test func `With keys that may only write, the result is saved, and beside a notebook that exists`() async throws {
        let denied: Answer = ["status": 403, "body": ""]
        let refused = ScriptedStore.error(412, "PreconditionFailed")
        let store = try await ScriptedStore([
            ("HEAD", "/bucket/.*", [denied]), ("GET", "/bucket/.*", [ScriptedStore.error(403, "AccessDenied")]),
            ("PUT", Self.path, [refused]),
            ("PUT", "/bucket/a[.]galley-conflict[.]ipynb", [ScriptedStore.ok(""), refused]),
        ])
        let notebook = try await open(store, isNew: true)
        #expect(try await notebook.write(Array("new".utf8)) == .conflict("s3://bucket/a.galley-conflict.ipynb"))
        let free = try await ScriptedStore([
            ("HEAD", "/bucket/.*", [denied]), ("GET", "/bucket/.*", [ScriptedStore.error(403, "AccessDenied")]),
            ("PUT", Self.path, [ScriptedStore.ok(""), refused, refused, ScriptedStore.ok("", [["x", "y"]])]),
        ])
        let other = try await open(free, isNew: true)
        #expect(try await other.write(Array("new".utf8)) == .original)
        #expect(try await other.write(Array("newer".utf8)) == .original)
        let puts = try free.server.requests.filter { $0.method == "PUT" }
        #expect(puts.first?.headers["if-none-match"] == "*" && puts.last?.headers["if-match"] == "\"1\"")
    }

    @Test func `With keys that may only write, a save after one of unknown outcome goes beside`() async throws {
        let refused = ScriptedStore.error(412, "PreconditionFailed")
        let store = try await ScriptedStore([
            ("HEAD", "/bucket/.*", [["status": 403, "body": ""]]),
            ("GET", "/bucket/.*", [ScriptedStore.error(403, "AccessDenied")]),
            ("PUT", Self.path, Array(repeating: ScriptedStore.error(500, "InternalError"), count: 3) + [refused]),
            ("PUT", "/bucket/a[.]galley-conflict[.]ipynb", [ScriptedStore.ok(""), refused]),
        ])
        let notebook = try await open(store, isNew: true)
        await #expect(throws: ObjectStorageError.self) { try await notebook.write(Array("one".utf8)) }
        #expect(try await notebook.write(Array("two".utf8)) == .conflict("s3://bucket/a.galley-conflict.ipynb"))
    }

    @Test(arguments: [("", false), ("new", true)])
    func `A write without a version counts only if the object has the contents`(
        contents: String, isSaved: Bool
    ) async throws {
        let store = try await ScriptedStore([
            ("HEAD", "/bucket", [ScriptedStore.ok("")]),
            ("HEAD", Self.path, [["status": 404], ["status": 404], ScriptedStore.ok(contents)]),
            ("GET", Self.path, [ScriptedStore.ok(contents)]),
            (
                "PUT", Self.path,
                [["status": 200, "body": "<html>Log in</html>"], ScriptedStore.error(412, "PreconditionFailed")]
            ),
        ])
        let notebook = try await open(store, isNew: true)
        if isSaved {
            #expect(try await notebook.write(Array("new".utf8)) == .original)
        } else {
            await #expect(throws: ObjectStorageError.self) { try await notebook.write(Array("new".utf8)) }
        }
    }

    @Test func `A store without conditions and checksums gets requests without them`() async throws {
        let store = try await ScriptedStore([
            ("HEAD", "/bucket", [ScriptedStore.ok("")]),
            ("HEAD", Self.path, [["status": 404], ["status": 404], ScriptedStore.ok("")]),
            (
                "PUT", Self.path,
                [
                    ScriptedStore.error(501, "NotImplemented"), ScriptedStore.error(501, "NotImplemented"),
                    ScriptedStore.ok(""),
                ]
            ),
        ])
        let notebook = try await open(store, isNew: true)
        #expect(try await notebook.write(Array("new".utf8)) == .original)
        let requests = try store.server.requests.filter { $0.method == "PUT" }
        #expect(requests.map { $0.headers["if-none-match"] != nil } == [true, true, false])
        #expect(requests.map { $0.headers["x-amz-checksum-sha256"] != nil } == [true, false, true])
    }

    @Test func `Google's store gets its own fields and conditions`() async throws {
        let generations = (1...3).map { ["x-goog-generation", "\($0)"] }
        let store = try await ScriptedStore(
            [
                ("GET", Self.path, [ScriptedStore.ok("old", [generations[0]])]),
                (
                    "HEAD", Self.path,
                    [ScriptedStore.ok("old", [generations[0]]), ScriptedStore.ok("old", [generations[1]])]
                ),
                (
                    "PUT", Self.path,
                    [ScriptedStore.error(412, "PreconditionFailed")]
                        + generations[1...].map { ScriptedStore.ok("", [$0]) }
                ),
            ], scheme: "gs")
        let notebook = try store.storage.store(at: "gs://bucket/a.ipynb")
        _ = try await notebook.read()
        #expect(try await notebook.write(Array("new".utf8)) == .original)
        #expect(try await notebook.write(Array("newer".utf8)) == .original)
        let requests = try store.server.requests
        let allSigned = requests.allSatisfy {
            $0.headers["authorization"]?.hasPrefix("GOOG4-HMAC-SHA256 Credential=GOOG1/") == true
                && $0.headers["x-goog-date"] != nil && $0.headers["x-amz-date"] == nil
        }
        #expect(allSigned)
        let conditions = requests.filter { $0.method == "PUT" }.compactMap { $0.headers["x-goog-if-generation-match"] }
        #expect(conditions.suffix(2) == ["1", "2"], "\(conditions)")
    }

    @Test func `Google's store without keys is an error that says which`() async throws {
        let storage = ObjectStorage(environment: ["GS_ENDPOINT_URL": "http://127.0.0.1:1"])
        let error = try await #require(throws: ObjectStorageError.self) {
            try await storage.store(at: "gs://bucket/a.ipynb").read()
        }
        #expect("\(error)".contains("GS_ACCESS_KEY_ID") && !error.isTransient)
    }

    @Test(
        arguments: [
            "s3://", "s3:///a", "s3://bucket", "s3://bucket/", "s3://bucket/folder/",
            NotebookLocation("s3://bucket/" + String(repeating: "k", count: 1025)),
        ] as [NotebookLocation])
    func `A location that is not that of an object is an error`(location: NotebookLocation) {
        let storage = ObjectStorage(environment: [:])
        #expect(throws: ObjectStorageError.self) { try storage.store(at: location) }
    }
}
