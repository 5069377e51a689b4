import GalleyCLinux
import Foundation
import GalleyTestSupport
import Synchronization
import Testing

@Suite struct `The removal of a folder` {
    private let temporary: TemporaryFolder
    private var path: String { temporary("removed") }

    init() throws { temporary = try TemporaryFolder() }

    private func make(_ name: String) throws {
        try FileManager.default.createDirectory(atPath: path + "/" + name, withIntermediateDirectories: true)
    }

    private func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }

    @Test func `A removed folder is gone with everything in it, at any depth and with any mode`() throws {
        try make((0..<300).map { "d\($0 % 10)" }.joined(separator: "/"))
        for number in 0..<2000 { try Data().write(to: URL(fileURLWithPath: "\(path)/file\(number)")) }
        try make("closed/inner")
        chmod(path + "/closed/inner", 0)
        chmod(path + "/closed", 0)
        clinux_remove_tree(path)
        #expect(!exists(path))
    }

    @Test func `A removal does not follow links`() throws {
        let other = path + "-other"
        try make("a")
        try FileManager.default.createDirectory(atPath: other, withIntermediateDirectories: true)
        try Data().write(to: URL(fileURLWithPath: other + "/kept"))
        symlink(other, path + "/a/link")
        clinux_remove_tree(path)
        #expect(!exists(path))
        #expect(exists(other + "/kept"))
    }

    @Test(.root("only root can mount"))
    func `A removal keeps what is mounted in the folder`() throws {
        // The script mounts in its own mount namespace, if that is allowed.
        let script = """
            set -e
            mkdir -p "$1/x/mnt" "$1-precious"; touch "$1-precious/kept"
            mount --bind "$1-precious" "$1/x/mnt" || exit 77
            "$2" "$1"
            [ -e "$1-precious/kept" ]
            """
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/unshare")
        let program = temporary("remover")
        let source = Repository.root + "/Sources/CLinux"
        let main = program + ".c"
        let text = """
            void clinux_remove_tree(const char *);
            int main(int n, char **a) { clinux_remove_tree(a[1]); return n != 2; }
            """
        try text.write(toFile: main, atomically: true, encoding: .utf8)
        let compiler = Process()
        compiler.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        compiler.arguments = ["clang", "-I", source + "/include", main, source + "/directories.c", "-o", program]
        try compiler.run()
        compiler.waitUntilExit()
        try #require(compiler.terminationStatus == 0)
        process.arguments = ["-m", "sh", "-c", script, "sh", path, program]
        try process.run()
        process.waitUntilExit()
        // 77: mounting is not allowed here, and the test proves nothing.
        #expect([0, 77].contains(process.terminationStatus))
    }

    @Test(.root("only root can become another user"))
    func `A removal as another user ends if that user stops the removing process`() async throws {
        // A user ID of this test alone, because all processes of the user are stopped.
        let user = uid_t.random(in: 1_000_000_000...2_000_000_000)
        try make("a")
        for number in 0..<30_000 { close(open("\(path)/a/\(number)", O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)) }
        for folder in [path, path + "/a"] { chown(folder, user, user) }
        let stopping = Process()
        stopping.executableURL = URL(fileURLWithPath: "/usr/bin/setpriv")
        let script = """
            import os, signal
            parent = os.getppid()
            print(flush=True)
            while os.getppid() == parent:
                try: os.kill(-1, signal.SIGSTOP)
                except OSError: pass
            """
        stopping.arguments = [
            "--reuid", "\(user)", "--regid", "\(user)", "--clear-groups", "/usr/bin/python3", "-c", script,
        ]
        let output = Pipe()
        stopping.standardOutput = output
        try stopping.run()
        try #require(output.fileHandleForReading.read(upToCount: 1)?.count == 1)
        let isGivenUp = Mutex(false)
        Thread.detachNewThread { [path] in
            clinux_remove_tree_as_user(user, user, [user], 1, path)
            isGivenUp.withLock { $0 = true }
        }
        var stopped: Int?
        let isStopped = try await eventually {
            stopped = processes(of: user).first { $0.isStopped }?.number
            return stopped != nil
        }
        kill(stopping.processIdentifier, SIGKILL)
        #expect(isStopped)
        #expect(try await eventually { isGivenUp.withLock(\.self) })
        // The waiting thread ends even if the removal was not given up.
        for process in processes(of: user) { kill(pid_t(process.number), SIGKILL) }
        if let stopped { #expect(!isAlive(stopped)) }
    }

    /// Returns the processes of a user, and whether each is stopped.
    private func processes(of user: uid_t) -> [(number: Int, isStopped: Bool)] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return names.compactMap(Int.init).compactMap { number in
            guard let status = try? String(contentsOfFile: "/proc/\(number)/status", encoding: .utf8),
                status.contains("\nUid:\t\(user)\t")
            else { return nil }
            return (number, status.contains("\nState:\tT"))
        }
    }
}
