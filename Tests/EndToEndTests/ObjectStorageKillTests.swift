import Foundation
import GalleyTestSupport
import Testing

/// A run whose notebook and result are in an object store.
@Suite(.serialized) struct `A run with objects that is killed` {
    private static let isFull = ProcessInfo.processInfo.environment["GALLEY_FUZZ"] == "full"
    /// The number of runs that each signal ends.
    private static let rounds = isFull ? 50 : 12
    private static let cellCount = 20
    /// Short cells, each of which prints its number, and a last one with an output that takes some time to send.
    private static let sources =
        (1..<cellCount).map { "import time\nprint(\($0), flush=True)\ntime.sleep(0.05)" }
        + ["print('x' * 3_000_000)"]
    private static let gate = GalleyProgram.ConcurrencyLimit(room: 2)

    /// What a run has left.
    private struct Rest {
        /// The number of cells with an output of the run.
        var kept = 0
        var isSaved = false
    }

    /// Returns an object; nil if there is none.
    private func object(
        _ key: String, _ store: StoreProcess, _ folder: TemporaryFolder
    ) async throws -> RunNotebook? {
        // The store looks at signatures only as far as to see that there is one.
        let signature =
            "AWS4-HMAC-SHA256 Credential=\(store.accessKeyID)/20260101/us-east-1/s3/aws4_request, "
            + "SignedHeaders=host, Signature=0"
        let status = try await ServerProcess.output(
            of: [
                "curl", "-s", "-o", folder("object"), "-w", "%{http_code}", "-H", "Authorization: \(signature)",
                "\(store.url)/bucket/\(key)",
            ])
        if status == "404" { return nil }
        try #require(status == "200")
        // A half object would be no JSON.
        return try folder.notebook("object")
    }

    /// Ends a run so long after so many of its cells are over, and looks at what is left.
    private func cutOff(
        _ signal: Int32, _ seconds: Double, after cells: Int, _ number: Int, _ store: StoreProcess
    ) async throws -> Rest {
        let folder = try TemporaryFolder()
        let mark = "\(signal)-\(number)-\(UUID())"
        // Half of the runs replace their notebook.
        let (key, result) = ("\(signal)/\(number).ipynb", "\(signal)/\(number % 2 == 0 ? "" : "out-")\(number).ipynb")
        try folder.write(Self.sources, to: "source")
        try await store.python("s3.upload_file('\(folder("source"))', 'bucket', '\(key)')")
        let running = try await GalleyProgram.start(
            [
                "execute", "--cwd", folder.path, "--env", "GALLEY_MARK=\(mark)", "--events", "events",
            ] + (key == result ? ["--inplace"] : ["--output", "s3://bucket/\(result)"]) + ["s3://bucket/\(key)"],
            environment: GalleyProgram.environment.merging(store.environment) { $1 }, in: folder, gate: Self.gate)
        #expect(
            try await eventually {
                guard let events = try? folder.text("events") else { return false }
                return events.matches(of: /"cell-finished"/).count >= cells
            })
        try await Task.sleep(for: .seconds(seconds))
        running.send(signal)
        let run = try await running.end()
        #expect(try await eventually { processes(markedBy: mark).isEmpty })
        // The notebook is there, and whole.
        let notebook = try #require(try await object(key, store, folder))
        #expect(notebook.cells.count == Self.cellCount)
        if key != result { #expect(notebook.outputs.allSatisfy { $0 == ["old\n"] }) }
        let events = try folder.events("events")
        let wasSaved = events.contains { $0["event"] as? String == "saved" }
        let found = try await object(result, store, folder)
        // What the run has reported as saved is there.
        if wasSaved || run.status == 0 { #expect(found != nil, "\(result): \(run.errors)") }
        guard let found, !found.outputs.allSatisfy({ $0 == ["old\n"] }) else {
            #expect(!wasSaved && run.status != 0, "\(result): \(run.errors)")
            return Rest()
        }
        #expect(found.cells.count == Self.cellCount)
        // The last save has what all cells had printed that were over when it began. After a kill, only the saves before
        // it are known to have begun at a certain time.
        let saves = events.indices.filter { events[$0]["event"] as? String == "saved" }
        let isEnded = signal == SIGTERM || run.status == 0
        for event in isEnded ? events[...] : events.prefix(saves.dropLast().last ?? 0)
        where event["event"] as? String == "cell-finished" && event["status"] as? String == "succeeded" {
            let cell = try #require(event["cell"] as? Int)
            let text = cell == Self.cellCount ? String(repeating: "x", count: 3_000_000) + "\n" : "\(cell)\n"
            #expect(found.outputs[cell - 1] == [text])
        }
        if signal == SIGTERM, run.status != 0 { #expect(run.status == 143, "\(run.errors)") }
        return Rest(kept: found.outputs.count { $0 != ["old\n"] && $0 != [] }, isSaved: true)
    }

    @Test(arguments: [SIGKILL, SIGTERM])
    func `A run that is killed at any moment leaves whole objects, and no kernel`(signal: Int32) async throws {
        let store = try await StoreProcess(.moto)
        let seed = UInt64.random(in: .min ... .max)
        print("cut off by signal \(signal), seed \(seed)")
        var random = SeededGenerator(seed: seed)
        let moments = (0..<Self.rounds).map { number in
            // A third of the signals arrive while the result is saved, some before the kernel starts.
            let cells = number % 3 == 0 ? Self.cellCount : Int.random(in: 0..<Self.cellCount, using: &random)
            return (
                cells, Double.random(in: 0...(cells == 0 ? 1 : cells == Self.cellCount ? 0.3 : 0.06), using: &random)
            )
        }
        let rests = try await withThrowingTaskGroup(of: Rest.self) { group in
            var rests: [Rest] = []
            for (number, (cells, seconds)) in moments.enumerated() {
                if number >= 3, let rest = try await group.next() { rests.append(rest) }
                group.addTask { try await cutOff(signal, seconds, after: cells, number, store) }
            }
            for try await rest in group { rests.append(rest) }
            return rests
        }
        #expect(rests.count == Self.rounds)
        // A signal that asks for an end lets the result be saved.
        if signal == SIGTERM { #expect(rests.contains { $0.isSaved && $0.kept < Self.cellCount }) }
        // A kill leaves no conflict and no half object in the bucket.
        let names = try await store.python(
            "for o in s3.list_objects_v2(Bucket='bucket').get('Contents', []): print(o['Key'])")
        for name in names.split(separator: "\n") { #expect(name.contains(/^\d+\/(out-)?\d+\.ipynb$/), "\(name)") }
    }
}
