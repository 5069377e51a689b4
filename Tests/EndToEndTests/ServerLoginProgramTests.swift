import Foundation
import GalleyTestSupport
import Testing

@Suite(.serialized) struct `Logging in to a server on the command line` {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func execute(
        _ arguments: String..., variables: [String: String] = [:]
    ) async throws -> GalleyProgram.Run {
        try await GalleyProgram.run(
            ["execute", "--inplace"] + arguments + ["a.ipynb"],
            environment: GalleyProgram.environment.merging(variables) { $1 }, in: folder)
    }

    @Test func `A password in a file logs in, and a wrong one is refused`() async throws {
        let hash = try #require(
            try await ServerProcess.output(
                of: [
                    JupyterServerProcess.python, "-c",
                    "from jupyter_server.auth import passwd; print(passwd('open-sesame'))",
                ]))
        let server = try await JupyterServerProcess(
            .server, "--IdentityProvider.token=", "--PasswordIdentityProvider.hashed_password=\(hash)")
        try folder.write(["1 + 1"])
        try folder.write("open-sesame\n", to: "password")
        let run = try await execute("--server", server.url, "--password-file", "password")
        #expect(run.status == 0, "\(run.errors)")
        #expect(try folder.notebook().outputs == [["2"]])
        try folder.write("close-sesame\n", to: "password")
        let wrong = try await execute("--server", server.url, "--password-file", "password")
        #expect(wrong.status == 4 && wrong.errors.contains("refuses the password"), "\(wrong.errors)")
        #expect(!wrong.errors.contains("sesame"))
    }

    @Test func `An Enterprise Gateway runs a notebook with environment variables`() async throws {
        let server = try await JupyterServerProcess(.enterpriseGateway, "--EnterpriseGatewayApp.list_kernels=True")
        try folder.write(["import os; os.environ['KERNEL_MODE']"])
        let run = try await execute(
            "--server", server.url, "--env", "KERNEL_MODE=full", variables: ["JUPYTER_TOKEN": server.token])
        #expect(run.status == 0, "\(run.errors)")
        #expect(try folder.notebook().outputs == [["'full'"]])
        let list = try await GalleyProgram.run(
            ["kernels", "--server", server.url],
            environment: GalleyProgram.environment.merging(["JUPYTER_TOKEN": server.token]) { $1 }, in: folder)
        #expect(list.status == 0 && !list.output.contains("running "), "\(list.output)\(list.errors)")
    }

    @Test func `A hub starts the server of a user, runs the notebook there, and stops the server again`() async throws {
        let hub = try await JupyterHubProcess()
        try folder.write(["import time", "for i in range(3): print(i, flush=True); time.sleep(0.2)", "1 + 1"])
        try folder.write(hub.token, to: "token")
        let server = ["--server", hub.url + "user/ann/lab", "--token-file", "token"]
        for _ in 1...2 {
            let run = try await GalleyProgram.run(
                ["execute", "--inplace", "--hub-stop"] + server + ["a.ipynb"], in: folder)
            #expect(run.status == 0 && run.errors.contains("is starting the server of ann"), "\(run.errors)")
            #expect(try folder.notebook().outputs == [[], ["0\n1\n2\n"], ["2"]])
        }
        let list = try await GalleyProgram.run(["kernels"] + server, in: folder)
        #expect(list.status == 4 && list.errors.contains("not running"), "\(list.output)\(list.errors)")
    }
}
