import Foundation
import GalleyJSON
import GalleyJupyterProtocol
import GalleyLocalKernels
import Testing

@Suite struct `When a kernel misbehaves` {
    let scratch: Scratch

    init() throws { scratch = try Scratch() }

    @Test func `dying in the middle is told with the signal, its last output and its last words`() async throws {
        var text = ""
        let heard = scratch.path + "/heard"
        let failure = await failure {
            try await withKernel(Fixture.spec("dies")) { kernel in
                _ = try await kernel.perform(kernel.session.executeRequest(heard)) {
                    text += $0.content["text"]?.string ?? ""
                    if !text.isEmpty { try Data().write(to: URL(fileURLWithPath: heard)) }
                }
            }
        }
        guard case .died(let end)? = failure else { return #expect(Bool(false), "\(String(describing: failure))") }
        #expect(end.cause == .signalled(9))
        #expect(end.lastLines == ["a line on standard error"])
        #expect(end.peakMemory > 1_000_000)
        #expect(end.lifetime > .milliseconds(50))
        // Only a machine that has ended something else for lack of memory meanwhile makes one doubt.
        #expect(end.memory == nil || end.memory == .machine)
        #expect(text == "last words")
    }

    @Test func `leaving in the middle is told with the status`() async throws {
        let failure = await failure {
            try await withKernel(Fixture.spec("exits")) { kernel in _ = try await kernel.run("x") }
        }
        guard case .died(let end)? = failure else { return #expect(Bool(false), "\(String(describing: failure))") }
        #expect(end.cause == .exited(7))
        #expect("\(KernelFailure.died(end))".hasPrefix("the kernel died: it exited with status 7 after "))
    }

    @Test func `dying at the start is told at once, with what it said`() async throws {
        let began = ContinuousClock.now
        var options = scratch.options
        options.startTimeout = .seconds(600)
        let error = await #expect(throws: KernelError.self) {
            try await withKernel(Fixture.spec("stillborn"), options: options) { _ in }
        }
        guard case .diedAtStart("stillborn", let end)? = error else {
            return #expect(Bool(false), "\(String(describing: error))")
        }
        #expect(end.cause == .exited(3))
        #expect(error?.description.hasSuffix("It printed:\n    the configuration is broken") == true)
        #expect(began.duration(to: .now) < options.startTimeout)
        #expect(scratch.remains == [])
    }

    @Test func `never answering is told when its time is up`() async throws {
        var options = scratch.options
        options.startTimeout = .milliseconds(800)
        let error = await #expect(throws: KernelError.self) {
            try await withKernel(Fixture.spec("silent"), options: options) { _ in }
        }
        #expect(error?.description == "Kernel 'silent' did not respond within 0.8 seconds. It printed nothing")
        #expect(scratch.remains == [])
    }

    @Test(arguments: [
        ("forged", "a message is not signed with this connection's key"),
        ("short", "a message has 3 frames after <IDS|MSG>; it needs at least 5"),
        ("replayed", "a message arrived twice"),
        (
            "garbled",
            "the content of a message is not JSON: line 1, column 2: the text ends where a key in double quotes or '}' was expected"
        ),
        ("list", "the content of a message is not an object but of type 'array'"),
        ("nameless", "the header of a message has no ID or no type"),
    ])
    func `a frame that is not to be trusted ends the conversation, and is named`(mode: String, reason: String)
        async throws
    {
        let failure = await failure {
            try await withKernel(Fixture.spec(mode)) { kernel in _ = try await kernel.run("x") }
        }
        #expect(failure.map { "\($0)" } == "an invalid message arrived: \(reason)")
    }

    @Test(.timeLimit(.minutes(5))) func `a message that never ends, ends the conversation`() async {
        // In a process of its own: libzmq has one thread for all connections, and this keeps it busy.
        await #expect(processExitsWith: .success) {
            let failure = await failure {
                try await withKernel(Fixture.spec("endless")) { kernel in _ = try await kernel.run("x") }
            }
            let sentence =
                "an invalid message arrived: a message is too large or endless: the limit is 1073741824 bytes in 65536 frames"
            exit(failure.map { "\($0)" } == sentence ? 0 : 1)
        }
    }

    @Test func `a frame that is not to be trusted is named at the start too, and at once`() async throws {
        let error = await #expect(throws: KernelError.self) {
            try await withKernel(Fixture.spec("forged-at-start"), options: scratch.options) { _ in }
        }
        #expect(
            error?.description
                == "The connection to kernel 'forged-at-start' failed: an invalid message arrived: a message is not signed with this connection's key"
        )
        #expect(scratch.remains == [])
    }

    @Test func `the liberties that real kernels take are tolerated`() async throws {
        try await withKernel(Fixture.spec("sloppy")) { kernel in
            let text = try await kernel.run("x").text
            #expect(text == "no date odd date little typeless parent no parent odd byte \u{FFFD} null metadata ")
        }
    }

    @Test func `an idle that never comes is asked for, and told as a loss`() async throws {
        try await withKernel(Fixture.spec("never-idle")) { kernel in
            let (text, reply, hasLoss) = try await kernel.run("hello", patience: .milliseconds(200))
            #expect(text == "hello")
            #expect(reply.content["status"]?.string == "ok")
            #expect(hasLoss)
            // The kernel is none the worse for it.
            #expect(try await kernel.run("again").text == "again")
        }
    }

    @Test func `a queue of its own that runs over hangs nobody`() async throws {
        // Whether the idle is among what is lost is a matter of luck; that it can be is tested above.
        try await withKernel(Fixture.spec("overflow")) { kernel in
            let reply = try await kernel.run("x", patience: .milliseconds(200)).reply
            #expect(reply.content["status"]?.string == "ok")
        }
    }

    @Test func `what it has said by then is kept when it is killed`() async throws {
        let done = scratch.path + "/done"
        try await withKernel(Fixture.spec("never-done")) { kernel in
            kernel.send(kernel.session.executeRequest(done))
            // Nothing is taken out meanwhile, as where the thread has a lot to do.
            await withTaskExecutorPreference(kernel.executor) {
                while access(done, F_OK) != 0 { usleep(10_000) }
            }
            await kernel.kill()
            var count = 0
            for try await message in kernel.messages where message.type == "stream" { count += 1 }
            // One turn of the thread takes out 512; what had not arrived when it was killed nobody can know.
            #expect(count > 1000)
        }
    }

    @Test func `two hundred thousand messages arrive, every one`() async throws {
        try await withKernel(Fixture.spec("flood")) { kernel in
            let (text, _, hasLoss) = try await kernel.run("x", patience: .seconds(60))
            #expect(!hasLoss)
            #expect(text == (0..<200_000).map { "\($0)\n" }.joined())
        }
    }
}

@Suite struct `A kernel is ended` {
    let scratch: Scratch

    init() throws { scratch = try Scratch() }

    @Test(arguments: ["stubborn", "stays", "deaf", "good"])
    func `however little it wants to be`(mode: String) async throws {
        var options = scratch.options
        options.shutdownSteps = [
            .request(patience: .milliseconds(300), afterReply: .milliseconds(300)),
            .signal(SIGTERM, patience: .milliseconds(300)),
        ]
        let process = try await withKernel(Fixture.spec(mode), options: options) { try await Int($0.run("pid").text) }
        #expect(!isAlive(try #require(process)))
        #expect(scratch.remains == [])
    }

    @Test func `in the middle of its work, where it is deaf to interrupts`() async throws {
        var options = scratch.options
        options.shutdownSteps = [
            .request(patience: .milliseconds(200), afterReply: .zero), .signal(SIGTERM, patience: .milliseconds(200)),
        ]
        let process = try await withKernel(Fixture.spec("deaf"), options: options) { kernel in
            let process = try await Int(kernel.run("pid").text)
            #expect(try await kernel.begin("wait") == "waiting")
            await kernel.interrupt()
            // It is deaf and not dead: who wants to go on waiting may.
            #expect(isAlive(try #require(process)))
            return process
        }
        #expect(!isAlive(try #require(process)))
        #expect(scratch.remains == [])
    }

    @Test func `with everything that it started, even what left its session`() async throws {
        let child = try await withKernel(Fixture.spec("good")) { try await Int($0.run("child").text) }
        #expect(!isAlive(try #require(child)))
    }

    @Test(arguments: ["kernel-guard", "kernel-watch"])
    func `with everything that it started, also where a cell has killed what sees to that`(name: String) async throws {
        var child: Int?
        let failure = await failure {
            try await withKernel(Fixture.spec("good")) { kernel in
                child = try await Int(kernel.run("child").text)
                let guardian = try parent(of: #require(try await Int(kernel.run("pid").text)))
                let target = name == "kernel-guard" ? guardian : try parent(of: guardian)
                #expect(try String(contentsOfFile: "/proc/\(target)/comm", encoding: .utf8) == name + "\n")
                kill(pid_t(target), SIGKILL)
                for try await _ in kernel.messages {}
            }
        }
        guard case .died? = failure else { return #expect(Bool(false), "\(String(describing: failure))") }
        #expect(!isAlive(try #require(child)))
    }

    @Test(arguments: [["kernel-guard"], ["kernel-watch", "kernel-guard"]])
    func `also where a cell has stopped what sees to that`(stopped: [String]) async throws {
        let child = try await withKernel(Fixture.spec("good")) { kernel in
            let child = try await Int(kernel.run("child").text)
            let guardian = try parent(of: #require(try await Int(kernel.run("pid").text)))
            for name in stopped { kill(pid_t(name == "kernel-guard" ? guardian : try parent(of: guardian)), SIGSTOP) }
            return child
        }
        #expect(!isAlive(try #require(child)))
    }

    @Test func `without what it started, where that is wanted`() async throws {
        var options = scratch.options
        options.leavesChildren = true
        let log = scratch.path + "/log"
        let child = try await withKernel(Fixture.spec("good"), options: options) {
            try await Int($0.run("child \(log)").text)
        }
        #expect(isAlive(try #require(child)))
        // It writes to what was the kernel's output, and goes on.
        let size = { FileManager.default.contents(atPath: log)?.count ?? 0 }
        let before = size()
        #expect(try await eventually { size() > before + 50 })
        kill(pid_t(try #require(child)), SIGKILL)
    }

    @Test func `once, however many ask for it, and all of them wait`() async throws {
        let options = scratch.options
        try await withKernel(Fixture.spec("stays"), options: options) { kernel in
            let process = try #require(try await Int(kernel.run("pid").text))
            await withTaskGroup(of: Void.self) { group in
                for _ in 0..<3 {
                    group.addTask {
                        await kernel.shutdown()
                        #expect(!isAlive(process))
                    }
                }
            }
        }
        #expect(scratch.remains == [])
    }

    @Test func `when the body throws, and when the task is cancelled`() async throws {
        struct Sentinel: Error {}
        let options = scratch.options
        var process: Int?
        await #expect(throws: Sentinel.self) {
            try await withKernel(Fixture.spec("good"), options: options) { kernel in
                process = try await Int(kernel.run("pid").text)
                throw Sentinel()
            }
        }
        #expect(!isAlive(try #require(process)))
        let (stream, continuation) = AsyncStream<Int>.makeStream()
        let task = Task {
            try await withKernel(Fixture.spec("good"), options: options) { kernel in
                continuation.yield(try #require(try await Int(kernel.run("pid").text)))
                _ = try await kernel.run("wait")
            }
        }
        var numbers = stream.makeAsyncIterator()
        let number = try #require(await numbers.next())
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(!isAlive(number))
        #expect(scratch.remains == [])
    }

    @Test func `when its start is cancelled`() async throws {
        let options = scratch.options
        let task = Task { try await withKernel(Fixture.spec("silent"), options: options) { _ in } }
        #expect(try await eventually { !scratch.remains.isEmpty })
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(try await eventually { scratch.remains.isEmpty })
    }

    @Test(arguments: [false, true])
    func
        `within a second of the engine's being killed, with all that it started, also where a cell has stopped its guard`(
            isGuardStopped: Bool
        ) async throws
    {
        // The process that is killed writes the numbers of its kernel and of a child of that to a file.
        let file = FileManager.default.temporaryDirectory.path + "/galley-killed-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: file) }
        await #expect(processExitsWith: .signal(SIGKILL)) {
            [file = file as String, isGuardStopped = isGuardStopped as Bool] in
            try await withKernel(Fixture.spec("good")) { kernel in
                let numbers = try await [kernel.run("pid").text, kernel.run("child").text]
                try numbers.joined(separator: " ").write(toFile: file, atomically: true, encoding: .utf8)
                if isGuardStopped { kill(pid_t(try parent(of: #require(Int(numbers[0])))), SIGSTOP) }
                kill(getpid(), SIGKILL)
            }
        }
        let numbers = try String(contentsOfFile: file, encoding: .utf8).split(separator: " ").compactMap { Int($0) }
        #expect(numbers.count == 2)
        #expect(try await eventually { numbers.allSatisfy { !isAlive($0) } })
    }
}

@Suite(.timeLimit(.minutes(30))) struct `A kernel is interrupted` {
    @Test(arguments: [KernelSpec.InterruptMode.signal, .message])
    func `by a signal, or by a message and then by a signal`(mode: KernelSpec.InterruptMode) async throws {
        // This one answers the message only when it is not at work, as some do.
        try await withKernel(Fixture.spec("good", interruptMode: mode)) { kernel in
            #expect(try await kernel.begin("wait") == "waiting")
            await kernel.interrupt()
            for try await message in kernel.messages where message.type == "execute_reply" {
                #expect(message.content["ename"]?.string == "Interrupted")
                break
            }
            #expect(try await kernel.run("still there").text == "still there")
        }
    }
}
