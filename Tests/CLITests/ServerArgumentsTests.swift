import Foundation
import Galley
import GalleyFlags
import GalleyStorage
import GalleyTestSupport
import Testing

@testable import GalleyCLI

@Suite struct `Servers on a command line` {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func refusal(_ arguments: String...) -> String? {
        do throws(UsageError) {
            var parsed = try ExecuteArguments(["--as-caller"] + arguments, .execute)
            try parsed.resolve()
            return nil
        } catch {
            return error.problem
        }
    }

    @Test func `A notebook on a server needs a server`() throws {
        let problem = try #require(refusal("--inplace", "jupyter:work/a.ipynb"))
        #expect(problem.contains("Add --server URL") && problem.contains("./jupyter:work/a.ipynb"))
        #expect(refusal("--inplace", "ftp://host/a.ipynb")?.contains("./ftp://host/a.ipynb") == true)
    }

    @Test(arguments: [
        ["--token-file", "t"], ["--password-file", "t"], ["--hub-stop"],
    ])
    func `An option for a server needs a server`(options: [String]) throws {
        var arguments = try ExecuteArguments(options + [folder("a.ipynb")], .execute)
        #expect(throws: UsageError.self) { try arguments.resolve() }
    }

    @Test func `There is one way to log in`() {
        let two = ["--server", "http://a", "--token-file", "t", "--password-file", "p", "a.ipynb"]
        #expect(throws: UsageError.self) { try ExecuteArguments(two, .execute) }
    }

    @Test func `A file of a token must have a line`() throws {
        try folder.write("\n", to: "empty")
        let empty = refusal("--server", "http://a", "--token-file", folder("empty"), folder("a.ipynb"))
        #expect(empty?.contains("the file is empty") == true)
        #expect(
            refusal("--server", "http://a", "--token-file", folder("none"), folder("a.ipynb"))?
                .contains("cannot be read") == true)
    }

    @Test func `Folders and patterns of a server are listed after the command line is checked`() throws {
        var arguments = try ExecuteArguments(
            ["--inplace", "--server", "http://127.0.0.1:1", "jupyter:work/", "jupyter:*.ipynb", "jupyter:"], .execute)
        try arguments.resolve()
        #expect(arguments.deferred.map(\.argument) == ["jupyter:work/", "jupyter:*.ipynb", "jupyter:"])
        #expect(arguments.tasks.isEmpty && !arguments.isSingle)
    }

    @Test func `A second notebook on a server is run, and never the place of a result`() throws {
        var arguments = try ExecuteArguments(
            ["--as-caller", "--server", "http://127.0.0.1:1", "jupyter:a.ipynb", "jupyter:/b.ipynb"], .execute)
        try arguments.resolve()
        #expect(arguments.tasks.map(\.path) == ["jupyter:a.ipynb", "jupyter:b.ipynb"])
        #expect(arguments.result == .beside)
    }

    @Test func `Root's token is not used in the process of another user`() throws {
        for options in [["--server", "http://a/?token=x"], ["--login-url", "http://a/?token=x"]] {
            let arguments = try ExecuteArguments(options + [folder("a.ipynb")], .execute)
            let error = try #require(throws: UsageError.self) { try arguments.server.checkRootsCredentials() }
            #expect(error.problem.contains("--as-caller") && !error.problem.contains("token=x"))
        }
        let own = try ExecuteArguments(["--server", "http://a", "--token-file", "t", folder("a.ipynb")], .execute)
        #expect(throws: Never.self) { try own.server.checkRootsCredentials() }
    }

    @Test func `A start has five minutes on a server, unless the command line says otherwise`() throws {
        func limit(_ arguments: String...) throws -> Duration {
            try ExecuteArguments(arguments + ["a.ipynb"], .execute).options.startTimeout
        }
        #expect(try limit() == .seconds(60) && limit("--server", "http://a") == .seconds(300))
        #expect(try limit("--startup-timeout", "60", "--server", "http://a") == .seconds(60))
    }

    @Test func `Notebooks of a server are selected by pattern and exclusion`() throws {
        let search = NotebookSearch(excluding: ["drafts"])
        let all = ["a.ipynb", "work/b.ipynb", "work/drafts/c.ipynb", "work/deep/d.ipynb"].map { "jupyter:\($0)" }
        func names(_ pattern: String?) -> [String] {
            search.select(all, in: "jupyter:", matching: pattern).found.map(\.path)
        }
        #expect(names(nil) == [all[0], all[1], all[3]])
        #expect(names("jupyter:*.ipynb") == [all[0]])
        #expect(names("jupyter:work/*.ipynb") == [all[1]])
        #expect(names("jupyter:work/**/*.ipynb") == [all[1], all[3]])
    }

    @Test func `Options that no server supports are refused before anything runs`() throws {
        for option in [["--leave-children"], ["--ExecutePreprocessor.extra_arguments", "['a']"]] {
            var arguments = try ExecuteArguments(
                option + ["--as-caller", "--server", "http://127.0.0.1:1", folder("a.ipynb")], .execute)
            let error = try #require(throws: UsageError.self) { try arguments.resolve() }
            #expect(error.problem.contains("a Jupyter server cannot do that"))
        }
    }

    @Test func `A command for a terminal needs a server and a command`() throws {
        #expect(throws: UsageError.self) { try TerminalCommand(["--", "ls"]) }
        #expect(throws: UsageError.self) { try TerminalCommand(["--server", "http://a"]) }
        #expect(try TerminalCommand(["--server", "http://a", "--", "ls", "-l"]) != nil)
    }
}
