import Foundation
import GalleyTestSupport

/// Notebooks of every kind, with the expected status of each.
struct MixedBatch {
    /// Their names, in order, with their statuses.
    private(set) var verdicts: [(name: String, status: String)] = []

    private static let kinds: [(name: String, sources: [String], status: String)] = [
        ("good", ["print('hello')", "6 * 7"], "succeeded"),
        ("failing", ["a = 1", "print('before')\nraise ValueError('no such column')", "2"], "raised"),
        ("slow", ["print('begun', flush=True)\nimport time; time.sleep(60)"], "timed-out"),
        ("killing", ["print('before', flush=True)", "import os; os.kill(os.getpid(), 9)"], "kernel-died"),
        ("flooding", ["for number in range(50_000): print(number)"], "succeeded"),
        ("large", ["print('x' * 99 + '\\n', end='')\nprint(('y' * 199 + '\\n') * 100_000, end='')"], "succeeded"),
    ]

    /// Writes a number of notebooks into a folder.
    init(_ count: Int, in folder: TemporaryFolder) throws {
        try FileManager.default.createDirectory(atPath: folder.path + "/n", withIntermediateDirectories: true)
        for number in 0..<count {
            let kind = number % 8
            let digits = String(number + 100).dropFirst()
            switch kind {
            case 6:
                try add("n/\(digits)-broken.ipynb", "failed") { try folder.write("{\"cells\": [", to: $0) }
            case 7:
                try add("n/\(digits)-strange.ipynb", "failed") {
                    try folder.write(["1"], to: $0, kernel: "no-such-kernel")
                }
            default:
                let (name, sources, status) = Self.kinds[kind]
                try add("n/\(digits)-\(name).ipynb", status) { name in
                    try folder.write(sources, to: name, tags: kind == 2 ? [0: ["timeout=1"]] : [:])
                }
            }
        }
    }

    private mutating func add(_ name: String, _ status: String, _ write: (String) throws -> Void) rethrows {
        try write(name)
        verdicts.append((name, status))
    }
}

/// The JSON report of a run.
struct JSONReport {
    let json: [String: Any]

    init(_ folder: TemporaryFolder, _ name: String) throws {
        json = try JSONSerialization.jsonObject(with: Data(folder.text(name).utf8)) as? [String: Any] ?? [:]
    }

    var notebooks: [[String: Any]] { json["notebooks"] as? [[String: Any]] ?? [] }
    var verdicts: [String] { notebooks.map { "\($0["notebook"] ?? "?"): \($0["status"] ?? "?")" } }
}
