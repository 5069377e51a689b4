import Foundation
import GalleyJSON
import GalleyJupyterProtocol
import GalleyLocalKernels
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(20))) struct `A kernel on ports` {
    let scratch: Scratch

    init() throws { scratch = try Scratch() }

    @Test func `is heard by nobody who does not have its keys, where it can encrypt`() async throws {
        var options = scratch.options
        options.transport = .tcp
        let spec = try Fixture.finder().find("python3")
        try await withKernel(spec, options: options) { kernel in
            let file = try await kernel.run("import ipykernel; print(ipykernel.get_connection_file(), end='')").text
            let eavesdropper = Process()
            eavesdropper.executableURL = URL(fileURLWithPath: Fixture.python)
            eavesdropper.arguments = [Fixture.root + "/Tests/Fixtures/kernels/eavesdropper.py", file]
            let output = Pipe()
            eavesdropper.standardOutput = output
            try eavesdropper.run()
            while eavesdropper.isRunning { #expect(try await kernel.run("print('secret')").text == "secret\n") }
            let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
            #expect(text == "20 0 0\n")
        }
    }

    @Test func `has its keys in no file where it does not speak on ports`() async throws {
        try await withKernel(try Fixture.finder().find("python3"), options: scratch.options) { kernel in
            let text = try await kernel.run("import ipykernel; print(open(ipykernel.get_connection_file()).read())")
                .text
            #expect(text.contains("signature_scheme") && !text.contains("curve"))
        }
    }

    @Test func `can be overheard where it cannot encrypt, and that is said`() {
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
