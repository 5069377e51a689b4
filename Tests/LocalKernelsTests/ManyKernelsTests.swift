import Foundation
import GalleyJupyterProtocol
import GalleyLocalKernels
import GalleyTestSupport
import Testing

@Suite struct `Many kernels` {
    @Test func `Two hundred kernels, four at a time, start and end and leave nothing`() async throws {
        let scratch = try TemporaryFolder()
        let began = ContinuousClock.now
        // The test runs in its own process, where no other test has descriptors.
        await #expect(processExitsWith: .success) { [folder = scratch.path as String] in
            func run(_ count: Int) async {
                var options = KernelOptions()
                options.environment["XDG_RUNTIME_DIR"] = folder
                options.environment["GALLEY_TEST_MARK"] = folder
                for _ in 0..<count {
                    let text = try? await withKernel(FixtureKernel.spec("good"), options: options) {
                        try await $0.run("hello").text
                    }
                    #expect(text == "hello")
                }
            }
            func descriptors() throws -> Int {
                try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count
            }
            // The first kernel creates what the process keeps.
            await run(1)
            let before = try descriptors()
            await withTaskGroup(of: Void.self) { group in for _ in 0..<4 { group.addTask { await run(50) } } }
            // Threads of the pool have a few descriptors; a leak would have two hundred.
            #expect(try descriptors() < before + 50)
        }
        print("200 kernels in \(began.duration(to: .now)), \(scratch.names.count) folders left")
        #expect(scratch.names == [])
        #expect(marked(scratch.path) == [])
    }

    @Test func `Kernels die within a second with an engine that is killed at any moment`() async throws {
        var times: [Duration] = []
        var left = 0
        for round in 0..<50 {
            let scratch = try TemporaryFolder()
            // The delays reach from the start of the kernel to its first cell and beyond.
            let moment = Int.random(in: 0...250)
            await #expect(processExitsWith: .signal(SIGKILL), "round \(round), after \(moment) ms") {
                [folder = scratch.path as String, moment = moment as Int] in
                // A variable marks the kernels of this process, even while they start.
                Thread.detachNewThread {
                    usleep(UInt32(moment * 1000))
                    kill(getpid(), SIGKILL)
                }
                var options = KernelOptions()
                options.environment["GALLEY_TEST_MARK"] = folder
                options.environment["XDG_RUNTIME_DIR"] = folder
                try await withKernel(FixtureKernel.spec("good"), options: options) { kernel in
                    try Data().write(to: URL(fileURLWithPath: folder + "/begun"))
                    _ = try await kernel.run("child")
                    _ = try await kernel.run("wait")
                }
            }
            let killed = ContinuousClock.now
            #expect(try await eventually { marked(scratch.path).isEmpty })
            times.append(killed.duration(to: .now))
            if scratch.names.contains("begun") {
                #expect(try await eventually { scratch.names == ["begun"] })
            } else if !scratch.names.isEmpty {
                // The guard removes the files that it knows; an engine that dies earlier leaves them to the next one.
                left += 1
            }
        }
        times.sort()
        print("50 engines killed, \(left) folders left; the last of their processes was gone within \(times[49])")
        // A busy machine may need longer now and then.
        #expect(times[25] < .seconds(1))
    }

    /// Returns the processes whose environment contains a mark.
    private func marked(_ mark: String) -> [Int] {
        ((try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []).compactMap { Int($0) }.filter {
            process in
            guard let data = FileManager.default.contents(atPath: "/proc/\(process)/environ") else { return false }
            return data.range(of: Data("GALLEY_TEST_MARK=\(mark)".utf8)) != nil
        }
    }
}
