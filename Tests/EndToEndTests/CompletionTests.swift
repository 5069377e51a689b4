import Foundation
import GalleyTestSupport
import Testing

@Suite struct `A shell` {
    static let shells = ["bash", "zsh", "fish"]

    /// Types a line into a shell, and returns the arguments of the program that the shell runs then.
    private func type(_ keys: String, into shell: String, in folder: TemporaryFolder) async throws -> [String] {
        let run = try await GalleyProgram.run(
            [Repository.root + "/Tests/Fixtures/completion.py", shell, GalleyProgram.path, keys],
            program: Repository.python,
            environment: ["JUPYTER_PATH": folder.path, "PATH": "/usr/bin:/bin"], in: folder)
        #expect(run.status == 0, "\(run.errors)")
        return run.output.split(separator: "\n").map(String.init)
    }

    private func folder() throws -> TemporaryFolder {
        let folder = try TemporaryFolder()
        for path in ["kernels/tern-lab", "out-of-here"] {
            try FileManager.default.createDirectory(
                atPath: folder.path + "/" + path, withIntermediateDirectories: true)
        }
        try folder.write(
            #"{"argv": ["/bin/true"], "display_name": "T", "language": "python"}"#, to: "kernels/tern-lab/kernel.json")
        try folder.write(["1"], to: "report of may.ipynb")
        try folder.write("", to: "report.txt")
        return folder
    }

    @Test(arguments: shells)
    func `A shell completes commands, flags, values, kernels and notebooks`(shell: String) async throws {
        let folder = try folder()
        let keys =
            "galley exec<TAB>--kernel-fa<TAB>--kernel ter<TAB>--on-timeout int<TAB>--output-dir out<TAB> rep<TAB>"
        var words = try await type(keys, into: shell, in: folder)
        // A shell may leave a slash at the end of a folder.
        words = words.map { $0.hasSuffix("/") ? String($0.dropLast()) : $0 }
        #expect(
            words == [
                "execute", "--kernel-fallback", "--kernel", "tern-lab", "--on-timeout", "interrupt", "--output-dir",
                "out-of-here", "report of may.ipynb",
            ])
    }

    @Test(arguments: shells)
    func `A shell completes values after an equals sign, topics, and flags`(shell: String) async throws {
        let folder = try folder()
        #expect(
            try await type("galley execute --kernel=ter<TAB>", into: shell, in: folder)
                == ["execute", "--kernel=tern-lab"])
        #expect(try await type("galley help exit<TAB>", into: shell, in: folder) == ["help", "exit-statuses"])
        #expect(
            try await type("galley clean --al<TAB>rep<TAB>", into: shell, in: folder)
                == ["clean", "--all", "report of may.ipynb"])
    }

    @Test(arguments: shells)
    func `A shell completes the ID of a run`(shell: String) async throws {
        let folder = try folder()
        let name = "tern\(UUID().uuidString.prefix(8).lowercased())"
        try folder.write([waiting(for: "go")], to: "\(name).ipynb")
        let run = try await GalleyProgram.run(
            ["execute", "--inplace", "--detach", "--quiet", "\(name).ipynb"], in: folder)
        let id = run.output.split(separator: "\n").first.map(String.init) ?? ""
        #expect(run.status == 0 && id.hasPrefix(name))
        #expect(try await type("galley wait \(name)<TAB>", into: shell, in: folder) == ["wait", id])
        try folder.write("", to: "go")
        #expect(try await GalleyProgram.run(["wait", id]).status == 0)
    }

    @Test func `A shell receives harmless names, and nothing after an error`() async throws {
        let folder = try folder()
        for name in ["$(touch gone)", "a b", "`x`", "plain.1"] {
            let place = folder.path + "/kernels/" + name
            try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
            try folder.write(
                #"{"argv": ["/bin/true"], "display_name": "T", "language": "python"}"#,
                to: "kernels/\(name)/kernel.json")
        }
        let list = try await GalleyProgram.run(
            ["completions", "--list", "kernels"], environment: ["JUPYTER_PATH": folder.path, "PATH": "/usr/bin"])
        #expect(list.status == 0 && list.errors == "")
        let names = list.output.split(separator: "\n")
        #expect(names.contains("plain.1") && names.contains("tern-lab"))
        #expect(names.allSatisfy { $0.wholeMatch(of: /[A-Za-z0-9._+-]+/) != nil })
    }
}

@Suite struct `A manual page` {
    @Test(arguments: [
        "", "execute", "check", "nbconvert", "clean", "inspect", "kernels", "runs", "stop", "wait", "help",
        "completions",
        "version",
    ])
    func `man shows a manual page without a warning`(command: String) async throws {
        let folder = try TemporaryFolder()
        let page = try await GalleyProgram.run(["help", "--man"] + (command.isEmpty ? [] : [command]))
        #expect(page.status == 0)
        try folder.write(page.output, to: "page.1")
        let shown = try await GalleyProgram.run(
            ["-l", "--warnings", "-E", "UTF-8", "page.1"], program: "/usr/bin/man",
            environment: ["PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "MANWIDTH": "80"], in: folder)
        #expect(shown.status == 0 && shown.errors == "")
        #expect(shown.output.contains("EXIT STATUS") && shown.output.contains("--help"))
    }
}
