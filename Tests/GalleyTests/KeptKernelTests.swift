import Foundation
import Galley
import GalleyTestSupport
import GalleyTesting
import Testing

@Suite(.timeLimit(.minutes(20))) struct `A kept kernel` {
    private static let kept = KeptKernel(connectionFile: "/run/kernel.json", process: 4711)

    private func options(
        _ keeping: KernelKeeping, _ kernels: KernelLog, kept: KeptKernel? = Self.kept
    ) -> Options {
        var options = Options()
        options.keepsKernel = keeping
        options.kernels = ScriptedKernels(features: [.keeping]) { request in
            #expect(request.keepsKernel == keeping)
            return scriptedKernel(kernels, keptAs: kept)
        }
        return options
    }

    @Test(arguments: [
        (KernelKeeping.never, "prints a", false), (.never, "raises", false), (.afterFailure, "prints a", false),
        (.afterFailure, "raises", true), (.always, "prints a", true), (.always, "raises", true),
        (.always, "dies", false), (.afterFailure, "dies", false),
    ])
    func `A kernel that lives is kept after every run, or after a failure, as the options say`(
        keeping: KernelKeeping, code: String, isKept: Bool
    ) async throws {
        let kernels = KernelLog()
        let (_, report) = try await execute(notebook(code), options(keeping, kernels))
        let kernel = try #require(kernels.all.first)
        #expect(report.keptKernel == (isKept ? Self.kept : nil))
        #expect(kernel.isKept == isKept && kernel.isOver == !isKept)
    }

    @Test func `A kernel is kept after a time limit or a stop has interrupted it`() async throws {
        let kernels = KernelLog()
        var options = options(.afterFailure, kernels)
        options.timeout = .zero
        let (_, limited) = try await execute(notebook("waits"), options)
        #expect(limited.outcome.status == "timed-out" && limited.keptKernel == Self.kept)
        options.timeout = nil
        let run = Run(TestStore(notebook("waits")), options)
        var kept: [KeptKernel] = []
        for await event in run.events {
            switch event {
            case .cellStarted: run.cancel(.requested("enough"))
            case .kernelKept(let kernel): kept.append(kernel)
            default: break
            }
        }
        let stopped = try await run.report
        #expect(stopped.outcome.status == "stopped" && stopped.keptKernel == Self.kept && kept == [Self.kept])
        #expect(kernels.all.count == 2 && kernels.all.allSatisfy(\.isKept))
    }

    @Test func `A kernel that its provider does not keep is ended`() async throws {
        let kernels = KernelLog()
        let (_, report) = try await execute(notebook("raises"), options(.always, kernels, kept: nil))
        #expect(report.outcome.status == "raised" && report.keptKernel == nil)
        #expect(kernels.all.count == 1 && kernels.isAllOver)
    }

    @Test func `A run that would keep its kernel is refused if the provider keeps none`() async throws {
        var options = scripted()
        options.keepsKernel = .afterFailure
        await #expect(throws: UnsupportedKernelRequest(.keeping, provider: "script")) {
            _ = try await execute(notebook("prints a"), options)
        }
    }

    @Test func `A report names the kept kernel, also after it was read from JSON`() async throws {
        let (_, report) = try await execute(notebook("raises"), options(.always, KernelLog()))
        let data = try JSONEncoder().encode(report)
        #expect(try JSONDecoder().decode(Report.self, from: data).keptKernel == Self.kept)
    }

    @Test func `A batch keeps the kernel of each notebook`() async throws {
        let kernels = KernelLog()
        let options = options(.always, kernels)
        let batch = Batch(
            (0..<3).map { number in
                Batch.Job("\(number)", options) { (TestStore(notebook("prints a")), nil) }
            })
        let report = await batch.run()
        #expect(report.isSuccess && report.jobs.allSatisfy { $0.run?.keptKernel == Self.kept })
        #expect(kernels.all.count == 3 && kernels.all.allSatisfy(\.isKept))
    }

    @Test(.realKernel) func `A kept kernel that is killed leaves no files, and no zombie in the process that ran it`()
        async throws
    {
        var options: Options = GalleyTests.options()
        options.keepsKernel = .always
        let (_, report) = try await execute(notebook("x = 1"), options)
        let kept = try #require(report.keptKernel)
        let process = try #require(kept.process)
        #expect(FileManager.default.fileExists(atPath: kept.connectionFile))
        #expect(kill(pid_t(process), SIGKILL) == 0)
        func isThere() -> Bool {
            (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/task"))?.contains { task in
                let children = try? String(contentsOfFile: "/proc/self/task/\(task)/children", encoding: .utf8)
                return children?.split(separator: " ").contains { child in
                    let name = try? String(contentsOfFile: "/proc/\(child)/comm", encoding: .utf8)
                    let state = try? String(contentsOfFile: "/proc/\(child)/status", encoding: .utf8)
                    return name == "kernel-watch\n" && state?.contains("State:\tZ") == true
                } == true
            } == true
        }
        while FileManager.default.fileExists(atPath: kept.connectionFile) || isThere() {
            try await Task.sleep(for: .milliseconds(10))
        }
    }
}
