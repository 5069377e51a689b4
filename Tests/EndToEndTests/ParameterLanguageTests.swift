import Foundation
import GalleyTestSupport
import Testing

@Suite struct `The literals of parameters in real kernels` {
    /// The Python environment with the kernels of other languages.
    private static let kernels = Repository.root + "/.build/python-languages"

    @Test(
        .realKernel,
        arguments: [
            ("Python", "python3"), ("R", "ir"), ("bash", "bash"), ("Octave", "octave"), ("TypeScript", "deno"),
            ("Kotlin", "kotlin"), ("Scheme", "calysto_scheme"),
        ])
    func `Each value that the language can hold arrives as it was given, and so does a secret`(
        language: String, kernel: String
    ) async throws {
        let folder = try TemporaryFolder()
        let judge = Repository.fixture("judges/parameters.py")
        let notebook = try await GalleyProgram.run([judge, "notebook", language, kernel], program: Repository.python)
        try #require(notebook.errors == "")
        try notebook.output.write(toFile: folder.path + "/a.ipynb", atomically: true, encoding: .utf8)
        var environment = GalleyProgram.environment
        environment["JUPYTER_PATH", default: ""] += ":\(Self.kernels)/share/jupyter"
        environment["PATH", default: ""] += ":\(Self.kernels)/bin"
        environment["HOME"] = folder.path
        let run = try await GalleyProgram.run(
            ["execute", "--inplace", "--env", "DB_PASSWORD=it's $x", "a.ipynb"], environment: environment, in: folder)
        #expect(run.status == 0, "\(run.errors)")
        let result = try await GalleyProgram.run(
            [judge, "compare", language, folder.path + "/a.ipynb"], program: Repository.python)
        #expect(result.output.wholeMatch(of: /[0-9]+\n/) != nil, "\(result.output)")
        #expect(result.errors == "")
    }
}
