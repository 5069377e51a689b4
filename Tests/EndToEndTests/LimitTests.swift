import Foundation
import Testing

@Suite struct `Where the system gives little` {
    private let folder: Folder

    init() throws { folder = try Folder() }

    /// Runs the program under a limit of the shell's, as a user whom limits hold for.
    private func run(_ limit: String, _ arguments: [String]) async throws -> Program.Run {
        let user = getuid() == 0 && limit.hasPrefix("-u") ? "setpriv --reuid 54321 --regid 54321 --clear-groups " : ""
        return try await Program.run(
            ["-c", "exec \(user)bash -c 'ulimit \(limit); exec \"$0\" \"$@\"' \"$0\" \"$@\"", Program.path] + arguments,
            program: "/bin/sh", in: folder)
    }

    @Test(.timeLimit(.minutes(5)), arguments: ["-u 1", "-u 5", "-u 10", "-v 60000", "-v 100000"])
    func `a run ends before its first cell, with the reason`(limit: String) async throws {
        let run = try await run(limit, ["execute", "--stdout", Program.root + "/Tests/Fixtures/notebooks/ascii.ipynb"])
        #expect(run.status == 4)
        #expect(run.errors.contains("the system does not allow the 10 threads that a run needs"), "\(run.errors)")
        #expect(run.output.isEmpty)
    }

    @Test func `fewer notebooks run at a time than were asked for, and a line says so`() async throws {
        try FileManager.default.createDirectory(atPath: folder.path + "/n", withIntermediateDirectories: false)
        for number in 1...4 { try folder.write(["print(\(number))"], to: "n/\(number).ipynb") }
        let run = try await run("-n 64", ["execute", "n", "-j", "4", "--output-dir", "out"])
        #expect(run.status == 0, "\(run.errors)")
        let line =
            "galley: -j 4: only 1 at a time, because this process may open no more than 64 files. Raise the limit (ulimit -n)"
        #expect(run.errors.split(separator: "\n").contains(Substring(line)), "\(run.errors)")
    }
}
