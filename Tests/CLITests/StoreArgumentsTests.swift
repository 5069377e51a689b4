import Foundation
import Galley
import GalleyExecution
import GalleyFlags
import GalleyStorage
import GalleyTestSupport
import Testing

@testable import GalleyCLI

@Suite struct `Stores on a command line` {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func parsed(
        _ arguments: [String], _ dialect: ExecuteArguments.Dialect = .execute
    ) throws -> ExecuteArguments {
        var parsed = try ExecuteArguments(["--as-caller"] + arguments, dialect)
        try parsed.resolve()
        return parsed
    }

    private func refusal(_ arguments: [String], _ dialect: ExecuteArguments.Dialect = .execute) -> String? {
        do { _ = try parsed(arguments, dialect) } catch { return (error as? UsageError)?.problem ?? "\(error)" }
        return nil
    }

    /// Returns the place of the result of each notebook.
    private func results(_ arguments: ExecuteArguments) -> [String?] { arguments.tasks.map(arguments.outputPath) }

    @Test func `The result is beside an object, in its place, or where the options say`() throws {
        let object = "s3://in/a/report.ipynb"
        #expect(results(try parsed([object])) == ["s3://in/a/report.executed.ipynb"])
        #expect(results(try parsed(["--inplace", object])) == [object])
        #expect(
            results(try parsed(["-o", "s3://out/{name}.{p}.ipynb", "-p", "p", "x", object])) == [
                "s3://out/report.x.ipynb"
            ])
        #expect(results(try parsed(["--output-dir", "s3://out/", object])) == ["s3://out/report.ipynb"])
        #expect(results(try parsed(["--output-dir", "s3://out", object])) == ["s3://out/report.ipynb"])
        #expect(results(try parsed(["--output-dir", "out", object])) == ["out/report.ipynb"])
        #expect(results(try parsed(["-o", "s3://out/r.ipynb", "gs://in/a.ipynb"])) == ["s3://out/r.ipynb"])
        #expect(
            results(try parsed(["--matrix", "n=1,2", object])) == [
                "s3://in/a/report.executed-1.ipynb", "s3://in/a/report.executed-2.ipynb",
            ])
    }

    @Test func `A local notebook can have its result in a store`() throws {
        try folder.write("{}", to: "a.ipynb")
        let arguments = try parsed(["--output-dir", "s3://out/day", folder("a.ipynb")])
        #expect(results(arguments) == ["s3://out/day/a.ipynb"])
    }

    @Test func `The paths of results count from the common folder of their store`() throws {
        let arguments = try parsed([
            "--output-dir", "out", "s3://in/x/a/one.ipynb", "s3://in/x/b/two.ipynb", "gs://other/y/three.ipynb",
        ])
        #expect(results(arguments) == ["out/a/one.ipynb", "out/b/two.ipynb", "out/three.ipynb"])
    }

    @Test func `The names of an object lead out of no folder`() throws {
        let arguments = try parsed(["--output-dir", "out", "s3://in/a/../../../../etc/x.ipynb", "s3://in/b.ipynb"])
        #expect(results(arguments) == ["out/a/etc/x.ipynb", "out/b.ipynb"])
    }

    @Test(arguments: ["s3://in/x/", "s3://in", "s3://in/", "s3://in/**/*.ipynb", "gs://in/?.ipynb"])
    func `Folders, buckets and patterns are listed once the run may contact the store`(argument: String) throws {
        let arguments = try parsed(["--inplace", argument])
        #expect(arguments.deferred.map(\.argument) == [argument])
        #expect(arguments.tasks.isEmpty && !arguments.isSingle)
    }

    @Test func `A list may name objects, and an object that is named twice runs once`() throws {
        try folder.write("s3://in/a.ipynb\n# no\ns3://in/b.ipynb\ns3://in/a.ipynb\n", to: "list")
        #expect(
            try parsed(["--inplace", "@" + folder("list")]).tasks.map(\.path) == ["s3://in/a.ipynb", "s3://in/b.ipynb"])
    }

    @Test func `The second of two operands waits for the answer of its store`() throws {
        let arguments = try parsed(["s3://in/a.ipynb", "s3://out/b.ipynb"])
        #expect(arguments.undecidedResult == "s3://out/b.ipynb" && arguments.hasRemoteInputs)
        let withParameters = try parsed(["-p", "x", "1", "s3://in/a.ipynb", "s3://out/b.ipynb"])
        #expect(results(withParameters) == ["s3://out/b.ipynb"])
        let two = try parsed(["-o", "s3://out/{name}.ipynb", "s3://in/a.ipynb", "https://host/b.ipynb"])
        #expect(results(two) == ["s3://out/a.ipynb", "s3://out/b.ipynb"])
        #expect(results(try parsed(["s3://in/a.ipynb", folder("new.ipynb")])) == [folder("new.ipynb")])
        #expect(results(try parsed(["s3://in/a.ipynb", "s3://out/b.ipynb"], .papermill)) == ["s3://out/b.ipynb"])
    }

    @Test func `Galley only reads web addresses`() throws {
        let page = "https://user:secret@host/a.ipynb?sig=secret"
        for arguments in [
            [page], ["--inplace", page], ["-o", page, "s3://in/a.ipynb"], ["--output-dir", page, "s3://in/a.ipynb"],
            ["--json", page, "s3://in/a.ipynb"],
        ] {
            let problem = try #require(refusal(arguments), "\(arguments)")
            #expect(problem.contains("only reads web addresses"), "\(problem)")
            #expect(!problem.contains("secret"), "\(problem)")
        }
        let arguments = try parsed(["-o", "out.ipynb", page])
        #expect(arguments.tasks.map(\.title) == ["https://host/a.ipynb"])
        #expect(results(try parsed(["--output-dir", "out", page])) == ["out/a.ipynb"])
        // A query may contain characters of patterns.
        #expect(try parsed(["-o", "out.ipynb", "https://host/a.ipynb?x=[1]*"]).isSingle)
    }

    @Test func `A scheme that no provider opens is refused without secrets`() throws {
        let problem = try #require(refusal(["ftp://user:secret@host/a.ipynb"]))
        #expect(!problem.contains("secret"), "\(problem)")
        #expect(refusal(["-o", "ftp://host/b.ipynb", "s3://in/a.ipynb"]) != nil)
        #expect(refusal(["--html", "ftp://host/b.html", "s3://in/a.ipynb"]) != nil)
    }

    @Test(arguments: ["--log", "--events", "--status"])
    func `A file that is written line by line must be local`(option: String) throws {
        let problem = try #require(refusal([option, "s3://out/file", "s3://in/a.ipynb"]))
        #expect(problem.contains(option) && problem.contains("name a local file"), "\(problem)")
    }

    @Test func `Results in a store cannot collide`() throws {
        let collision = try #require(
            refusal(["--output-dir", "s3://out/", "s3://in/x//a.ipynb", "s3://in/x/a.ipynb", "s3://in/b.ipynb"]))
        #expect(collision.contains("s3://out/x/a.ipynb"), "\(collision)")
        #expect(
            refusal(["-o", "s3://out/r.ipynb", "s3://in/a.ipynb", "s3://in/b.ipynb"])?.contains("one file") == true)
        #expect(
            refusal(["--output-dir", "s3://in", "s3://in/x/a.ipynb", "s3://in/b.ipynb"])?.contains("replace") == true)
        let report = refusal(["--json", "s3://out/r.json", "--html", "s3://out/r.json", "s3://in/a.ipynb"])
        #expect(report?.contains("also the file of --json") == true)
    }

    @Test func `A local file that is named like an object has a path with a dot`() throws {
        try FileManager.default.createDirectory(atPath: folder("s3:/in"), withIntermediateDirectories: true)
        try folder.write("{}", to: "s3:/in/a.ipynb")
        let arguments = try parsed([folder("s3://in/a.ipynb")])
        #expect(results(arguments) == [folder("s3://in/a.executed.ipynb")])
        #expect(!NotebookLocation("./s3://in/a.ipynb").isRemote && NotebookLocation("s3://in/a.ipynb").isRemote)
    }

    @Test func `Parameter files and rows of a store are read later`() throws {
        let arguments = try parsed(["-f", "s3://in/p.yaml", "--each", "https://host/rows.csv", "s3://in/a.ipynb"])
        #expect(arguments.hasRemoteInputs)
        #expect(arguments.options.parameters.values.isEmpty && arguments.matrix.runs == nil)
    }

    @Test func `The kernel's folder gets and gives files only where Galley can reach it`() throws {
        for options in [["--input", "data"], ["--collect", "*.csv"]] {
            let server = ["--server", "http://127.0.0.1:1"]
            #expect(refusal(options + server + ["s3://in/a.ipynb"])?.contains("has its own files") == true)
            #expect(
                refusal(options + ["--existing", "newest", "s3://in/a.ipynb"])?.contains("has its own files") == true)
            #expect(refusal(options + ["s3://in/a.ipynb"]) == nil)
        }
        for pattern in ["/tmp/*", "../*", "a/../../b", ""] {
            #expect(refusal(["--collect", pattern, "s3://in/a.ipynb"]) != nil, "\(pattern)")
        }
        #expect(refusal(["--collect", "*", "--stdout", "s3://in/a.ipynb"])?.contains("--output") == true)
        #expect(refusal(["--collect", "*", "s3://in/a.ipynb"], .check)?.contains("--collect") == true)
        #expect(refusal(["--input", "ftp://host/x", "s3://in/a.ipynb"]) != nil)
    }
}
