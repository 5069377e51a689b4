import Foundation
import Galley
import GalleyTestSupport
import GalleyTesting
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(20))) struct `A kernel restart` {
    /// Makes options for kernels, the second of which starts after `body`.
    private func options(
        _ kernels: KernelLog, beforeSecond body: @escaping @Sendable () async throws -> Void
    ) -> Options {
        let count = Mutex(0)
        var options = Options()
        options.kernels = ScriptedKernels { _ in
            let number = count.withLock { count in
                count += 1
                return count
            }
            if number == 2 { try await body() }
            return scriptedKernel(kernels)
        }
        return options
    }

    @Test func `A restart ends the old kernel before the next one starts, which gets later requests`() async throws {
        let kernels = KernelLog()
        let wereOver = Mutex<[Bool]>([])
        var options = Options()
        options.kernels = ScriptedKernels { _ in
            wereOver.withLock { $0.append(kernels.isAllOver) }
            return scriptedKernel(kernels)
        }
        try await withKernel("any", options) { kernel async throws in
            #expect(try await kernel.execute("prints a").text == "a")
            try await kernel.restart()
            #expect(try await kernel.execute("prints b").text == "b")
            #expect(kernels.all.map(\.isOver) == [true, false])
            try await kernel.restart()
            #expect(kernels.all.map(\.isOver) == [true, true, false])
        }
        #expect(kernels.all.map(\.codes) == [["prints a"], ["prints b"], []])
        #expect(kernels.isAllOver && wereOver.withLock(\.self) == [true, true, true])
    }

    @Test func `A restart ends running, waiting and requested code with an error`() async throws {
        let kernels = KernelLog()
        try await withKernel("any", scripted(kernels)) { kernel async throws in
            let running = kernel.start("hangs")
            let waiting = kernel.start("prints a")
            let question = Task { try await kernel.complete("x", limit: .seconds(100_000)) }
            while kernels.all[0].requests.count < 2 { await Task.yield() }
            try await kernel.restart()
            for execution in [running, waiting] {
                await #expect(throws: KernelClientError.restarted) { try await execution.result }
            }
            await #expect(throws: KernelClientError.restarted) { try await question.value }
            #expect(try await kernel.execute("prints b").text == "b")
        }
        #expect(kernels.all.map(\.codes) == [["hangs"], ["prints b"]])
    }

    @Test func `Code that is sent during a restart waits for the new kernel`() async throws {
        let kernels = KernelLog()
        let (starts, starting) = AsyncStream<Void>.makeStream()
        let (allowed, allowing) = AsyncStream<Void>.makeStream()
        var options = Options()
        options.kernels = ScriptedKernels { _ in
            starting.yield()
            for await _ in allowed { break }
            return scriptedKernel(kernels)
        }
        allowing.yield()
        try await withKernel("any", options) { kernel async throws in
            var begun = starts.makeAsyncIterator()
            _ = await begun.next()
            async let restart: Void = kernel.restart()
            _ = await begun.next()
            let execution = kernel.start("prints b")
            allowing.yield()
            try await restart
            #expect(try await execution.result.text == "b")
        }
        #expect(kernels.all.map(\.codes) == [[], ["prints b"]])
    }

    @Test func `A restart that fails leaves the client without a kernel, and can be repeated`() async throws {
        struct NoKernelError: KernelFault, CustomStringConvertible {
            let isTransient = false
            let description = "there is none"
        }
        let kernels = KernelLog()
        let options = options(kernels) { throw NoKernelError() }
        try await withKernel("any", options) { kernel async throws in
            await #expect(throws: NoKernelError.self) { try await kernel.restart() }
            await #expect(throws: KernelClientError.notRestarted(reason: "there is none")) {
                try await kernel.execute("prints a")
            }
            await #expect(throws: KernelClientError.notRestarted(reason: "there is none")) {
                try await kernel.isComplete("1")
            }
            try await kernel.restart()
            #expect(try await kernel.execute("prints a").text == "a")
        }
        #expect(kernels.all.count == 2 && kernels.isAllOver)
    }

    @Test func `A restart is abandoned with its task`() async throws {
        let kernels = KernelLog()
        let (starts, starting) = AsyncStream<Void>.makeStream()
        let options = options(kernels) {
            starting.yield()
            try await Task.sleep(for: .seconds(100_000))
        }
        try await withKernel("any", options) { kernel async throws in
            let restart = Task { try await kernel.restart() }
            for await _ in starts { break }
            restart.cancel()
            await #expect(throws: CancellationError.self) { try await restart.value }
            await #expect(throws: KernelClientError.self) { try await kernel.execute("prints a") }
            try await kernel.restart()
            #expect(try await kernel.execute("prints a").text == "a")
        }
        #expect(kernels.isAllOver)
    }

    @Test func `A restart of a canceled task keeps the kernel`() async throws {
        let kernels = KernelLog()
        try await withKernel("any", scripted(kernels)) { kernel async throws in
            let restart = Task {
                withUnsafeCurrentTask { $0?.cancel() }
                try await kernel.restart()
            }
            await #expect(throws: CancellationError.self) { try await restart.value }
            #expect(try await kernel.execute("prints a").text == "a")
        }
        #expect(kernels.all.count == 1)
    }

    @Test func `A restart can be requested by several tasks at a time`() async throws {
        let kernels = KernelLog()
        try await withKernel("any", scripted(kernels)) { kernel async throws in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<8 { group.addTask { try await kernel.restart() } }
                try await group.waitForAll()
            }
            #expect(kernels.all.count { !$0.isOver } == 1)
            #expect(try await kernel.execute("prints a").text == "a")
        }
        #expect(kernels.all.count == 9 && kernels.isAllOver)
    }

    @Test func `A restart ends its kernel even if the client closes during it`() async throws {
        let kernels = KernelLog()
        let (starts, starting) = AsyncStream<Void>.makeStream()
        let options = options(kernels) {
            starting.yield()
            try await Task.sleep(for: .seconds(100_000))
        }
        let (client, restart) = try await withKernel("any", options) { kernel async throws in
            let restart = Task { try await kernel.restart() }
            for await _ in starts { break }
            return (kernel, restart)
        }
        await #expect(throws: (any Error).self) { try await restart.value }
        await #expect(throws: KernelClientError.ended) { try await client.execute("prints a") }
        await #expect(throws: KernelClientError.ended) { try await client.restart() }
        await #expect(throws: KernelClientError.ended) { try await client.isComplete("1") }
        #expect(kernels.isAllOver)
    }

    @Test func `A restart is refused if the provider leaves its kernels running`() async throws {
        struct AttachedProvider: KernelProvider {
            let name = "lasting"
            let endsKernels = false
            let inner: ScriptedKernels

            func kernels() -> [KernelDescription] { [] }
            func withKernel<Result>(
                _ request: KernelRequest, _ body: (any Kernel) async throws -> Result
            ) async throws -> Result { try await inner.withKernel(request, body) }
        }
        var options = Options()
        options.kernels = AttachedProvider(inner: ScriptedKernels { _ in ScriptedKernel { .running(printing: $0) } })
        try await withKernel("any", options) { kernel async throws in
            await #expect(throws: KernelClientError.cannotRestart(provider: "lasting")) { try await kernel.restart() }
            #expect(try await kernel.execute("a").text == "a")
        }
        #expect(!AttachedKernels().endsKernels && LocalKernels().endsKernels)
    }

    @Test(.realKernel) func `A restart of a local kernel loses its state, and leaves no process behind`() async throws {
        try await withKernel("python3", GalleyTests.options()) { kernel async throws in
            let process = try await kernel.execute("import os, time; x = 1; os.getpid()").text
            let running = kernel.start("print('on', flush=True); time.sleep(100_000)")
            for await output in running.outputs { if case .stream = output { break } }
            try await kernel.restart()
            #expect(!FileManager.default.fileExists(atPath: "/proc/\(process)"))
            await #expect(throws: KernelClientError.restarted) { try await running.result }
            #expect(try await kernel.execute("x").error?.name == "NameError")
            #expect(try await kernel.execute("import os; os.getpid()").text != process)
        }
    }
}

extension ScriptedKernel {
    /// The code of the execute requests.
    fileprivate var codes: [String] {
        requests.filter { $0.type == "execute_request" }.compactMap { $0.content["code"]?.string }
    }
}
