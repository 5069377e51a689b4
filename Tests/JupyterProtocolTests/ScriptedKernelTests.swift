import GalleyJSON
import GalleyJupyterProtocol
import GalleyTesting
import Testing

@Suite struct `A request on a kernel` {
    private func text(
        _ kernel: some Kernel, patience: Duration = .seconds(60)
    ) async throws -> (String, hasLoss: Bool) {
        var text = ""
        let hasLoss = try await kernel.perform(kernel.session.executeRequest("x"), patience: patience) {
            text += $0.content["text"]?.string ?? ""
        }.hasLoss
        return (text, hasLoss)
    }

    @Test func `A request receives messages until the kernel is idle`() async throws {
        let kernel = ScriptedKernel.answering { _ in .running(printing: "hello") }
        #expect(try await text(kernel) == ("hello", false))
        #expect(try await text(kernel) == ("hello", false))
        #expect(kernel.requests.map(\.type) == ["execute_request", "execute_request"])
    }

    @Test func `A request probes the kernel when its idle status does not arrive`() async throws {
        let kernel = ScriptedKernel.answering { request in
            request.type == "kernel_info_request"
                ? [.say("status", on: .iopub, content: ["execution_state": "busy"])]
                : .running(printing: "hello", losingIdle: true)
        }
        #expect(try await text(kernel, patience: .milliseconds(10)) == ("hello", true))
        #expect(kernel.requests.last?.type == "kernel_info_request")
    }

    @Test func `A request works with a kernel of any age`() {
        #expect(PostMortem(cause: .unknown, lifetime: .seconds(Int64.max)).description.contains("after 9.2"))
        #expect(PostMortem(cause: .exited(3), lifetime: .milliseconds(1234)).description.hasSuffix("after 1.234 s"))
    }

    @Test func `A request reports why the kernel died`() async throws {
        let end = PostMortem(cause: .signalled(11))
        let kernel = ScriptedKernel.answering { _ in [.say("stream", on: .iopub, content: ["text": "last"]), .die(end)]
        }
        var heard = ""
        let failure = await #expect(throws: KernelFailure.self) {
            try await kernel.perform(kernel.session.executeRequest("x")) { heard += $0.content["text"]?.string ?? "" }
        }
        guard case .died(end)? = failure else { return #expect(Bool(false), "\(String(describing: failure))") }
        #expect(heard == "last")
    }

    @Test func `A request keeps messages that arrive after its task was canceled`() async throws {
        let kernel = ScriptedKernel.answering { _ in [.say("stream", on: .iopub, content: ["text": "before"])] }
        let (heard, continuation) = AsyncStream<Void>.makeStream()
        let task = Task {
            try await kernel.perform(kernel.session.executeRequest("x")) { _ in continuation.yield() }
        }
        var first = heard.makeAsyncIterator()
        await first.next()
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        kernel.messages.add(Session().message("stream", on: .iopub, content: ["text": "after"]))
        kernel.messages.finish()
        var rest: [String] = []
        for try await message in kernel.messages { rest.append(message.content["text"]?.string ?? "") }
        #expect(rest == ["after"])
    }
}

@Suite struct `The messages of a kernel` {
    @Test func `Messages arrive in order, in one loop after another, until the end`() async throws {
        let messages = KernelMessages()
        let session = Session()
        let count = 5000
        let writer = Task.detached {
            for number in 0..<count {
                messages.add(session.message("stream", on: .iopub, content: ["n": .number(number)]))
            }
            messages.finish()
        }
        var numbers: [Int] = []
        while numbers.count < count {
            for try await message in messages {
                numbers.append(message.content["n"]?.int ?? -1)
                if numbers.count % 7 == 0 { break }
            }
        }
        await writer.value
        #expect(numbers == Array(0..<count))
        // Messages after the end are dropped.
        messages.add(session.kernelInfoRequest())
        for try await _ in messages { Issue.record("something came after the end") }
    }

    @Test func `A repeated clear_output is kept once, and only a repeated one`() async throws {
        let session = Session()
        let parents = [session.executeRequest("a").header, session.executeRequest("b").header]
        func clear(_ parent: Int, waits: Bool) -> Message {
            session.message("clear_output", on: .iopub, content: ["wait": .bool(waits)], parent: parents[parent])
        }
        let messages = KernelMessages()
        for _ in 0..<1000 { messages.add(clear(0, waits: false)) }
        for _ in 0..<1000 { messages.add(clear(0, waits: true)) }
        for _ in 0..<1000 { messages.add(clear(1, waits: true)) }
        messages.add(session.message("stream", on: .iopub, content: ["text": "x"], parent: parents[1]))
        messages.add(clear(1, waits: true))
        messages.finish()
        var heard: [String] = []
        for try await message in messages {
            heard.append("\(message.type) \(message.content["wait"]?.bool.map { "\($0)" } ?? "")")
        }
        #expect(
            heard == ["clear_output false", "clear_output true", "clear_output true", "stream ", "clear_output true"])
    }
}
