import Foundation
import Galley

/// A notebook that is to be run, as a file in `jobs/` describes it.
///
///     {"notebook": "sales.ipynb", "environment": {"MONTH": "2025-03"}, "total_limit": 3600}
///
/// Whoever makes one writes it under another name, such as `sales.json.new`, and renames it when it is complete.
struct Job: Decodable {
    /// The notebook's path, absolute or within the scheduler's folder.
    let notebook: String
    /// The kernel; nil for the one that the notebook names.
    let kernel: String?
    /// Variables for the kernel, besides those of the scheduler.
    let environment: [String: String]?
    /// How many seconds a cell may take.
    let cellLimit: Double?
    /// How many seconds the whole run may take.
    let totalLimit: Double?
    /// How often it is tried at most, where the kernel does not start or dies; nil for three times.
    let attempts: Int?

    /// Reads a job from its file.
    init(readingFrom file: String) async throws {
        do {
            self = try Self.read(file)
        } catch {
            // Somebody may not have heard of renaming, and be in the middle of writing it.
            try await Task.sleep(for: .seconds(1))
            self = try Self.read(file)
        }
    }

    private static func read(_ file: String) throws -> Job {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        let job = try decoder.decode(Job.self, from: Data(contentsOf: URL(filePath: file)))
        for limit in [job.cellLimit, job.totalLimit].compactMap(\.self) where !(0.001...1e9).contains(limit) {
            throw Failure(description: "a limit of \(limit) seconds makes no sense")
        }
        return job
    }

    /// How the notebook is run.
    var options: Options {
        var options = Options()
        options.kernel = kernel
        options.environment.merge(environment ?? [:]) { $1 }
        options.timeout = cellLimit.map { .seconds($0) }
        options.totalTimeout = totalLimit.map { .seconds($0) }
        return options
    }
}

/// What is wrong, in a sentence.
struct Failure: Error, CustomStringConvertible {
    let description: String
}

/// Writes something as JSON, never half of it.
func write(_ value: some Encodable, to file: String) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    encoder.dateEncodingStrategy = .iso8601
    try encoder.encode(value).write(to: URL(filePath: file), options: .atomic)
}
