/// Prints what Galley costs beside its peers, measured in turn in the same run, as ratios.
///
/// `swift run -c release Benchmarks` needs a `python3`.
@main struct Benchmarks {
    static func main() async throws {
        let arguments = CommandLine.arguments
        if arguments.count == 4, arguments[1] == "measure" {
            return try await Documents.measure(arguments[2], arguments[3])
        }
        if arguments.count == 6, arguments[1] == "measure-kernel" {
            return try await Kernels.measure(arguments[2], arguments[3], arguments[4], arguments[5])
        }
        let folder = try Shell.run("mktemp", "-d")
        do {
            try await Documents.run(in: folder, rounds: 7)
            try Kernels.run(root: Shell.run("pwd"), rounds: 9)
        } catch {
            try Shell.run("rm", "-rf", folder)
            throw error
        }
        try Shell.run("rm", "-rf", folder)
    }
}
