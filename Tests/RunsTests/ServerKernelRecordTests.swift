import Foundation
import GalleyJSON
import GalleyTestSupport
import Testing

@testable import GalleyRuns

@Suite struct `The record of a kernel on a server` {
    private let temporary: TemporaryFolder
    private let folder: RunRegistry

    init() throws {
        temporary = try TemporaryFolder()
        folder = try #require(RunRegistry.own(in: temporary.path, geteuid()))
    }

    private func record(_ id: String) -> ServerKernelRecord {
        ServerKernelRecord("11-22", on: "http://é:8888/", id: id, kernel: "python3", notebook: "/é/a.ipynb")
    }

    @Test func `The record can be read again, by its user alone, and is no run`() throws {
        try folder.add(record("a-b2c3"))
        let read = try #require(folder.kernel("a-b2c3", of: ServerKernelRecord.self))
        #expect(read.kernelID == "11-22" && read.server == "http://é:8888/" && read.engine == .current())
        #expect(!read.isKept && !read.isLeft && read.owner == geteuid() && read.json["state"]?.string == "running")
        #expect(
            folder.kernels(of: ServerKernelRecord.self).count == 1 && folder.runs.isEmpty
                && folder.kernels(of: KeptKernelRecord.self).isEmpty)
        #expect(!folder.isPartlyUnreadable && folder.kernel("../a", of: ServerKernelRecord.self) == nil)
        let path = folder.path + "/a-b2c3.server.json"
        #expect(try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int == 0o600)
        folder.remove(read)
        #expect(folder.kernels(of: ServerKernelRecord.self).isEmpty)
    }

    @Test func `A kernel whose engine has ended was left, unless it is kept or the engine is elsewhere`() throws {
        func write(_ id: String, isKept: Bool = false, _ member: String, _ value: Value) throws {
            var record = record(id)
            record.isKept = isKept
            var json = record.json
            json[member] = value
            try Data(Document(json).text.bytes).write(to: URL(fileURLWithPath: folder.path + "/\(id).server.json"))
        }
        func read(_ id: String, isKept: Bool = false, _ member: String, _ value: Value) throws -> ServerKernelRecord {
            try write(id, isKept: isKept, member, value)
            return try #require(folder.kernel(id, of: ServerKernelRecord.self))
        }
        // Another process has the engine's process ID now, or the machine has restarted.
        #expect(try read("ended", "process_started", 1).isLeft)
        #expect(try read("restarted", "machine", "other-boot/pid:[1]").isLeft)
        #expect(try !read("kept", isKept: true, "process_started", 1).isLeft)
        let elsewhere = ProcessIdentity.here.split(separator: "/")[0] + "/pid:[1]"
        #expect(try !read("elsewhere", "machine", .string(elsewhere)).isLeft)
        try write("broken", "kernel_id", 1)
        #expect(folder.kernel("broken", of: ServerKernelRecord.self) == nil)
    }
}
