import Foundation
import JupyterProtocol
import LocalKernels
import Testing

@Suite struct `Many kernels` {
    @Test func `are started and ended two hundred times, four at a time, and leave nothing`() async throws {
        let scratch = try Scratch()
        var options = scratch.options
        options.environment["GALLEY_TEST_MARK"] = scratch.path
        let descriptors = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count
        let began = ContinuousClock.now
        let failures = await withTaskGroup(of: Int.self) { [options] group in
            for _ in 0..<4 {
                group.addTask {
                    var failures = 0
                    for _ in 0..<50 {
                        let text = try? await withKernel(Fixture.spec("good"), options: options) {
                            try await $0.run("hello").text
                        }
                        if text != "hello" { failures += 1 }
                    }
                    return failures
                }
            }
            return await group.reduce(0, +)
        }
        print("200 kernels in \(began.duration(to: .now)), \(failures) failures, \(scratch.remains.count) folders left")
        #expect(failures == 0)
        #expect(scratch.remains == [])
        #expect(marked(scratch.path) == [])
        // Other tests run beside this one; two hundred of anything would show.
        #expect(try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count < descriptors + 150)
    }

    @Test func `die within a second with an engine that is killed at any moment`() async throws {
        let scratch = try Scratch()
        var slowest = Duration.zero
        for round in 0..<50 {
            let file = "/tmp/galley-killed-\(UUID().uuidString)"
            defer { try? FileManager.default.removeItem(atPath: file) }
            // From the first moment of the start to the first cell and beyond.
            let moment = Int.random(in: 0...250)
            await #expect(processExitsWith: .signal(SIGKILL), "round \(round), after \(moment) ms") {
                [file = file as String, folder = scratch.path as String, moment = moment as Int] in
                // The kernels of this process are known by a variable, wherever they are in their start.
                Thread.detachNewThread {
                    usleep(UInt32(moment * 1000))
                    kill(getpid(), SIGKILL)
                }
                var options = KernelOptions()
                options.environment["GALLEY_TEST_MARK"] = file
                options.environment["XDG_RUNTIME_DIR"] = folder
                try await withKernel(Fixture.spec("good"), options: options) { kernel in
                    _ = try await kernel.run("child")
                    _ = try await kernel.run("wait")
                }
            }
            let killed = ContinuousClock.now
            #expect(try await eventually { marked(file).isEmpty })
            slowest = max(slowest, killed.duration(to: .now))
        }
        print("50 engines killed; the last of their processes was gone within \(slowest)")
        #expect(slowest < .seconds(1))
        // The guard removes what it was told of; an engine that dies before that leaves it to the next one.
        let left = scratch.remains.count
        print("\(left) of 50 folders left")
        #expect(left < 10)
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
