import Foundation
import GalleyTestSupport
import Testing

/// A kernel that another program than Galley has started.
final class ExistingKernel {
    let path: String
    private let process = Process()

    /// Starts a kernel that writes its connection file, or listens on sockets in a folder that a file names.
    init(_ name: String, in folder: TemporaryFolder, ipc: Bool = false, r: Bool = false, key: String = "k") throws {
        path = folder.path + "/" + name + ".json"
        if ipc || r {
            let ports = try ipc ? Array(1...5) : FreePorts.take(5)
            let names = ["shell_port", "iopub_port", "stdin_port", "control_port", "hb_port"]
            var file: [String: Any] = [
                "transport": ipc ? "ipc" : "tcp", "ip": ipc ? folder.path + "/s" : "127.0.0.1", "key": key,
                "signature_scheme": "hmac-sha256", "kernel_name": r ? "ir" : "",
            ]
            for (name, port) in zip(names, ports) { file[name] = port }
            try JSONSerialization.data(withJSONObject: file).write(to: URL(fileURLWithPath: path))
        }
        // A background job ignores SIGINT, and this kernel would inherit that.
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments =
            ["--default-signal=INT"]
            + (r
                ? ["/usr/bin/R", "--slave", "-e", "IRkernel::main()", "--args", path]
                : [Repository.python, "-m", "ipykernel_launcher", "-f", path])
        process.currentDirectoryURL = URL(fileURLWithPath: folder.path)
        process.environment = GalleyProgram.environment.merging(["HOME": folder.path]) { $1 }
        for stream in [\Process.standardInput, \.standardOutput, \.standardError] {
            process[keyPath: stream] = FileHandle.nullDevice
        }
        try GalleyProgram.RunningProgram.starting.withLock { try process.run() }
        // Clients find the kernel by its file, which Python writes once it listens.
        while !FileManager.default.fileExists(atPath: path), process.isRunning { usleep(10_000) }
    }

    var isRunning: Bool { process.isRunning }
    func kill() { Foundation.kill(process.processIdentifier, SIGKILL) }

    func end() {
        kill()
        process.waitUntilExit()
    }
}

@Suite struct `An existing kernel` {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func execute(_ arguments: String...) async throws -> GalleyProgram.Run {
        try await GalleyProgram.run(["execute", "--inplace"] + arguments + ["a.ipynb"], in: folder)
    }

    @Test(arguments: [false, true], ["k", ""])
    func `An existing kernel keeps its state from run to run, over ports and sockets, signed or not`(
        ipc: Bool, key: String
    ) async throws {
        let kernel = try ExistingKernel("kernel-one", in: folder, ipc: ipc, r: false, key: key)
        defer { kernel.end() }
        try folder.write(["n = globals().get('n', 0) + 1; print(n)", "print(input('name? '))"])
        for count in 1...2 {
            let run = try await execute("--existing", kernel.path, "--answer", "Ada")
            #expect(run.status == 0, "\(run.errors)")
            #expect(try folder.notebook().outputs == [["\(count)\n"], ["Ada\n"]])
        }
        #expect(kernel.isRunning)
    }

    @Test func `An existing kernel is found by a part of its name, as the newest, and in the list`() async throws {
        let kernel = try ExistingKernel("kernel-4711", in: folder)
        defer { kernel.end() }
        try folder.write(["1"])
        for name in ["4711", "kernel-4711.json", "newest"] {
            let run = try await execute("--existing", name)
            #expect(run.status == 0, "\(run.errors)")
        }
        let list = try await GalleyProgram.run(["kernels"], in: folder)
        #expect(list.output.contains(/4711 +existing +4711/), "\(list.output)")
        let missing = try await execute("--existing", "4712")
        #expect(missing.status == 4)
        #expect(
            missing.errors.hasPrefix("galley: a.ipynb: No connection file matches '4712'. Looked in: ."),
            "\(missing.errors)")
    }

    @Test func `An existing kernel survives an error, a time limit, SIGTERM and SIGKILL of Galley`() async throws {
        let kernel = try ExistingKernel("kernel-one", in: folder)
        defer { kernel.end() }
        try folder.write(["raise ValueError('no')"])
        #expect(try await execute("--existing", kernel.path).status == 1)
        try folder.write(["import time; time.sleep(600)"])
        #expect(try await execute("--existing", kernel.path, "--timeout", "1").status == 124)
        for (signal, status) in [(SIGTERM, Int32(143)), (SIGKILL, -9)] {
            try folder.write(["open('begun', 'w').close()\n" + waiting(for: "go")])
            let run = try await GalleyProgram.start(
                ["execute", "--inplace", "--existing", kernel.path, "a.ipynb"], in: folder)
            #expect(try await eventually { folder.names.contains("begun") })
            run.send(signal)
            let end = try await run.end()
            #expect(end.status == status, "\(end.errors)")
            try folder.write("", to: "go")
            try FileManager.default.removeItem(atPath: folder.path + "/begun")
        }
        try folder.write(["print('still here')"])
        let run = try await execute("--existing", kernel.path)
        #expect(run.status == 0, "\(run.errors)")
        #expect(try folder.notebook().outputs == [["still here\n"]])
    }

    @Test func `An existing kernel that dies is reported like any other`() async throws {
        let kernel = try ExistingKernel("kernel-one", in: folder)
        defer { kernel.end() }
        try folder.write(["print('last words')", "import os; os.kill(os.getpid(), 9)", "2"])
        let run = try await execute("--existing", kernel.path)
        #expect(run.status == 5, "\(run.errors)")
        #expect(run.errors.contains("the kernel died"), "\(run.errors)")
        #expect(try folder.notebook().outputs[0].first == "last words\n")
        let gone = try await execute("--existing", kernel.path, "--startup-timeout", "1")
        #expect(gone.status == 4)
        #expect(gone.errors.contains("It has ended, or it is busy with other code"), "\(gone.errors)")
    }

    @Test func `An existing R kernel runs cells, and is interrupted by its own signal`() async throws {
        let kernel = try ExistingKernel("kernel-r", in: folder, ipc: false, r: true)
        defer { kernel.end() }
        try folder.write(["x <- 6 * 7; print(x)", "Sys.sleep(600)"])
        let run = try await execute("--existing", kernel.path, "--timeout", "2")
        #expect(run.status == 124, "\(run.errors)")
        #expect(try folder.notebook().outputs[0] == ["[1] 42\n"])
        try folder.write(["print(x + 1)"])
        let next = try await execute("--existing", kernel.path)
        #expect(next.status == 0, "\(next.errors)")
        #expect(try folder.notebook().outputs == [["[1] 43\n"]])
    }

    @Test func `An existing kernel keeps the settings that it was started with`() async throws {
        let kernel = try ExistingKernel("kernel-one", in: folder)
        defer { kernel.end() }
        try folder.write(["1"])
        for (option, status, words) in [
            (["--env", "A=B"], 2, "--env: the kernel of --existing is already running; leave --env out"),
            (["--cwd", "/tmp"], 2, "--cwd: the kernel of --existing is already running; leave --cwd out"),
            (["--leave-children"], 2, "--leave-children: the kernel of --existing"),
            (["--kernel-fallback"], 2, "--kernel-fallback: the kernel of --existing"),
            (["--kernel", "bash"], 4, "The kernel is already running, so it cannot be 'bash'"),
        ] as [([String], Int32, String)] {
            let run = try await GalleyProgram.run(
                ["execute", "--inplace", "--existing", kernel.path] + option + ["a.ipynb"], in: folder)
            #expect(run.status == status)
            #expect(run.errors.contains(words), "\(run.errors)")
        }
        try folder.write("{}", to: "broken.json")
        let run = try await execute("--existing", "broken.json")
        #expect(run.status == 4)
        #expect(
            run.errors.contains("not a valid connection file: it has no valid 'shell_port'"), "\(run.errors)")
    }

    @Test func `An existing kernel runs the notebooks of a batch one after the other`() async throws {
        let kernel = try ExistingKernel("kernel-one", in: folder)
        defer { kernel.end() }
        for name in ["a.ipynb", "b.ipynb", "c.ipynb"] {
            try folder.write(["n = globals().get('n', 0) + 1; print(n)"], to: name)
        }
        let run = try await GalleyProgram.run(
            ["execute", "--inplace", "-j", "3", "--existing", kernel.path, "a.ipynb", "b.ipynb", "c.ipynb"], in: folder)
        #expect(run.status == 0, "\(run.errors)")
        let outputs = try ["a.ipynb", "b.ipynb", "c.ipynb"].map { try folder.notebook($0).outputs }
        #expect(outputs == [[["1\n"]], [["2\n"]], [["3\n"]]])
    }
}
