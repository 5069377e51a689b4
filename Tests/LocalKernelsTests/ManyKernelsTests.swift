import Foundation
import GalleyJupyterProtocol
import GalleyLocalKernels
import Testing

@Suite struct `Many kernels` {
    @Test func `are started and ended two hundred times, four at a time, and leave nothing`() async throws {
        let scratch = try Scratch()
        let began = ContinuousClock.now
        // In a process of its own, where no other test has descriptors.
        await #expect(processExitsWith: .success) { [folder = scratch.path as String] in
            func run(_ count: Int) async {
                var options = KernelOptions()
                options.environment["XDG_RUNTIME_DIR"] = folder
                options.environment["GALLEY_TEST_MARK"] = folder
                for _ in 0..<count {
                    let text = try? await withKernel(Fixture.spec("good"), options: options) {
                        try await $0.run("hello").text
                    }
                    #expect(text == "hello")
                }
            }
            func descriptors() throws -> Int {
                try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count
            }
            // What is made once is made by the first.
            await run(1)
            let before = try descriptors()
            await withTaskGroup(of: Void.self) { group in for _ in 0..<4 { group.addTask { await run(50) } } }
            // The pool's own threads have some; two hundred of anything would show.
            #expect(try descriptors() < before + 50)
        }
        print("200 kernels in \(began.duration(to: .now)), \(scratch.remains.count) folders left")
        #expect(scratch.remains == [])
        #expect(marked(scratch.path) == [])
    }

    @Test func `die within a second with an engine that is killed at any moment`() async throws {
        var times: [Duration] = []
        var left = 0
        for round in 0..<50 {
            let scratch = try Scratch()
            // From the first moment of the start to the first cell and beyond.
            let moment = Int.random(in: 0...250)
            await #expect(processExitsWith: .signal(SIGKILL), "round \(round), after \(moment) ms") {
                [folder = scratch.path as String, moment = moment as Int] in
                // The kernels of this process are known by a variable, wherever they are in their start.
                Thread.detachNewThread {
                    usleep(UInt32(moment * 1000))
                    kill(getpid(), SIGKILL)
                }
                var options = KernelOptions()
                options.environment["GALLEY_TEST_MARK"] = folder
                options.environment["XDG_RUNTIME_DIR"] = folder
                try await withKernel(Fixture.spec("good"), options: options) { kernel in
                    try Data().write(to: URL(fileURLWithPath: folder + "/begun"))
                    _ = try await kernel.run("child")
                    _ = try await kernel.run("wait")
                }
            }
            let killed = ContinuousClock.now
            #expect(try await eventually { marked(scratch.path).isEmpty })
            times.append(killed.duration(to: .now))
            if scratch.remains.contains("begun") {
                #expect(try await eventually { scratch.remains == ["begun"] })
            } else if !scratch.remains.isEmpty {
                // The guard removes what it was told of; an engine that dies before that leaves it to the next one.
                left += 1
            }
        }
        times.sort()
        print("50 engines killed, \(left) folders left; the last of their processes was gone within \(times[49])")
        // A machine that others use too may take its time now and then.
        #expect(times[25] < .seconds(1))
    }

    /// The processes that have a mark in their environment.
    private func marked(_ mark: String) -> [Int] {
        ((try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []).compactMap { Int($0) }.filter {
            process in
            guard let data = FileManager.default.contents(atPath: "/proc/\(process)/environ") else { return false }
            return data.range(of: Data("GALLEY_TEST_MARK=\(mark)".utf8)) != nil
        }
    }
}
