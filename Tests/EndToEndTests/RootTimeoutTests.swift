import Foundation
import GalleyTestSupport
import Testing

/// Stopped processes of the user, for which root waits a limited time.
@Suite(.serialized, .root("only root can run notebooks for other users"))
struct `Root's time limits` {
    private let instance: NotebookInstance

    init() async throws { instance = try await NotebookInstance.make() }

    /// Waits for the end of root's process, and kills it if it does not end.
    private func expectEnd(of process: pid_t) async throws {
        let isOver = try await eventually { !isAlive(process) }
        #expect(isOver, "root waits for what the user has stopped")
        if !isOver { kill(process, SIGKILL) }
        // These processes hold the pipe that the test reads.
        for process in instance.processes { kill(pid_t(process), SIGKILL) }
    }

    /// Stops a process as the user, each time that root continues it.
    private func keepStopping(_ process: Int) async throws {
        try instance.beginAsUser("while kill -STOP \(process); do :; done")
        // Root may have killed the process already.
        #expect(try await eventually { isStopped(process) || !isAlive(pid_t(process)) })
    }

    @Test(arguments: ["execute --inplace --grace 1s report.ipynb", "clean pipe"])
    func `Root waits a limited time for a process to end`(command: String) async throws {
        try instance.write(["open('begun', 'w').close()", waiting(for: "go")])
        // The cleaning process reads from an empty pipe.
        try instance.beginAsUser("mkfifo pipe; exec 3<>pipe; touch open; exec sleep 1000")
        #expect(try await eventually { instance.notebooks.names.contains("open") })
        let run = try await GalleyProgram.start(
            command.split(separator: " ").map(String.init), environment: NotebookInstance.environment,
            in: instance.notebooks)
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
        // The process may end in order while root lets it continue.
        #expect([137, 143].contains(end.status), "\(end.errors)")
    }

    @Test func `Root waits a limited time for a process after its time limit`() async throws {
        try instance.write(["1"])
        // The process is stopped before its first cell.
        try """
        engine=$PPID
        until [ "$(cat /proc/$engine/comm)" = galley ]; do engine=$(cut -d ' ' -f 4 /proc/$engine/stat); done
        while kill -STOP $engine; do :; done
        """.write(toFile: instance.home + "/.profile", atomically: false, encoding: .utf8)
        let run = try await GalleyProgram.start(
            ["execute", "--inplace", "--total-timeout", "5s", "--grace", "1s", "report.ipynb"],
            environment: NotebookInstance.environment, in: instance.notebooks)
        try await expectEnd(of: run.number)
        let end = try await run.end()
        #expect([124, 137, 143].contains(end.status), "\(end.errors)")
    }

    @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/strace"), "this takes strace"))
    func `Root waits a limited time for a pipe that outlives its process`() async throws {
        try instance.write(["1"])
        let trace = instance.path + "/trace"
        // The guard of a kernel is stopped before it closes inherited descriptors.
        let run = try await GalleyProgram.start(
            [
                "-f", "-o", trace, "-e", "trace=close_range", "-e", "inject=close_range:error=ENOSYS:signal=SIGSTOP",
                GalleyProgram.path, "execute", "--inplace", "report.ipynb",
            ], program: "/usr/bin/strace", environment: NotebookInstance.environment, in: instance.notebooks)
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

/// Returns whether a process is stopped.
private func isStopped(_ number: Int) -> Bool {
    (try? String(contentsOfFile: "/proc/\(number)/status", encoding: .utf8))?.contains("State:\tT") ?? false
}

/// Returns whether a process exists and is not a zombie.
private func isAlive(_ number: pid_t) -> Bool {
    (try? String(contentsOfFile: "/proc/\(number)/status", encoding: .utf8)).map { !$0.contains("State:\tZ") } ?? false
}
