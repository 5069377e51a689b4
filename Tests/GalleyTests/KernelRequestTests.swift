import Galley
import GalleyTestSupport
import GalleyTesting
import Synchronization
import Testing

/// Makes options for a kernel that prints its code, and answers requests with a closure.
private func answering(_ answer: @escaping @Sendable (Message) -> [ScriptedKernel.Step]) -> Options {
    var options = Options()
    options.kernels = ScriptedKernels { _ in
        ScriptedKernel({ $0 == "hang" ? [] : .running(printing: $0) }, answering: answer)
    }
    return options
}

@Suite(.timeLimit(.minutes(20))) struct `A request to a kernel` {
    @Test func `A completion request returns matches and the range that they replace`() async throws {
        let asked = Mutex<[Value]>([])
        let options = answering { request in
            asked.withLock { $0.append(request.content) }
            return .completing(["print", "property"], replacing: 5..<7)
        }
        let code = "🙂e\u{301}: pr + 1"
        let cursor = try #require(code.firstRange(of: "pr")?.upperBound)
        let completion = try await withKernel("any", options) { try await $0.complete(code, at: cursor) }
        #expect(completion.matches == ["print", "property"])
        #expect(code[completion.range] == "pr")
        #expect(
            completion.matches.map(completion.code(choosing:)) == ["🙂e\u{301}: print + 1", "🙂e\u{301}: property + 1"])
        // The cursor counts Unicode scalars: the smile is one, and the letter with its accent two.
        #expect(asked.withLock(\.self).map { $0["cursor_pos"]?.int } == [7])
    }

    @Test func `A completion request starts at the end of the code by default, and never beyond it`() async throws {
        let asked = Mutex<[Int?]>([])
        let options = answering { request in
            asked.withLock { $0.append(request.content["cursor_pos"]?.int) }
            return .completing([], replacing: 0..<0)
        }
        let long = "a much longer text"
        try await withKernel("any", options) { kernel async throws in
            _ = try await kernel.complete("abc")
            _ = try await kernel.complete("abc", at: long.endIndex)
            _ = try await kernel.complete("")
        }
        #expect(asked.withLock(\.self) == [3, 3, 0])
    }

    @Test func `An inspection request describes a name, or says that it is unknown`() async throws {
        let asked = Mutex<[Int?]>([])
        let options = answering { request in
            asked.withLock { $0.append(request.content["detail_level"]?.int) }
            return .inspecting(request.content["code"]?.string == "print" ? "\u{1B}[31mPrints\u{1B}[0m values." : nil)
        }
        try await withKernel("any", options) { kernel async throws in
            #expect(try await kernel.inspect("print")?.text == "Prints values.")
            let none = try await kernel.inspect("prnit", detail: .full)
            #expect(none == nil)
        }
        #expect(asked.withLock(\.self) == [0, 1])
    }

    @Test(arguments: [
        ("complete", Completeness.complete), ("incomplete", .incomplete(indent: "  ")), ("invalid", .invalid),
        ("unknown", .unknown),
    ])
    func `A completeness request says whether code is ready to run`(status: String, completeness: Completeness)
        async throws
    {
        let options = answering { _ in .judging(status, indent: status == "incomplete" ? "  " : "") }
        let answer = try await withKernel("any", options) { try await $0.isComplete("if x:") }
        #expect(answer == completeness)
    }

    @Test func `A request is answered while code runs, and while other code waits`() async throws {
        let options = answering { _ in .judging("complete") }
        try await withKernel("any", options) { kernel async throws in
            let running = kernel.start("hang")
            let waiting = kernel.start("next")
            #expect(try await kernel.isComplete("1") == .complete)
            await kernel.interrupt()
            #expect(try await running.result.error?.name == "KeyboardInterrupt")
            #expect(try await waiting.result.text == "next")
        }
    }

    @Test func `A request gets its own reply, in any order of replies`() async throws {
        let first = Mutex<Message?>(nil)
        var options = Options()
        options.kernels = ScriptedKernels { _ in
            let kernel = Mutex<ScriptedKernel?>(nil)
            let scripted = ScriptedKernel({ _ in [] }) { request in
                // The first request gets its reply after the second one.
                guard
                    let earlier = first.withLock({ earlier in
                        defer { earlier = earlier ?? request }
                        return earlier
                    })
                else { return [] }
                func reply(_ status: String, _ parent: Message) -> Message {
                    parent.reply("is_complete_reply", ["status": .string(status)])
                }
                kernel.withLock(\.self)?.messages.add(reply("invalid", request))
                kernel.withLock(\.self)?.messages.add(reply("complete", earlier))
                return []
            }
            kernel.withLock { $0 = scripted }
            return scripted
        }
        try await withKernel("any", options) { kernel async throws in
            async let one = kernel.isComplete("1")
            while first.withLock({ $0 == nil }) { await Task.yield() }
            async let two = kernel.isComplete(")")
            #expect(try await [one, two] == [.complete, .invalid])
        }
    }

    @Test func `A request without a reply fails at its time limit`() async throws {
        try await withKernel("any", answering { _ in [] }) { kernel async throws in
            await #expect(
                throws: KernelClientError.noReply(request: "complete_request", limit: .milliseconds(20))
            ) { try await kernel.complete("x", limit: .milliseconds(20)) }
            await #expect(
                throws: KernelClientError.noReply(request: "inspect_request", limit: .milliseconds(20))
            ) { try await kernel.inspect("x", limit: .milliseconds(20)) }
            await #expect(
                throws: KernelClientError.noReply(request: "is_complete_request", limit: .milliseconds(20))
            ) { try await kernel.isComplete("x", limit: .milliseconds(20)) }
            #expect(try await kernel.execute("on").text == "on")
        }
    }

    @Test func `A request ends with its task`() async throws {
        let (asked, asking) = AsyncStream<Void>.makeStream()
        let options = answering { _ in
            asking.yield()
            return []
        }
        try await withKernel("any", options) { kernel async throws in
            let questions: [@Sendable () async throws -> Void] = [
                { _ = try await kernel.complete("x", limit: .seconds(100_000)) },
                { _ = try await kernel.inspect("x", limit: .seconds(100_000)) },
                { _ = try await kernel.isComplete("x", limit: .seconds(100_000)) },
            ]
            var arrivals = asked.makeAsyncIterator()
            for question in questions {
                let task = Task { try await question() }
                _ = await arrivals.next()
                task.cancel()
                await #expect(throws: CancellationError.self) { try await task.value }
            }
        }
    }

    @Test func `A request reports an invalid reply`() async throws {
        let replies: [([ScriptedKernel.Step], String)] = [
            (.answering("complete_reply", ["status": "ok"]), "it has no list of matches"),
            (.answering("complete_reply", ["matches": [7], "status": "ok"]), "a match is not a string"),
            (.answering("complete_reply", ["matches": ["a"], "status": "ok"]), "'cursor_start' is not a number"),
            (.completing(["a"], replacing: 0..<9), "0 to 9 is not a range in code of 3 characters"),
            (.completing(["a"], replacing: -1..<2), "-1 to 2 is not a range in code of 3 characters"),
            (
                .answering("complete_reply", ["cursor_end": 1, "cursor_start": 2, "matches": ["a"]]),
                "2 to 1 is not a range in code of 3 characters"
            ),
            (.answering("complete_reply", []), "its content is not an object"),
            (.judging("complete"), "it is of type 'is_complete_reply' instead of 'complete_reply'"),
        ]
        for (reply, reason) in replies {
            try await withKernel("any", answering { _ in reply }) { kernel async throws in
                await #expect(
                    throws: KernelClientError.malformedReply(request: "complete_request", reason: reason)
                ) { try await kernel.complete("abc") }
            }
        }
        let inspected = answering { _ in .answering("inspect_reply", ["data": 1, "found": true]) }
        try await withKernel("any", inspected) { kernel async throws in
            await #expect(
                throws: KernelClientError.malformedReply(
                    request: "inspect_request", reason: "'data' is not an object")
            ) { try await kernel.inspect("abc") }
        }
        try await withKernel("any", answering { _ in .judging("perhaps") }) { kernel async throws in
            await #expect(
                throws: KernelClientError.malformedReply(
                    request: "is_complete_request", reason: "its status 'perhaps' is not defined by the protocol")
            ) { try await kernel.isComplete("abc") }
        }
    }

    @Test func `A request passes on the kernel's error, and its death`() async throws {
        let error = answering { _ in
            .answering("complete_reply", ["ename": "KeyError", "evalue": "'x'", "status": "error"])
        }
        try await withKernel("any", error) { kernel async throws in
            await #expect(
                throws: KernelClientError.refused(request: "complete_request", reason: "KeyError: 'x'")
            ) { try await kernel.complete("abc") }
        }
        let end = PostMortem(cause: .exited(3))
        try await withKernel("any", answering { _ in [.die(end)] }) { kernel async throws in
            await #expect(throws: KernelFailure.died(end)) { try await kernel.complete("abc") }
            await #expect(throws: KernelFailure.died(end)) { try await kernel.isComplete("abc") }
            await #expect(throws: KernelFailure.died(end)) { try await kernel.execute("abc") }
        }
    }
}

@Suite(.timeLimit(.minutes(20))) struct `A request to a real kernel` {
    @Test(.realKernel) func `A real kernel completes, inspects and checks code`() async throws {
        try await withKernel("python3", options()) { kernel async throws in
            try await kernel.execute("prices = [3, 5]\ndef total(): 'Adds the prices.'")
            let code = "'🙂'; pric + 1"
            let cursor = try #require(code.firstRange(of: "pric")?.upperBound)
            // The first request takes IPython long, because it loads a library.
            let completion = try await kernel.complete(code, at: cursor, limit: .seconds(300))
            #expect(completion.matches == ["prices"] && code[completion.range] == "pric")
            #expect(completion.code(choosing: "prices") == "'🙂'; prices + 1")
            #expect(try await kernel.inspect("total", limit: .seconds(300))?.text?.contains("Adds the prices.") == true)
            let unknown = try await kernel.inspect("nothing_of_this_name")
            #expect(unknown == nil)
            #expect(try await kernel.isComplete("x = 1") == .complete)
            #expect(try await kernel.isComplete("for n in range(3):") == .incomplete(indent: "    "))
            #expect(try await kernel.isComplete("x = )") == .invalid)
        }
    }
}

extension Message {
    /// Returns a reply to this request.
    fileprivate func reply(_ type: String, _ content: Value) -> Message {
        Session().message(type, on: .shell, content: content, parent: header)
    }
}
