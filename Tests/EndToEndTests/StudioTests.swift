import Foundation
import GalleyTestSupport
import Testing

/// An imitation of a studio in front of a real Jupyter Server.
private struct Studio {
    /// The tokens of presigned URLs, each of which logs in once.
    static let tokens = ["sesame-1", "sesame-2"]

    let server: JupyterServerProcess
    let url: String
    private let process: ServerProcess

    init() async throws {
        server = try await JupyterServerProcess(
            .server, "--IdentityProvider.token=", "--ServerApp.base_url=/jupyter/default/",
            "--ServerApp.allow_unauthenticated_access=True")
        process = try ServerProcess(
            [
                "python3", Repository.fixture("servers/studio.py"), "\(server.port)",
                Self.tokens.joined(separator: ","), "Pending,Pending,InService",
            ], in: TemporaryFolder())
        url = try await process.firstMatch(of: "(http://\\S+)")
    }
}

@Suite(.serialized, .realKernel) struct `A studio` {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    @Test func `A login URL runs a command and a notebook once it is ready, each URL once`() async throws {
        let studio = try await Studio()
        let urls = Studio.tokens.map { "\(studio.url)auth?token=\($0)" }
        try folder.file("login-url", urls[0] + "\n", mode: 0o600)
        let command = try await GalleyProgram.run(
            ["terminal", "--login-url-file", "login-url", "--", "echo made >made.txt; exit 3"], in: folder)
        #expect(command.status == 3 && command.errors.contains("Pending"), "\(command.errors)")
        #expect(try studio.server.home.text("made.txt") == "made\n")
        try folder.write(["6 * 7", "print(open('\(studio.server.home("made.txt"))').read(), end='')"])
        let run = try await GalleyProgram.run(["execute", "--inplace", "--login-url", urls[1], "a.ipynb"], in: folder)
        #expect(run.status == 0, "\(run.errors)")
        #expect(try folder.notebook().outputs == [["42"], ["made\n"]])
        let again = try await GalleyProgram.run(
            ["execute", "--inplace", "--login-url-file", "login-url", "a.ipynb"], in: folder)
        #expect(again.status == 4)
        for text in [command.output, command.errors, run.output, run.errors, again.output, again.errors] {
            #expect(!text.contains("sesame"), "\(text)")
        }
    }

    /// Copies the function's package, and calls the function.
    private func call(
        _ studio: String, seconds: Int = 300, setup: String? = nil, _ parameters: String...
    ) async throws -> GalleyProgram.Run {
        let files = FileManager.default
        for name in ["set_up_app.py", "setup.sh", "welcome.ipynb"] where !folder.exists(name) {
            try files.copyItem(atPath: Repository.root + "/Notebooks/studio/" + name, toPath: folder(name))
        }
        if let setup { try folder.write(setup, to: "setup.sh") }
        return try await GalleyProgram.run(
            [
                Repository.fixture("aws/set_up_app.py"), folder.path, studio, Studio.tokens.joined(separator: ","),
                "\(seconds)",
            ] + parameters, program: CloudAccount.python,
            environment: ["PATH": "/usr/bin:/bin", "GALLEY": GalleyProgram.path, "HOME": folder.path], in: folder)
    }

    @Test func `When an app is created, the function runs the commands and the notebook on its server`() async throws {
        let studio = try await Studio()
        let run = try await call(studio.url)
        #expect(run.status == 0 && run.output.hasSuffix("the server is set up\n"), "\(run.output)\(run.errors)")
        // The commands and the notebook ran as the server's user.
        #expect(try studio.server.home.text("reports/welcome.txt") == "Your server is set up.\n")
        #expect(try studio.server.home.text(".gitconfig").contains("ff = only"))
        #expect(!(run.output + run.errors).contains("sesame"))
    }

    @Test func `A failed command makes the function fail, before the notebook`() async throws {
        let studio = try await Studio()
        let run = try await call(studio.url, setup: "set -e\nfalse\necho after\n")
        #expect(run.status == 1, "\(run.output)")
        #expect(run.errors.contains("StepFailed: galley terminal ended with status 1"), "\(run.errors)")
        #expect(!run.output.contains("after") && !(run.output + run.errors).contains("sesame"))
    }

    @Test func `Commands that take too long end before the time of the function`() async throws {
        let studio = try await Studio()
        let run = try await call(studio.url, seconds: 25, setup: "sleep 1000\n")
        #expect(run.status == 1 && run.errors.contains("galley terminal ended with status 124"), "\(run.errors)")
    }

    @Test(arguments: ["appType=KernelGateway", "appType=JupyterLab"])
    func `Apps of other types are left alone`(parameter: String) async throws {
        let run = try await call("http://127.0.0.1:1/", seconds: 300, setup: nil, parameter)
        #expect(run.status == 0 && run.output == "not a server of a user\n", "\(run.errors)")
    }
}
