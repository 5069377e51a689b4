import Foundation
import GalleyTestSupport
import Testing

@Suite struct `The galley program` {
    @Test func `The program prints its version`() async throws {
        for word in ["--version", "version", "-V"] {
            let run = try await GalleyProgram.run([word])
            #expect(run.status == 0)
            #expect(run.output.wholeMatch(of: /galley \d+\.\d+\.\d+\n/) != nil)
            #expect(run.errors == "")
        }
    }

    @Test func `An unknown command is refused with a hint`() async throws {
        let run = try await GalleyProgram.run(["exceute"])
        #expect(run.status == 2)
        #expect(run.errors == "galley: 'exceute' is not a command. Did you mean 'execute'? See 'galley --help'\n")
        #expect(run.output == "")
    }

    @Test func `The kernels command lists kernels as text and as JSON`() async throws {
        let environment = ["JUPYTER_PATH": Repository.root + "/.build/python/share/jupyter", "PATH": "/usr/bin:/bin"]
        let list = try await GalleyProgram.run(["kernels"], environment: environment)
        #expect(list.status == 0)
        let lines = list.output.split(separator: "\n").map(String.init)
        #expect(lines.first?.split(separator: " ").first == "NAME")
        #expect(
            lines.contains { $0.hasPrefix("python3 ") && $0.hasSuffix("/.build/python/share/jupyter/kernels/python3") })
        #expect(lines.contains { $0.hasPrefix("ir ") })
        let json = try await GalleyProgram.run(["kernels", "--json"], environment: environment)
        let kernels = try #require(try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [[String: Any]])
        let python = try #require(kernels.first { $0["name"] as? String == "python3" })
        #expect(python["language"] as? String == "python")
        #expect((python["program"] as? String)?.hasSuffix("/.build/python/bin/python") == true)
    }

    @Test func `An unknown option is refused`() async throws {
        let usage = try await GalleyProgram.run(["kernels", "--jsno"])
        #expect(usage.status == 2)
        #expect(
            usage.errors
                == "galley: '--jsno' is not an option of kernels. Did you mean '--json'? See 'galley kernels --help'\n"
        )
    }

    @Test func `The program needs no installed Swift libraries`() async throws {
        let libraries = try await GalleyProgram.run(["ldd", GalleyProgram.path], program: "/usr/bin/env").output
        #expect(libraries.contains("libc.so"))
        #expect(!libraries.contains("libswift"))
        #expect(!libraries.contains("not found"))
    }

    @Test func `A list of kernels prints no escape sequences of kernel files`() async throws {
        let folder = try TemporaryFolder()
        let place = folder.path + "/kernels/odd"
        try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
        let name = #"\u001b[31m\u202e\n"# + String(repeating: "x", count: 100_000)
        try folder.write(
            #"{"argv": ["\u001b[0m"], "display_name": "\#(name)", "language": "\#(name)"}"#,
            to: "kernels/odd/kernel.json")
        let list = try await GalleyProgram.run(
            ["kernels"], environment: ["JUPYTER_PATH": folder.path, "PATH": "/usr/bin"])
        #expect(list.status == 0 && list.output.contains("odd") && list.output.count < 5000)
        #expect(list.output.unicodeScalars.allSatisfy { $0 == "\n" || $0.properties.generalCategory != .control })
        #expect(list.output.unicodeScalars.allSatisfy { !$0.properties.isBidiControl })
    }

    @Test func `A file name passes no commands to the CI host`() async throws {
        let folder = try TemporaryFolder()
        for name in ["a\n::error::b.ipynb", "a\r\n::error::b.ipynb"] {
            let run = try await GalleyProgram.run(
                ["clean", name], environment: GalleyProgram.environment.merging(["GITHUB_ACTIONS": "true"]) { $1 },
                in: folder
            )
            #expect(run.status == 3)
            #expect(!run.errors.split(whereSeparator: \.isNewline).contains { $0.hasPrefix("::") }, "\(run.errors)")
        }
    }

    /// Whether this process may create mount namespaces.
    private static let canHideProcesses: Bool = {
        guard geteuid() == 0 else { return false }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/unshare")
        process.arguments = ["-m", "mount", "-t", "tmpfs", "none", "/proc"]
        process.standardError = nil
        guard (try? process.run()) != nil else { return false }
        process.waitUntilExit()
        return process.terminationStatus == 0
    }()

    @Test(.enabled(if: canHideProcesses, "this needs the right to mount"))
    func `Arguments work without /proc, and commands that need it fail`() async throws {
        let folder = try TemporaryFolder()
        try folder.write(["1"])
        func run(_ arguments: String...) async throws -> GalleyProgram.Run {
            let script = "mount -t tmpfs none /proc && exec \"$0\" \"$@\""
            return try await GalleyProgram.run(
                ["-m", "/bin/sh", "-c", script, GalleyProgram.path] + arguments, program: "/usr/bin/unshare", in: folder
            )
        }
        #expect(try await run("--version").output.hasPrefix("galley "))
        #expect(try await run("exceute").status == 2)
        #expect(try await run("kernels", "--help").status == 0)
        for (arguments, status) in [
            (["execute", "a.ipynb"], Int32(4)), (["clean", "a.ipynb"], 3), (["runs", "--running"], 3),
            (["stop", "a-k3fu"], 3), (["wait", "a-k3fu"], 3),
            (["kernels", "--json"], 4),
        ] {
            let run = try await run(arguments[0], arguments[1])
            #expect(run.status == status)
            #expect(run.errors.hasPrefix("galley: /proc is not mounted"))
        }
    }

    @Test(.root("only root can become another user"))
    func `An unreadable record is not reported as no run`() async throws {
        let folder = try TemporaryFolder()
        try folder.write(["open('begun', 'w').close()\n" + waiting(for: "go")])
        let run = try await GalleyProgram.start(["execute", "--inplace", "a.ipynb"], in: folder)
        #expect(try await eventually { folder.names.contains("begun") })
        let asked = try await GalleyProgram.run(
            ["--reuid", "4321", "--regid", "4321", "--clear-groups", GalleyProgram.path, "runs", "--running"],
            program: "/usr/bin/setpriv")
        #expect(asked.status == 3)
        #expect(asked.errors.contains("the records of other users cannot be read (root"))
        try folder.write("", to: "go")
        #expect(try await run.end().status == 0)
    }

    @Test func `A notebook whose name is not UTF-8 is refused, and the others run`() async throws {
        let folder = try TemporaryFolder()
        try folder.write(["1"])
        let path = Array(folder.path.utf8CString.dropLast()) + "/caf".utf8CString.dropLast() + [-23]
        close(open(path + ".ipynb".utf8CString, O_WRONLY | O_CREAT, 0o644))
        let run = try await GalleyProgram.run(["execute", "--inplace", "."], in: folder)
        #expect(run.status == 3)
        #expect(run.errors.contains("caf\\xE9.ipynb: this name is not UTF-8"))
        #expect(try folder.notebook().outputs == [["1"]])
    }
}
