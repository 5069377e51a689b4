import Foundation
import GalleyTestSupport
import Testing

@Suite struct `A selection of cells` {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func execute(_ arguments: String...) async throws -> GalleyProgram.Run {
        try await GalleyProgram.run(["execute", "--inplace"] + arguments, in: folder)
    }

    @Test func `Cells that are not selected by tag or number keep their outputs, and reports say so`() async throws {
        try folder.write(
            ["print(1)", "print(2)", "1/0", "print(4)", "print(5)"], tags: [1: ["smoke"], 4: ["slow", "smoke"]])
        let run = try await execute("--only", "smoke", "--cells", "4", "a.ipynb", "--json", "j")
        #expect(run.status == 0, "\(run.errors)")
        #expect(run.errors.contains("3 cells in ") && run.errors.contains(" (2 not selected)"), "\(run.errors)")
        #expect(try folder.notebook().outputs == [["old\n"], ["2\n"], ["old\n"], ["4\n"], ["5\n"]])
        #expect(try folder.notebook().counts == [99, 1, 99, 2, 3])
        let cells = try #require(JSONReport(folder, "j").notebooks[0]["cells"] as? [[String: Any]])
        let statuses = ["not-selected", "succeeded", "not-selected", "succeeded", "succeeded"]
        #expect(cells.map { $0["status"] as? String } == statuses)
    }

    @Test func `A tag or number that a notebook does not have is refused before any notebook runs`() async throws {
        try folder.write(["open('ran', 'w')", "2"], to: "a.ipynb", tags: [0: ["smoke"], 1: ["slow"]])
        try folder.write(["1"], to: "b.ipynb", tags: [0: ["smoke"]])
        let untagged = try await execute("--only", "slow", "a.ipynb", "b.ipynb")
        #expect(untagged.status == 2)
        #expect(untagged.errors == "galley: b.ipynb: No code cell has the tag 'slow'. The tags are smoke\n")
        let beyond = try await execute("--cells", "1-2", ".")
        #expect(beyond.status == 2)
        #expect(
            beyond.errors == "galley: b.ipynb: No code cell has the number 2. The notebook has one code cell\n")
        let input = try await GalleyProgram.run(
            ["execute", "-", "--cells", "3"], in: folder, input: folder.text("a.ipynb"))
        #expect(input.status == 2 && input.output.isEmpty)
        #expect(input.errors.contains("No code cell has the number 3. The notebook has code cells 1 to 2"))
        #expect(!folder.exists("ran"))
        #expect(folder.names == ["a.ipynb", "b.ipynb"])
    }
}

@Suite struct `A selection of notebooks` {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        try makeFolder("n/sub")
        try folder.write(["1"], to: "n/a.ipynb")
        try folder.write(["1/0"], to: "n/b.ipynb")
        try folder.write(["1", "2/0"], to: "n/sub/c.ipynb")
    }

    private func makeFolder(_ name: String) throws {
        try FileManager.default.createDirectory(atPath: folder(name), withIntermediateDirectories: true)
    }

    private func execute(_ line: String) async throws -> GalleyProgram.Run {
        try await GalleyProgram.run(["execute"] + line.split(separator: " ").map(String.init), in: folder)
    }

    /// The notebooks that a command line runs and leaves out, as the JSON of `--list` has them.
    private func list(_ line: String) async throws -> [String] {
        let words = line.split(separator: " ").map(String.init)
        let run = try await GalleyProgram.run([words[0], "--list", "--json", "-"] + words.dropFirst(), in: folder)
        #expect(run.status == 0, "\(run.errors)")
        let rows = try #require(try JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [[String: Any]])
        return rows.map { row in
            let cells = (row["cells"] as? [Int]).map { " \($0)" } ?? ""
            return
                "\(row["runs"] as? Bool == true ? "+" : "-") \(row["notebook"] ?? "?"): \(row["reason"] ?? "?")\(cells)"
        }
    }

    // MARK: The last run

    @Test func `The notebooks that did not succeed in the last run are run again, until all have succeeded`()
        async throws
    {
        #expect(try await execute("n --output-dir out -j 1 --fail-fast").status == 1)
        #expect(
            try await list("execute --last-failed") == [
                "+ n/b.ipynb: 'raised' in the last run", "+ n/sub/c.ipynb: 'left-out' in the last run",
                "- n/a.ipynb: succeeded in the last run",
            ])
        try folder.write(["1"], to: "n/b.ipynb")
        let again = try await execute("--last-failed --output-dir out --json j")
        #expect(try JSONReport(folder, "j").verdicts == ["n/b.ipynb: succeeded", "n/sub/c.ipynb: raised"])
        #expect(again.status == 1)
        // The result is where the first run would have put it.
        #expect(folder.exists("out/sub/c.ipynb"))
        try folder.write(["1"], to: "n/sub/c.ipynb")
        let one = try await execute("--last-failed n/a.ipynb n/sub/c.ipynb --inplace")
        #expect(one.status == 0 && one.errors.hasPrefix("1 notebook, "), "\(one.errors)")
        for _ in 0..<2 {
            let none = try await execute("--last-failed --inplace")
            #expect(none.status == 0)
            #expect(
                none.errors.contains("\nnothing to run: all 3 notebooks succeeded in the last run\n"), "\(none.errors)")
        }
    }

    @Test func `A report says which notebooks run again, and is refused if it does not match`() async throws {
        _ = try await execute("n --inplace --json report.json")
        // The record of this run is not used.
        try folder.write(["1/0"], to: "x.ipynb")
        _ = try await execute("x.ipynb --inplace")
        #expect(
            try await list("execute --last-failed=report.json") == [
                "+ n/b.ipynb: 'raised' in the run of report.json",
                "+ n/sub/c.ipynb: 'raised' in the run of report.json",
                "- n/a.ipynb: succeeded in the run of report.json",
            ])
        let partly = try await execute("--last-failed=report.json x.ipynb n/a.ipynb --inplace")
        #expect(partly.status == 0)
        #expect(
            partly.errors.contains("left out, because not in the run of report.json: x.ipynb\n"), "\(partly.errors)")
        let other = try await execute("--last-failed=report.json x.ipynb --inplace")
        #expect(other.status == 2)
        #expect(
            other.errors
                == "galley: --last-failed: the run of report.json did not include x.ipynb; use the report of a run in this folder\n"
        )
        try FileManager.default.moveItem(atPath: folder("n"), toPath: folder("m"))
        let gone = try await execute("--last-failed=report.json --inplace")
        #expect(gone.status == 2)
        #expect(
            gone.errors.hasPrefix(
                "galley: --last-failed: none of the notebooks of the run of report.json exists, such as n/a.ipynb; "),
            "\(gone.errors)")
        for (name, text) in [("x.ipynb", nil), ("e.json", "{\"notebooks\": [{}], \"schema\": 1}"), ("f.json", "[")] {
            if let text { try folder.write(text, to: name) }
            let bad = try await execute("--last-failed=\(name) m --inplace")
            #expect(bad.status == 2)
            #expect(bad.errors == "galley: --last-failed=\(name): the file is not a report that --json has written\n")
        }
    }

    @Test func `Each command and folder has a last run of its own`() async throws {
        let none = try await execute("--last-failed")
        #expect(none.status == 2)
        #expect(
            none.errors.hasPrefix("galley: --last-failed: no finished run of 'galley execute' is recorded for this "))
        _ = try await GalleyProgram.run(["check", "n/a.ipynb"], in: folder)
        #expect(try await list("check --last-failed n/a.ipynb") == ["+ n/a.ipynb: 'differs' in the last run"])
        #expect(try await execute("--last-failed").errors == none.errors)
    }

    // MARK: Results of earlier runs

    @Test func `Results of earlier runs in a folder of results are left out, and reported in one line`() async throws {
        #expect(try await execute("--output-dir out n/a.ipynb n/sub").status == 1)
        #expect(try folder.text("out/.galley-results").hasSuffix(".\na.ipynb\nsub/c.ipynb\n"))
        for notebook in ["n/b.ipynb", "n/sub/c.ipynb"] { try folder.write(["1"], to: notebook) }
        for (options, results) in [
            ("--output-dir out", "out/a.ipynb, out/sub/c.ipynb\n"),
            ("--inplace", "out/a.ipynb, out/n/a.ipynb, out/n/b.ipynb, and 2 more\n"),
        ] {
            let run = try await execute(". " + options)
            #expect(run.status == 0)
            #expect(
                run.errors.contains("\nleft out, as results of earlier runs: " + results)
                    && run.errors.hasPrefix("3 notebooks, "), "\(run.errors)")
        }
        // Results that are named, or whose folder is named, are run.
        #expect(try await list("execute out/a.ipynb") == ["+ out/a.ipynb: named"])
        #expect(try await list("execute out").filter { $0.hasPrefix("-") } == [])
    }

    @Test func `A folder of results that is run again does not change in git`() async throws {
        let git = { (command: String) async throws -> String in
            let environment = [
                "PATH": "/usr/bin:/bin", "HOME": folder.path, "GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@b.c",
                "GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@b.c",
            ]
            let run = try await GalleyProgram.run(
                ["-c", command], program: "/bin/sh", environment: environment, in: folder)
            #expect(run.status == 0, "\(run.errors)")
            return run.output
        }
        try folder.write(["1"], to: "n/b.ipynb")
        try folder.write(["1"], to: "n/sub/c.ipynb")
        #expect(try await execute("--output-dir out --no-timing n").status == 0)
        _ = try await git("git init -q . && git add n out && git commit -qm first")
        #expect(try await execute("--output-dir out --no-timing n").status == 0)
        #expect(try await git("git status --porcelain -- out").isEmpty)
        try folder.write(["2"], to: "n/new.ipynb")
        #expect(try await execute("--output-dir out --no-timing n").status == 0)
        #expect(try await git("git diff -U0 -- out/.galley-results | grep '^[+-][^+-]'") == "+new.ipynb\n")
    }

    // MARK: The list

    @Test func `A list shows which notebooks run and which do not, and why, and writes nothing`() async throws {
        try makeFolder("n/old")
        for name in ["n/a.executed", "n/old/x", "n/sub/drafts"] { try folder.write(["1"], to: name + ".ipynb") }
        try folder.write("n/b.ipynb\n", to: "list.txt")
        let before = try FileManager.default.subpathsOfDirectory(atPath: folder.path).sorted()
        #expect(
            try await list("check n n/sub/*.ipynb @list.txt --exclude old --exclude drafts.ipynb") == [
                "+ n/a.ipynb: in n", "+ n/b.ipynb: in n", "+ n/sub/c.ipynb: in n",
                "- n/a.executed.ipynb: the result of n/a.ipynb", "- n/old/x.ipynb: excluded by 'old'",
                "- n/sub/drafts.ipynb: excluded by 'drafts.ipynb'", "- n/sub/drafts.ipynb: excluded by 'drafts.ipynb'",
            ])
        let parts = try await [
            list("execute n/a.ipynb n/b.ipynb --shard 1/2"), list("execute n/a.ipynb n/b.ipynb --shard 2/2"),
        ]
        #expect(
            parts == [
                ["+ n/a.ipynb: named", "- n/b.ipynb: in another part"],
                ["+ n/b.ipynb: named", "- n/a.ipynb: in another part"],
            ])
        #expect(try await list("execute n/sub/c.ipynb --cells 2") == ["+ n/sub/c.ipynb: named [2]"])
        let table = try await execute("n/a.ipynb n/sub/c.ipynb --start-at 1 --list --output-dir out")
        #expect(
            table.output == """
                RUN  NOTEBOOK       WHY
                yes  n/a.ipynb      named, cell 1
                yes  n/sub/c.ipynb  named, cells 1, 2

                """)
        let refused = try await execute("n --list --junit x")
        #expect(refused.status == 2)
        #expect(refused.errors == "galley: --list writes no files; leave --junit out, or use --json -\n")
        #expect(try FileManager.default.subpathsOfDirectory(atPath: folder.path).sorted() == before)
    }
}
