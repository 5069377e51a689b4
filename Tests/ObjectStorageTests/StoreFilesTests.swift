import Foundation
import GalleyHTTP
import GalleyStorage
import GalleyTestSupport
import Testing

@testable import GalleyObjectStorage

@Suite struct `Files in an object store` {
    @Test(.realKernel) func `They are listed with their paths, page after page, without the marks of folders`()
        async throws
    {
        let store = try await StoreProcess(.moto)
        let storage = ObjectStorage(environment: store.environment)
        try await store.python(
            """
            for number in range(1005): s3.put_object(Bucket='bucket', Key=f'data/{number:04}.csv', Body=b'x' * (number % 3))
            for key in ('data/', 'data/a b/', 'data/a b/+é.csv', 'database.csv'): s3.put_object(Bucket='bucket', Key=key)
            """)
        let files = try await storage.files(in: "s3://bucket/data", limit: 2000)
        #expect(files.count == 1006 && files.first?.relativePath == "0000.csv" && files.first?.size == 0)
        #expect(files.contains { $0.relativePath == "a b/+é.csv" && $0.location == "s3://bucket/data/a b/+é.csv" })
        let single = try await storage.files(in: "s3://bucket/data/0002.csv", limit: 1)
        #expect(single.map(\.relativePath) == ["0002.csv"] && single.first?.size == 2)
        await #expect(throws: ObjectStorageError.tooManyFiles("s3://bucket/data/", limit: 1005)) {
            try await storage.files(in: "s3://bucket/data/", limit: 1005)
        }
        await #expect(throws: ObjectStorageError.notFound("s3://bucket/none")) {
            try await storage.files(in: "s3://bucket/none", limit: 10)
        }
        #expect(try await storage.hasFile(at: "s3://bucket/database.csv"))
        #expect(try await !storage.hasFile(at: "s3://bucket/data"))
        try await storage.removeFile(at: "s3://bucket/none.csv")
    }

    @Test(arguments: ["../a", "x/../../a", "x//a", "./a", "x/./a", String(repeating: "n", count: 256)])
    func `A key that cannot be the path of a file in the folder is an error`(key: String) async throws {
        let list = "<ListBucketResult><Contents><Key>in/\(key)</Key><Size>1</Size></Contents></ListBucketResult>"
        let store = try await ScriptedStore([("GET", "/bucket[?].*", [ScriptedStore.ok(list)])])
        let error = try await #require(throws: ObjectStorageError.self) {
            try await store.storage.files(in: "s3://bucket/in/", limit: 10)
        }
        guard case .unsafeName = error else { Issue.record("\(error)"); return }
    }

    @Test func `A list that says that it goes on, and not where, is an error`() async throws {
        let list = "<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>"
        let store = try await ScriptedStore([("GET", "/bucket[?].*", [ScriptedStore.ok(list)])])
        let error = try await #require(throws: ObjectStorageError.self) {
            try await store.storage.notebooks(in: "s3://bucket/in/")
        }
        guard case .invalidAnswer = error else { Issue.record("\(error)"); return }
    }

    @Test(.realKernel) func `A file is copied whole in both directions, also a large one`() async throws {
        let store = try await StoreProcess(.moto)
        let storage = ObjectStorage(environment: store.environment)
        let folder = try TemporaryFolder()
        let bytes = Data((0..<(20 << 20)).map { UInt8(truncatingIfNeeded: $0 >> 8 ^ $0) })
        try bytes.write(to: URL(fileURLWithPath: folder("large")))
        let large: NotebookLocation = "s3://bucket/large"
        #expect(try await storage.write(.file(folder("large")), at: large) { _ in false } != nil)
        let file = try #require(try await storage.files(in: large, limit: 1).first)
        let copy = try NewFile(at: folder("copy"))
        try await storage.download(file, to: copy)
        try copy.finish()
        #expect(try Data(contentsOf: URL(fileURLWithPath: folder("copy"))) == bytes)
        try await storage.writeFile(Array("other".utf8), at: large, mediaType: "text/plain")
        await #expect(throws: ObjectStorageError.changed(large.text)) {
            try await storage.download(file, to: try NewFile(at: folder("second")))
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() == ["copy", "large"])
        await #expect(throws: ObjectStorageError.self) {
            try await storage.write(.file(folder("none")), at: large) { _ in true }
        }
    }

    @Test(.realKernel, arguments: [StoreProcess.Kind.moto, .nanio, .localbucket])
    func `The caller decides about an object that is where a file goes`(kind: StoreProcess.Kind) async throws {
        let store = try await StoreProcess(kind)
        let storage = ObjectStorage(environment: store.environment)
        let folder = try TemporaryFolder()
        for text in ["one", "two", "three"] { try folder.write(text, to: text) }
        let place: NotebookLocation = "s3://bucket/a/table.csv"
        func write(_ name: String, replacing mayReplace: @Sendable (PresentFile) -> Bool) async throws -> String? {
            try await storage.write(.file(folder(name)), at: place, replacing: mayReplace)
        }
        func contents() async throws -> String {
            String(decoding: try await storage.readFile(at: place, limit: 100), as: UTF8.self)
        }
        let first = try #require(try await write("one") { _ in false })
        #expect(try await write("two") { _ in false } == nil)
        // An object with the same contents is taken for the new one.
        #expect(try await write("one") { _ in false } == first)
        #expect(try await contents() == "one")
        // The age is that of the store's clock.
        let second = try await write("two") { present in
            present.version == first && present.age.map { $0 < .seconds(3600) } == true
        }
        let present = try #require(second)
        #expect(try await contents() == "two")
        #expect(try await write("three") { $0.version == first } == nil)
        let versions = try #require(
            try await storage.versions(
                matching: [Glob("tab*"), Glob("**/table?csv"), Glob("table.csv")], beside: "s3://bucket/a/n.ipynb",
                limit: 1))
        #expect(versions == [place: present])
        let beside = try await storage.writeHereOrBeside(.file(folder("three")), at: place) { $0.version == first }
        #expect(beside.location == "s3://bucket/a/table.csv.galley-conflict")
        let more = try await storage.versions(matching: [Glob("tab*")], beside: "s3://bucket/a/n.ipynb", limit: 1)
        #expect(more == nil)
        #expect(try await contents() == "two")
    }

    @Test(.realKernel) func `Of eight files that are stored at once, one gets the place, and seven lie beside it`()
        async throws
    {
        let faulty = try await FaultyStore()
        let storage = faulty.storage
        let folder = try TemporaryFolder()
        for number in 1...8 { try folder.write("\(number)", to: "\(number)") }
        let places = try await withThrowingTaskGroup(of: NotebookLocation.self) { group in
            for number in 1...8 {
                group.addTask {
                    try await storage.writeHereOrBeside(.file(folder("\(number)")), at: "s3://bucket/t.csv") { _ in
                        false
                    }.location
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(Set(places).count == 8 && places.contains("s3://bucket/t.csv"))
        var texts: Set<String> = []
        for place in places {
            texts.insert(String(decoding: try await storage.readFile(at: place, limit: 9), as: UTF8.self))
        }
        #expect(texts.count == 8)
        withExtendedLifetime(faulty) {}
    }

    @Test func `A file that did not arrive intact does not appear`() async throws {
        let store = try await ScriptedStore([
            ("GET", "/bucket/a", [ScriptedStore.ok("contents", [["x-amz-checksum-crc32", "AAAAAA=="]])])
        ])
        let folder = try TemporaryFolder()
        let file = StoredFile(location: "s3://bucket/a", relativePath: "a", size: 8)
        let error = try await #require(throws: ObjectStorageError.self) {
            try await store.storage.download(file, to: try NewFile(at: folder("a")))
        }
        guard case .damaged = error else { Issue.record("\(error)"); return }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
    }

    @Test(arguments: [
        ScriptedStore.error(403, "AccessDenied"), ScriptedStore.ok("<Error><Code>InternalError</Code></Error>"),
        ["status": 404, "body": ""], ScriptedStore.ok("<html>Log in</html>"),
    ])
    func `The parts of a large object whose last step fails are removed`(last: ScriptedStore.Answer) async throws {
        let started = "<InitiateMultipartUploadResult><UploadId>id</UploadId></InitiateMultipartUploadResult>"
        let store = try await ScriptedStore([
            ("POST", "/bucket/a[?]uploads=?", [ScriptedStore.ok(started)]),
            ("PUT", "/bucket/a[?]partNumber=[0-9]+&uploadId=id", [ScriptedStore.ok("")]),
            ("POST", "/bucket/a[?]uploadId=id", [last]),
            ("DELETE", "/bucket/a[?]uploadId=id", [["status": 204, "body": ""]]),
        ])
        await #expect(throws: ObjectStorageError.self) {
            try await store.storage.writeFile(
                [UInt8](repeating: 1, count: 17 << 20), at: "s3://bucket/a", mediaType: "a/b")
        }
        let requests = try store.server.requests
        #expect(requests.contains { $0.method == "DELETE" } && requests.count { $0.method == "PUT" } == 3)
    }
}
