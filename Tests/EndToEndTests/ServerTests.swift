import Foundation
import GalleyTestSupport
import Testing

/// A Jupyter server for runs of the program.
struct ServerForRuns {
    let server: JupyterServerProcess
    let folder: TemporaryFolder

    init(_ kind: JupyterServerProcess.Kind = .server, _ options: [String] = []) async throws {
        server = try await JupyterServerProcess(kind, options)
        folder = try TemporaryFolder()
    }

    /// An environment with the server's token.
    var environment: [String: String] { GalleyProgram.environment.merging(["JUPYTER_TOKEN": server.token]) { $1 } }

    /// Runs a command of galley on the server.
    func galley(_ command: String, _ arguments: String..., input: String? = nil) async throws -> GalleyProgram.Run {
        try await GalleyProgram.run(
            [command, "--server", server.url] + arguments, environment: environment, in: folder, input: input)
    }

    /// Executes the notebook `a.ipynb` in place.
    func execute(_ arguments: String...) async throws -> GalleyProgram.Run {
        try await GalleyProgram.run(
            ["execute", "--inplace", "--server", server.url] + arguments + ["a.ipynb"], environment: environment,
            in: folder)
    }

    /// Starts the execution of the notebook `a.ipynb` in place.
    func start(_ arguments: String...) async throws -> GalleyProgram.RunningProgram {
        try await GalleyProgram.start(
            ["execute", "--inplace", "--server", server.url] + arguments + ["a.ipynb"], environment: environment,
            in: folder)
    }

    /// The IDs of the server's kernels.
    func kernels() async throws -> [String] {
        let list = try await galley("kernels", "--json").output
        let kernels = try #require(try JSONSerialization.jsonObject(with: Data(list.utf8)) as? [[String: Any]])
        return kernels.filter { $0["provider"] as? String == "running" }.compactMap { $0["name"] as? String }
    }

    /// The number of the server's terminals.
    func terminals() async throws -> Int? {
        let script = "import sys, json, urllib.request as r; print(len(json.load(r.urlopen(sys.argv[1]))))"
        return try await ServerProcess.output(
            of: ["python3", "-c", script, server.url + "api/terminals?token=" + server.token]
        ).flatMap { Int($0) }
    }
}

@Suite(.serialized) struct `A Jupyter server on the command line` {
    @Test func `A notebook runs in a kernel of the server, which ends with the run`() async throws {
        let here = try await ServerForRuns()
        try here.folder.write(["print('hello')", "6 * 7"])
        let run = try await here.execute("--events", "events", "--html", "page.html", "--json", "report.json")
        #expect(run.status == 0, "\(run.errors)")
        #expect(try here.folder.notebook().outputs == [["hello\n"], ["42"]])
        #expect(try await here.kernels() == [])
        for name in ["a.ipynb", "events", "page.html", "report.json"] {
            #expect(try !here.folder.text(name).contains(here.server.token), "\(name)")
        }
        #expect(!(run.output + run.errors).contains(here.server.token))
        let listed = try await here.galley("kernels")
        #expect(listed.status == 0 && listed.output.contains("python3"), "\(listed.errors)")
    }

    @Test func `A notebook and a folder on the server run there, and their results are saved there`() async throws {
        let here = try await ServerForRuns()
        let files = here.server.folder
        try FileManager.default.createDirectory(atPath: files("work/deep"), withIntermediateDirectories: true)
        let source = "import os; print(os.path.basename(os.getcwd()))"
        for name in ["work/a.ipynb", "work/deep/b.ipynb"] { try files.write([source], to: name) }
        // A file in another style keeps it.
        let styled = try files.text("work/a.ipynb").replacing("\n", with: "\r\n")
        try files.write(styled, to: "work/a.ipynb")
        let one = try await here.galley("execute", "--inplace", "jupyter:work/a.ipynb")
        #expect(one.status == 0, "\(one.errors)")
        #expect(try files.notebook("work/a.ipynb").outputs == [["work\n"]])
        #expect(try !files.text("work/a.ipynb").replacing("\r\n", with: "").contains("\n"))
        let many = try await here.galley("execute", "-j", "2", "--output-dir", "out", "jupyter:work/")
        #expect(many.status == 0, "\(many.errors)")
        #expect(try here.folder.notebook("out/a.ipynb").outputs == [["work\n"]])
        #expect(try here.folder.notebook("out/deep/b.ipynb").outputs == [["deep\n"]])
        let beside = try await here.galley("execute", "jupyter:work/*.ipynb")
        #expect(beside.status == 0, "\(beside.errors)")
        #expect(try files.notebook("work/a.executed.ipynb").outputs == [["work\n"]])
        #expect(try await here.kernels() == [])
        let missing = try await here.galley("execute", "--inplace", "jupyter:none/")
        #expect(missing.status == 3 && missing.errors.contains("jupyter:none/"), "\(missing.errors)")
        let list = try await here.galley("execute", "--list", "jupyter:work/")
        #expect(list.output.contains("jupyter:work/deep/b.ipynb"), "\(list.output)\(list.errors)")
    }

    @Test func `A local notebook among the files of the server runs in its folder there`() async throws {
        let here = try await ServerForRuns()
        let files = here.server.folder
        try FileManager.default.createDirectory(atPath: files("work"), withIntermediateDirectories: true)
        try files.write(["import os; print(os.getcwd())"], to: "work/a.ipynb")
        try here.folder.write(["import os; print(os.getcwd())"])
        var environment = here.environment
        environment["JUPYTER_RUNTIME_DIR"] = here.server.home("runtime")
        for (path, folder) in [(files("work/a.ipynb"), files("work")), (here.folder("a.ipynb"), files.path)] {
            let run = try await GalleyProgram.run(
                ["execute", "--inplace", "--server", here.server.url, path], environment: environment, in: here.folder)
            #expect(run.status == 0, "\(run.errors)")
            let text = try String(contentsOfFile: path, encoding: .utf8)
            #expect(text.contains("\"\(folder)\\n\""), "\(text)")
        }
    }

    @Test func `A change on the server during the run stays, and the result goes beside it`() async throws {
        let here = try await ServerForRuns()
        let files = here.server.folder
        try files.write(["open('begun', 'w')", waiting(for: files("go")), "print(1)"], to: "a.ipynb")
        let run = try await GalleyProgram.start(
            ["execute", "--inplace", "--server", here.server.url, "jupyter:a.ipynb"], environment: here.environment,
            in: here.folder)
        #expect(try await eventually { files.exists("begun") })
        try files.write(["print('another')"], to: "a.ipynb")
        try files.write("", to: "go")
        let end = try await run.end()
        #expect(end.status == 0, "\(end.errors)")
        #expect(try files.notebook("a.ipynb").outputs == [["old\n"]])
        let other = try #require(files.names.first { $0.contains("conflict") })
        #expect(try files.notebook(other).outputs.last == ["1\n"])
        #expect(end.errors.contains(other))
    }

    @Test func `Lost outputs end the run with status 123, unless they are allowed`() async throws {
        let here = try await ServerForRuns()
        try here.folder.write(["for i in range(100): print('x' * 100_000)", "print('next')"])
        let lost = try await here.execute("--junit", "junit.xml")
        #expect(lost.status == 123 && lost.errors.contains("iopub_data_rate_limit=0"), "\(lost.errors)")
        #expect(try here.folder.text("junit.xml").contains("<failure"))
        let allowed = try await here.execute("--allow-lost-output")
        #expect(allowed.status == 0 && allowed.errors.contains("dropped outputs"), "\(allowed.errors)")
        #expect(try here.folder.notebook().outputs[1] == ["next\n"])
        #expect(try await here.kernels() == [])
    }

    @Test func `A dead kernel, a limit and a signal end as for a kernel of this machine`() async throws {
        let here = try await ServerForRuns()
        try here.folder.write(["print('last', flush=True)", "import os; os.kill(os.getpid(), 9)", "2"])
        let died = try await here.execute()
        #expect(died.status == 5 && died.errors.contains("the kernel died"), "\(died.errors)")
        #expect(try here.folder.notebook().outputs[0] == ["last\n"])
        try here.folder.write(["import time; time.sleep(600)"])
        let limit = try await here.execute("--timeout", "2s")
        #expect(limit.status == 124, "\(limit.errors)")
        try here.folder.write(["print('begun', flush=True); open('begun', 'w')", "import time; time.sleep(600)"])
        let running = try await here.start()
        #expect(try await eventually { here.server.folder.exists("begun") })
        running.send(SIGINT)
        let stopped = try await running.end()
        #expect(stopped.status == 130, "\(stopped.errors)")
        #expect(try here.folder.notebook().outputs[0].first == "begun\n")
        #expect(try await here.kernels() == [])
    }

    @Test func `A kernel that a killed run has left is listed, and ended by a command or by the next run`() async throws
    {
        let here = try await ServerForRuns()
        func leave() async throws -> String {
            try? FileManager.default.removeItem(atPath: here.server.folder("begun"))
            try here.folder.write(["open('begun', 'w')", "import time; time.sleep(600)"])
            let running = try await here.start()
            #expect(try await eventually { here.server.folder.exists("begun") })
            running.send(SIGKILL)
            #expect(try await running.end().status == -SIGKILL)
            #expect(try await here.kernels().count == 1)
            let runs = try await GalleyProgram.run(["runs"], in: here.folder).output.split(separator: "\n")
            let line = try #require(runs.first { $0.contains("left by a killed run") && $0.contains(here.server.url) })
            return String(line.prefix { $0 != " " })
        }
        let id = try await leave()
        let stopped = try await GalleyProgram.run(["stop", id], environment: here.environment, in: here.folder)
        #expect(stopped.status == 0, "\(stopped.errors)")
        #expect(try await here.kernels() == [])
        _ = try await leave()
        try here.folder.write(["print(1)"])
        let next = try await here.execute()
        #expect(next.status == 0 && next.errors.contains("which a killed run had left"), "\(next.errors)")
        #expect(try await here.kernels() == [])
        let runs = try await GalleyProgram.run(["runs"], in: here.folder).output
        #expect(!runs.contains(here.server.url), "\(runs)")
    }

    @Test func `A kernel can be kept, used again by its ID, and stopped`() async throws {
        let here = try await ServerForRuns()
        try here.folder.write(["value = 41"])
        let kept = try await here.execute("--keep-kernel")
        #expect(kept.status == 0, "\(kept.errors)")
        let kernel = try #require(try await here.kernels().first)
        let command = try #require(kept.errors.firstMatch(of: /galley stop (\S+)/)).1
        try here.folder.write(["value + 1"])
        for name in [kernel, "newest"] {
            let again = try await here.execute("--existing", name)
            #expect(again.status == 0, "\(again.errors)")
            #expect(try here.folder.notebook().outputs == [["42"]])
        }
        #expect(try await here.kernels() == [kernel])
        let listed = try await here.galley("kernels")
        #expect(listed.output.contains(kernel))
        let stopped = try await GalleyProgram.run(
            ["stop", String(command)], environment: here.environment, in: here.folder)
        #expect(stopped.status == 0, "\(stopped.errors)")
        #expect(try await here.kernels() == [])
        let gone = try await here.execute("--existing", kernel)
        #expect(gone.status == 4 && gone.errors.contains("no kernel '\(kernel)'"), "\(gone.errors)")
    }

    @Test func `A token comes from a file, the environment, the address or the server's own file`() async throws {
        let here = try await ServerForRuns()
        try here.folder.write(["1"])
        try here.folder.write(here.server.token + "\n", to: "token")
        var bare = GalleyProgram.environment
        func execute(_ arguments: String..., environment: [String: String]) async throws -> GalleyProgram.Run {
            try await GalleyProgram.run(
                ["execute", "--inplace"] + arguments + ["a.ipynb"], environment: environment, in: here.folder)
        }
        let url = here.server.url
        #expect(try await execute("--server", url, "--token-file", "token", environment: bare).status == 0)
        #expect(try await execute("--server", url + "lab?token=" + here.server.token, environment: bare).status == 0)
        bare["JUPYTER_TOKEN_FILE"] = here.folder("token")
        #expect(try await execute("--server", url, environment: bare).status == 0)
        bare["JUPYTER_TOKEN_FILE"] = nil
        bare["JUPYTER_RUNTIME_DIR"] = here.server.home("runtime")
        let found = try await execute("--server", url, environment: bare)
        #expect(found.status == 0, "\(found.errors)")
        bare["JUPYTER_RUNTIME_DIR"] = nil
        bare["JUPYTER_TOKEN"] = "wrong-s3cret"
        let wrong = try await execute("--server", url, environment: bare)
        #expect(wrong.status == 4 && wrong.errors.contains("refuses the token"), "\(wrong.errors)")
        #expect(!wrong.errors.contains("wrong-s3cret"))
        #expect(try await here.kernels() == [])
    }

    @Test func `The certificate of a server must be trusted`() async throws {
        let certificates = try TestCertificates(hosts: ["IP:127.0.0.1"])
        let here = try await ServerForRuns(
            .server, ["--ServerApp.certfile=\(certificates.certificate)", "--ServerApp.keyfile=\(certificates.key)"])
        try here.folder.write(["print('encrypted')"])
        func execute(_ variables: [String: String]) async throws -> GalleyProgram.Run {
            try await GalleyProgram.run(
                ["execute", "--inplace", "--server", here.server.url, "a.ipynb"],
                environment: here.environment.merging(variables) { $1 }, in: here.folder)
        }
        let refused = try await execute([:])
        #expect(refused.status == 4 && refused.errors.contains("certificate"), "\(refused.errors)")
        let trusted = try await execute(["SSL_CERT_FILE": certificates.authority])
        #expect(trusted.status == 0, "\(trusted.errors)")
        #expect(try here.folder.notebook().outputs == [["encrypted\n"]])
    }

    @Test func `A gateway runs a notebook with environment variables`() async throws {
        let here = try await ServerForRuns(.gateway)
        try here.folder.write(["import os; os.environ['KERNEL_MODE']"])
        let run = try await here.execute("--env", "KERNEL_MODE=full")
        #expect(run.status == 0, "\(run.errors)")
        #expect(try here.folder.notebook().outputs == [["'full'"]])
        let contents = try await here.galley("execute", "--inplace", "jupyter:a.ipynb")
        #expect(contents.status != 0 && contents.errors.contains("no"), "\(contents.errors)")
    }

    @Test func `A command runs in a terminal of the server`() async throws {
        let here = try await ServerForRuns()
        let run = try await here.galley("terminal", "--", "printf", "%s|", "a b", "$HOME")
        #expect(run.status == 0 && run.output == "a b|$HOME|", "\(run.errors)")
        let failed = try await here.galley("terminal", "--", "echo on; pwd; exit 3")
        #expect(failed.status == 3 && failed.output.contains("on\n"), "\(failed.output)\(failed.errors)")
        let limited = try await here.galley("terminal", "--timeout", "2s", "--", "sleep 600")
        #expect(limited.status == 124, "\(limited.errors)")
        let begun = here.server.folder("begun")
        let running = try await GalleyProgram.start(
            ["terminal", "--server", here.server.url, "--", "touch '\(begun)'; sleep 600"],
            environment: here.environment, in: here.folder)
        #expect(try await eventually { here.server.folder.exists("begun") })
        running.send(SIGINT)
        #expect(try await running.end().status == 130)
        #expect(try await here.terminals() == 0)
    }

    @Test func `Runs that end in any way leave no kernel`() async throws {
        let here = try await ServerForRuns()
        let before = try await here.kernels()
        var random = SeededGenerator(seed: 20)
        for number in 0..<12 {
            let begun = here.server.folder("begun\(number)")
            try here.folder.write(["open('\(begun)', 'w')", "import time; time.sleep(\(number % 3 == 0 ? 0 : 600))"])
            let running = try await here.start()
            if number % 3 != 0 {
                // Half of the runs end while the kernel starts.
                if Bool.random(using: &random) {
                    #expect(try await eventually { FileManager.default.fileExists(atPath: begun) })
                }
                running.send([SIGTERM, SIGINT, SIGHUP, SIGKILL][Int.random(in: 0..<4, using: &random)])
            }
            _ = try await running.end()
        }
        try here.folder.write(["1"])
        #expect(try await here.execute().status == 0)
        // The server can be starting the kernel of a run that was killed meanwhile.
        #expect(try await eventually { try await here.kernels() == before })
    }
}

extension `Compared with nbconvert` {
    @Test func `Every notebook has the same result through a server as with nbconvert`() async throws {
        let folder = try TemporaryFolder()
        try folder.write("", to: "none")
        let kernels = folder("data/kernels/python3")
        try FileManager.default.createDirectory(atPath: kernels, withIntermediateDirectories: true)
        let spec: [String: Any] = [
            "argv": [Repository.python, "-m", "ipykernel_launcher", "-f", "{connection_file}"],
            "display_name": "Python 3", "language": "python",
        ]
        try JSONSerialization.data(withJSONObject: spec).write(to: URL(fileURLWithPath: kernels + "/kernel.json"))
        let limits = ["msg", "data"].map { "--ZMQChannelsWebsocketConnection.iopub_\($0)_rate_limit=0" }
        let server = try await JupyterServerProcess(.server, limits, environment: ["JUPYTER_PATH": folder("data")])
        var environment = GalleyProgram.environment
        environment["JUPYTER_TOKEN"] = server.token
        let notebooks = try FileManager.default.contentsOfDirectory(atPath: Repository.fixture("conformance"))
            .filter { $0.hasSuffix(".ipynb") && !["bash.ipynb", "r.ipynb"].contains($0) }.sorted()
            .map { Repository.fixture("conformance/\($0)") }
        let run = try await GalleyProgram.run(
            [Repository.fixture("conformance/compare.py"), GalleyProgram.path] + notebooks
                + ["--", "--server", server.url],
            program: Repository.python, environment: environment)
        #expect(run.status == 0, "\(run.output)\(run.errors.suffix(2000))")
        #expect(run.output.split(separator: "\n").count { $0.hasPrefix("same ") } == notebooks.count)
    }
}
