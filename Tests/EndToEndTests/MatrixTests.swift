import Foundation
import GalleyTestSupport
import Testing

@Suite struct `Runs of one notebook with different parameters` {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        folder.forgetRunsInTheEnd()
    }

    private func run(_ line: String) async throws -> GalleyProgram.Run {
        try await GalleyProgram.run(line.split(separator: " ").map(String.init), in: folder)
    }

    @Test func `Each run has its own result, and progress, reports and events name it by its parameters`()
        async throws
    {
        try folder.write(["print('done')"])
        try folder.write("region,year\neu,2024\n\"a/b\",2025\n", to: "runs.csv")
        let run = try await run(
            """
            execute a.ipynb --each runs.csv -j 2 --output o/{region}/{name}-{year}.ipynb --json j --junit x --events e \
            --html h
            """
        )
        #expect(run.status == 0, "\(run.errors)")
        for name in ["o/eu/a-2024.ipynb", "o/a_b/a-2025.ipynb"] {
            #expect(try folder.notebook(name).outputs == [[], ["done\n"]])
        }
        #expect(try folder.notebook().outputs == [["old\n"]])
        #expect(run.errors.hasPrefix("2 runs, 2 at a time\n"))
        #expect(run.errors.contains("  a.ipynb [region=a/b, year=2025]\n"))
        let reports = try JSONReport(folder, "j").notebooks
        #expect(reports.map { $0["notebook"] as? String } == ["a.ipynb", "a.ipynb"])
        #expect(reports.map { ($0["parameters"] as? [String: Any])?["year"] as? Int } == [2024, 2025])
        #expect(
            reports.map { $0["result"] as? String } == ["o/eu/a-2024.ipynb", "o/a_b/a-2025.ipynb"].map { folder($0) })
        #expect(try folder.text("x").contains("<testsuite name=\"a.ipynb [region=eu, year=2024]\""))
        #expect(try folder.text("h").contains("2 runs succeeded"))
        let ends = try folder.events("e").filter { $0["event"] as? String == "run-finished" }
        #expect(Set(ends.map { ($0["parameters"] as? [String: Any])?["region"] as? String }) == ["eu", "a/b"])
    }

    @Test(arguments: [
        ("--matrix x=1,2,three", "[x=three]: The parameter 'x' cannot be \"three\": the notebook declares it as int"),
        ("--matrix class=1,2", "[class=1]: 'class' is not the name of a variable in Python"),
    ])
    func `If one run cannot take its values, nothing runs`(options: String, problem: String) async throws {
        try folder.write(["x: int = 0"], tags: [0: ["parameters"]])
        for list in ["", " --list"] {
            let run = try await run("execute a.ipynb \(options)\(list)")
            #expect(run.status == 2 && run.errors.contains("galley: a.ipynb \(problem)"), "\(run.errors)")
        }
        #expect(folder.names == ["a.ipynb"])
    }

    @Test func `Only the failed runs run again, with their parameters and into their results`() async throws {
        // Only the first run fails.
        let file = folder("seen")
        try folder.write([
            "import os\nfirst = not os.path.exists('\(file)')\nopen('\(file)', 'a').close()\nassert not first"
        ])
        let first = try await run("execute a.ipynb --matrix x=1..3 -j 1 --quiet")
        #expect(first.status == 1)
        #expect(first.errors.contains("galley: 1 of 3 runs failed"))
        #expect(try folder.notebook("a.executed-1.ipynb").outputs == [[], ["AssertionError"]])
        let list = try await run("execute --last-failed --list --json -")
        let rows = try JSONSerialization.jsonObject(with: Data(list.output.utf8)) as? [[String: Any]]
        #expect(rows?.filter { $0["runs"] as? Bool == true }.map { ($0["parameters"] as? [String: Int])?["x"] } == [1])
        let second = try await run("execute --last-failed --quiet")
        #expect(second.status == 0, "\(second.errors)")
        #expect(try folder.notebook("a.executed-1.ipynb").outputs == [[], []])
        #expect(
            folder.names.filter { $0.hasSuffix(".ipynb") } == [
                "a.executed-1.ipynb", "a.executed-2.ipynb", "a.executed-3.ipynb", "a.ipynb",
            ])
    }
}
