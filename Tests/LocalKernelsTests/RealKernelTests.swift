import GalleyJSON
import GalleyJupyterProtocol
import GalleyLocalKernels
import GalleyTestSupport
import Testing

/// A kernel in common use, with code that prints and code that waits.
struct RealKernel: Sendable, CustomTestStringConvertible {
    let name: String
    var environment = "python"
    let hello: String
    /// Nil if the kernel exits at an interrupt, as xeus-python from PyPI does.
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
        get throws { try FixtureKernel.finder(environment: environment).find(name) }
    }
}

@Suite(.timeLimit(.minutes(20))) struct `A real kernel` {
    @Test(.realKernel, arguments: RealKernel.all)
    func `A real kernel starts, runs, is interrupted and ends`(kernel real: RealKernel) async throws {
        let ended = try await withKernel(try real.spec) { kernel in
            #expect(kernel.info.languageName != nil)
            let first = try await kernel.run(real.hello)
            #expect(first.text == "hello\n")
            #expect(!first.hasLoss)
            guard let wait = real.wait else { return ContinuousClock.now }
            _ = try await kernel.begin(wait)
            // IPython can lose an interrupt that arrives before the code's first line.
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
            // For half a second after an interrupt, R's kernel aborts requests.
            while second.reply.content["status"]?.string == "aborted" { second = try await kernel.run(real.hello) }
            #expect(second.text.hasSuffix("hello\n"))
            return ContinuousClock.now
        }
        print("\(real.testDescription) ended within \(ended.duration(to: .now))")
    }
}
