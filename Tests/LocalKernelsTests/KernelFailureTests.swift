import Foundation
import GalleyJSON
import GalleyJupyterProtocol
import GalleyLocalKernels
import GalleyTestSupport
import Testing

@Suite struct `A misbehaving kernel` {
    let scratch: TemporaryFolder

    init() throws { scratch = try TemporaryFolder() }

    @Test func `A kernel that is killed by a signal is reported with the signal and its last output`() async throws {
        var text = ""
        let heard = scratch.path + "/heard"
        let failure = await failure {
            try await withKernel(FixtureKernel.spec("dies")) { kernel in
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
        // The cause is uncertain only if the machine has killed another process for lack of memory.
        #expect(end.memory == nil || end.memory == .machine)
        #expect(text == "last words")
    }

    @Test func `A kernel that exits is reported with its status`() async throws {
        let failure = await failure {
            try await withKernel(FixtureKernel.spec("exits")) { kernel in _ = try await kernel.run("x") }
        }
        guard case .died(let end)? = failure else { return #expect(Bool(false), "\(String(describing: failure))") }
        #expect(end.cause == .exited(7))
        #expect("\(KernelFailure.died(end))".hasPrefix("the kernel died: it exited with status 7 after "))
    }

    @Test func `A kernel that dies at the start is reported at once, with its output`() async throws {
        let began = ContinuousClock.now
        var options = scratch.options
        options.startTimeout = .seconds(600)
        let error = await #expect(throws: KernelError.self) {
            try await withKernel(FixtureKernel.spec("stillborn"), options: options) { _ in }
        }
        guard case .diedAtStart("stillborn", let end)? = error else {
            return #expect(Bool(false), "\(String(describing: error))")
        }
        #expect(end.cause == .exited(3))
        #expect(error?.description.hasSuffix("It printed:\n    the configuration is broken") == true)
        #expect(began.duration(to: .now) < options.startTimeout)
        #expect(scratch.names == [])
    }

    @Test func `A kernel that never responds is reported at the time limit`() async throws {
        var options = scratch.options
        options.startTimeout = .milliseconds(800)
        let error = await #expect(throws: KernelError.self) {
            try await withKernel(FixtureKernel.spec("silent"), options: options) { _ in }
        }
        #expect(error?.description == "Kernel 'silent' did not respond within 0.8 seconds. It printed nothing")
        #expect(scratch.names == [])
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
    func `A frame that is invalid ends the connection, and is named`(mode: String, reason: String)
        async throws
    {
        let failure = await failure {
            try await withKernel(FixtureKernel.spec(mode)) { kernel in _ = try await kernel.run("x") }
        }
        #expect(failure.map { "\($0)" } == "an invalid message arrived: \(reason)")
    }

    @Test(.timeLimit(.minutes(5))) func `A message that never ends, ends the connection`() async {
        // The test runs in its own process: libzmq has one thread for all connections, which this kernel keeps busy.
        await #expect(processExitsWith: .success) {
            let failure = await failure {
                try await withKernel(FixtureKernel.spec("endless")) { kernel in _ = try await kernel.run("x") }
            }
            let sentence =
                "an invalid message arrived: a message is too large or endless: the limit is 1073741824 bytes in 65536 frames"
            exit(failure.map { "\($0)" } == sentence ? 0 : 1)
        }
    }

    @Test func `A frame that is invalid is reported at the start too, and at once`() async throws {
        let error = await #expect(throws: KernelError.self) {
            try await withKernel(FixtureKernel.spec("forged-at-start"), options: scratch.options) { _ in }
        }
        #expect(
            error?.description
                == "The connection to kernel 'forged-at-start' failed: an invalid message arrived: a message is not signed with this connection's key"
        )
        #expect(scratch.names == [])
    }

    @Test func `Deviations of real kernels from the protocol are tolerated`() async throws {
        try await withKernel(FixtureKernel.spec("sloppy")) { kernel in
            let text = try await kernel.run("x").text
            #expect(text == "no date odd date little typeless parent no parent odd byte \u{FFFD} null metadata ")
        }
    }

    @Test func `A missing idle status is probed for, and reported as a loss`() async throws {
        try await withKernel(FixtureKernel.spec("never-idle")) { kernel in
            let (text, reply, hasLoss) = try await kernel.run("hello", patience: .milliseconds(200))
            #expect(text == "hello")
            #expect(reply.content["status"]?.string == "ok")
            #expect(hasLoss)
            // The kernel continues.
            #expect(try await kernel.run("again").text == "again")
        }
    }

    @Test func `An overflowing kernel queue does not hang the client`() async throws {
        // The idle status may or may not be lost here; its loss is tested above.
        try await withKernel(FixtureKernel.spec("overflow")) { kernel in
            let reply = try await kernel.run("x", patience: .milliseconds(200)).reply
            #expect(reply.content["status"]?.string == "ok")
        }
    }

    @Test func `Messages of a killed kernel are kept`() async throws {
        let done = scratch.path + "/done"
        try await withKernel(FixtureKernel.spec("never-done")) { kernel in
            kernel.send(kernel.session.executeRequest(done))
            // The thread receives nothing meanwhile, as under load.
            await withTaskExecutorPreference(kernel.executor) {
                while access(done, F_OK) != 0 { usleep(10_000) }
            }
            await kernel.kill()
            var count = 0
            for try await message in kernel.messages where message.type == "stream" { count += 1 }
            // One turn of the thread receives 512 messages; messages that had not arrived are lost.
            #expect(count > 1000)
        }
    }

    @Test(.slow) func `Two hundred thousand messages all arrive`() async throws {
        try await withKernel(FixtureKernel.spec("flood")) { kernel in
            let (text, _, hasLoss) = try await kernel.run("x", patience: .seconds(60))
            #expect(!hasLoss)
            #expect(text == (0..<200_000).map { "\($0)\n" }.joined())
        }
    }
}

@Suite struct `The end of a kernel` {
    let scratch: TemporaryFolder

    init() throws { scratch = try TemporaryFolder() }

    @Test(arguments: ["stubborn", "stays", "ignores-interrupts", "good"])
    func `A kernel ends even if it ignores shutdown requests and signals`(mode: String) async throws {
        var options = scratch.options
        options.shutdownSteps = [
            .request(patience: .milliseconds(300), afterReply: .milliseconds(300)),
            .signal(SIGTERM, patience: .milliseconds(300)),
        ]
        let process = try await withKernel(FixtureKernel.spec(mode), options: options) {
            try await Int($0.run("pid").text)
        }
        #expect(!isAlive(try #require(process)))
        #expect(scratch.names == [])
    }

    @Test func `A kernel ends while it ignores interrupts`() async throws {
        var options = scratch.options
        options.shutdownSteps = [
            .request(patience: .milliseconds(200), afterReply: .zero), .signal(SIGTERM, patience: .milliseconds(200)),
        ]
        let process = try await withKernel(FixtureKernel.spec("ignores-interrupts"), options: options) { kernel in
            let process = try await Int(kernel.run("pid").text)
            #expect(try await kernel.begin("wait") == "waiting")
            await kernel.interrupt()
            // The kernel ignores the interrupt but lives, so the caller may wait.
            #expect(isAlive(try #require(process)))
            return process
        }
        #expect(!isAlive(try #require(process)))
        #expect(scratch.names == [])
    }

    @Test func `A kernel ends with all its processes, even those of another session`() async throws {
        let child = try await withKernel(FixtureKernel.spec("good")) { try await Int($0.run("child").text) }
        #expect(!isAlive(try #require(child)))
    }

    @Test(arguments: ["kernel-guard", "kernel-watch"])
    func `A kernel ends with all its processes, even if a cell has killed the guard process`(name: String) async throws
    {
        var child: Int?
        let failure = await failure {
            try await withKernel(FixtureKernel.spec("good")) { kernel in
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
    func `A kernel ends even if a cell has stopped the guard process`(stopped: [String]) async throws {
        let child = try await withKernel(FixtureKernel.spec("good")) { kernel in
            let child = try await Int(kernel.run("child").text)
            let guardian = try parent(of: #require(try await Int(kernel.run("pid").text)))
            for name in stopped { kill(pid_t(name == "kernel-guard" ? guardian : try parent(of: guardian)), SIGSTOP) }
            return child
        }
        #expect(!isAlive(try #require(child)))
    }

    @Test func `A kernel ends without its processes on request`() async throws {
        var options = scratch.options
        options.leavesChildren = true
        let log = scratch.path + "/log"
        let child = try await withKernel(FixtureKernel.spec("good"), options: options) {
            try await Int($0.run("child \(log)").text)
        }
        #expect(isAlive(try #require(child)))
        // The process writes to the pipe of the kernel's output, and continues.
        let size = { FileManager.default.contents(atPath: log)?.count ?? 0 }
        let before = size()
        #expect(try await eventually { size() > before + 50 })
        kill(pid_t(try #require(child)), SIGKILL)
    }

    @Test func `A kernel ends once, and all concurrent requests wait for it`() async throws {
        let options = scratch.options
        try await withKernel(FixtureKernel.spec("stays"), options: options) { kernel in
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
        #expect(scratch.names == [])
    }

    @Test func `A kernel ends when the closure throws, and when the task is canceled`() async throws {
        struct Sentinel: Error {}
        let options = scratch.options
        var process: Int?
        await #expect(throws: Sentinel.self) {
            try await withKernel(FixtureKernel.spec("good"), options: options) { kernel in
                process = try await Int(kernel.run("pid").text)
                throw Sentinel()
            }
        }
        #expect(!isAlive(try #require(process)))
        let (stream, continuation) = AsyncStream<Int>.makeStream()
        let task = Task {
            try await withKernel(FixtureKernel.spec("good"), options: options) { kernel in
                continuation.yield(try #require(try await Int(kernel.run("pid").text)))
                _ = try await kernel.run("wait")
            }
        }
        var numbers = stream.makeAsyncIterator()
        let number = try #require(await numbers.next())
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(!isAlive(number))
        #expect(scratch.names == [])
    }

    @Test func `A kernel ends when its start is canceled`() async throws {
        let options = scratch.options
        let task = Task { try await withKernel(FixtureKernel.spec("silent"), options: options) { _ in } }
        #expect(try await eventually { !scratch.names.isEmpty })
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(try await eventually { scratch.names.isEmpty })
    }

    @Test(arguments: [false, true])
    func
        `A kernel ends within a second of a killed engine, even if a cell has stopped the guard process`(
            isGuardStopped: Bool
        ) async throws
    {
        // The killed process writes the IDs of its kernel and of the kernel's child to a file.
        let folder = try TemporaryFolder()
        let file = folder("processes")
        await #expect(processExitsWith: .signal(SIGKILL)) {
            [file = file as String, isGuardStopped = isGuardStopped as Bool] in
            try await withKernel(FixtureKernel.spec("good")) { kernel in
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

@Suite(.timeLimit(.minutes(30))) struct `The interrupt of a kernel` {
    @Test(arguments: [KernelSpec.InterruptMode.signal, .message])
    func `A kernel is interrupted by a signal, or by a message and then by a signal`(mode: KernelSpec.InterruptMode)
        async throws
    {
        // This kernel replies to an interrupt request only when it is idle, as some kernels do.
        try await withKernel(FixtureKernel.spec("good", interruptMode: mode)) { kernel in
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
