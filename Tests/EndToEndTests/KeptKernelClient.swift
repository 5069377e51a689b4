import Foundation
import GalleyTestSupport
import Testing

/// A kernel that Galley has kept, according to Galley's output; it is killed together with this object.
final class KeptKernelClient {
    let id: String
    let file: String
    let process: Int
    private let environment: [String: String]?

    /// Finds the kernel that a run has kept.
    init(_ run: GalleyProgram.Run, number: Int = 0, environment: [String: String]? = GalleyProgram.environment)
        async throws
    {
        let ends = run.errors.matches(of: /the kernel goes on; to end it: galley stop (\S+)/)
        let files = run.errors.matches(of: /\n +jupyter console --existing (\S+)/)
        try #require(ends.count > number && files.count == ends.count, "\(run.errors)")
        (id, file) = (String(ends[number].1), String(files[number].1))
        self.environment = environment
        let listed = try await Self.listed(id, environment)
        process = try #require(listed?["process"] as? Int, "\(run.errors)")
    }

    deinit { if isAlive { kill(pid_t(process), SIGKILL) } }

    /// Returns its record in `galley runs --json`; nil if it is not listed.
    func listed() async throws -> [String: Any]? { try await Self.listed(id, environment) }

    private static func listed(_ id: String, _ environment: [String: String]?) async throws -> [String: Any]? {
        let run = try await GalleyProgram.run(["runs", "--json"], environment: environment)
        let list = try JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [[String: Any]]
        return list?.first { $0["id"] as? String == id && $0["state"] as? String == "kept" }
    }

    /// Returns the status file of a process.
    static func status(_ process: Int) -> String {
        (try? String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8)) ?? ""
    }

    var isAlive: Bool { GalleyTestSupport.isAlive(process) }

    var folder: String { (file as NSString).deletingLastPathComponent }
    var hasFolder: Bool { FileManager.default.fileExists(atPath: folder) }

    /// Its parent process.
    var parent: Int { Self.status(process).firstMatch(of: /PPid:\t(\d+)/).flatMap { Int($0.1) } ?? 0 }
    var parentName: String { Self.status(parent).firstMatch(of: /Name:\t(.*)/).map { String($0.1) } ?? "" }

    /// Runs code in the kernel with Jupyter's own client, and returns its output.
    func run(_ code: String) async throws -> String {
        let run = try await GalleyProgram.run(
            [Repository.fixture("judges/execute_code.py"), file, code], program: Repository.python)
        #expect(run.status == 0, "\(run.errors)")
        return run.output
    }

    /// Ends the kernel with the printed command.
    func stop() async throws {
        let run = try await GalleyProgram.run(["stop", id], environment: environment)
        #expect(run.status == 0 && run.errors == "", "\(run.errors)")
        #expect(!isAlive && !hasFolder)
        #expect(try await listed() == nil)
    }
}
