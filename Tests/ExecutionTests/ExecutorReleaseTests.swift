import GalleyExecution
import GalleyJSON
import GalleyJupyterProtocol
import GalleyNotebook
import GalleyTesting
import Testing

@Suite struct `A finished run` {
    @Test(arguments: ["limit", "stop", "stop before it begins"])
    func `A finished run releases its kernel and its notebook at once, even with a long grace period`(way: String)
        async throws
    {
        weak let kernel = try await end(by: way)
        let limit = ContinuousClock.now + .seconds(120)
        while kernel != nil, .now < limit { try await Task.sleep(for: .milliseconds(5)) }
        #expect(kernel == nil)
    }

    /// Ends a run by a limit or a stop; returns a weak reference to its kernel.
    private func end(by way: String) async throws -> ScriptedKernel {
        let kernel = ScriptedKernel.answering { request in
            switch request.type {
            case "kernel_info_request": .introducing
            case "interrupt_request": .raising("KeyboardInterrupt", "", about: .code(before: 0))
            default: [.print("begun\n")]
            }
        }
        var options = RunSettings()
        options.grace = .seconds(1000)
        if way == "limit" { options.timeout = .milliseconds(10) }
        let notebook = Notebook(cells: ["silent"])
        let executor = try Executor(notebook, Plan(for: notebook, options), on: kernel, options)
        if way == "stop before it begins" { executor.stop(.cancelled) }
        async let run = executor.run()
        if way == "stop" {
            while kernel.requests.isEmpty { try await Task.sleep(for: .milliseconds(1)) }
            executor.stop(.cancelled)
        }
        #expect(await run.outcome.status == (way == "limit" ? "timed-out" : "stopped"))
        async let late: Void = executor.receiveUntilEnd()
        await kernel.shutdown()
        await late
        return kernel
    }
}
