import Foundation
import GalleyJSON
import GalleyJupyterProtocol
import GalleyLocalKernels
import GalleyTestSupport
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(20))) struct `A kernel on TCP ports` {
    let scratch: TemporaryFolder

    init() throws { scratch = try TemporaryFolder() }

    @Test(.realKernel) func `A kernel that can encrypt is not readable without its keys`() async throws {
        var options = scratch.options
        options.transport = .tcp
        let spec = try FixtureKernel.finder().find("python3")
        try await withKernel(spec, options: options) { kernel in
            let file = try await kernel.run("import ipykernel; print(ipykernel.get_connection_file(), end='')").text
            let eavesdropper = Process()
            eavesdropper.executableURL = URL(fileURLWithPath: Repository.fixturePython)
            eavesdropper.arguments = [Repository.root + "/Tests/Fixtures/kernels/eavesdropper.py", file]
            let output = Pipe()
            eavesdropper.standardOutput = output
            try eavesdropper.run()
            while eavesdropper.isRunning { #expect(try await kernel.run("print('secret')").text == "secret\n") }
            let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
            #expect(text == "20 0 0\n")
        }
    }

    @Test(.realKernel) func `A kernel without ports has no keys in a file`() async throws {
        try await withKernel(try FixtureKernel.finder().find("python3"), options: scratch.options) { kernel in
            let text = try await kernel.run("import ipykernel; print(open(ipykernel.get_connection_file()).read())")
                .text
            #expect(text.contains("signature_scheme") && !text.contains("curve"))
        }
    }

    @Test func `A kernel that cannot encrypt causes a warning`() {
        var options = KernelOptions()
        func spec(_ program: String, _ metadata: Value = [:]) -> KernelSpec {
            KernelSpec(
                name: "it", displayName: "", language: "", arguments: [program], metadata: metadata, folder: "/")
        }
        let warning =
            "kernel 'it' listens on TCP ports without encryption: other users of this machine can read its output"
        #expect(spec("java").securityWarning(options) == warning)
        #expect(spec("java", ["supported_encryption": ["none", "Curve"]]).securityWarning(options) == nil)
        #expect(spec("python").securityWarning(options) == nil)
        options.transport = .tcp
        #expect(spec("python").securityWarning(options) == warning)
        #expect(spec("python", ["supported_encryption": "curve"]).securityWarning(options) == nil)
        options.transport = .ipc
        #expect(spec("java").securityWarning(options) == nil)
    }
}
