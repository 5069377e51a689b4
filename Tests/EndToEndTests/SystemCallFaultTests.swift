import Foundation
import GalleyTestSupport
import Testing

/// Runs of `galley execute` with a preloaded library (`Tests/Fixtures/faults.c`) that makes system calls fail at random.
@Suite struct `Failing system calls` {
    /// `Tests/run` builds it.
    private static let faults = Repository.root + "/.build/faults.so"

    @Test(.timeLimit(.minutes(15)))
    func
        `Hundreds of failing system calls leave no partial file, lose no saved result, and are reported with a reason`()
        async throws
    {
        try #require(FileManager.default.fileExists(atPath: Self.faults), "run Tests/run first")
        let folder = try TemporaryFolder()
        let elsewhere = try TemporaryFolder()
        try folder.write(["import os; print(os.environ['RUN'], end='')", "print('x' * 20_000 + os.environ['RUN'])"])
        func count() -> Int { (try? elsewhere.text("count").utf8.count) ?? 0 }
        var statuses: [Int32: Int] = [:]
        var seed = 0
        while count() < 500 {
            seed += 1
            let before = try folder.notebook().outputs
            var environment = GalleyProgram.environment
            environment["LD_PRELOAD"] = Self.faults
            environment["FAULTS_FOLDER"] = folder.path
            environment["FAULTS_COUNT"] = elsewhere.path + "/count"
            environment["FAULTS_SEED"] = "\(seed)"
            environment["FAULTS_ONE_IN"] = ["4", "12", "30"][seed % 3]
            environment["TMPDIR"] = elsewhere.path
            let run = try await GalleyProgram.run(
                ["execute", "--inplace", "--total-timeout", "60s", "--env", "RUN=\(seed)", "a.ipynb"],
                environment: environment, in: folder)
            statuses[run.status, default: 0] += 1
            #expect([0, 3, 4, 5].contains(run.status), "seed \(seed): \(run.status) \(run.errors)")
            if run.status != 0 { #expect(run.errors.contains("galley: "), "seed \(seed)") }
            // The file is whole in any case, or reading it throws.
            let after = try folder.notebook().outputs
            let whole = ["\(seed)", String(repeating: "x", count: 20_000) + "\(seed)\n"]
            let isSaved = after == whole.map { [$0] }
            let isPart = after == [[whole[0]], []]
            #expect(isSaved || isPart || after == before, "seed \(seed): \(after.map { $0.map { $0.suffix(20) } })")
            if run.status == 0, !run.errors.contains("the result is in") {
                #expect(isSaved, "seed \(seed): \(run.errors)")
            }
            if let rescue = run.errors.firstMatch(of: /The result is in (\S+)/)?.1 {
                let data = try Data(contentsOf: URL(fileURLWithPath: String(rescue)))
                #expect(try RunNotebook(data).outputs.last?.last == whole[1], "seed \(seed)")
            }
            for name in folder.names where name.contains("galley-conflict") {
                try FileManager.default.removeItem(atPath: folder.path + "/" + name)
            }
        }
        #expect(statuses[0, default: 0] > 0 && statuses[3, default: 0] > 0, "\(statuses)")
        // The next run removes leftovers of a failed removal.
        let last = try await GalleyProgram.run(["execute", "--inplace", "--env", "RUN=0", "a.ipynb"], in: folder)
        #expect(last.status == 0, "\(last.errors)")
        #expect(folder.names == ["a.ipynb"])
    }
}
