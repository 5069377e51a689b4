import Foundation
import GalleyTestSupport
import Testing

@Suite struct `A failure` {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private static let printing = """
        import sys
        for number in range(330): print('row', number)
        sys.stdout.flush()
        for part in range(100): print(f'\\r{part}%', end='', file=sys.stderr)
        print('\\r\\x1b[31mfinished\\x1b[0m ::error::forged', file=sys.stderr, flush=True)
        """

    /// The lines that every report shows of the cell.
    private static let shown =
        ["    … 311 earlier lines are in the notebook"] + (311...329).map { "    row \($0)" }
        + ["    finished ::error::forged"]

    private func execute(_ arguments: [String], _ variables: [String: String] = [:]) async throws -> GalleyProgram.Run {
        let environment = GalleyProgram.environment.merging(variables) { $1 }
        return try await GalleyProgram.run(
            ["execute", "--inplace", "--json", "j", "--junit", "x", "--log", "l"] + arguments,
            environment: environment, in: folder)
    }

    private func failingCell() throws -> [String: Any] {
        let cells = try JSONReport(folder, "j").notebooks[0]["cells"] as? [[String: Any]]
        return try #require(cells?.first { $0["printed"] != nil })
    }

    @Test(arguments: [false, true])
    func `A failure is shown with what the cell printed, in every report`(isBatch: Bool) async throws {
        try folder.write([Self.printing + "\n1/0"])
        if isBatch { try folder.write(["1"], to: "b.ipynb") }
        let run = try await execute(["a.ipynb"] + (isBatch ? ["b.ipynb"] : []))
        #expect(run.status == 1)
        let text = (["The cell printed:"] + Self.shown).joined(separator: "\n") + "\n\n------"
        #expect(run.errors.contains(text), "\(run.errors)")
        #expect(try folder.text("x").contains(text))
        let log = try folder.text("l").replacing(/(^|\n)\S+Z[ ]/) { "\($0.output.1)" }
        #expect(log.contains(text), "\(log)")
        let printed = try #require(try failingCell()["printed"] as? [String: Any])
        #expect(printed["earlier_lines"] as? Int == 311)
        #expect((printed["lines"] as? [String])?.map { "    " + $0 } == Array(Self.shown.dropFirst()))
    }

    @Test func `A failure is annotated for GitHub with what the cell printed, and forges no command`() async throws {
        try folder.write([Self.printing + "\n1/0"])
        let run = try await execute(["a.ipynb"], ["GITHUB_ACTIONS": "true"])
        let commands = run.errors.split(separator: "\n").filter { $0.drop { $0 == " " }.hasPrefix("::") }
        #expect(commands.count == 1)
        let lines = (["The cell printed:"] + Self.shown).joined(separator: "%0A")
        #expect(commands.first?.hasSuffix("%0A" + lines) == true, "\(commands)")
    }

    @Test(arguments: [
        ("import time; time.sleep(100)", "took longer than the limit of 2 s for a cell", Int32(124)),
        ("import os, time; time.sleep(1); os._exit(3)", "the kernel died", 5),
        ("sys.exit('no data for today')", "with status 1: no data", 1),
    ])
    func `A failure without an error shows the source and what the cell printed`(
        end: String, sentence: String, status: Int32
    ) async throws {
        let rest = (0..<20).map { "x = \($0)" }.joined(separator: "\n")
        try folder.write(["import sys; print('loading', flush=True)\n\(end)\n\(rest)"])
        let run = try await execute(["--timeout", "2", "a.ipynb"])
        #expect(run.status == status)
        #expect(run.errors.contains(sentence), "\(run.errors)")
        for text in [
            "\n      1  import sys; print('loading', flush=True)\n      2  \(end)\n      3  x = 0\n",
            "\n     10  x = 7\n     … 12 more lines\n\nThe cell printed:\n    loading",
        ] {
            #expect(run.errors.contains(text), "\(run.errors)")
            #expect(try folder.text("x").contains(text))
        }
        #expect((try failingCell()["source"] as? [String: Any])?["line_count"] as? Int == 22)
    }

    @Test func `A failure of a shell's cell has the status of its command`() async throws {
        try folder.write(["echo loading; ls no-such-file"], kernel: "bash")
        let run = try await execute(["a.ipynb"])
        #expect(run.status == 1)
        #expect(run.errors.contains("galley: a.ipynb: cell 1 of 1 failed with status 2\n"), "\(run.errors)")
        #expect(run.errors.contains("    loading\n    ls: cannot access 'no-such-file'"))
        #expect(try folder.text("x").contains(#"message="the cell failed with status 2" type="exit status 2""#))
    }

    @Test func `A failure is in the step summary of GitHub, which grows with each run`() async throws {
        try folder.write(["1/0"])
        try folder.write(["1"], to: "b.ipynb")
        try folder.write("of another step\n", to: "summary")
        let variables = ["GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": folder.path + "/summary"]
        for _ in 0..<2 { #expect(try await execute(["b.ipynb", "a.ipynb"], variables).status == 1) }
        let text = try folder.text("summary").replacing(/[\d.]+ m?s\b/, with: "T")
        let table = """
            ### Galley: 1 of 2 notebooks failed, T

            | Result | Notebook | Time | First failing cell |
            | --- | --- | ---: | --- |
            | **raised** | <code>a.ipynb</code> | T | <code>cell 1 of 1, line 1, raised ZeroDivisionError&#58; division by zero</code> |
            | ok | <code>b.ipynb</code> | T |  |


            """
        #expect(text == "of another step\n" + table + table, "\(text)")
        // Without room, or without the right to write, there is a warning.
        try folder.write(String(repeating: "x", count: 1 << 20), to: "summary")
        for (path, reason) in [("summary", "it is full"), ("none/summary", "No such file or directory")] {
            let path = folder.path + "/" + path
            let run = try await execute(
                ["b.ipynb"], ["GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": path])
            #expect(run.status == 0)
            #expect(run.errors.contains("galley: ") && run.errors.contains("\(path): \(reason)\n"), "\(run.errors)")
        }
        #expect(try folder.text("summary").utf8.count == 1 << 20)
        let run = try await execute(["b.ipynb"], ["GITHUB_STEP_SUMMARY": folder.path + "/other"])
        #expect(run.status == 0 && !folder.names.contains("other"))
    }

    @Test(arguments: [
        ("<!DOCTYPE html>\n<html>Sign in</html>", "not a notebook, but an HTML page: download the notebook's own file"),
        (
            "# %%\nprint(1)\n",
            "not a notebook, but a Python script with cells (# %%): convert it to a notebook (jupytext --to notebook)"
        ),
        ("{\n<<<<<<< HEAD\n", "not a notebook, because it has conflict markers (line 2): resolve the merge first"),
        (
            "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 0\n",
            "not a notebook, but a pointer of Git LFS: fetch the file that it stands for (git lfs pull)"
        ),
        ("", "not a notebook, but an empty file: save the notebook again"),
    ])
    func `A file of another format is named with what to do`(text: String, sentence: String) async throws {
        try folder.write(text, to: "a.ipynb")
        try folder.write(["1"], to: "b.ipynb")
        for arguments in [["execute"], ["clean"], ["export", "--to", "markdown", "--stdout"]]
        where
            arguments != ["clean"] || !text.isEmpty
        {
            let run = try await GalleyProgram.run(arguments + ["a.ipynb"], in: folder)
            #expect(run.status == 3 && run.errors == "galley: a.ipynb: \(sentence)\n", "\(run.errors)")
        }
        let run = try await GalleyProgram.run(["execute", "--output-dir", "out", "a.ipynb", "b.ipynb"], in: folder)
        #expect(run.errors.contains("  a.ipynb: \(sentence)\n"), "\(run.errors)")
    }

    @Test func `A log on standard error passes no command to the CI host`() async throws {
        try folder.write(["print('##vso[task.setvariable variable=a]b ##teamcity[buildStop]')\n1/0"])
        let run = try await GalleyProgram.run(
            ["execute", "--inplace", "--stream", "--log-format", "json", "a.ipynb"], in: folder)
        #expect(run.errors.contains("vso[task") && run.errors.contains("teamcity["))
        #expect(!run.errors.contains("##vso[") && !run.errors.contains("##teamcity["), "\(run.errors)")
    }
}
