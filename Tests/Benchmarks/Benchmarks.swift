/// Compares Galley's cost with other tools, measured alternately in the same run, as ratios.
///
/// Run `./Tests/run` first, which installs and builds the dependencies, then `swift run -c release Benchmarks`.
@main struct Benchmarks {
    static func main() async throws {
        let arguments = CommandLine.arguments
        if arguments.count == 4, arguments[1] == "measure" {
            return try await NotebookBenchmark.measure(arguments[2], arguments[3])
        }
        if arguments.count == 6, arguments[1] == "measure-kernel" {
            return try await KernelBenchmark.measure(arguments[2], arguments[3], arguments[4], arguments[5])
        }
        let folder = try Shell.run("mktemp", "-d")
        do {
            try await NotebookBenchmark.run(in: folder, rounds: 7)
            let root = try Shell.run("pwd")
            try KernelBenchmark.run(root: root, rounds: 9)
            try print(
                Shell.run(
                    "env", "JUPYTER_PATH=\(root)/.build/python/share/jupyter", "\(root)/.build/python/bin/python3",
                    "\(root)/Tests/Benchmarks/notebooks.py", "\(root)/.build/release/galley", "7"))
        } catch {
            try Shell.run("rm", "-rf", folder)
            throw error
        }
        try Shell.run("rm", "-rf", folder)
    }
}
