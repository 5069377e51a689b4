import Foundation
import Testing

/// Processes of the user's that are stopped, which root does not wait for.
@Suite(.serialized, .enabled(if: getuid() == 0, "only root can run notebooks for other users"))
struct `Root waits no longer than it has said` {
    private let instance: Instance

    init() async throws { instance = try await Instance.make() }

    /// Waits for the end of a process of root's; ends it where it does not end.
    private func expectEnd(of process: pid_t) async throws {
        let isOver = try await eventually { !isAlive(process) }
        #expect(isOver, "root waits for what the user has stopped")
        if !isOver { kill(process, SIGKILL) }
        // These have what the test reads from.
        for process in instance.processes { kill(pid_t(process), SIGKILL) }
    }

    /// Has the user stop a process again, as often as root lets it go on.
    private func keepStopping(_ process: Int) async throws {
        try instance.beginAsUser("while kill -STOP \(process); do :; done")
        // Root may have ended it already.
        #expect(try await eventually { isStopped(process) || !isAlive(pid_t(process)) })
    }

    @Test(arguments: ["execute --inplace --grace 1s report.ipynb", "clean pipe"])
    func `for a process that is to end`(command: String) async throws {
        try instance.write(["open('begun', 'w').close()", waiting(for: "go")])
        // What cleans reads from a pipe that nothing comes through.
        try instance.beginAsUser("mkfifo pipe; exec 3<>pipe; touch open; exec sleep 1000")
        #expect(try await eventually { instance.notebooks.names.contains("open") })
        let run = try await Program.start(
            command.split(separator: " ").map(String.init), environment: Instance.environment, in: instance.notebooks)
        var process: Int?
        #expect(
            try await eventually {
                process = children(of: Int(run.number)).first { instance.processes.contains($0) }
                return process != nil && (command.hasPrefix("clean") || instance.notebooks.names.contains("begun"))
            })
        try await keepStopping(try #require(process))
        run.send(SIGTERM)
        try await expectEnd(of: run.number)
        let end = try await run.end()
        // It may end in order while root lets it go on.
        #expect([137, 143].contains(end.status), "\(end.errors)")
    }

    @Test func `for a process whose time is over`() async throws {
        try instance.write(["1"])
        // It is stopped before its first cell.
        try """
        engine=$PPID
        until [ "$(cat /proc/$engine/comm)" = galley ]; do engine=$(cut -d ' ' -f 4 /proc/$engine/stat); done
        while kill -STOP $engine; do :; done
        """.write(toFile: instance.home + "/.profile", atomically: false, encoding: .utf8)
        let run = try await Program.start(
            ["execute", "--inplace", "--total-timeout", "5s", "--grace", "1s", "report.ipynb"],
            environment: Instance.environment, in: instance.notebooks)
        try await expectEnd(of: run.number)
        let end = try await run.end()
        #expect([124, 137, 143].contains(end.status), "\(end.errors)")
    }

    @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/strace"), "this takes strace"))
    func `for what has the pipe of a process that has ended`() async throws {
        try instance.write(["1"])
        let trace = instance.path + "/trace"
        // What guards a kernel is stopped before it closes what it has of the process that has made it.
        let run = try await Program.start(
            [
                "-f", "-o", trace, "-e", "trace=close_range", "-e", "inject=close_range:error=ENOSYS:signal=SIGSTOP",
                Program.path, "execute", "--inplace", "report.ipynb",
            ], program: "/usr/bin/strace", environment: Instance.environment, in: instance.notebooks)
        #expect(
            try await eventually {
                let text = try? String(contentsOfFile: trace, encoding: .utf8)
                return text?.contains("--- stopped by SIGSTOP ---") ?? false
            })
        let galley = try #require(children(of: Int(run.number)).first)
        let engine = try #require(children(of: galley).first)
        #expect(instance.processes.contains { $0 != engine }, "nothing else has the pipe")
        kill(pid_t(engine), SIGKILL)
        try await expectEnd(of: pid_t(galley))
        let end = try await run.end()
        #expect(end.status == 137, "\(end.errors)")
    }
}

/// Whether a process is stopped.
private func isStopped(_ number: Int) -> Bool {
    (try? String(contentsOfFile: "/proc/\(number)/status", encoding: .utf8))?.contains("State:\tT") ?? false
}

/// Whether a process is there, and not a zombie.
private func isAlive(_ number: pid_t) -> Bool {
    (try? String(contentsOfFile: "/proc/\(number)/status", encoding: .utf8)).map { !$0.contains("State:\tZ") } ?? false
}
