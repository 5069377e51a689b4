import Foundation
import GalleyTestSupport
import Testing

@Suite struct `Notebooks on the web` {
    private let server: FixtureServer
    private let folder: TemporaryFolder

    init() throws {
        server = try FixtureServer("web_pages.py")
        folder = try TemporaryFolder()
    }

    private func galley(_ arguments: String...) async throws -> GalleyProgram.Run {
        try await GalleyProgram.run(arguments, in: folder)
    }

    private var address: String { "http://127.0.0.1:\(server.port)" }

    @Test func `A notebook of a web address runs, and the query reaches no output`() async throws {
        let run = try await galley(
            "execute", address + "/a.ipynb?sig=query-secret", "--output", "a.ipynb", "--json", "report.json", "--html",
            "report.html", "--events", "events", "--log", "log", "--status", "status")
        #expect(run.status == 0, "\(run.errors)")
        #expect(try folder.notebook("a.ipynb").outputs == [["42"]])
        #expect(!(run.output + run.errors).contains("query-secret"))
        for name in ["a.ipynb", "report.json", "report.html", "events", "log", "status"] {
            #expect(try !folder.text(name).contains("query-secret"), "\(name)")
        }
        let many = try await galley("execute", address + "/a.ipynb?x=1", "--output-dir", "out")
        #expect(many.status == 0, "\(many.errors)")
        #expect(try folder.notebook("out/a.ipynb").outputs == [["42"]])
    }

    @Test(arguments: ["/none.ipynb", "/login"])
    func `A page that is no notebook is an error`(page: String) async throws {
        let run = try await galley("execute", address + page + "?sig=query-secret", "--output", "a.ipynb")
        #expect(run.status == 3 && run.errors.contains(address + page), "\(run.errors)")
        #expect(!run.errors.contains("secret"), "\(run.errors)")
        #expect(!folder.exists("a.ipynb"))
        let inspected = try await galley("inspect", address + page)
        #expect(inspected.status == 3 && !inspected.errors.contains("page-secret"), "\(inspected.errors)")
    }

    @Test func `Parameters and files beside the notebook can come from web addresses`() async throws {
        try folder.write(["print(n, open('1.txt').read())"])
        let run = try await galley(
            "execute", "a.ipynb", "--output", "out.ipynb", "-f", address + "/p.yaml", "--input", address + "/1.txt")
        #expect(run.status == 0, "\(run.errors)")
        #expect(try folder.notebook("out.ipynb").outputs.last == ["7 one\n"])
        let none = try await galley("execute", "a.ipynb", "--output", "out.ipynb", "--input", address + "/none.txt")
        #expect(none.status == 3 && none.errors.contains("/none.txt"), "\(none.errors)")
        #expect(!none.errors.contains("page-secret"))
    }
}
