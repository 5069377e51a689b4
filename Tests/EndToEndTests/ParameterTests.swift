import Foundation
import GalleyTestSupport
import Testing

@Suite struct `Parameters on the command line` {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func galley(_ arguments: String..., input: String? = nil) async throws -> GalleyProgram.Run {
        try await GalleyProgram.run(arguments, in: folder, input: input)
    }

    private func galley(_ arguments: [String]) async throws -> GalleyProgram.Run {
        try await GalleyProgram.run(arguments, in: folder)
    }

    /// Writes a notebook with a cell of parameters, and one that prints them.
    private func write(printing expression: String, to name: String = "a.ipynb") throws {
        try folder.write(["days = 1\nregion = 'us'", "print(\(expression))"], to: name, tags: [0: ["parameters"]])
    }

    @Test func `Values of all forms reach the kernel, and later forms replace earlier ones`() async throws {
        try write(printing: "repr((days, region, code, flag))")
        try folder.write("days: 2\nflag: yes\nregion: file\n", to: "nightly.yaml")
        let run = try await galley(
            "execute", "a.ipynb", "-o", "b.ipynb", "-r", "code=007", "-p", "days", "-7", "--params-file",
            "nightly.yaml",
            "-y", "region: 'été $HOME'")
        #expect(run.status == 0, "\(run.errors)")
        #expect(try folder.text("b.ipynb").contains("(-7, 'été $HOME', '007', True)"))
    }

    @Test func `A second run of the result gives the same file, and the author's cells stay as they are`() async throws
    {
        try write(printing: "days * 6")
        let before = try folder.text("a.ipynb")
        let arguments = ["execute", "--no-timing", "-p", "days=7"]
        #expect(try await galley(arguments + ["a.ipynb", "-o", "b.ipynb"]).status == 0)
        let first = try folder.text("b.ipynb")
        #expect(try await galley(arguments + ["--inplace", "b.ipynb"]).status == 0)
        #expect(try folder.text("b.ipynb") == first)
        #expect(try folder.text("a.ipynb") == before)
        #expect(first.contains("\"injected-parameters\"") && first.contains("42\\n"))
        // Every line of the notebook is in the result, but for the old output and the old counts.
        let missing = Set(before.split(separator: "\n")).subtracting(first.split(separator: "\n"))
        #expect(missing.allSatisfy { $0.contains("execution_count") || $0.contains("old") }, "\(missing)")
    }

    @Test func `The second of two operands is the result, and is never run`() async throws {
        try write(printing: "days")
        let first = try await galley("execute", "a.ipynb", "b.ipynb", "-y", "days: 5")
        #expect(first.status == 0 && first.errors.contains("b.ipynb is the file for the result"), "\(first.errors)")
        #expect(try folder.text("b.ipynb").contains("\"5\\n\""))
        // With parameters, an existing second notebook is the result, too.
        let second = try await galley("execute", "a.ipynb", "b.ipynb", "-p", "days", "6")
        #expect(second.status == 0)
        #expect(try folder.text("b.ipynb").contains("\"6\\n\""))
        #expect(!folder.exists("b.executed.ipynb"))
        // Another notebook is not replaced.
        try folder.write(["print('mine')"], to: "c.ipynb")
        let other = try await galley("execute", "a.ipynb", "c.ipynb", "-p", "days", "6")
        #expect(other.status == 2 && other.errors.contains("Use --output c.ipynb to replace it"), "\(other.errors)")
        // Without, both are notebooks.
        let both = try await galley("execute", "a.ipynb", "b.ipynb")
        #expect(both.status == 0)
        #expect(folder.exists("a.executed.ipynb") && folder.exists("b.executed.ipynb"))
    }

    @Test func `The name of a result contains parameters`() async throws {
        try write(printing: "days")
        let run = try await galley(
            "execute", "a.ipynb", "-o", "out/{name}-{days}-{region}.ipynb", "-y", "{days: 7, region: eu}")
        #expect(run.status == 0 && folder.exists("out/a-7-eu.ipynb"), "\(run.errors)")
        try write(printing: "days", to: "in-7.ipynb")
        let papermill = try await galley("papermill", "in-{days}.ipynb", "out-{days}.ipynb", "-p", "days", "7")
        #expect(papermill.status == 0 && folder.exists("out-7.ipynb"), "\(papermill.errors)")
        let record = try folder.text("out-7.ipynb")
        #expect(record.contains("\"in-7.ipynb\"") && record.contains("\"out-7.ipynb\""))
    }

    @Test func `Notebooks that failed do not run again without their parameters`() async throws {
        try folder.write(["days = 0", "assert days == 0"], to: "a.ipynb", tags: [0: ["parameters"]])
        #expect(try await galley("execute", "a.ipynb", "-p", "days", "1", "--json", "r.json").status == 1)
        for option in ["--last-failed", "--last-failed=r.json"] {
            let without = try await galley("execute", option)
            #expect(without.status == 2 && without.errors.contains("set 'days'"), "\(without.errors)")
        }
        let again = try await galley("execute", "--last-failed", "-p", "days", "0")
        #expect(again.status == 0, "\(again.errors)")
    }

    @Test func `A notebook is prepared in place, and is no file for a stream`() async throws {
        try write(printing: "days")
        let prepared = try await galley("execute", "--inplace", "--prepare-only", "-p", "days=7", "a.ipynb")
        #expect(prepared.status == 0 && prepared.errors.contains("prepared"), "\(prepared.errors)")
        let text = try folder.text("a.ipynb")
        #expect(text.contains("days = 7") && text.contains("old\\n"))
        for file in ["a.ipynb", "b.ipynb"] {
            let run = try await galley("papermill", "a.ipynb", "b.ipynb", "--stdout-file", file)
            #expect(run.status == 2, "\(run.errors)")
        }
        #expect(try folder.text("a.ipynb") == text)
    }

    @Test func `A text is not evaluated in bash, even in a variable for integers`() async throws {
        try folder.write(
            ["declare -i days=1", "echo \"$days\""], to: "a.ipynb", tags: [0: ["parameters"]], kernel: "bash")
        let attack = "a[$(touch attacked)]"
        let run = try await galley("execute", "a.ipynb", "-o", "b.ipynb", "-p", "days", attack)
        #expect(run.status == 0 && !folder.exists("attacked"), "\(run.errors)")
        #expect(try folder.text("b.ipynb").contains("\"\(attack)\\n\""))
    }

    @Test(arguments: ["--param-env", "--secret"])
    func `A secret reaches the kernel, and no file and no command line`(option: String) async throws {
        let value = "hunter2-\(UUID().uuidString)"
        let processes = "__import__('subprocess').run(['ps', '-eo', 'args'], capture_output=True, text=True).stdout"
        try write(printing: "len(password) if password not in \(processes) else 'in a command line'")
        let secret =
            option == "--secret"
            ? ["--secret", "password", "-f", "secret.yaml"] : ["--param-env", "password=DB_PASSWORD"]
        try folder.write("password: \(value)\n", to: "secret.yaml")
        let run = try await GalleyProgram.run(
            [
                "execute", "a.ipynb", "-o", "b.ipynb", "--record", "--json", "r.json", "--html", "r.html", "--junit",
                "r.xml", "--events", "e.jsonl", "--log", "log.txt", "--status", "s.json",
            ] + secret, environment: GalleyProgram.environment.merging(["DB_PASSWORD": value]) { $1 }, in: folder)
        #expect(run.status == 0, "\(run.errors)")
        #expect(try folder.text("b.ipynb").contains("\"\(value.count)\\n\""))
        try FileManager.default.removeItem(atPath: folder("secret.yaml"))
        for name in try FileManager.default.subpathsOfDirectory(atPath: folder.path) {
            guard let text = try? folder.text(name) else { continue }
            #expect(!text.contains(value), "\(name)")
        }
        #expect(!(run.output + run.errors).contains(value))
    }

    @Test func `A name, a value or a file that cannot be taken ends the run before its kernel`() async throws {
        try write(printing: "days")
        try folder.write("a: [1\nb: 2\n", to: "bad.yaml")
        for (arguments, text) in [
            (["-p", "class", "1"], "'class' is not the name of a variable in Python"),
            (["-f", "bad.yaml"], "-f bad.yaml: line 2, column 2"), (["-f", "none.yaml"], "check that it is a file"),
            (["-y", "[1]"], "-y: there are no names"), (["-b", "%%%"], "-b: "),
            (["--param-env", "a=NO_SUCH_VARIABLE"], "the environment has no variable NO_SUCH_VARIABLE"),
            (["--secret", "x"], "--secret x: the parameter has no value"),
        ] {
            let run = try await galley(["execute", "a.ipynb", "-o", "b.ipynb"] + arguments)
            #expect(run.status == 2 && run.errors.contains(text), "\(arguments): \(run.errors)")
            #expect(!folder.exists("b.ipynb"))
        }
    }

    @Test func `Parameters and rows come from standard input and from the pipe of a shell`() async throws {
        try write(printing: "days")
        let run = try await galley("execute", "a.ipynb", "-o", "b.ipynb", "-f", "-", input: "days: 5")
        #expect(run.status == 0, "\(run.errors)")
        #expect(try folder.text("b.ipynb").contains("\"5\\n\""))
        let line = """
            '\(GalleyProgram.path)' execute a.ipynb --params-file <(echo 'region: "é"') --each <(echo '{"days": 6}')
            """
        let piped = try await GalleyProgram.run(["-c", line], program: "/bin/bash", in: folder)
        #expect(piped.status == 0, "\(piped.errors)")
        let result = try folder.text("a.executed-6.ipynb")
        #expect(result.contains("\"6\\n\"") && result.contains("region = \\\"é\\\""))
        let both = try await galley("execute", "-", "-f", "/dev/stdin", input: "days: 5")
        #expect(both.status == 2 && both.errors.contains("can be only one of the notebook"), "\(both.errors)")
        let large = try await GalleyProgram.run(
            ["-c", "'\(GalleyProgram.path)' execute a.ipynb -f - </dev/zero"], program: "/bin/bash", in: folder)
        #expect(large.status == 2 && large.errors.contains("not larger than 16 MB"), "\(large.errors)")
    }

    @Test func `A value that is not UTF-8 is refused`() async throws {
        try write(printing: "region")
        let run = try await GalleyProgram.run(
            ["-c", "'\(GalleyProgram.path)' execute a.ipynb -p region $'caf\\xe9'"], program: "/bin/bash", in: folder)
        #expect(
            run.status == 2
                && run.errors == "galley: argument 5 is not UTF-8; convert the text, or rename the file\n")
        #expect(!folder.exists("a.executed.ipynb"))
    }

    @Test func `Unknown names and wrong types are errors, or accepted, as the options say`() async throws {
        try folder.write(["days: int = 1", "print(days)"], tags: [0: ["parameters"]])
        for (arguments, status, text) in [
            (["-p", "day", "2"], 0, "no parameter 'day'"),
            (["-p", "day", "2", "--strict-params"], 2, "no parameter 'day'"),
            (["-p", "days", "x"], 2, "cannot be \"x\""), (["-p", "days", "x", "--no-type-check"], 0, "3 cells"),
        ] as [([String], Int32, String)] {
            let run = try await galley(["execute", "--inplace", "--no-timing", "a.ipynb"] + arguments)
            #expect(run.status == status && run.errors.contains(text), "\(arguments): \(run.errors)")
        }
    }

    @Test func `git shows the cell of parameters and the outputs alone`() async throws {
        func git(_ arguments: String...) async throws -> String {
            let identity = ["-c", "user.name=a", "-c", "user.email=a@b", "-c", "core.quotePath=false"]
            let run = try await GalleyProgram.run(identity + arguments, program: "/usr/bin/git", in: folder)
            #expect(run.status == 0, "\(run.errors)")
            return run.output
        }
        try write(printing: "days")
        #expect(try await galley("execute", "--inplace", "--no-timing", "a.ipynb").status == 0)
        _ = try await (git("init", "-q"), git("add", "a.ipynb"), git("commit", "-q", "-m", "before"))
        for days in ["7", "8", "8"] {
            #expect(try await galley("execute", "--inplace", "--no-timing", "a.ipynb", "-p", "days", days).status == 0)
            if days == "7" { _ = try await git("commit", "-q", "-a", "-m", "7") }
        }
        // From one value to another: a line of source, and a line of output. Nothing else differs, nor is moved.
        #expect(try await git("diff", "--numstat") == "2\t2\ta.ipynb\n")
        // The injected cell is new. Of the other lines, only the output differs.
        let first = try await git("diff", "-U0", "HEAD~1", "HEAD")
        let removed = first.split(separator: "\n").filter { $0.hasPrefix("-") && !$0.hasPrefix("---") }
        #expect(removed.count == 1 && removed[0].contains("\"1\\n\""), "\(removed)")
    }

    @Test func `The cell of parameters runs also if other cells are selected`() async throws {
        try folder.write(
            ["days = 1", "print('no')", "print(days)"], to: "a.ipynb", tags: [0: ["parameters"], 2: ["smoke"]])
        let run = try await galley("execute", "a.ipynb", "-o", "b.ipynb", "--only", "smoke", "-p", "days", "9")
        #expect(run.status == 0, "\(run.errors)")
        #expect(try folder.text("b.ipynb").contains("\"9\\n\""))
    }

    @Test func `galley papermill does what papermill does, but for the differences that are meant`() async throws {
        let run = try await GalleyProgram.run(
            [Repository.fixture("judges/papermill_cases.py"), GalleyProgram.path], program: Repository.python,
            in: folder)
        #expect(run.status == 0 && run.output.hasSuffix(", 0 errors\n"), "\(run.output)\(run.errors)")
    }

    @Test func `galley papermill reads and writes standard streams, and maps a dead kernel to 138`() async throws {
        try write(printing: "days")
        let text = try folder.text("a.ipynb")
        let piped = try await galley("papermill", "-p", "days", "8", input: text)
        #expect(piped.status == 0 && piped.output.contains("\"8\\n\""), "\(piped.errors)")
        // With a pipe, the only operand is the result, even if there is one.
        for _ in 1...2 {
            let named = try await galley("papermill", "c.ipynb", "-p", "days", "8", input: text)
            #expect(named.status == 0 && named.output.isEmpty, "\(named.errors)")
            #expect(try folder.text("c.ipynb").contains("\"8\\n\""))
        }
        try folder.write(["import os; os.kill(os.getpid(), 9)"], to: "dead.ipynb")
        #expect(try await galley("papermill", "dead.ipynb", "d.ipynb").status == 138)
        #expect(try await galley("papermill", "a.ipynb", "b.ipynb", "c.ipynb").status == 2)
    }
}
