import Foundation
import GalleyHTTP
import GalleyStorage
import GalleyTestSupport
import Testing

@testable import GalleyObjectStorage

@Suite struct `A hostile store` {
    private static let path = "/bucket/a[.]ipynb"
    private static let place = "s3://bucket/a.ipynb"

    private func address() throws -> ObjectAddress { try ObjectAddress(ofObjectAt: ScriptedStore.place) }

    // MARK: Other hosts

    @Test(arguments: [301, 302, 303, 307, 308], ["GET", "PUT"])
    func `A redirect to another host is not followed, and its address is not shown`(
        status: Int, method: String
    ) async throws {
        let other = try await ScriptedServer("[]")
        let answer: ScriptedStore.Answer = [
            "status": status, "body": "", "headers": [["Location", other.url + "bucket/a.ipynb?token=secret body"]],
        ]
        let store = try await ScriptedStore([(method, Self.path, [answer])])
        let error = try await #require(throws: ObjectStorageError.self) {
            if method == "GET" { return try await store.read() }
            try await store.storage.writeFile([1], at: ScriptedStore.place, mediaType: "text/plain")
            return ""
        }
        #expect(!"\(error)".contains("secret") && !error.isTransient, "\(error)")
        #expect(try other.requests.isEmpty)
    }

    @Test(arguments: ["evil.example/", "a.b", "-a", "é", "us-east-1@evil.example", ""])
    func `A region that is no part of a host name is ignored`(region: String) async throws {
        let store = try await ScriptedStore([
            (
                "GET", Self.path,
                [ScriptedStore.error(400, "AuthorizationHeaderMalformed", "<Region>\(region)</Region>")]
            )
        ])
        guard case .wrongRegion = try await store.failure() else { Issue.record("another error"); return }
        #expect(try store.regions == ["us-east-1"])
    }

    // MARK: Answers without an end

    private static func endless(_ start: String, _ part: String) -> ScriptedStore.Answer {
        ["raw": start, "repeated": part]
    }

    @Test(arguments: [
        ("HTTP/1.1 200 OK\r\n", "A: b\r\n"), ("HTTP/1.1 200 OK\r\nETag: \"", "a"), ("", "HTTP/1.1 103 Early\r\n\r\n"),
    ])
    func `A header without an end is an error`(start: String, part: String) async throws {
        let store = try await ScriptedStore([("GET", Self.path, [Self.endless(start, part)])])
        guard case .unreachable = try await store.failure() else { Issue.record("another error"); return }
    }

    @Test(arguments: [400, 403, 500], ["", "Content-Length: 4000000000\r\n"])
    func `The body of an error is read up to a megabyte`(status: Int, length: String) async throws {
        let answer = Self.endless("HTTP/1.1 \(status) No\r\n\(length)\r\n<Error><Message>", "secret body")
        let store = try await ScriptedStore([("GET", Self.path, [answer])])
        #expect(
            try await store.failure()
                == .invalidAnswer(Self.place, reason: "its error has more than 1048576 bytes"))
        #expect(try store.server.requests.count == 1)
    }

    @Test func `An object is read up to the limit`() async throws {
        let store = try await ScriptedStore([("GET", Self.path, [Self.endless("HTTP/1.1 200 OK\r\n\r\n", "a")])])
        await #expect(throws: ObjectStorageError.tooLarge(Self.place, limit: 1 << 20)) {
            try await store.storage.readFile(at: ScriptedStore.place, limit: 1 << 20)
        }
    }

    @Test func `A file arrives up to its size in the list, and leaves nothing if it is longer`() async throws {
        let list =
            "<ListBucketResult><Contents><Key>in/a</Key><Size>100000</Size><ETag>&quot;1&quot;</ETag></Contents>"
            + "</ListBucketResult>"
        let store = try await ScriptedStore([
            ("GET", "/bucket[?].*", [ScriptedStore.ok(list)]),
            ("GET", "/bucket/in/a", [Self.endless("HTTP/1.1 200 OK\r\n\r\n", "a")]),
        ])
        let file = try #require(try await store.storage.files(in: "s3://bucket/in/", limit: 1).first)
        let folder = try TemporaryFolder()
        await #expect(throws: ObjectStorageError.tooLarge("s3://bucket/in/a", limit: 100_000)) {
            try await store.storage.download(file, to: try NewFile(at: folder("a")))
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
    }

    @Test func `Contents that are compared are read no further than necessary`() async throws {
        let store = try await ScriptedStore([
            ("PUT", Self.path, [["status": 200, "body": ""]]), ("HEAD", Self.path, [ScriptedStore.ok("new")]),
            ("GET", Self.path, [Self.endless("HTTP/1.1 200 OK\r\n\r\n", "a")]),
        ])
        let error = try await #require(throws: ObjectStorageError.self) {
            try await store.storage.writeFile(Array("new".utf8), at: ScriptedStore.place, mediaType: "text/plain")
        }
        guard case .invalidAnswer = error else { throw error }
    }

    // MARK: Parts of objects

    private static let cut = ScriptedStore.raw("HTTP/1.1 200 OK\r\nETag: \"1\"\r\nContent-Length: 10\r\n\r\nhalf ")

    @Test func `Contents that are cut are read again, and are an error in the end`() async throws {
        let store = try await ScriptedStore([("GET", Self.path, [Self.cut, Self.cut, ScriptedStore.ok("half whole")])])
        #expect(try await store.read() == "half whole")
        let broken = try await ScriptedStore([("GET", Self.path, [Self.cut])])
        let error = try await broken.failure()
        guard case .unreachable = error else { throw error }
        #expect(error.isTransient && !"\(error)".contains("half"))
        #expect(try broken.server.requests.count == 3)
    }

    @Test func `A file that is cut is fetched again, and leaves nothing if it is never whole`() async throws {
        let store = try await ScriptedStore([
            ("HEAD", "/bucket/.*", [ScriptedStore.ok("half whole")]),
            ("GET", "/bucket/good", [Self.cut, Self.cut, ScriptedStore.ok("half whole")]),
            ("GET", "/bucket/bad", [Self.cut]),
        ])
        let folder = try TemporaryFolder()
        func fetch(_ name: String) async throws {
            let file = try #require(
                try await store.storage.files(in: NotebookLocation("s3://bucket/\(name)"), limit: 1).first)
            let new = try NewFile(at: folder(name))
            try await store.storage.download(file, to: new)
            try new.finish()
        }
        try await fetch("good")
        #expect(try folder.text("good") == "half whole")
        let error = try await #require(throws: ObjectStorageError.self) { try await fetch("bad") }
        #expect(error.isTransient, "\(error)")
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["good"])
    }

    @Test(arguments: [204, 206, 226])
    func `A success that is not the whole object is an error`(status: Int) async throws {
        let answer = ScriptedStore.raw(
            "HTTP/1.1 \(status) Part\r\nETag: \"1\"\r\n" + (status == 204 ? "\r\n" : "Content-Length: 4\r\n\r\nhalf"))
        let store = try await ScriptedStore([("GET", Self.path, [answer])])
        guard case .invalidAnswer = try await store.failure() else { Issue.record("another error"); return }
        let folder = try TemporaryFolder()
        let file = StoredFile(location: ScriptedStore.place, relativePath: "a", size: 10, version: nil)
        await #expect(throws: ObjectStorageError.self) {
            try await store.storage.download(file, to: try NewFile(at: folder("a")))
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
    }

    @Test func `A store that ignores the range of a look says the size`() async throws {
        let store = try await ScriptedStore([
            ("HEAD", Self.path, [["status": 403]]), ("GET", Self.path, [ScriptedStore.ok("hello")]),
        ])
        #expect(try await store.storage.files(in: ScriptedStore.place, limit: 1).map(\.size) == [5])
    }

    // MARK: Forms of answers

    @Test(arguments: [
        "HTTP/1.0 200 OK\r\nETag: \"1\"\r\n\r\nbody",
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nETag: \"1\"\r\nContent-Length: 4\r\n\r\nbody",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\nETag: \"2\"\r\n\r\n",
        // The store keeps compressed objects as they are.
        "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nbody",
    ])
    func `Unusual answers are understood`(text: String) async throws {
        let store = try await ScriptedStore([("GET", Self.path, [ScriptedStore.raw(text)])])
        #expect(try await store.read() == "body")
    }

    @Test func `A body after the answer to HEAD is no answer to the next request`() async throws {
        let body = "HTTP/1.1 200 OK\r\nETag: \"2\"\r\nContent-Length: 5\r\n\r\nwrong"
        let store = try await ScriptedStore([
            (
                "HEAD", Self.path,
                [ScriptedStore.raw("HTTP/1.1 200 OK\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)")]
            ),
            ("GET", Self.path, [ScriptedStore.ok("right")]),
        ])
        #expect(try await store.storage.hasFile(at: ScriptedStore.place))
        #expect(try await store.read() == "right")
    }

    // MARK: Texts of the store

    @Test(arguments: ["the-secret-key", "the-session-token"])
    func `An error that repeats the request shows no secret`(secret: String) async throws {
        let bodies = [
            "<Error><Code>X</Code><Message>you sent \(secret), \(String(repeating: "x", count: 285))\(secret)</Message></Error>",
            "<Error><Code>you sent \(secret)</Code><Message>no</Message></Error>",
            "<Error><Code>X</Code><Message>one&#10;two\u{2028}three\u{1B}[31m</Message></Error>",
        ]
        for body in bodies {
            let store = try await ScriptedStore([("GET", Self.path, [["status": 418, "body": body]])])
            let text = "\(try await store.failure())"
            #expect(!text.contains("the-se") && text.count < 500, "\(text)")
            let isPlain = text.unicodeScalars.allSatisfy {
                $0.properties.generalCategory != .control && $0.value != 0x2028
            }
            #expect(isPlain, "\(text)")
        }
    }

    @Test(
        arguments: [
            ("\"a\"", "\"a\""), ("\n  \"a\"\r\n", "\"a\""), ("W/\"a\"", "\"a\""), ("plain", "plain"), ("", nil),
            (" ", nil),
            ("\"a\nb\"", nil), ("\"é\"", nil), ("\"\u{7F}\"", nil), (String(repeating: "a", count: 1025), nil),
            (String(repeating: "a", count: 1_000_000), nil),
        ] as [(String, String?)])
    func `A tag that no condition can name is none`(text: String, tag: String?) {
        #expect(ObjectVersion.tag(text) == tag)
    }

    @Test func `A version without a tag is looked at before it is replaced`() async throws {
        let store = try await ScriptedStore([
            ("HEAD", Self.path, [["status": 200, "body": "theirs"], ["status": 200, "body": "old"]]),
            ("PUT", Self.path, [ScriptedStore.ok("")]),
        ])
        var known = ObjectVersion(etag: nil)
        known.size = 3
        let (client, address) = (try store.client(), try address())
        let source = MemorySource(bytes: Array("new".utf8))
        #expect(try await client.write(source, to: address, mediaType: "a/b", .isVersion(known)) == .changed)
        #expect(try store.server.requests.map(\.method) == ["HEAD"])
        guard case .version = try await client.write(source, to: address, mediaType: "a/b", .isVersion(known)) else {
            Issue.record("the object was not written")
            return
        }
    }

    /// Contents that are long enough for parts.
    private struct Zeros: UploadSource {
        var count: Int { ObjectClient.partLimit + 1 }
        func part(at offset: Int, count: Int) -> [UInt8] { [UInt8](repeating: 0, count: count) }
    }

    @Test(arguments: ["", "<UploadId></UploadId>", "<UploadId>\(String(repeating: "i", count: 5000))</UploadId>"])
    func `An upload without a usable ID is an error`(id: String) async throws {
        let answer = ScriptedStore.ok("<InitiateMultipartUploadResult>\(id)</InitiateMultipartUploadResult>")
        let store = try await ScriptedStore([("POST", Self.path + "[?]uploads=", [answer])])
        let (client, address) = (try store.client(), try address())
        let error = try await #require(throws: ObjectStorageError.self) {
            try await client.write(Zeros(), to: address, mediaType: "a/b", .always)
        }
        guard case .invalidAnswer = error else { throw error }
    }

    // MARK: Lists

    private func list(_ pages: [String]) async throws -> [StoredFile] {
        let store = try await ScriptedStore([
            ("GET", "/bucket[?].*", pages.map { ScriptedStore.ok("<ListBucketResult>\($0)</ListBucketResult>") })
        ])
        return try await store.storage.files(in: "s3://bucket/in/", limit: 10)
    }

    @Test(arguments: [["a", "b", "a"], ["a", "a"], [String(repeating: "t", count: 10_000)]])
    func `A list whose pages go round in circles is an error`(tokens: [String]) async throws {
        let error = try await #require(throws: ObjectStorageError.self) {
            try await list(
                tokens.map {
                    "<IsTruncated>true</IsTruncated><NextContinuationToken>\($0)</NextContinuationToken>"
                })
        }
        guard case .invalidAnswer = error else { throw error }
    }

    @Test func `Sizes in a list can be added`() async throws {
        let sizes = [
            "9223372036854775807", "9223372036854775807", "-9223372036854775808", "99999999999999999999", "x", "7",
        ]
        let files = try await list([
            sizes.enumerated().map { "<Contents><Key>in/\($0)</Key><Size>\($1)</Size></Contents>" }.joined()
        ])
        #expect(files.count == sizes.count && files.allSatisfy { $0.size >= 0 })
        #expect(files.reduce(0) { $0 + $1.size } > 0)
    }

    // MARK: Clocks

    @Test func `Two requests at once with a wrong clock both succeed after one correction each`() async throws {
        let skewed: ScriptedStore.Answer = ScriptedStore.error(
            403, "RequestTimeTooSkewed", "", [["Date", "Tue, 01 Jan 2030 00:00:00 GMT"]]
        ).merging(["together": 2]) { $1 }
        let store = try await ScriptedStore([
            ("GET", Self.path, [skewed, skewed, ScriptedStore.ok("x"), ScriptedStore.ok("x")])
        ])
        async let one = store.read()
        async let other = store.read()
        #expect(try await [one, other] == ["x", "x"])
        let dates = try store.server.requests.map { $0.headers["x-amz-date"] ?? "" }
        #expect(dates.count == 4 && dates[2...].allSatisfy { $0.hasPrefix("20300101T0") }, "\(dates)")
    }
}
