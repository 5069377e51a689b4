import GalleyJSON
import GalleyJupyterProtocol
import GalleyLocalKernels

/// Kernels started and spoken to by Galley and by the barest client there can be, in turn.
///
/// The floor is `floor.py`. Its own start is not counted, and neither is Galley's.
enum Kernels {
    /// What is run in a kernel, and how much longer than the floor it may take.
    private static let cases: [(name: String, kernel: String, code: String, wanted: Double?)] = [
        ("one trivial request", "ipykernel_launcher", "1 + 1", 1.03),
        ("50 MB of images", "images", "x", 1.15),
        // That all arrive is what was promised; what each costs is shown.
        ("200,000 messages", "flood", "x", nil),
    ]

    static func run(root: String, rounds: Int) throws {
        let python = root + "/.build/python/bin/python3"
        print("kernels")
        for (name, kernel, code, wanted) in cases {
            var ours: [[Double]] = []
            var floor: [[Double]] = []
            for _ in 0..<rounds {
                let mine = try Shell.run(CommandLine.arguments[0], "measure-kernel", python, root, kernel, code)
                let bare = try Shell.run(python, root + "/Tests/Benchmarks/floor.py", root, kernel, code)
                ours.append(mine.split(separator: " ").compactMap { Double($0) })
                floor.append(bare.split(separator: " ").compactMap { Double($0) })
            }
            if kernel == "ipykernel_launcher" {
                report("start until ready", ours.map { $0[0] }, floor.map { $0[0] }, 1.03)
            }
            report(name, ours.map { $0[1] }, floor.map { $0[1] }, wanted)
            print("  \(padded("", 24)) \(Int(ours[0][2])) messages, floor \(Int(floor[0][2]))")
        }
    }

    private static func report(_ name: String, _ ours: [Double], _ floor: [Double], _ wanted: Double?) {
        let ratio = median(zip(ours, floor).map { $0 / $1 })
        print(
            "  \(padded(name, 24)) \(milliseconds(median(ours))) ms, floor \(milliseconds(median(floor))) ms:",
            "\((ratio * 100).rounded() / 100) of it" + (wanted.map { " (wanted: at most \($0))" } ?? ""))
    }

    private static func milliseconds(_ seconds: Double) -> Double { (seconds * 10_000).rounded() / 10 }

    /// Prints the seconds until the kernel is ready, those for the request, and the number of outputs.
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
