import GalleyJSON
import GalleyJupyterProtocol
import GalleyLocalKernels
import Testing

/// A kernel that people use, and how it is made to print and to wait.
struct RealKernel: Sendable, CustomTestStringConvertible {
    let name: String
    var environment = "python"
    let hello: String
    /// Nil where the kernel takes an interrupt for its end: xeus-python as PyPI has it does.
    let wait: String?
    var testDescription: String { "\(name) (\(environment))" }

    static let all = [
        RealKernel(
            name: "python3", hello: "print('hello')",
            wait: "print('waiting', flush=True)\nimport time; time.sleep(1000)"),
        RealKernel(
            name: "python3", environment: "python-ipykernel6", hello: "print('hello')",
            wait: "print('waiting', flush=True)\nimport time; time.sleep(1000)"),
        RealKernel(name: "xpython", hello: "print('hello')", wait: nil),
        RealKernel(name: "bash", hello: "echo hello", wait: "echo waiting; sleep 1000"),
        RealKernel(name: "ir", hello: "cat('hello\\n')", wait: "cat('waiting'); flush(stdout()); Sys.sleep(1000)"),
    ]

    var spec: KernelSpec {
        get throws { try Fixture.finder(environment: environment).find(name) }
    }
}

@Suite(.timeLimit(.minutes(20))) struct `A real kernel` {
    @Test(arguments: RealKernel.all)
    func `starts, runs, is interrupted and ends`(kernel real: RealKernel) async throws {
        let ended = try await withKernel(try real.spec) { kernel in
            #expect(kernel.info.languageName != nil)
            let first = try await kernel.run(real.hello)
            #expect(first.text == "hello\n")
            #expect(!first.hasLoss)
            guard let wait = real.wait else { return ContinuousClock.now }
            _ = try await kernel.begin(wait)
            // IPython can swallow an interrupt that comes before the code's first line.
            let interrupting = Task {
                while !Task.isCancelled {
                    await kernel.interrupt()
                    try await Task.sleep(for: .seconds(2))
                }
            }
            for try await message in kernel.messages where message.type == "execute_reply" { break }
            interrupting.cancel()
            _ = await interrupting.result
            var second = try await kernel.run(real.hello)
            // For half a second after an interrupt, R's kernel discards what it is asked.
            while second.reply.content["status"]?.string == "aborted" { second = try await kernel.run(real.hello) }
            #expect(second.text.hasSuffix("hello\n"))
            return ContinuousClock.now
        }
        print("\(real.testDescription) ended within \(ended.duration(to: .now))")
    }
}
