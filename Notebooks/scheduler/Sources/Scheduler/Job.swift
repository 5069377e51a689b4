import Foundation
import Galley

/// A job: a notebook to run, described by a file in `jobs/`.
///
///     {"notebook": "sales.ipynb", "environment": {"MONTH": "2025-03"}, "total_limit": 3600}
///
/// To add a job, write the file under another name, such as `sales.json.new`, and rename it when it is complete.
struct Job: Decodable {
    /// The notebook's path, absolute or relative to the scheduler's folder.
    let notebook: String
    /// The kernel's name; nil for the kernel that the notebook names.
    let kernel: String?
    /// Environment variables for the kernel, in addition to the scheduler's own.
    let environment: [String: String]?
    /// The time limit of each cell in seconds.
    let cellLimit: Double?
    /// The time limit of the whole run in seconds.
    let totalLimit: Double?
    /// The maximum number of attempts if the kernel does not start or dies; nil for three.
    let attempts: Int?

    /// Reads a job from its file.
    init(readingFrom file: String) async throws {
        do {
            self = try Self.read(file)
        } catch {
            // The file may still be incomplete, if its writer did not rename it.
            try await Task.sleep(for: .seconds(1))
            self = try Self.read(file)
        }
    }

    private static func read(_ file: String) throws -> Job {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        let job = try decoder.decode(Job.self, from: Data(contentsOf: URL(filePath: file)))
        for limit in [job.cellLimit, job.totalLimit].compactMap(\.self) where !(0.001...1e9).contains(limit) {
            throw Failure(description: "a limit of \(limit) seconds is out of range")
        }
        return job
    }

    /// The options of the notebook's run.
    var options: Options {
        var options = Options()
        options.kernel = kernel
        options.environment.merge(environment ?? [:]) { $1 }
        options.timeout = cellLimit.map { .seconds($0) }
        options.totalTimeout = totalLimit.map { .seconds($0) }
        return options
    }
}

/// An error with a message.
struct Failure: Error, CustomStringConvertible {
    let description: String
}

/// Writes a value as JSON, atomically.
func write(_ value: some Encodable, to file: String) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    encoder.dateEncodingStrategy = .iso8601
    try encoder.encode(value).write(to: URL(filePath: file), options: .atomic)
}
