import Foundation
import Galley
import GalleyExecution
import GalleyFlags
import GalleyParameters
import GalleyTestSupport
import Testing

@testable import GalleyCLI

@Suite struct `Several runs of a notebook` {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        for name in ["a.ipynb", "b.ipynb"] { try folder.write("{}", to: name) }
    }

    /// Reads a command line, in which a name after `@` is that of a file in the folder.
    private func arguments(
        _ line: String, _ dialect: ExecuteArguments.Dialect = .execute
    ) throws(UsageError) -> ExecuteArguments {
        let words = "--as-caller \(line)".split(separator: " ").map {
            String($0).replacing("@", with: folder.path + "/")
        }
        var arguments = try ExecuteArguments(words, dialect)
        try arguments.resolve()
        return arguments
    }

    /// The tasks of a command line, and where their results go.
    private func runs(_ line: String, _ dialect: ExecuteArguments.Dialect = .execute) throws -> [String] {
        let arguments = try arguments(line, dialect)
        return arguments.tasks.map { task in
            let result = arguments.resultPath(of: task) ?? "-"
            return "\(task.title) > \(result)".replacing(folder.path + "/", with: "@")
        }
    }

    @Test func `A matrix runs each notebook with each combination of values and rows`() throws {
        try folder.write("city,n\n\"Bern, CH\",1\nRom,2\n", to: "c.csv")
        #expect(
            try runs("@a.ipynb @b.ipynb --each @c.csv --matrix year=2024..2025") == [
                "@a.ipynb [city=Bern, CH, n=1, year=2024] > @a.executed-Bern, CH-1-2024.ipynb",
                "@a.ipynb [city=Bern, CH, n=1, year=2025] > @a.executed-Bern, CH-1-2025.ipynb",
                "@a.ipynb [city=Rom, n=2, year=2024] > @a.executed-Rom-2-2024.ipynb",
                "@a.ipynb [city=Rom, n=2, year=2025] > @a.executed-Rom-2-2025.ipynb",
                "@b.ipynb [city=Bern, CH, n=1, year=2024] > @b.executed-Bern, CH-1-2024.ipynb",
                "@b.ipynb [city=Bern, CH, n=1, year=2025] > @b.executed-Bern, CH-1-2025.ipynb",
                "@b.ipynb [city=Rom, n=2, year=2024] > @b.executed-Rom-2-2024.ipynb",
                "@b.ipynb [city=Rom, n=2, year=2025] > @b.executed-Rom-2-2025.ipynb",
            ])
    }

    @Test func `The results of several runs go where the options say`() throws {
        let two = "@a.ipynb --matrix x=1,2 "
        #expect(
            try runs(two + "--output-dir @out").map { $0.split(separator: "@").last } == [
                "out/a-1.ipynb", "out/a-2.ipynb",
            ])
        #expect(
            try runs(two + "--output @o/{x}/{name}.ipynb").map { $0.split(separator: "@").last } == [
                "o/1/a.ipynb", "o/2/a.ipynb",
            ])
        #expect(
            try runs(two + "--output {x}.ipynb --output-dir @{o}").map { $0.split(separator: "@").last } == [
                "{o}/1.ipynb", "{o}/2.ipynb",
            ])
        #expect(
            try runs(two + "--execute --to html", .nbconvert).map { $0.split(separator: "@").last } == [
                "a-1.html", "a-2.html",
            ])
        #expect(
            try runs(two + "--execute --to notebook --output {notebook_name}_{x}", .nbconvert)
                .map { $0.split(separator: "@").last } == ["a_1.ipynb", "a_2.ipynb"])
    }

    @Test func `A template names the result of a single run`() throws {
        #expect(try runs("@a.ipynb --output @{name}-{{1}}.ipynb") == ["@a.ipynb > @a-{1}.ipynb"])
        let arguments = try arguments("@a.ipynb --output @{pm.run_uuid}.ipynb")
        #expect(arguments.resultPath(of: arguments.tasks[0]) == arguments.resultPath(of: arguments.tasks[0]))
    }

    @Test func `Results of several runs are left out of a search`() throws {
        for name in ["a.executed-0.5-x.y.ipynb", "a.nbconvert-1.ipynb", "c.executed-1.ipynb"] {
            try folder.write("{}", to: name)
        }
        #expect(try arguments("@").tasks.map(\.path).count == 3)
    }

    @Test(
        arguments: [
            ("@a.ipynb --matrix x=1,2 --inplace", "--output 'out/{name}-{x}.ipynb'"),
            ("@a.ipynb --matrix x=1,2 --stdout", "several results cannot be written to standard output"),
            ("@a.ipynb --matrix x=1,2 --output r.ipynb", "--output r.ipynb is one file for several runs"),
            ("@a.ipynb --matrix x=1,2 --matrix y=1,2 --output {x}.ipynb", "add {y} to --output"),
            ("@a.ipynb --matrix x=a/b,a_b --output {x}.ipynb", "their values are equal in names of files"),
            ("@a.ipynb @b.ipynb --matrix x=1 --output {x}.ipynb", "use --output-dir"),
            ("@a.ipynb @b.ipynb --matrix x=b --output @{x}.ipynb", "which is also a notebook of this run"),
            ("@a.ipynb --matrix x=a --output @{x}.ipynb", "which is also a notebook of this run"),
            ("@a.ipynb --matrix x=link --output @{x}.ipynb", "which is also a notebook of this run"),
            ("@a.ipynb --output {y}.ipynb", "{y} is unknown; the names are {name}, {notebook_name}, {date}"),
            ("@a.ipynb --output a{.ipynb", "'{' has no counterpart; write '{{'"),
            ("@a.ipynb --matrix x=1,1", "--matrix: the parameter 'x' has the value 1 twice"),
            ("@a.ipynb --matrix x=1 --matrix x=2", "--matrix: the parameter 'x' is given twice"),
            ("@a.ipynb --matrix x=1 --each @x.csv", "--matrix and --each: the parameter 'x' is given twice"),
            ("@a.ipynb --matrix x=", "--matrix: 'x=': a value is missing"),
            ("@a.ipynb --matrix x=1..10001", "the parameters give 10001 runs; the limit is 10000"),
            ("@a.ipynb --matrix x=1..1000 --matrix y=1..11", "--matrix: the parameters give 11000 runs"),
            ("@a.ipynb @b.ipynb --matrix x=1..6000", "the parameters give 12000 runs"),
            ("@a.ipynb --each @none.csv", "none.csv: the file cannot be read"),
            ("@a.ipynb --each @x.csv --each @x.csv", "--each: the rows come from one file"),
            ("@a.ipynb --each @bad.csv", "bad.csv, line 3, column 1: the row has 2 values"),
            ("@a.ipynb --each @latin.csv", "the text is not in UTF-8"),
        ])
    func `Runs with one result, and values that are not valid, are refused`(line: String, part: String) throws {
        try FileManager.default.createSymbolicLink(atPath: folder("link.ipynb"), withDestinationPath: folder("a.ipynb"))
        try folder.write("x\n1\n", to: "x.csv")
        try folder.write("x\n1\n2,3\n", to: "bad.csv")
        try Data([0x78, 0x0A, 0xE9]).write(to: URL(fileURLWithPath: folder("latin.csv")))
        let error = #expect(throws: UsageError.self) { try arguments(line) }
        #expect(error?.problem.contains(part) == true, "\(error?.problem ?? "")")
    }

    @Test func `A check and a conversion without a run refuse a matrix`() {
        let check = #expect(throws: UsageError.self) { try arguments("@a.ipynb --matrix x=1", .check) }
        #expect(check?.problem.contains("leave --matrix out") == true)
        let conversion = #expect(throws: UsageError.self) {
            try arguments("@a.ipynb --to html --matrix x=1", .nbconvert)
        }
        #expect(conversion?.problem == "--matrix: only a run takes parameters; add --execute")
    }

    @Test func `The parts of several runs have each run once, with the same results as all together`() throws {
        let all = try runs("@a.ipynb --matrix x=1..5 --matrix y=a/b,\(String(repeating: "z", count: 90))")
        let parts = try (1...3).flatMap {
            try runs("@a.ipynb --matrix x=1..5 --matrix y=a/b,\(String(repeating: "z", count: 90)) --shard \($0)/3")
        }
        #expect(all.count == 10 && Set(all).count == 10 && parts.sorted() == all.sorted())
    }

    @Test func `The failed ones of several runs run again, with their parameters`() throws {
        let report = """
            {"schema": 1, "notebooks": [
            {"notebook": "@a.ipynb", "status": "succeeded", "parameters": {"d": 7, "x": 1}, "distinguishing_parameters": ["x"]},
            {"notebook": "@a.ipynb", "status": "raised", "parameters": {"d": 7, "x": "b/c"}, "distinguishing_parameters": ["x"]},
            {"notebook": "@b.ipynb", "status": "raised", "parameters": {"d": 7}}]}
            """
        try folder.write(report.replacing("@", with: folder.path + "/"), to: "r.json")
        let failed = ["@a.ipynb [x=b/c] > @a.executed-b_c-", "@b.ipynb > @b.executed.ipynb"]
        for line in ["--last-failed=@r.json -p d 7", "@a.ipynb @b.ipynb --last-failed=@r.json -p d=8"] {
            let runs = try runs(line)
            #expect(runs.count == 2 && runs[0].hasPrefix(failed[0]) && runs[1] == failed[1], "\(runs)")
        }
        let some = try arguments("@a.ipynb --last-failed=@r.json -p d=7 --matrix x=1,b/c,new")
        #expect(some.tasks.map(\.parameters) == [["x": "b/c"]])
        #expect(some.leftOut.map(\.parameters) == [["x": 1], ["x": "new"]])
        #expect(throws: UsageError.self) { try arguments("--last-failed=@r.json") }
        #expect(some.notices.first?.contains("[x=new]") == true)
    }

    @Test func `The list of several runs says the parameters of each`() throws {
        let arguments = try arguments("@a.ipynb --matrix x=1,2 --list")
        #expect(arguments.title == folder("a.ipynb"))
        #expect(!arguments.isSingle)
        #expect(try NotebookList(arguments).titles == ["1", "2"].map { folder("a.ipynb") + " [x=\($0)]" })
    }
}
