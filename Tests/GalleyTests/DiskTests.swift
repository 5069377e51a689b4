import Foundation
import GalleyStorage
import Glibc
import Testing

@testable import Galley

/// A disk of a test's own that can be made to stop answering.
private final class Disk: Sendable {
    let path: String
    private let image: String

    init() throws {
        path = NSTemporaryDirectory() + "galley-disk-\(UUID().uuidString)"
        image = path + ".image"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
        guard Self.run("truncate", "-s", "16M", image), Self.run("mkfs.ext4", "-q", image),
            Self.run("mount", "-o", "loop", image, path)
        else {
            Self.remove(path, image)
            throw POSIXError(.EPERM)
        }
    }

    deinit {
        answer()
        _ = Self.run("umount", "-l", path)
        Self.remove(path, image)
    }

    /// Whether this process may make disks: root may, unless it is in a container that was not given the right.
    static let canBeMade = geteuid() == 0 && (try? Disk()) != nil

    func stopAnswering() throws { try #require(Self.run("fsfreeze", "-f", path)) }

    func answer() { _ = Self.run("fsfreeze", "-u", path) }

    private static func remove(_ path: String, _ image: String) {
        rmdir(path)
        unlink(image)
    }

    private static func run(_ arguments: String...) -> Bool {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = arguments
        process.standardError = nil
        guard (try? process.run()) != nil else { return false }
        process.waitUntilExit()
        return process.terminationStatus == 0
    }
}

@Suite(.enabled(if: Disk.canBeMade, "this needs the right to mount"), .serialized, .timeLimit(.minutes(5)))
struct `A disk that does not answer when a run is to end` {
    @Test(arguments: [false, true])
    func `is said, and the result is saved elsewhere`(isTemporaryToo: Bool) async throws {
        let disk = try Disk()
        let scratch = try Folder()
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
            // The second one kills the kernel, and the result is saved all the same.
            for _ in 0..<2 { run.cancel() }
        }
        let error = await #expect(throws: UnsavedRun.self) { try await run.report }
        #expect("\(try #require(error))".contains(path))
        let rescue = try #require(error?.rescue)
        #expect(rescue.hasPrefix((isTemporaryToo ? "/tmp" : folder) + "/galley-rescue-"))
        #expect(try String(contentsOfFile: rescue, encoding: .utf8).contains("\"a"))
        try FileManager.default.removeItem(atPath: (rescue as NSString).deletingLastPathComponent)
    }

    @Test func `is one of several that a result can be saved to`() {
        #expect(
            NotebookRunner.rescueFolders(["TMPDIR": "/a", "XDG_RUNTIME_DIR": "/b"])
                == ["/a", "/tmp", "/var/tmp", "/dev/shm", "/b"])
        #expect(NotebookRunner.rescueFolders(["TMPDIR": "not/whole"]) == ["/tmp", "/var/tmp", "/dev/shm"])
    }
}
