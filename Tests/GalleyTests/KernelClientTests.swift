import Foundation
import Galley
import GalleyTestSupport
import GalleyTesting
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(20))) struct `A kernel client` {
    @Test(.realKernel) func `A kernel client returns the outputs of code`() async throws {
        let results = try await withKernel("python3", options()) { kernel in
            #expect(kernel.info.json["implementation"]?.string == "ipython")
            return [
                try await kernel.execute("x = 6"), try await kernel.execute("print('so'); x * 7"),
                try await kernel.execute("1/0"), try await kernel.execute(" "),
            ]
        }
        #expect(results.map(\.text) == ["", "so\n42", "", ""])
        #expect(results[1].value?.text("text/plain") == "42")
        #expect(results[1].executionCount == 2)
        #expect(results[2].error?.name == "ZeroDivisionError" && results[2].error?.line == 1)
        #expect(results.map(\.outcome.status) == ["succeeded", "succeeded", "raised", "blank"])
    }

    @Test(.realKernel) func `A kernel client interrupts code that exceeds its limit, and continues`() async throws {
        var options = options()
        options.grace = .seconds(100)
        try await withKernel("python3", options) { kernel in
            try await kernel.execute("import time")
            let slow = try await kernel.execute("time.sleep(1000)", limit: .seconds(2))
            guard case .timedOut(_, .survived) = slow.outcome else { Issue.record("\(slow.outcome)"); return }
            #expect(try await kernel.execute("2").text == "2")
        }
    }

    @Test(.realKernel) func `A kernel client runs code of several tasks one after the other`() async throws {
        let total = try await withKernel("python3", options()) { kernel in
            try await kernel.execute("total = 0")
            await withTaskGroup { group in
                for _ in 0..<20 { group.addTask { _ = try? await kernel.execute("n = total\ntotal = n + 1") } }
            }
            return try await kernel.execute("total").text
        }
        #expect(total == "20")
    }

    @Test(.realKernel) func `A kernel client abandons canceled code, and the kernel continues`() async throws {
        try await withKernel("python3", options()) { kernel in
            let folder = try TemporaryFolder()
            let mark = folder("begun")
            let slow = Task { try await kernel.execute("open('\(mark)', 'w').close(); import time; time.sleep(1000)") }
            while !FileManager.default.fileExists(atPath: mark) { try await Task.sleep(for: .milliseconds(5)) }
            let waiting = Task { try await kernel.execute("x = 1") }
            waiting.cancel()
            await #expect(throws: CancellationError.self) { try await waiting.value }
            slow.cancel()
            await #expect(throws: CancellationError.self) { try await slow.value }
            let text = try await kernel.execute("'x' in dir()").text
            #expect(text == "False")
        }
    }

    @Test func `A kernel client drops messages between executions, and keeps those during one`() async throws {
        let kernels = KernelLog()
        try await withKernel("script", scripted(kernels)) { client in
            try await client.execute("prints a")
            let kernel = try #require(kernels.all.first)
            let late = kernel.session.message("stream", on: .iopub, content: ["name": "stdout", "text": "late"])
            for _ in 0..<1000 { kernel.messages.add(late) }
            while !kernel.messages.hasWaitingReader { try await Task.sleep(for: .milliseconds(1)) }
            for number in 0..<300 {
                kernel.messages.add(late)
                let text = try await client.execute("prints \(number)").text
                #expect(text == "\(number)")
            }
        }
    }

    @Test func `A kernel client leaves out late outputs of earlier code`() async throws {
        var options = Options()
        options.kernels = ScriptedKernels { _ in
            ScriptedKernel { code in
                let late = ScriptedKernel.Step.say(
                    "stream", on: .iopub, content: ["name": "stdout", "text": "late"], about: .code(before: 1))
                return code == "first" ? .running() : [late] + .running(printing: "own")
            }
        }
        let text = try await withKernel("any", options) { kernel in
            try await kernel.execute("first")
            return try await kernel.execute("second").text
        }
        #expect(text == "own")
    }

    @Test(.realKernel) func `A kernel client reports why the kernel died`() async throws {
        try await withKernel("python3", options()) { kernel in
            let error = await #expect(throws: KernelFailure.self) {
                try await kernel.execute("import os; os.kill(os.getpid(), 9)")
            }
            guard case .died(let end) = error else { Issue.record("\(String(describing: error))"); return }
            #expect(end.cause == .signalled(9))
            await #expect(throws: KernelFailure.self) { try await kernel.execute("1") }
        }
    }

    @Test func `A kernel client ends the kernel when the closure throws`() async throws {
        let kernels = KernelLog()
        let names = Mutex<[String?]>([])
        var options = scripted(kernels)
        options.kernels = ScriptedKernels { request in
            names.withLock { $0.append(request.notebook.name) }
            return scriptedKernel(kernels)
        }
        await #expect(throws: CancellationError.self) {
            try await withKernel("mine", options) { kernel in
                #expect(try await kernel.execute("prints hello").text == "hello")
                throw CancellationError()
            }
        }
        #expect(kernels.all.count == 1 && kernels.isAllOver)
        #expect(names.withLock(\.self) == ["mine"])
    }
}
