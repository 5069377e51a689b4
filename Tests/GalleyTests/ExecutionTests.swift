import Galley
import GalleyTestSupport
import GalleyTesting
import Synchronization
import Testing

/// Makes options for a kernel that prints `a`, a display and `b`, and then hangs.
private func hanging(_ kernels: KernelLog) -> Options {
    var options = Options()
    // No kernel is killed on a busy machine.
    options.grace = .seconds(1000)
    options.kernels = ScriptedKernels { _ in
        let kernel = ScriptedKernel { code in
            let text = { ScriptedKernel.Step.say("stream", on: .iopub, content: ["name": "stdout", "text": $0]) }
            let display = ScriptedKernel.Step.say(
                "display_data", on: .iopub, content: ["data": ["text/plain": "picture"], "metadata": [:]])
            return code == "hang" ? [text("a"), display, text("b")] : .running([text("a"), display, text("b")])
        }
        kernels.add(kernel)
        return kernel
    }
    return options
}

/// An output in a word.
private func word(_ output: IOPubMessage) -> String {
    switch output {
    case .stream(_, let text): text
    case .display(let display): display.data["text/plain"]?.string ?? ""
    case .error(let name, _, _): name
    default: "?"
    }
}

@Suite(.timeLimit(.minutes(20))) struct `A running execution` {
    @Test func `An execution streams its outputs while it runs`() async throws {
        try await withKernel("any", hanging(KernelLog())) { kernel async throws in
            let execution = kernel.start("hang")
            var heard: [String] = []
            for await output in execution.outputs {
                heard.append(word(output))
                if heard.count == 3 { break }
            }
            #expect(heard == ["a", "picture", "b"])
            await kernel.interrupt()
            for await output in execution.outputs { heard.append(word(output)) }
            #expect(heard == ["a", "picture", "b", "KeyboardInterrupt"])
            let result = try await execution.result
            #expect(result.outputs.count == 4 && result.error?.name == "KeyboardInterrupt" && !result.isSuccess)
            #expect(execution.droppedOutputCount == 0)
        }
    }

    @Test func `An execution keeps its outputs for a loop that starts late`() async throws {
        try await withKernel("any", hanging(KernelLog())) { kernel async throws in
            let execution = kernel.start("run")
            let result = try await execution.result
            var heard: [String] = []
            for await output in execution.outputs { heard.append(word(output)) }
            #expect(heard == ["a", "picture", "b"] && result.text == "apictureb" && result.isSuccess)
        }
    }

    @Test func `An execution counts the outputs that were dropped, and has them in its result`() async throws {
        let piece = String(repeating: "x", count: 1_000_000)
        var options = Options()
        options.kernels = ScriptedKernels { _ in
            ScriptedKernel { _ in
                .running(
                    Array(
                        repeating: .say(
                            "stream", on: .iopub, content: ["name": "stdout", "text": .string(piece)]), count: 20))
            }
        }
        try await withKernel("any", options) { kernel async throws in
            let execution = kernel.start("flood")
            #expect(try await execution.result.text.utf8.count == 20_000_000)
            var heard = 0
            for await _ in execution.outputs { heard += 1 }
            #expect(heard == 15 && execution.droppedOutputCount == 5)
        }
    }

    @Test func `An execution is canceled directly or with the task that awaits its result, not with a loop`()
        async throws
    {
        let kernels = KernelLog()
        try await withKernel("any", hanging(kernels)) { kernel async throws in
            let byHand = kernel.start("hang")
            let loop = Task { for await _ in byHand.outputs {} }
            loop.cancel()
            await loop.value
            while !kernels.all[0].requests.contains(where: { $0.type == "execute_request" }) { await Task.yield() }
            byHand.cancel()
            await #expect(throws: CancellationError.self) { try await byHand.result }
            let execution = kernel.start("hang")
            for await _ in execution.outputs { break }
            let task = Task { try await execution.result }
            task.cancel()
            await #expect(throws: CancellationError.self) { try await task.value }
            #expect(try await kernel.execute("run").text == "apictureb")
        }
    }

    @Test func `An execution that is canceled before its turn is not sent`() async throws {
        let kernels = KernelLog()
        try await withKernel("any", hanging(kernels)) { kernel async throws in
            let running = kernel.start("hang")
            let waiting = kernel.start("run")
            waiting.cancel()
            await #expect(throws: CancellationError.self) { try await waiting.result }
            for await _ in waiting.outputs { Issue.record("an output of code that was not sent") }
            await kernel.interrupt()
            _ = try await running.result
        }
        #expect(kernels.all[0].requests.count { $0.type == "execute_request" } == 1)
    }

    @Test func `An execution is interrupted before it is sent, and the next one keeps its turn`() async throws {
        try await withKernel("any", hanging(KernelLog())) { kernel async throws in
            for _ in 0..<100 {
                let (first, second) = (kernel.start("hang"), kernel.start("run"))
                await kernel.interrupt()
                #expect(try await first.result.error?.name == "KeyboardInterrupt")
                #expect(try await second.result.isSuccess)
            }
            // No interrupt is needed.
            await kernel.interrupt()
            #expect(try await kernel.execute("run").isSuccess)
        }
    }

    @Test(.realKernel) func `An execution of a real kernel streams, is interrupted at once, and the kernel continues`()
        async throws
    {
        try await withKernel("python3", options()) { kernel async throws in
            let execution = kernel.start("import time\nfor n in range(3): print(n, flush=True)\ntime.sleep(100_000)")
            var text = ""
            for await output in execution.outputs {
                guard case .stream(_, let piece) = output else { continue }
                text += piece
                if text == "0\n1\n2\n" { await kernel.interrupt() }
            }
            let result = try await execution.result
            #expect(text == "0\n1\n2\n" && result.text == text && result.error?.name == "KeyboardInterrupt")
            let early = kernel.start("while True: pass")
            await kernel.interrupt()
            // The end proves that the interrupt worked: before the first line, IPython may send no reply.
            _ = try await early.result
            #expect(try await kernel.execute("n").text == "2")
        }
    }
}
