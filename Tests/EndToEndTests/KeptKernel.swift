import Foundation
import Testing

/// A kernel that Galley has left running, as the lines say that Galley prints of it; it is gone with this.
final class KeptKernel {
    let id: String
    let file: String
    let process: Int
    private let environment: [String: String]?

    /// Finds the kernel that a run has kept.
    init(_ run: Program.Run, number: Int = 0, environment: [String: String]? = Program.environment) async throws {
        let ends = run.errors.matches(of: /the kernel goes on; to end it: galley stop (\S+)/)
        let files = run.errors.matches(of: /\n +jupyter console --existing (\S+)/)
        try #require(ends.count > number && files.count == ends.count, "\(run.errors)")
        (id, file) = (String(ends[number].1), String(files[number].1))
        self.environment = environment
        let listed = try await Self.listed(id, environment)
        process = try #require(listed?["process"] as? Int, "\(run.errors)")
    }

    deinit { if isAlive { kill(pid_t(process), SIGKILL) } }

    /// What `galley runs --json` says of it; nil if it is not listed.
    func listed() async throws -> [String: Any]? { try await Self.listed(id, environment) }

    private static func listed(_ id: String, _ environment: [String: String]?) async throws -> [String: Any]? {
        let run = try await Program.run(["runs", "--json"], environment: environment)
        let list = try JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [[String: Any]]
        return list?.first { $0["id"] as? String == id && $0["state"] as? String == "kept" }
    }

    /// What the system says of it, or of its parent.
    static func status(_ process: Int) -> String {
        (try? String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8)) ?? ""
    }

    var isAlive: Bool { Self.isAlive(process) }
    static func isAlive(_ process: Int) -> Bool {
        let status = status(process)
        return !status.isEmpty && !status.contains("State:\tZ")
    }

    var folder: String { (file as NSString).deletingLastPathComponent }
    var hasFolder: Bool { FileManager.default.fileExists(atPath: folder) }

    /// The process that it is a child of.
    var parent: Int { Self.status(process).firstMatch(of: /PPid:\t(\d+)/).flatMap { Int($0.1) } ?? 0 }
    var parentName: String { Self.status(parent).firstMatch(of: /Name:\t(.*)/).map { String($0.1) } ?? "" }

    /// Runs code in it as Jupyter's own client does, and returns what it prints.
    func run(_ code: String) async throws -> String {
        let script = """
            import sys
            from jupyter_client import BlockingKernelClient
            client = BlockingKernelClient()
            client.load_connection_file(sys.argv[1])
            client.start_channels()
            client.wait_for_ready(timeout=120)
            reply = client.execute_interactive(sys.argv[2], timeout=120)
            client.stop_channels()
            sys.exit(reply['content']['status'] != 'ok')
            """
        let run = try await Program.run(["-c", script, file, code], program: Program.python)
        #expect(run.status == 0, "\(run.errors)")
        return run.output
    }

    /// Ends it as the line says.
    func stop() async throws {
        let run = try await Program.run(["stop", id], environment: environment)
        #expect(run.status == 0 && run.errors == "", "\(run.errors)")
        #expect(!isAlive && !hasFolder)
        #expect(try await listed() == nil)
    }
}
