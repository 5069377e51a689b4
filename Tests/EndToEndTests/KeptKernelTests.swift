import Foundation
import GalleyTestSupport
import Testing

@Suite struct `A kept kernel` {
    let folder: TemporaryFolder
    private let mark = "kept-" + UUID().uuidString

    init() throws {
        folder = try TemporaryFolder()
        folder.forgetRunsInTheEnd()
    }

    private func execute(_ arguments: String...) async throws -> GalleyProgram.Run {
        try await GalleyProgram.run(
            ["execute", "--inplace", "--env", "MARK=\(mark)"] + arguments + ["a.ipynb"], in: folder)
    }

    private func rights(_ path: String) throws -> Int {
        try #require(try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int)
    }

    @Test(arguments: [
        ("--keep-kernel", "pass", 0), ("--keep-kernel", "1 / 0", 1), ("--keep-kernel-on-failure", "1 / 0", 1),
    ])
    func `A kept kernel accepts Jupyter's clients, is listed, and can be stopped`(
        option: String, code: String, status: Int32
    ) async throws {
        try folder.write(["x = 6 * 7", code])
        let run = try await execute(option, "--json", "report.json", "--events", "events.jsonl")
        #expect(run.status == status, "\(run.errors)")
        let kernel = try await KeptKernelClient(run)
        #expect(try await kernel.run("print(x)") == "42\n")
        #expect(try rights(kernel.file) == 0o600 && rights(kernel.folder) == 0o700)
        let listed = try #require(try await kernel.listed())
        #expect(listed["kernel"] as? String == "python3" && listed["notebook"] as? String == folder.path + "/a.ipynb")
        #expect(listed["connection_file"] as? String == kernel.file && listed["started"] is String)
        let table = try await GalleyProgram.run(["runs"]).output
        #expect(table.contains { $0.isNewline } && table.contains("\(kernel.process)") && table.contains(kernel.file))
        #expect(try folder.text("report.json").contains("\"connection_file\": \"\(kernel.file)\""))
        let event = try #require(try folder.events("events.jsonl").first { $0["event"] as? String == "kernel-kept" })
        #expect(event["process"] as? Int == kernel.process)
        #expect(!(try await GalleyProgram.run(["runs", "--running", "--json"]).output.contains(kernel.id)))
        try await kernel.stop()
        #expect(processes(markedBy: mark) == [])
    }

    @Test func `A kernel is not kept after success, if only failed runs keep theirs`() async throws {
        try folder.write(["1"])
        let run = try await execute("--keep-kernel-on-failure")
        #expect(run.status == 0 && !run.errors.contains("kernel goes on"), "\(run.errors)")
        #expect(processes(markedBy: mark) == [])
    }

    @Test func `A kernel that has died or was killed is not kept`() async throws {
        try folder.write(["import os; os.kill(os.getpid(), 9)"])
        let died = try await execute("--keep-kernel")
        #expect(died.status == 5 && !died.errors.contains("kernel goes on"), "\(died.errors)")
        try folder.write(["import signal, time\nsignal.signal(2, signal.SIG_IGN)\nwhile True: time.sleep(1)"])
        let killed = try await execute("--keep-kernel", "--timeout", "0.5", "--grace", "0.5")
        #expect(killed.status == 124 && !killed.errors.contains("kernel goes on"), "\(killed.errors)")
        #expect(processes(markedBy: mark) == [])
    }

    @Test func `A kept kernel has the state of a failed run, and the next run continues in it, by file or by ID`()
        async throws
    {
        try folder.write(["x = 41", "import os\nassert os.path.exists('go')", "print(x + 1)"])
        let failed = try await execute("--keep-kernel-on-failure")
        #expect(failed.status == 1)
        let kernel = try await KeptKernelClient(failed)
        #expect(
            failed.errors.contains("    galley execute --inplace --existing \(kernel.file) --start-at 2 a.ipynb\n"),
            "\(failed.errors)")
        try folder.write("", to: "go")
        for name in [kernel.file, kernel.id] {
            let next = try await GalleyProgram.run(
                ["execute", "--inplace", "--existing", name, "--start-at", "2", "a.ipynb"], in: folder)
            #expect(next.status == 0, "\(next.errors)")
            #expect(try folder.notebook().outputs.last == ["42\n"])
            #expect(kernel.isAlive)
        }
        try await kernel.stop()
    }

    @Test func `A kept kernel survives a time limit and a signal that interrupt it`() async throws {
        try folder.write(["x = 1", "import time\ntime.sleep(1000)"])
        let limited = try await execute("--keep-kernel-on-failure", "--timeout", "1")
        #expect(limited.status == 124)
        let first = try await KeptKernelClient(limited)
        #expect(try await first.run("print(x)") == "1\n")
        try await first.stop()
        try folder.write(["x = 2", "open('begun', 'w').close()\nimport time\ntime.sleep(1000)"])
        let run = try await GalleyProgram.start(
            ["execute", "--inplace", "--keep-kernel-on-failure", "a.ipynb"], in: folder)
        #expect(try await eventually { folder.names.contains("begun") })
        run.send(SIGTERM)
        let stopped = try await run.end()
        #expect(stopped.status == 143, "\(stopped.errors)")
        let second = try await KeptKernelClient(stopped)
        #expect(try await second.run("print(x)") == "2\n")
        try await second.stop()
    }

    private static let withChildren = """
        import os, subprocess
        x = 7
        subprocess.Popen(['sleep', '1000'], start_new_session=True)
        if os.fork() == 0:
            if os.fork() == 0: os.execvp('sleep', ['sleep', '1000'])
            os._exit(0)
        os.wait()
        """

    @Test(arguments: [0, 1])
    func `A kept kernel outlives its keepers, and ends with all its processes`(keepersToKill: Int) async throws {
        try folder.write([Self.withChildren])
        let run = try await execute("--keep-kernel")
        let kernel = try await KeptKernelClient(run)
        #expect(run.status == 0 && kernel.parentName == "kernel-guard", "\(run.errors)")
        #expect(processes(markedBy: mark).count == 3)
        for _ in 0..<keepersToKill {
            let keeper = kernel.parent
            kill(pid_t(keeper), SIGKILL)
            #expect(try await eventually { kernel.parent != keeper })
        }
        if keepersToKill == 1 { #expect(kernel.parentName == "kernel-watch") }
        #expect(try await kernel.run("print(x)") == "7\n")
        // The output is larger than a pipe.
        // Apart from the output, the kernel has the descriptors that it was started with.
        let code =
            "import sys; print(sum(os.write(sys.stdout._original_stdstream_copy, b'x' * 4096) for _ in range(100)))"
        #expect(try await kernel.run(code) == "409600\n")
        try await kernel.stop()
        #expect(processes(markedBy: mark) == [])
    }

    @Test func `A kept kernel continues without its keepers, and leaves nothing when it is stopped`() async throws {
        try folder.write([
            "import subprocess\nx = 7\nchild = subprocess.Popen(['sleep', '1000'], start_new_session=True)"
        ])
        // The environment is that of a Galley which a notebook has started.
        let run = try await GalleyProgram.run(
            ["execute", "--inplace", "--env", "MARK=\(mark)", "--keep-kernel", "a.ipynb"],
            environment: GalleyProgram.environment.merging(["JPY_PARENT_PID": "4711"]) { $1 }, in: folder)
        let kernel = try await KeptKernelClient(run)
        for _ in 0..<2 {
            let keeper = kernel.parent
            kill(pid_t(keeper), SIGKILL)
            #expect(try await eventually { kernel.parent != keeper })
        }
        #expect(try await kernel.run("print(x)") == "7\n")
        try await kernel.stop()
        #expect(processes(markedBy: mark) == [])
    }

    @Test func `A kernel is not kept by a run that is killed`() async throws {
        try folder.write(["import os\nopen('begun', 'w').write(os.environ['MARK'])\n" + waiting(for: "never")])
        let run = try await GalleyProgram.start(
            ["execute", "--inplace", "--keep-kernel", "--env", "MARK=\(mark)", "a.ipynb"], in: folder)
        #expect(try await eventually { folder.names.contains("begun") })
        #expect(!processes(markedBy: mark).isEmpty)
        run.send(SIGKILL)
        #expect(try await run.end().status == -9)
        #expect(try await eventually { processes(markedBy: mark).isEmpty })
    }

    @Test func `A kept kernel that has died is not listed, and leaves nothing`() async throws {
        try folder.write([Self.withChildren])
        let kernel = try await KeptKernelClient(try await execute("--keep-kernel"))
        kill(pid_t(kernel.process), SIGKILL)
        #expect(try await eventually { !kernel.hasFolder && processes(markedBy: mark).isEmpty })
        #expect(try await kernel.listed() == nil)
        let records = try FileManager.default.contentsOfDirectory(atPath: "/var/tmp/galley-runs-\(geteuid())")
        #expect(!records.contains { $0.hasPrefix(kernel.id + ".") })
        #expect(try await GalleyProgram.run(["stop", kernel.id]).status == 2)
    }

    @Test func `A kept kernel can be awaited`() async throws {
        try folder.write(["1"])
        let kernel = try await KeptKernelClient(try await execute("--keep-kernel"))
        let wait = try await GalleyProgram.start(["wait", kernel.id], in: folder)
        try await kernel.stop()
        let end = try await wait.end()
        #expect(end.status == 0 && end.errors == "", "\(end.errors)")
    }

    @Test func `Each notebook of a batch can keep a kernel, with its temporary folder`() async throws {
        for name in ["a", "b"] { try folder.write(["x = '\(name)'", "1 / 0"], to: name + ".ipynb") }
        let run = try await GalleyProgram.run(
            ["execute", "--inplace", "-j", "2", "--keep-kernel-on-failure", "a.ipynb", "b.ipynb"], in: folder)
        #expect(run.status == 1)
        var found: Set<String> = []
        for number in 0..<2 {
            let kernel = try await KeptKernelClient(run, number: number)
            found.insert(
                try await kernel.run(
                    "import tempfile, os; print(x, os.path.exists(tempfile.gettempdir() + '/../kernel.json'))"))
            try await kernel.stop()
        }
        #expect(found == ["a True\n", "b True\n"])
    }

    @Test(.enabled(if: FileManager.default.fileExists(atPath: "/usr/lib/R/site-library/IRkernel"), "this takes R"))
    func `A kept R kernel continues, and may print`() async throws {
        try FileManager.default.createDirectory(
            atPath: folder.path + "/kernels/ir", withIntermediateDirectories: true)
        try folder.write(
            """
            {"argv": ["/usr/bin/R", "--slave", "-e", "IRkernel::main()", "--args", "{connection_file}"],
             "display_name": "R", "language": "R"}
            """, to: "kernels/ir/kernel.json")
        try folder.write(["x <- 6 * 7", "stop('no')"], kernel: "ir")
        let run = try await GalleyProgram.run(
            ["execute", "--inplace", "--keep-kernel", "a.ipynb"],
            environment: GalleyProgram.environment.merging(["JUPYTER_PATH": folder.path]) { $1 }, in: folder)
        #expect(run.status == 1)
        let kernel = try await KeptKernelClient(run)
        #expect(try await kernel.run("for (i in 1:100) system(\"head -c 4096 /dev/zero\"); cat(x)") == "42")
        try await kernel.stop()
    }

    @Test(arguments: [
        (
            ["execute", "--keep-kernel", "--existing", "newest"],
            "--keep-kernel: the kernel of --existing keeps running in any case; leave --keep-kernel out"
        ),
        (
            ["execute", "--keep-kernel-on-failure", "--existing", "f"],
            "--keep-kernel-on-failure: the kernel of --existing"
        ),
        (
            ["check", "--keep-kernel-on-failure"],
            "--keep-kernel-on-failure: galley check finds failures after the kernel has ended"
        ),
    ])
    func `A kernel can be kept only by commands that run notebooks`(arguments: [String], message: String) async throws {
        try folder.write(["1"])
        let run = try await GalleyProgram.run(arguments + ["a.ipynb"], in: folder)
        #expect(run.status == 2)
        #expect(run.errors.hasPrefix("galley: " + message), "\(run.errors)")
    }
}

@Suite(.serialized, .root("only root can run notebooks for other users"))
struct `A kept kernel of another user` {
    @Test func `A kernel that root keeps for a user belongs to the user, and root can stop it`() async throws {
        let instance = try await NotebookInstance.make()
        defer { try? FileManager.default.removeItem(atPath: "/var/tmp/galley-runs-\(instance.number)") }
        try instance.write(["x = 1", "1 / 0"])
        let run = try await instance.run(
            ["execute", "--inplace", "--keep-kernel"] + instance.kernel + ["report.ipynb"])
        #expect(run.status == 1)
        let kernel = try await KeptKernelClient(run, environment: NotebookInstance.environment)
        #expect(KeptKernelClient.status(kernel.process).contains("\nUid:\t\(instance.number)\t"))
        #expect(try instance.rights(kernel.file).hasPrefix(instance.user + " "))
        #expect(try await kernel.run("print(x)") == "1\n")
        try await kernel.stop()
        #expect(instance.processes == [])
    }
}
