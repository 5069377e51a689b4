import Foundation
import GalleyTestSupport
import Testing

@Suite struct `Low system limits` {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// Runs the program under a limit of the shell, as a user to whom limits apply.
    private func run(_ limit: String, _ arguments: [String]) async throws -> GalleyProgram.Run {
        let user = getuid() == 0 && limit.hasPrefix("-u") ? "setpriv --reuid 54321 --regid 54321 --clear-groups " : ""
        return try await GalleyProgram.run(
            ["-c", "exec \(user)bash -c 'ulimit \(limit); exec \"$0\" \"$@\"' \"$0\" \"$@\"", GalleyProgram.path]
                + arguments,
            program: "/bin/sh", in: folder)
    }

    @Test(.timeLimit(.minutes(5)), arguments: ["-u 1", "-u 5", "-u 10", "-v 60000", "-v 100000"])
    func `A run without resources ends before its first cell, with the reason`(limit: String) async throws {
        let run = try await run(
            limit, ["execute", "--stdout", Repository.root + "/Tests/Fixtures/notebooks/ascii.ipynb"])
        #expect(run.status == 4)
        #expect(run.errors.contains("the system does not allow the 10 threads that a run needs"), "\(run.errors)")
        #expect(run.output.isEmpty)
    }

    @Test func `A batch with few resources runs fewer notebooks at a time, and says so`() async throws {
        try FileManager.default.createDirectory(atPath: folder.path + "/n", withIntermediateDirectories: false)
        for number in 1...4 { try folder.write(["print(\(number))"], to: "n/\(number).ipynb") }
        let run = try await run("-n 64", ["execute", "n", "-j", "4", "--output-dir", "out"])
        #expect(run.status == 0, "\(run.errors)")
        let line =
            "galley: -j 4: only 1 at a time, because this process may open no more than 64 files. Raise the limit (ulimit -n)"
        #expect(run.errors.split(separator: "\n").contains(Substring(line)), "\(run.errors)")
    }
}
