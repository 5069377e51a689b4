import GalleyJSON
import GalleyJupyterProtocol
import GalleyLocalKernels

/// Benchmarks of starting kernels and executing code, alternately with Galley and with a minimal client.
///
/// The minimal client is `floor.py`. The start of both programs is not counted.
enum KernelBenchmark {
    /// Code, and how much longer than the minimal client Galley may take for it.
    private static let cases: [(name: String, kernel: String, code: String, wanted: Double?)] = [
        ("one trivial request", "ipykernel_launcher", "1 + 1", 1.03),
        ("50 MB of images", "images", "x", 1.15),
        // Galley guarantees only that all messages arrive; the time is informational.
        ("200,000 messages", "flood", "x", nil),
    ]

    static func run(root: String, rounds: Int) throws {
        let python = root + "/.build/python/bin/python3"
        print("kernels")
        for (name, kernel, code, wanted) in cases {
            var ours: [[Double]] = []
            var baseline: [[Double]] = []
            for _ in 0..<rounds {
                let mine = try Shell.run(CommandLine.arguments[0], "measure-kernel", python, root, kernel, code)
                let bare = try Shell.run(python, root + "/Tests/Benchmarks/floor.py", root, kernel, code)
                ours.append(mine.split(separator: " ").compactMap { Double($0) })
                baseline.append(bare.split(separator: " ").compactMap { Double($0) })
            }
            if kernel == "ipykernel_launcher" {
                report("start until ready", ours.map { $0[0] }, baseline.map { $0[0] }, 1.03)
            }
            report(name, ours.map { $0[1] }, baseline.map { $0[1] }, wanted)
            print("  \(padded("", 24)) \(Int(ours[0][2])) messages, floor \(Int(baseline[0][2]))")
        }
    }

    private static func report(_ name: String, _ ours: [Double], _ baseline: [Double], _ wanted: Double?) {
        let ratio = median(zip(ours, baseline).map { $0 / $1 })
        print(
            "  \(padded(name, 24)) \(milliseconds(median(ours))) ms, floor \(milliseconds(median(baseline))) ms:",
            "\((ratio * 100).rounded() / 100) of it" + (wanted.map { " (wanted: at most \($0))" } ?? ""))
    }

    private static func milliseconds(_ seconds: Double) -> Double { (seconds * 10_000).rounded() / 10 }

    /// Prints the seconds until the kernel is ready, the seconds for the request, and the number of outputs.
    static func measure(_ python: String, _ root: String, _ kernel: String, _ code: String) async throws {
        let module = kernel == "ipykernel_launcher"
        let arguments =
            module ? [python, "-m", kernel, "-f"] : [python, root + "/Tests/Fixtures/kernels/fixture.py", kernel]
        let spec = KernelSpec(
            name: kernel, displayName: kernel, language: "python", arguments: arguments + ["{connection_file}"],
            folder: "/")
        let began = ContinuousClock.now
        try await withKernel(spec) { kernel in
            let ready = ContinuousClock.now
            var count = 0
            _ = try await kernel.perform(kernel.session.executeRequest(code), patience: .seconds(5)) { message in
                if message.type == "stream" || message.type == "display_data" || message.type == "execute_result" {
                    count += 1
                }
            }
            print(seconds(ready - began), seconds(ContinuousClock.now - ready), count)
        }
    }
}
