import Foundation
import GalleyTestSupport
import Testing

/// An imitation of a cloud account with the stack of `Notebooks/aws`. It ends together with this object.
final class CloudAccount: Sendable {
    /// The Python with the packages for clouds.
    static let python = Repository.root + "/.build/python-stores/bin/python3"
    static let folder = Repository.root + "/Notebooks/aws"

    /// A command that failed.
    struct Failure: Error { let description: String }

    private let server: FixtureServer

    /// Creates the stack. Afterwards the instance is stopped, as it is after its first start without messages.
    ///
    /// A separate thread waits, because the shared pool has few threads.
    ///
    /// - Parameter program: The file whose checksum the stack gets.
    static func make(program: String) async throws -> CloudAccount {
        let sum = try #require(try await ServerProcess.output(of: ["sha256sum", program])).prefix(64)
        return try await withCheckedContinuation { continuation in
            Thread.detachNewThread {
                continuation.resume(returning: Result { try CloudAccount(checksum: String(sum)) })
            }
        }.get()
    }

    private init(checksum: String) throws {
        let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
        server = try FixtureServer(
            "../aws/account.py", Self.folder, "ProgramChecksum=\(checksum)", "Kernel=",
            environment: ["PATH": (Self.python as NSString).deletingLastPathComponent + ":" + path])
        try call("instance", "Stopped")
    }

    var port: Int { server.port }

    /// Sends a command to `Tests/Fixtures/aws/account.py`, and returns the answer.
    @discardableResult func call(_ words: String...) throws -> Any {
        let line = try JSONSerialization.data(withJSONObject: words)
        let answer = try JSONSerialization.jsonObject(
            with: Data(server.command(String(decoding: line, as: UTF8.self)).utf8), options: .fragmentsAllowed)
        if let error = (answer as? [String: Any])?["error"] as? String {
            throw Failure(description: "\(words): \(error)")
        }
        return answer
    }

    func text(_ words: String...) throws -> String {
        try #require(try words.count == 1 ? call(words[0]) as? String : call(words[0], words[1]) as? String)
    }

    /// The state of the notebook instance.
    var instance: String { get throws { try text("instance") } }

    /// The numbers of messages that wait, that are in work, and that have failed.
    var queues: [Int] { get throws { try #require(try call("queues") as? [Int]) } }

    /// The objects of the bucket whose names begin with a text.
    func keys(_ prefix: String) throws -> [String] { try #require(try call("keys", prefix) as? [String]) }

    /// The lines of the log group about the ends of runs, and about problems.
    var ends: [[String: Any]] {
        get throws {
            let streams = try #require(try call("log") as? [String: [String]])
            return streams.values.joined().compactMap {
                try? JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any]
            }.filter { $0["alarm"] != nil }
        }
    }
}
