import Foundation
import GalleyTestSupport
import Testing

@Suite struct `A batch of notebooks` {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// Checks reports with a program of `Tests/Fixtures/judges`.
    private func judge(_ program: String, _ arguments: String...) async throws {
        let run = try await GalleyProgram.run(
            [Repository.fixture("judges/" + program)] + arguments, program: Repository.python, in: folder)
        #expect(run.status == 0, "\(run.errors)")
    }

    @Test func `A batch reports each notebook in order, independently of others`() async throws {
        let mixture = try MixedBatch(8, in: folder)
        let run = try await GalleyProgram.run(
            ["execute", "n", "-j", "4", "--output-dir", "out", "--events", "e", "--json", "r/j", "--junit", "r/x"],
            in: folder)
        #expect(run.status == 5)
        #expect(try JSONReport(folder, "r/j").verdicts == mixture.verdicts.map { "\($0.name): \($0.status)" })
        let lines = run.errors.split(separator: "\n").map(String.init)
        #expect(lines.first == "8 notebooks, 4 at a time")
        // Each finished notebook has a line, and each failed one another line in the end.
        for (name, status) in mixture.verdicts {
            let word = status == "succeeded" ? "ok" : "FAILED"
            #expect(
                lines.count { $0.hasPrefix("[") && $0.contains("/8] \(word)") && $0.contains(name) } == 1, "\(name)")
            #expect(lines.count { $0.hasPrefix("  \(name): ") } == (status == "succeeded" ? 0 : 1), "\(name)")
        }
        #expect(lines.contains("  n/01-failing.ipynb: cell 2 of 3, line 2, raised ValueError: no such column"))
        #expect(lines.contains { $0.hasPrefix("galley: 5 of 8 notebooks failed, in ") })
        #expect(lines.suffix(6).first == "Slowest:")
        // Each notebook is saved with its outputs so far.
        #expect(try folder.notebook("out/01-failing.ipynb").outputs == [[], ["before\n", "ValueError"], []])
        #expect(try folder.notebook("out/03-killing.ipynb").outputs.first == ["before\n"])
        #expect(try folder.notebook("out/05-large.ipynb").outputs.first?.first?.utf8.count == 20_000_100)
        try await judge("batch_reports.py", Repository.root)
    }

    @Test(.timeLimit(.minutes(40)))
    func `A batch of sixty has the same results each time, leaves nothing behind and takes little memory`() async throws
    {
        var seen: Set<[String]> = []
        var peaks: [Int] = []
        let mark = UUID().uuidString
        var environment = GalleyProgram.environment
        environment["GALLEY_TEST_MARK"] = mark
        environment["TMPDIR"] = folder.path + "/t"
        try FileManager.default.createDirectory(atPath: folder.path + "/t", withIntermediateDirectories: true)
        let mixture = try MixedBatch(60, in: folder)
        for _ in 0..<5 {
            let running = try await GalleyProgram.start(
                [
                    "execute", "n", "-j", "4", "--output-dir", "out", "--quiet", "--json", "j", "--junit", "x",
                    "--html",
                    "h",
                ], environment: environment, in: folder)
            let peak = try await running.peakMemory()
            peaks.append(peak)
            #expect(try await running.end().status == 5)
            seen.insert(try JSONReport(folder, "j").verdicts)
            #expect(try await eventually { processes(markedBy: mark).isEmpty })
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path + "/t") == [])
        }
        #expect(seen == [mixture.verdicts.map { "\($0.name): \($0.status)" }])
        let most = (peaks.max() ?? 0) / 1_000_000
        print("five batches of sixty notebooks: the engine had \(most) MB of memory at most (wanted: at most 150 MB)")
        #expect(most > 0 && most <= 150)
        #expect(folder.names == ["h", "j", "n", "out", "t", "x"])
    }

    @Test func `A batch that is stopped saves every finished cell`() async throws {
        let mark = UUID().uuidString
        var environment = GalleyProgram.environment
        environment["GALLEY_TEST_MARK"] = mark
        for number in 0..<6 {
            try folder.write(
                [
                    "print('finished')",
                    "print('begun', flush=True)\nopen('begun-\(number)', 'w').close()\nimport time; time.sleep(1000)",
                ], to: "\(number).ipynb")
        }
        let running = try await GalleyProgram.start(
            ["execute", "--inplace", ".", "-j", "3", "--json", "j.json", "--junit", "x.xml", "--grace", "100s"],
            environment: environment, in: folder)
        #expect(try await eventually { folder.names.count { $0.hasPrefix("begun-") } == 3 })
        running.send(SIGTERM)
        let run = try await running.end()
        #expect(run.status == 143)
        #expect(try await eventually { processes(markedBy: mark).isEmpty })
        for number in 0..<3 {
            #expect(try folder.notebook("\(number).ipynb").outputs[0] == ["finished\n"])
            #expect(try folder.notebook("\(number).ipynb").outputs[1].first == "begun\n")
        }
        for number in 3..<6 { #expect(try folder.notebook("\(number).ipynb").outputs == [["old\n"], ["old\n"]]) }
        #expect(
            try JSONReport(folder, "j.json").verdicts.map { $0.split(separator: " ")[1] }
                == ["stopped", "stopped", "stopped", "left-out", "left-out", "left-out"])
        #expect(
            run.errors.contains("galley: 3 notebooks interrupted and 3 not run, because the run was ended by SIGTERM"))
        try await judge("skipped_tests.py", "x.xml", "3")
    }

    @Test func `A batch with --fail-fast starts nothing else after the first failure`() async throws {
        for (name, source) in [("a", "1"), ("b", "1/0"), ("c", "1"), ("d", "1")] {
            try folder.write([source], to: "\(name).ipynb")
        }
        let run = try await GalleyProgram.run(
            ["execute", "--inplace", "-j", "1", "--fail-fast", "--json", "-", "."], in: folder)
        #expect(run.status == 1)
        try folder.write(run.output, to: "j")
        #expect(
            try JSONReport(folder, "j").verdicts
                == ["a.ipynb: succeeded", "b.ipynb: raised", "c.ipynb: left-out", "d.ipynb: left-out"])
        #expect(run.errors.contains("galley: 2 notebooks not run, because the limit of failures was reached\n"))
    }

    @Test func `A batch retries what failed at first`() async throws {
        try folder.write([
            "import os\nopen('n', 'a').write('x')\nif os.path.getsize('n') < 2: os.kill(os.getpid(), 9)"
        ])
        let run = try await GalleyProgram.run(
            ["execute", "--inplace", "--retries", "1", "--events", "e", "--json", "j", "a.ipynb"], in: folder)
        #expect(run.status == 0)
        #expect(run.errors.contains("; retrying (attempt 2)\n"))
        #expect((try JSONReport(folder, "j").notebooks[0]["failed_attempts"] as? [String])?.count == 1)
        #expect(try folder.events("e").contains { $0["event"] as? String == "run-retried" })
        #expect(try folder.notebook().counts == [1])
    }

    @Test func `A batch takes folders, patterns and lists, and each notebook once`() async throws {
        for path in ["n/sub", "n/.ipynb_checkpoints", "m/drafts"] {
            try FileManager.default.createDirectory(atPath: folder.path + "/" + path, withIntermediateDirectories: true)
        }
        for name in ["n/b", "n/a", "n/sub/c", "n/.ipynb_checkpoints/x", "m/d", "m/drafts/e", "one"] {
            try folder.write(["import os; print(os.path.basename(os.getcwd()))"], to: name + ".ipynb")
        }
        try folder.write("# a comment\n\nm/*.ipynb\nn/a.ipynb\n", to: "list.txt")
        let run = try await GalleyProgram.run(
            [
                "execute", "one.ipynb", "./one.ipynb", "n", "@list.txt", "**/e.ipynb", "--exclude", "drafts",
                "--exclude",
                "nothing", "--output-dir", "out", "--json", "-", "--quiet",
            ], in: folder)
        // The pattern matches only excluded files, which is no error.
        #expect(run.status == 0, "\(run.errors)")
        try folder.write(run.output, to: "j")
        #expect(
            try JSONReport(folder, "j").notebooks.map { $0["notebook"] as? String }
                == ["one.ipynb", "n/a.ipynb", "n/b.ipynb", "n/sub/c.ipynb", "m/d.ipynb"])
        // Each result is where its notebook is, and each kernel worked beside its notebook.
        for (name, place) in [("n/sub/c", "sub"), ("n/a", "n"), ("m/d", "m")] {
            #expect(try folder.notebook("out/\(name).ipynb").outputs == [["\(place)\n"]])
        }
        let listed = try await GalleyProgram.run(
            ["execute", "@-", "--inplace", "--quiet", "--json", "-"], in: folder, input: "n/a.ipynb\nn/b.ipynb\n")
        #expect(listed.status == 0)
        let none = try await GalleyProgram.run(["execute", "n/sub", "--exclude", "c.ipynb"], in: folder)
        #expect(none.status == 2)
        let excluded = "all notebooks of n/sub are excluded, by --exclude or as results"
        #expect(none.errors == "galley: no notebook found: \(excluded)\n")
        let empty = try await GalleyProgram.run(["execute", "out/none"], in: folder)
        #expect(empty.status == 3)
        try FileManager.default.createDirectory(atPath: folder.path + "/empty", withIntermediateDirectories: true)
        let hollow = try await GalleyProgram.run(["execute", "empty"], in: folder)
        #expect(hollow.errors == "galley: no notebook found: there is none in the folder 'empty'\n")
        #expect(hollow.status == 2)
    }

    @Test func `A batch is divided so that each notebook is in one shard, and shards take about as long`() async throws
    {
        let durations = [9, 1, 1, 5, 4, 1, 2, 1]
        for (number, duration) in durations.enumerated() {
            let name = "\(number).ipynb"
            try folder.write(["pass"], to: name)
            let timing =
                #"{"execution": {"iopub.status.busy": "2026-01-01T00:00:00.000000Z", "shell.execute_reply": "2026-01-01T00:00:0\#(duration).000000Z"}}"#
            try folder.write(
                folder.text(name).replacing(
                    /"metadata" : \{\s*\},\n\s*"outputs"/, with: "\"metadata\": \(timing), \"outputs\""), to: name)
        }
        var loads: [Int] = []
        var all: [String] = []
        for part in 1...3 {
            let run = try await GalleyProgram.run(
                ["check", "--lax", ".", "--shard", "\(part)/3", "--order", "slowest-first", "--json", "-"], in: folder)
            #expect(run.status == 0, "\(run.errors)")
            try folder.write(run.output, to: "j")
            let names = try JSONReport(folder, "j").notebooks.compactMap { $0["notebook"] as? String }
            #expect(names == names.sorted())
            all += names
            loads.append(names.reduce(0) { $0 + durations[Int($1.prefix(1)) ?? 0] })
        }
        #expect(all.sorted() == (0..<8).map { "\($0).ipynb" })
        #expect(loads.sorted() == [7, 8, 9])
        _ = try await GalleyProgram.run(
            ["check", "--lax", ".", "-j", "1", "--order", "slowest-first", "--events", "e"], in: folder)
        let started = try folder.events("e").filter { $0["event"] as? String == "run-started" }
            .compactMap { $0["notebook"] as? String }
        #expect(started.prefix(4) == ["0.ipynb", "3.ipynb", "4.ipynb", "6.ipynb"])
        let rest = try await GalleyProgram.run(["execute", "0.ipynb", "--shard", "2/2"], in: folder)
        #expect(rest.status == 0)
        #expect(rest.errors.wholeMatch(of: /0 notebooks, part 2 of 2\n0 notebooks in [\d.]+ m?s\n/) != nil)
    }

    @Test func `A batch annotates errors for the CI host, and passes no commands of notebooks to it`() async throws {
        try folder.write(["print('::error::fake')\nprint('  ::set-output name=x::y')\nprint('##[error]fake')\n1/0"])
        try folder.write(["1"], to: "b.ipynb")
        var environment = GalleyProgram.environment
        environment["GITHUB_ACTIONS"] = "true"
        environment["GITHUB_WORKSPACE"] = folder.path
        let line = try #require(
            try folder.text("a.ipynb").split(separator: "\n", omittingEmptySubsequences: false).firstIndex {
                $0.contains("1\\/0") || $0.contains("1/0")
            })
        for arguments in [["a.ipynb", "--stream"], ["a.ipynb", "b.ipynb", "--stream"]] {
            let run = try await GalleyProgram.run(
                ["execute", "--output-dir", "out"] + arguments, environment: environment, in: folder)
            let orders = run.errors.split(separator: "\n").filter {
                $0.drop { $0 == " " }.hasPrefix("::") || $0.contains("##[")
            }
            let annotation = "::error file=a.ipynb,line=\(line + 1),title=a.ipynb::"
            #expect(orders.first?.hasPrefix(annotation) == true, "\(run.errors)")
            #expect(
                orders.dropFirst().allSatisfy { $0.hasPrefix("::group::a.ipynb") || $0 == "::endgroup::" }, "\(orders)")
        }
        let name = "a\r\n::error::b,c.ipynb"
        try folder.write(["1/0"], to: name)
        let odd = try await GalleyProgram.run(
            ["execute", "--output-dir", "out", name], environment: environment, in: folder)
        #expect(odd.errors.contains("::error file=a%0D%0A%3A%3Aerror%3A%3Ab%2Cc.ipynb,"), "\(odd.errors)")
        #expect(!odd.errors.split(whereSeparator: \.isNewline).contains { $0.hasPrefix("::error::") })
        environment["GITHUB_ACTIONS"] = nil
        environment["GITLAB_CI"] = "true"
        let run = try await GalleyProgram.run(
            ["execute", "--output-dir", "out", "a.ipynb", "b.ipynb"], environment: environment, in: folder)
        let begin = try #require(
            run.errors.firstMatch(
                of: /\x{1B}\[0Ksection_start:\d+:(galley_\d+_0)\[collapsed=true\]\r\x{1B}\[0Ka\.ipynb: cell 1/))
        #expect(run.errors.contains("\u{1B}[0Ksection_end:") && run.errors.contains(":\(begin.output.1)\r\u{1B}[0K\n"))
    }

    @Test func `A batch at a terminal shows a line for each running notebook, and a bar`() async throws {
        for (name, file) in [("a", "two"), ("b", "two"), ("c", "bar")] {
            try folder.write([waiting(for: file)], to: "\(name).ipynb")
        }
        // The notebooks wait until these texts are visible.
        let run = try await GalleyProgram.watch(
            ["execute", "--inplace", "-j", "2", "."], in: folder,
            making: [
                #"  a\.ipynb \[1/1\] +[0-9.]+ m?s  import os, time\r\n\x1b\[K  b\.ipynb \[1/1\]"#: "two",
                #"░ [12]/3, about [0-9]+ s left"#: "bar",
            ])
        #expect(run.status == 0)
        #expect(folder.names == ["a.ipynb", "b.ipynb", "bar", "c.ipynb", "two"])
        #expect(run.output.contains(/\[3\/3\] \x{1B}\[32mok    \x{1B}\[0m/))
        let plain = run.output.replacing(/\x{1B}\[[0-9;]*[mKAJ]/, with: "")
        #expect(plain.contains(/3 notebooks in [0-9.]+ s\r\nSlowest:\r\n/))
    }

    @Test func `A batch in the background is one run`() async throws {
        for name in ["a", "b"] { try folder.write([name == "a" ? "1" : "1/0"], to: "\(name).ipynb") }
        let run = try await GalleyProgram.run(
            [
                "execute", "--inplace", "--detach", "--status", "s.json", "--log", "l", "--junit", "x.xml", "--quiet",
                ".",
            ],
            in: folder)
        #expect(run.status == 0, "\(run.errors)")
        let id = run.output.split(separator: "\n").first.map(String.init) ?? ""
        let wait = try await GalleyProgram.run(["wait", id], in: folder)
        #expect(wait.status == 1)
        let status = try #require(
            try JSONSerialization.jsonObject(with: Data(folder.text("s.json").utf8)) as? [String: Any])
        #expect((status["notebooks"] as? Int, status["finished"] as? Int, status["failed"] as? Int) == (2, 2, 1))
        #expect(status["message"] as? String == "1 of 2 notebooks failed")
        #expect(status["status"] as? String == "raised")
        #expect(try folder.text("l").contains("] FAILED"))
        #expect(try folder.text("x.xml").contains("ZeroDivisionError"))
    }

    @Test func `A batch that is killed leaves no report of an earlier run`() async throws {
        try folder.write(["open('begun', 'w').close()\nimport time; time.sleep(60)"])
        try folder.write("of another run", to: "x.xml")
        let running = try await GalleyProgram.start(
            ["execute", "--inplace", "--junit", "x.xml", "a.ipynb"], in: folder)
        #expect(try await eventually { folder.names.contains("begun") })
        running.send(SIGKILL)
        #expect(try await running.end().status == -9)
        #expect(!folder.names.contains("x.xml"))
    }

    @Test func `A batch can be run again, and does not run its results`() async throws {
        try FileManager.default.createDirectory(atPath: folder.path + "/n", withIntermediateDirectories: true)
        for name in ["a", "b"] { try folder.write(["1"], to: "n/\(name).ipynb") }
        for arguments in [["n/*.ipynb"], ["n"], ["n", "--output-dir", "n/out"], ["."]] {
            for _ in 0..<2 {
                let run = try await GalleyProgram.run(["execute"] + arguments, in: folder)
                #expect(run.errors.hasPrefix("2 notebooks, "), "\(arguments): \(run.errors)")
                #expect(run.status == 0)
            }
            if arguments.count == 1 {
                let names = try FileManager.default.contentsOfDirectory(atPath: folder.path + "/n")
                let all = try await GalleyProgram.run(
                    ["execute"] + names.filter { $0.hasSuffix(".ipynb") }.map { "n/" + $0 }, in: folder)
                #expect(all.errors.hasPrefix("2 notebooks, "), "\(all.errors)")
            }
            try? FileManager.default.removeItem(atPath: folder.path + "/n/out")
        }
        let itself = try await GalleyProgram.run(["execute", "n", "--output-dir", "n"], in: folder)
        #expect(itself.status == 2)
        #expect(itself.errors.contains("would replace it; use another folder, or --inplace"))
    }

    @Test func `A batch names each file as it is, and skips none silently`() async throws {
        // Two names that are equivalent in Unicode, and files that cannot run.
        try folder.write(["1/0"], to: "caf\u{E9}.ipynb")
        try folder.write(["1"], to: "cafe\u{301}.ipynb")
        symlink("nowhere", folder.path + "/dangling.ipynb")
        mkfifo(folder.path + "/pipe.ipynb", 0o600)
        let run = try await GalleyProgram.run(["execute", ".", "--output-dir", "out", "--json", "j"], in: folder)
        #expect(run.status == 1)
        #expect(try JSONReport(folder, "j").notebooks.count == 4)
        #expect(run.errors.contains("  dangling.ipynb: no such file\n"), "\(run.errors)")
        #expect(run.errors.contains("  pipe.ipynb: "))
        let list = try await GalleyProgram.run(
            ["execute", "@-", "--output-dir", "out", "--json", "-", "--quiet"], in: folder,
            input: "\u{FEFF}caf\u{E9}.ipynb \0cafe\u{301}.ipynb\r\n")
        try folder.write(list.output, to: "l")
        #expect(try JSONReport(folder, "l").notebooks.count == 2)
        let report = try await GalleyProgram.run(
            ["execute", "--json", "caf\u{E9}.ipynb", "cafe\u{301}.ipynb"], in: folder)
        #expect(report.status == 2)
        #expect(report.errors.contains("a report would replace a notebook"))
    }

    @Test func `A batch ends even if its report is not read`() async throws {
        for name in ["a", "b"] { try folder.write(["1"], to: "\(name).ipynb") }
        mkfifo(folder.path + "/pipe", 0o600)
        let running = try await GalleyProgram.start(
            ["execute", "--inplace", "a.ipynb", "b.ipynb", "--events", "e", "--junit", "pipe"], in: folder)
        #expect(
            try await eventually {
                guard folder.names.contains("e") else { return false }
                return try folder.events("e").count { $0["event"] as? String == "run-finished" } == 2
            })
        for name in ["a", "b"] { #expect(try folder.notebook("\(name).ipynb").counts == [1]) }
        running.send(SIGTERM)
        #expect(try await eventually { !running.isPending(SIGTERM) })
        running.send(SIGTERM)
        #expect(try await running.end().status == 143)
        let full = try await GalleyProgram.run(["execute", "--inplace", "a.ipynb", "--json", "/dev/full"], in: folder)
        #expect(full.status == 3)
    }
}
