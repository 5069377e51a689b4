import Foundation
import GalleyTestSupport
import Testing

@Suite(.timeLimit(.minutes(40))) struct `The example scheduler` {
    private let folder: TemporaryFolder
    private let mark = UUID().uuidString

    init() throws {
        folder = try TemporaryFolder()
        try FileManager.default.createDirectory(atPath: folder.path + "/jobs", withIntermediateDirectories: false)
    }

    /// The scheduler, which `Tests/run` builds.
    private static let program = Task {
        let scratch = Repository.root + "/.build/scheduler"
        let package = Repository.root + "/Notebooks/scheduler"
        let build = try await GalleyProgram.run(
            ["swift", "build", "--quiet", "--package-path", package, "--scratch-path", scratch],
            program: "/usr/bin/env", environment: nil)
        try #require(build.status == 0, "\(build.output)\(build.errors)")
        return scratch + "/debug/scheduler"
    }

    private var environment: [String: String] {
        GalleyProgram.environment.merging(["GALLEY_TEST_MARK": mark, "SCHEDULER_FIRST_PAUSE": "0.05"]) { $1 }
    }

    /// Starts the scheduler, until a signal ends it.
    private func start() async throws -> GalleyProgram.RunningProgram {
        try await GalleyProgram.start(["."], program: Self.program.value, environment: environment, in: folder)
    }

    /// Runs the scheduler until no job is left.
    private func runOnce() async throws -> GalleyProgram.Run {
        try await GalleyProgram.run([".", "--once"], program: Self.program.value, environment: environment, in: folder)
    }

    /// Writes a job into the folder of jobs.
    private func put(_ job: String, as name: String) throws {
        try folder.write(job, to: "jobs/\(name).json.new")
        rename("\(folder.path)/jobs/\(name).json.new", "\(folder.path)/jobs/\(name).json")
    }

    private func json(_ name: String) throws -> [String: Any] {
        try #require(try JSONSerialization.jsonObject(with: Data(folder.text(name).utf8)) as? [String: Any])
    }

    /// Returns the finished jobs of the status page.
    private func ends() throws -> [String: [String: Any]] {
        let ends = try #require(try json("status.json")["over"] as? [[String: Any]])
        return Dictionary(ends.map { ($0["job"] as? String ?? "", $0) }) { $1 }
    }

    /// Returns a running job of the status page; nil if it does not run.
    private func progress(of job: String) -> [String: Any]? {
        ((try? json("status.json"))?["running"] as? [String: [String: Any]])?[job]
    }

    private func names(in place: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: "\(folder.path)/\(place)").sorted()
    }

    @Test func `The scheduler ends with a reason if it cannot store a finished job`() async throws {
        try folder.write(["1"], to: "a.ipynb")
        try FileManager.default.createDirectory(
            atPath: folder.path + "/done/a.json/in-the-way", withIntermediateDirectories: true)
        try put(#"{"notebook": "a.ipynb"}"#, as: "a")
        let run = try await runOnce()
        #expect(run.status == 1)
        #expect(run.errors.hasPrefix("scheduler: ./jobs/a.json cannot be moved to done: "))
    }

    @Test func `The scheduler runs jobs of every kind, and reports their results`() async throws {
        try folder.write(["import os\nprint(os.environ['SALES_MONTH'])", "6 * 7"], to: "sales.ipynb")
        try folder.write(["print('before')", "1/0", "print('never')"], to: "raising.ipynb")
        let flaky = "import os\nopen('n', 'a').write('x')\nif os.path.getsize('n') < 2: os.kill(os.getpid(), 9)"
        try folder.write([flaky, "print('made it')"], to: "flaky.ipynb")
        try folder.write(["print('before')", "import os; os.kill(os.getpid(), 9)"], to: "dying.ipynb")
        try folder.write(["import time\ntime.sleep(1000)"], to: "long.ipynb")
        try put(#"{"notebook": "sales.ipynb", "environment": {"SALES_MONTH": "March"}}"#, as: "sales")
        try put(#"{"notebook": "\#(folder.path)/raising.ipynb"}"#, as: "raising")
        try put(#"{"notebook": "flaky.ipynb"}"#, as: "flaky")
        try put(#"{"notebook": "dying.ipynb", "attempts": 2}"#, as: "dying")
        try put(#"{"notebook": "long.ipynb", "cell_limit": 3}"#, as: "cell-limit")
        try put(#"{"notebook": "long.ipynb", "total_limit": 60, "kernel": "python3"}"#, as: "total-limit")
        try put(#"{"notebook": "none.ipynb"}"#, as: "no-notebook")
        try put(#"{"notebook": "sales.ipynb", "kernel": "nope"}"#, as: "no-kernel")
        try put(#"{"notebook": "sal"#, as: "half")
        try put(#"{"notebook": "sales.ipynb", "cell_limit": 1e300}"#, as: "limitless")
        let before = try folder.text("sales.ipynb")

        let run = try await runOnce()
        #expect(run.status == 0 && run.output == "" && run.errors == "")

        let ends = try ends()
        #expect(
            ends.mapValues { "\($0["status"] ?? "") \($0["attempts"] ?? "")" } == [
                "sales": "succeeded 1", "raising": "raised 1", "flaky": "succeeded 2", "dying": "kernel-died 2",
                "cell-limit": "timed-out 1", "total-limit": "timed-out 1", "no-notebook": "failed 1",
                "no-kernel": "failed 1", "half": "failed 1", "limitless": "failed 1",
            ])
        #expect(ends["raising"]?["message"] as? String == "cell 2 of 3 raised ZeroDivisionError: division by zero")
        #expect(ends["no-notebook"]?["message"] as? String == "./none.ipynb: no such file")
        #expect((ends["sales"]?["duration"] as? Double ?? 0) > 0 && ends["sales"]?["message"] == nil)
        let page = try json("status.json")
        #expect((page["waiting"] as? [Any])?.count == 0 && (page["running"] as? [String: Any])?.count == 0)

        #expect(try names(in: "jobs") == [])
        #expect(try names(in: "done") == ends.keys.sorted().map { $0 + ".json" })
        let reported = ["cell-limit", "dying", "flaky", "raising", "sales", "total-limit"]
        #expect(try names(in: "results") == reported.map { $0 + ".ipynb" })
        #expect(try names(in: "reports") == reported.map { $0 + ".json" })
        for name in reported {
            #expect(try json("reports/\(name).json")["status"] as? String == ends[name]?["status"] as? String)
        }

        #expect(try folder.text("sales.ipynb") == before)
        #expect(try folder.notebook("results/sales.ipynb").outputs == [["March\n"], ["42"]])
        #expect(try folder.notebook("results/raising.ipynb").outputs == [["before\n"], ["ZeroDivisionError"], []])
        #expect(try folder.notebook("results/flaky.ipynb").outputs == [[], ["made it\n"]])
        #expect(try folder.notebook("results/dying.ipynb").outputs == [["before\n"], ["KernelDied"]])
        #expect(try folder.notebook("results/cell-limit.ipynb").outputs == [["KeyboardInterrupt", "TimeLimitReached"]])
        let verdict = try await GalleyProgram.run(
            [
                Repository.fixture("judges/notebook_reports.py"),
                Repository.root + "/Sources/Reports/report.schema.json",
            ] + reported.map { "reports/\($0).json" }, program: Repository.python, in: folder)
        #expect(verdict.status == 0, "\(verdict.errors)")
        #expect(try await eventually { processes(markedBy: mark).isEmpty })
    }

    @Test func `The scheduler runs at most three jobs at a time`() async throws {
        let meeting = """
            import glob, os, time
            name = 'here-' + os.environ['JOB']
            open(name, 'w').close()
            while len(glob.glob('here-*')) < 3 and not os.path.exists('met'): time.sleep(0.01)
            open('met', 'w').close()
            most = 0
            for _ in range(50):
                most = max(most, len(glob.glob('here-*')))
                time.sleep(0.01)
            os.remove(name)
            print(most)
            """
        try folder.write([meeting], to: "meeting.ipynb")
        let jobs = (1...7).map { "job-\($0)" }
        for job in jobs { try put(#"{"notebook": "meeting.ipynb", "environment": {"JOB": "\#(job)"}}"#, as: job) }
        #expect(try await runOnce().status == 0)
        let counts = try jobs.map { try folder.notebook("results/\($0).ipynb").outputs[0].first }
        #expect(Set(counts).isSubset(of: ["1\n", "2\n", "3\n"]) && counts.contains("3\n"), "\(counts)")
    }

    @Test(arguments: [SIGTERM, SIGINT])
    func `The scheduler ends in order at a signal, and resumes its jobs the next time`(signal: Int32) async throws {
        let long = """
            import os
            print('begun', flush=True)
            open(f'begun-{os.getpid()}', 'w').close()
            \(waiting(for: "go"))
            """
        try folder.write(["print('finished')", long], to: "a.ipynb")
        for job in ["a", "b", "c", "d"] { try put(#"{"notebook": "a.ipynb"}"#, as: job) }
        let running = try await start()
        #expect(
            try await eventually {
                folder.names.count { $0.hasPrefix("begun-") } == 3
                    && ["a", "b", "c"].allSatisfy { job in
                        let progress = progress(of: job)
                        return progress?["cell"] as? Int == 2 && progress?["cells"] as? Int == 2
                    }
            })
        #expect(try json("status.json")["waiting"] as? [String] == ["d"])
        running.send(signal)
        let run = try await running.end()
        #expect(run.status == 0 && run.errors == "")
        #expect(try await eventually { processes(markedBy: mark).isEmpty })

        #expect(try names(in: "jobs") == ["a.json", "b.json", "c.json", "d.json"])
        #expect(try names(in: "done") == [])
        let ends = try ends()
        for job in ["a", "b", "c"] {
            let outputs = try folder.notebook("results/\(job).ipynb").outputs
            #expect(outputs == [["finished\n"], ["begun\n", "KeyboardInterrupt", "RunStopped"]])
            let report = try json("reports/\(job).json")
            #expect(report["status"] as? String == "stopped")
            #expect((report["stopped_by"] as? [String: Any])?["kind"] as? String == "cancelled")
            #expect(ends[job]?["message"] as? String == "the run was canceled, in cell 2 of 2")
        }

        try folder.write("", to: "go")
        #expect(try await runOnce().status == 0)
        #expect(try names(in: "done") == ["a.json", "b.json", "c.json", "d.json"])
        for job in ["a", "b", "c", "d"] {
            #expect(try json("reports/\(job).json")["status"] as? String == "succeeded")
            #expect(try folder.notebook("results/\(job).ipynb").outputs == [["finished\n"], ["begun\n"]])
        }
    }

    @Test func `The scheduler takes jobs as they arrive, and shares its folder with no other scheduler`() async throws {
        try folder.write(["6 * 7"], to: "a.ipynb")
        let running = try await start()
        #expect(try await eventually { folder.names.contains("status.json") })
        try folder.write(#"{"note"#, to: "jobs/unfinished.json.new")
        for job in ["first", "second"] {
            try put(#"{"notebook": "a.ipynb"}"#, as: job)
            #expect(try await eventually { try ends()[job]?["status"] as? String == "succeeded" })
        }
        let other = try await runOnce()
        #expect(other.status == 1 && other.errors == "scheduler: another scheduler works in .\n")
        running.send(SIGTERM)
        #expect(try await running.end().status == 0)
        #expect(try names(in: "jobs") == ["unfinished.json.new"])
    }
}
