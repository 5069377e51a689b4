import Foundation
import GalleyStorage
import GalleyTestSupport
import Testing

@testable import GalleyObjectStorage

@Suite(.realKernel) struct `A notebook in an object store` {
    private static let bytes = Array(#"{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}"#.utf8)

    /// Returns contents that differ by their number.
    private static func contents(_ number: Int) -> [UInt8] { bytes + Array("\(number)".utf8) }

    private func storage(_ store: StoreProcess) -> ObjectStorage { ObjectStorage(environment: store.environment) }

    @Test(arguments: [StoreProcess.Kind.moto, .motoWithSignatures, .nanio, .localbucket])
    func `It is read and written as it is, under any key that a store allows`(kind: StoreProcess.Kind) async throws {
        let store = try await StoreProcess(kind)
        let storage = storage(store)
        var keys = ["a.ipynb", "a b/c+d.ipynb", "50%/é–雪.ipynb", "x/&=;,@:$!'()*~_-.ipynb"]
        if kind != .localbucket, kind != .nanio {
            keys += ["a//b.ipynb", "q?x#y.ipynb", String(repeating: "k", count: 1018) + ".ipynb"]
        }
        for key in keys {
            let location = NotebookLocation("s3://bucket/\(key)")
            let new = try storage.store(at: location)
            try await new.checkWritable()
            #expect(try await new.write(Self.contents(1)) == .original, "\(key)")
            #expect(try await new.write(Self.contents(2)) == .original, "\(key)")
            let again = try storage.store(at: location)
            #expect(try await again.read() == Self.contents(2), "\(key)")
            #expect(try await again.write(Self.contents(3)) == .original, "\(key)")
            #expect(try await storage.readFile(at: location, limit: 1000) == Self.contents(3), "\(key)")
        }
        let found = try await storage.notebooks(in: "s3://bucket/")
        #expect(Set(found.map(\.text)) == Set(keys.map { "s3://bucket/\($0)" }))
    }

    @Test(arguments: [StoreProcess.Kind.moto, .nanio, .localbucket])
    func `A change by another program sends the result beside it, and later results too`(
        kind: StoreProcess.Kind
    ) async throws {
        let store = try await StoreProcess(kind)
        let storage = storage(store)
        try await storage.writeFile(Self.contents(0), at: "s3://bucket/in/a.ipynb", mediaType: "application/json")
        let one = try storage.store(at: "s3://bucket/in/a.ipynb")
        _ = try await one.read()
        #expect(try await one.write(Self.contents(1)) == .original)
        let other = try storage.store(at: "s3://bucket/in/a.ipynb")
        _ = try await other.read()
        #expect(try await other.write(Self.contents(2)) == .original)
        let beside = "s3://bucket/in/a.galley-conflict.ipynb"
        #expect(try await one.write(Self.contents(3)) == .conflict(beside))
        #expect(try await one.write(Self.contents(4)) == .conflict(beside))
        #expect(try await storage.readFile(at: "s3://bucket/in/a.ipynb", limit: 1000) == Self.contents(2))
        #expect(try await storage.readFile(at: NotebookLocation(beside), limit: 1000) == Self.contents(4))
        // A new object under the name of the result is a change as well, and so is the removal of the notebook.
        let new = try storage.store(at: "s3://bucket/new.ipynb")
        try await new.checkWritable()
        try await storage.writeFile(Self.contents(5), at: "s3://bucket/new.ipynb", mediaType: "application/json")
        #expect(try await new.write(Self.contents(6)) == .conflict("s3://bucket/new.galley-conflict.ipynb"))
        try await storage.removeFile(at: "s3://bucket/in/a.ipynb")
        #expect(try await other.write(Self.contents(7)) == .conflict("s3://bucket/in/a.galley-conflict-2.ipynb"))
        let warnings = await one.takeWarnings() + other.takeWarnings() + new.takeWarnings()
        #expect(warnings.count == (kind == .moto ? 0 : 1), "\(warnings)")
    }

    @Test(arguments: [StoreProcess.Kind.nanio, .localbucket])
    func `Of runs that write a new notebook at once, each result exists, or a warning says what the store ignores`(
        kind: StoreProcess.Kind
    ) async throws {
        let store = try await StoreProcess(kind)
        let storage = storage(store)
        let runs = try (1...4).map { _ in try storage.store(at: "s3://bucket/new.ipynb") }
        for run in runs { try await run.checkWritable() }
        try await withThrowingTaskGroup(of: WriteOutcome.self) { group in
            for (number, run) in runs.enumerated() { group.addTask { try await run.write(Self.contents(number)) } }
            try await group.waitForAll()
        }
        var found: Set<[UInt8]> = []
        for location in try await storage.notebooks(in: "s3://bucket/") {
            found.insert(try await storage.readFile(at: location, limit: 1000))
        }
        var warnings: [String] = []
        for run in runs { warnings += await run.takeWarnings() }
        #expect(found.count == 4 || warnings.contains { $0.contains("ignores the conditions") }, "\(warnings)")
        #expect(warnings.isEmpty == (kind == .localbucket), "\(warnings)")
    }

    @Test func `A large notebook travels in parts, under the same conditions`() async throws {
        let store = try await StoreProcess(.moto)
        let storage = storage(store)
        let large = [UInt8](repeating: 0x61, count: 20 << 20)
        let one = try storage.store(at: "s3://bucket/large.ipynb")
        try await one.checkWritable()
        #expect(try await one.write(large) == .original)
        #expect(try await one.write(large + [1]) == .original)
        try await storage.writeFile(Self.contents(1), at: "s3://bucket/large.ipynb", mediaType: "application/json")
        #expect(try await one.write(large) == .conflict("s3://bucket/large.galley-conflict.ipynb"))
        #expect(try await storage.readFile(at: "s3://bucket/large.galley-conflict.ipynb", limit: 1 << 30) == large)
        let uploads = try await store.python(
            "print(len(s3.list_multipart_uploads(Bucket='bucket').get('Uploads', [])))")
        #expect(uploads == "0")
    }
}
