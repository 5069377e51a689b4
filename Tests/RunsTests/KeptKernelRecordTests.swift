import Foundation
import GalleyJSON
import GalleyJupyterProtocol
import GalleyTestSupport
import Testing

@testable import GalleyRuns

@Suite struct `The record of a kept kernel` {
    private let temporary: TemporaryFolder
    private let folder: RunRegistry

    init() throws {
        temporary = try TemporaryFolder()
        folder = try #require(RunRegistry.own(in: temporary.path, geteuid()))
    }

    private func record(_ id: String, of process: Int32 = getpid()) -> KeptKernelRecord? {
        let kept = KeptKernel(connectionFile: "/run/é.json", process: Int(process), keepers: [Int(getppid())])
        return KeptKernelRecord(kept, id: id, kernel: "python3", notebook: "/é/a.ipynb")
    }

    @Test func `The record of a kept kernel can be read again, by its user alone, and is no run`() throws {
        let record = try #require(self.record("a-b2c3"))
        try folder.add(record)
        let read = try #require(folder.kernel("a-b2c3", of: KeptKernelRecord.self))
        #expect(Document(read.json).text.bytes == Document(record.json).text.bytes)
        #expect(read.process == record.process && read.keepers == record.keepers)
        #expect(
            read.isAlive && folder.kernels(of: KeptKernelRecord.self).count == 1 && folder.runs.isEmpty
                && !folder.isPartlyUnreadable)
        let mode = try FileManager.default.attributesOfItem(atPath: folder.file(of: KeptKernelRecord.self, "a-b2c3"))[
            .posixPermissions]
        #expect(mode as? Int == 0o600)
        folder.remove(read)
        #expect(
            folder.kernel("a-b2c3", of: KeptKernelRecord.self) == nil
                && folder.kernel("../a", of: KeptKernelRecord.self) == nil)
    }

    @Test func `The record of a kept kernel is removed after its end, and not if that is uncertain`() throws {
        let alive = try #require(self.record("alive"))
        try folder.add(alive)
        var other = Document(alive.json).root
        func add(_ id: String, _ member: String, _ value: Value) throws {
            other = Document(alive.json).root
            (other["id"], other[member]) = (.string(id), value)
            try Data(Document(other).text.bytes).write(
                to: URL(fileURLWithPath: folder.file(of: KeptKernelRecord.self, id)))
        }
        // Another process has its process ID now.
        try add("ended", "process_started", 1)
        try add("elsewhere", "machine", .string(ProcessIdentity.here.split(separator: "/")[0] + "/pid:[1]"))
        try add("broken", "process", "x")
        folder.removeOldRuns(always: false)
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
        #expect(names == ["alive.kept.json", "broken.kept.json", "elsewhere.kept.json"])
        #expect(folder.kernels(of: KeptKernelRecord.self).map(\.id) == ["alive"])
    }

    @Test func `A process that does not exist has no record of a kept kernel`() {
        #expect(record("a", of: Int32.max) == nil)
    }

    @Test func `A kept kernel is killed with all its descendants, even if it ignores SIGTERM`() throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = ["-c", "trap '' TERM; setsid sleep 1000 & sleep 1001 & echo begun; wait"]
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        #expect(try output.fileHandleForReading.read(upToCount: 5) == Data("begun".utf8))
        let kept = KeptKernel(connectionFile: "/no", process: Int(process.processIdentifier))
        let record = try #require(KeptKernelRecord(kept, id: "a", kernel: "k", notebook: "/a"))
        let children = record.process.descendants
        #expect(children.count == 2)
        var asked = 0
        try record.end(within: .milliseconds(100)) { asked += 1 }
        #expect(asked == 1 && !record.process.isAlive && children.allSatisfy { !$0.isAlive })
    }
}
