import GalleyTestSupport
import Glibc
import Testing

/// A small file system in memory, which is unmounted together with this object.
final class SmallFileSystem {
    let path: String
    private let scratch: TemporaryFolder

    init(size: String, options: String = "") throws {
        scratch = try TemporaryFolder()
        path = scratch.path
        try #require(run("mount", "-t", "tmpfs", "-o", "size=\(size)\(options)", "tmpfs", path))
    }

    deinit { run("umount", path) }

    /// Makes the file system read-only.
    func close() async throws {
        // A child of another test may hold a file open until it calls `exec`.
        for _ in 0..<1000 where !run("mount", "-o", "remount,ro", path) { try await Task.sleep(for: .milliseconds(10)) }
        try #require(access(path, W_OK) != 0)
    }

    func callAsFunction(_ name: String) -> String { "\(path)/\(name)" }
}
