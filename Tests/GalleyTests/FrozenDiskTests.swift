import Foundation
import GalleyStorage
import GalleyTestSupport
import Glibc
import Testing

@testable import Galley

/// A disk of one test, which can be frozen.
private final class FrozenDisk: Sendable {
    private let folder: TemporaryFolder
    var path: String { folder("disk") }

    init() throws {
        folder = try TemporaryFolder()
        let (path, image) = (folder("disk"), folder("image"))
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
        guard runCommand("truncate", "-s", "16M", image), runCommand("mkfs.ext4", "-q", image),
            runCommand("mount", "-o", "loop", image, path)
        else { throw POSIXError(.EPERM) }
    }

    deinit {
        answer()
        runCommand("umount", "-l", path)
    }

    /// Whether this process may mount disk images: root may, unless it is in a container without the right.
    static let canBeMade = isRoot && (try? FrozenDisk()) != nil

    func stopAnswering() throws { try #require(runCommand("fsfreeze", "-f", path)) }

    func answer() { runCommand("fsfreeze", "-u", path) }
}

@Suite(.enabled(if: FrozenDisk.canBeMade, "this needs the right to mount"), .serialized, .timeLimit(.minutes(5)))
struct `A disk that does not respond` {
    @Test(.slow, arguments: [false, true])
    func `A disk that does not respond when a run ends is reported, and the result is saved elsewhere`(
        isTemporaryToo: Bool
    ) async throws {
        let disk = try FrozenDisk()
        let scratch = try TemporaryFolder()
        let folder = scratch.path
        let path = disk.path + "/a.ipynb"
        try Data(notebook("prints a", "hangs").bytes).write(to: URL(fileURLWithPath: path))
        var options = scripted()
        options.grace = .seconds(1)
        options.environment["TMPDIR"] = isTemporaryToo ? disk.path : folder
        let run = Run(LocalFile(path), options)
        defer { disk.answer() }
        for await event in run.events {
            guard case .cellStarted(let cell) = event, cell.number == 2 else { continue }
            try disk.stopAnswering()
            // The second one kills the kernel, and the result is saved anyway.
            for _ in 0..<2 { run.cancel() }
        }
        let error = await #expect(throws: UnsavedRun.self) { try await run.report }
        #expect("\(try #require(error))".contains(path))
        let rescue = try #require(error?.rescue)
        #expect(rescue.hasPrefix((isTemporaryToo ? "/tmp" : folder) + "/galley-rescue-"))
        #expect(try String(contentsOfFile: rescue, encoding: .utf8).contains("\"a"))
        try FileManager.default.removeItem(atPath: (rescue as NSString).deletingLastPathComponent)
    }

    @Test func `A result can be rescued to several folders`() {
        #expect(
            ResultRescue.folders(["TMPDIR": "/a", "XDG_RUNTIME_DIR": "/b"])
                == ["/a", "/tmp", "/var/tmp", "/dev/shm", "/b"])
        #expect(ResultRescue.folders(["TMPDIR": "not/whole"]) == ["/tmp", "/var/tmp", "/dev/shm"])
    }
}
