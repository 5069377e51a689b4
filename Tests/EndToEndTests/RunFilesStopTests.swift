import Foundation
import GalleyTestSupport
import Testing

@Suite(.serialized) struct `A run that is ended while its files are on their way` {
    /// Starts a run whose second file does not arrive.
    private func startBringing(_ here: StoreForRuns) async throws -> GalleyProgram.RunningProgram {
        try FileManager.default.createDirectory(atPath: here.folder("n"), withIntermediateDirectories: true)
        try here.folder.write(["print(open('1.txt').read(), open('d/2.txt').read())"], to: "n/a.ipynb")
        try await here.put("one", at: "data/1.txt")
        try await here.put("two", at: "data/d/2.txt")
        var run: GalleyProgram.RunningProgram?
        try await here.waitForRequest("GET", "2.txt") {
            run = try await here.start("execute", "--inplace", "--input", "s3://source/data/", "n/a.ipynb")
        }
        #expect(here.folder.exists("n/1.txt"))
        return try #require(run)
    }

    private func names(_ here: StoreForRuns) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: here.folder("n")).sorted()
    }

    @Test(arguments: [SIGTERM, SIGINT]) func `A signal while files arrive removes those that have arrived`(
        signal: Int32
    ) async throws {
        let here = try await StoreForRuns(behindProxy: true)
        let run = try await startBringing(here)
        run.send(signal)
        let end = try await run.end()
        #expect(end.status == 128 + signal, "\(end.errors)")
        #expect(try names(here) == ["a.ipynb"])
        #expect(try here.folder.notebook("n/a.ipynb").outputs == [["old\n"]])
    }

    @Test func `What a killed run has brought does not stop the next one`() async throws {
        let here = try await StoreForRuns(behindProxy: true)
        let run = try await startBringing(here)
        run.send(SIGKILL)
        _ = try await run.end()
        #expect(try names(here).contains("1.txt"))
        try here.proxy?.command("pass")
        try await here.put("newer", at: "data/1.txt")
        let next = try await here.galley("execute", "--inplace", "--input", "s3://source/data/", "n/a.ipynb")
        #expect(next.status == 0, "\(next.errors)")
        #expect(try here.folder.notebook("n/a.ipynb").outputs == [["newer two\n"]])
        #expect(try names(here) == ["a.ipynb"])
    }

    @Test func `A signal while files are stored waits for them, and a second one does not`() async throws {
        let here = try await StoreForRuns(behindProxy: true)
        try await here.put(["open('table.csv', 'w').write('made')"], at: "a.ipynb")
        for isRepeated in [false, true] {
            let log = "log\(isRepeated)"
            var started: GalleyProgram.RunningProgram?
            try here.proxy?.command("pass")
            try await here.waitForRequest("PUT", "table.csv") {
                started = try await here.start(
                    "execute", "s3://source/a.ipynb", "--output", "s3://out/\(isRepeated)/a.ipynb", "--collect",
                    "*.csv",
                    "--log", log)
            }
            let run = try #require(started)
            run.send(SIGTERM)
            #expect(try await eventually { (try? here.folder.text(log))?.contains("being stored") == true })
            // The program would be gone by the end of this request if it did not wait.
            #expect(try await here.keys("out").contains("\(isRepeated)/a.ipynb"))
            #expect(isAlive(Int(run.number)))
            if isRepeated { run.send(SIGTERM) } else { try here.proxy?.command("pass") }
            let end = try await run.end()
            #expect(try await here.keys("out").contains("\(isRepeated)/table.csv") != isRepeated, "\(end.errors)")
            #expect(end.errors.contains("collected s3://out/false/table.csv") != isRepeated, "\(end.errors)")
            guard isRepeated else { continue }
            #expect(end.status == 3 && end.errors.contains("stopped before 1 of its files"), "\(end.errors)")
            let kept = try #require(end.errors.firstMatch(of: /The files of the run are in (\S+)/)?.1)
            #expect(try String(contentsOfFile: "\(kept)/table.csv", encoding: .utf8) == "made")
            try FileManager.default.removeItem(atPath: String(kept))
        }
    }

    @Test func `A signal while reports are stored waits for them, and a second one does not`() async throws {
        let here = try await StoreForRuns(behindProxy: true)
        try await here.put(["print(1)"], at: "a.ipynb")
        for isRepeated in [false, true] {
            var started: GalleyProgram.RunningProgram?
            try here.proxy?.command("pass")
            try await here.waitForRequest("PUT", "report.json") {
                started = try await here.start(
                    "execute", "s3://source/a.ipynb", "--json", "s3://out/report.json", "--log", "log\(isRepeated)")
            }
            let run = try #require(started)
            run.send(SIGTERM)
            let log = "log\(isRepeated)"
            #expect(try await eventually { (try? here.folder.text(log))?.contains("writing the reports") == true })
            if isRepeated { run.send(SIGTERM) } else { try here.proxy?.command("pass") }
            let end = try await run.end()
            #expect(end.status == (isRepeated ? 3 : 0), "\(end.errors)")
            #expect(end.errors.contains("before its reports were written") == isRepeated, "\(end.errors)")
            #expect(try await here.keys("out").contains("report.json") != isRepeated)
        }
    }
}

@Suite(.serialized) struct `Files of a run where another program writes` {
    /// A cell that makes a file, and waits for another one.
    private func source(_ here: TemporaryFolder, _ name: String = "table.csv") -> [String] {
        ["open('\(name)', 'w').write('mine')", "open('\(here("begun"))', 'w')", waiting(for: here("go"))]
    }

    @Test func `A collected file leaves the place to a newer one, and replaces an older one`() async throws {
        let folder = try TemporaryFolder()
        try FileManager.default.createDirectory(atPath: folder("n"), withIntermediateDirectories: true)
        try FileManager.default.createDirectory(atPath: folder("out"), withIntermediateDirectories: true)
        try folder.write(source(folder) + ["open('other.csv', 'w').write('mine')"], to: "n/a.ipynb")
        for name in ["other.csv", "table.csv", "table.csv.galley-conflict"] {
            try folder.write("older", to: "out/" + name)
        }
        let run = try await GalleyProgram.start(
            ["execute", "--output-dir", "out", "--collect", "*.csv", "--json", "r.json", "n/a.ipynb"], in: folder)
        #expect(try await eventually { folder.exists("begun") })
        try folder.write("newer", to: "out/table.csv")
        try folder.write("", to: "go")
        let end = try await run.end()
        #expect(end.status == 0, "\(end.errors)")
        #expect(try folder.text("out/table.csv") == "newer" && folder.text("out/other.csv") == "mine")
        // What lies beside from an earlier run stays as well.
        #expect(try folder.text("out/table.csv.galley-conflict") == "older")
        #expect(try folder.text("out/table.csv.galley-conflict-2") == "mine")
        #expect(end.errors.contains("out/table.csv has appeared or changed during the run"), "\(end.errors)")
        #expect(try folder.text("r.json").contains(#""conflict": "out/table.csv""#))
    }

    @Test func `An object and a report that appear during the run stay`() async throws {
        let here = try await StoreForRuns()
        try await here.put(source(here.folder), at: "a.ipynb")
        try await here.put("old report", at: "r.json", in: "out")
        let run = try await here.start(
            "execute", "s3://source/a.ipynb", "--output", "s3://out/a.ipynb", "--collect", "*.csv", "--json",
            "s3://out/r.json")
        #expect(try await eventually { here.folder.exists("begun") })
        for key in ["table.csv", "r.json"] { try await here.put("newer", at: key, in: "out") }
        try here.folder.write("", to: "go")
        let end = try await run.end()
        #expect(end.status == 0, "\(end.errors)")
        for key in ["table.csv", "r.json"] { #expect(try await here.text(key, in: "out") == "newer") }
        #expect(try await here.text("table.csv.galley-conflict", in: "out") == "mine")
        #expect(try await here.text("r.json.galley-conflict", in: "out").contains(#""conflict": "s3://out/table.csv""#))
        #expect(end.errors.contains("s3://out/r.json.galley-conflict"), "\(end.errors)")
    }

    @Test func `Notebooks that run at once in one folder store each file once`() async throws {
        let folder = try TemporaryFolder()
        try FileManager.default.createDirectory(atPath: folder("n"), withIntermediateDirectories: true)
        for (name, other) in [("a", "b"), ("b", "a")] {
            try folder.write(
                ["open('\(name).csv', 'w').write('\(name)')", waiting(for: folder("n/\(other).csv"))],
                to: "n/\(name).ipynb")
        }
        let run = try await GalleyProgram.run(
            ["execute", "-j", "2", "--output-dir", "out", "--collect", "*.csv", "n"], in: folder)
        #expect(run.status == 0, "\(run.errors)")
        let names = try FileManager.default.contentsOfDirectory(atPath: folder("out")).sorted()
        #expect(names.filter { !$0.hasPrefix(".") } == ["a.csv", "a.ipynb", "b.csv", "b.ipynb"])
        #expect(try folder.text("out/a.csv") == "a" && folder.text("out/b.csv") == "b")
    }

    @Test func `Notebooks with folders of their own lose no file of the same name`() async throws {
        let here = try await StoreForRuns()
        for name in ["a", "b"] { try await here.put(["open('t.csv', 'w').write('\(name)')"], at: "n/\(name).ipynb") }
        let run = try await here.galley(
            "execute", "-j", "2", "s3://source/n/", "--output-dir", "s3://out/r", "--collect", "*.csv")
        #expect(run.status == 0, "\(run.errors)")
        let keys = try await here.keys("out").filter { $0.contains("t.csv") }
        #expect(keys == ["r/t.csv", "r/t.csv.galley-conflict"])
        let texts = [try await here.text(keys[0], in: "out"), try await here.text(keys[1], in: "out")]
        #expect(texts.sorted() == ["a", "b"])
        // The next run replaces older files.
        let again = try await here.galley(
            "execute", "s3://source/n/a.ipynb", "--output-dir", "s3://out/r", "--collect", "*.csv")
        #expect(again.status == 0, "\(again.errors)")
        #expect(try await here.text("r/t.csv", in: "out") == "a")
    }

    @Test func `A later attempt replaces what the first one has stored, and not what another program has`() async throws
    {
        let folder = try TemporaryFolder()
        let source = """
            import os, signal, time
            number = len([name for name in os.listdir() if name.startswith('attempt')])
            for name in ['mine', 'other']: open(name + '.csv', 'w').write(str(number))
            open(f'attempt{number}', 'w').close()
            while not os.path.exists('\(folder("go"))'): time.sleep(0.01)
            if number < 2: os.kill(os.getpid(), signal.SIGKILL)
            """
        for name in ["n", "out"] {
            try FileManager.default.createDirectory(atPath: folder(name), withIntermediateDirectories: true)
        }
        try folder.write([source], to: "n/a.ipynb")
        let run = try await GalleyProgram.start(
            ["execute", "--retries", "3", "--output-dir", "out", "--collect", "*.csv", "n/a.ipynb"], in: folder)
        #expect(try await eventually { folder.exists("n/attempt0") })
        try folder.write("another", to: "out/other.csv")
        try folder.write("", to: "go")
        let end = try await run.end()
        #expect(end.status == 0, "\(end.errors)")
        let names = try FileManager.default.contentsOfDirectory(atPath: folder("out")).filter { $0.contains(".csv") }
        #expect(names.sorted() == ["mine.csv", "other.csv", "other.csv.galley-conflict"])
        #expect(try folder.text("out/mine.csv") == "2" && folder.text("out/other.csv") == "another")
        #expect(try folder.text("out/other.csv.galley-conflict") == "2")
    }

    @Test func `A link to a file that is stored is no loss`() async throws {
        let here = try await StoreForRuns()
        let source = """
            import os
            os.makedirs('runs/1')
            open('runs/1/t.csv', 'w').write('x')
            os.symlink('runs/1/t.csv', 'latest.csv')
            os.symlink('1', 'runs/newest')
            """
        try await here.put([source], at: "a.ipynb")
        let run = try await here.galley(
            "execute", "s3://source/a.ipynb", "--output", "s3://out/a.ipynb", "--collect", "*.csv", "--collect", "runs")
        #expect(run.status == 0, "\(run.errors)")
        #expect(try await here.keys("out") == ["a.ipynb", "runs/1/t.csv"])
    }

    @Test(arguments: ["open(b'caf\\xe9.csv', 'wb').write(b'kept')", "os.symlink('kept', 'latest.csv')"])
    func `What cannot be stored keeps the temporary folder, and the other files are stored`(
        source: String
    ) async throws {
        let here = try await StoreForRuns()
        try await here.put(
            ["import os; open('good.csv', 'w').write('x'); \(source); print(os.getcwd())"], at: "a.ipynb")
        let run = try await here.galley(
            "execute", "s3://source/a.ipynb", "--output", "s3://out/a.ipynb", "--collect", "*.csv", "--json", "r.json")
        #expect(run.status == 3 && run.errors.contains("is not stored"), "\(run.errors)")
        let folder = try #require(try await here.notebook("a.ipynb", in: "out").outputs.first?.first)
            .trimmingCharacters(in: .newlines)
        #expect(run.errors.contains(folder), "\(run.errors)")
        #expect(try FileManager.default.subpathsOfDirectory(atPath: folder).count >= 1)
        try FileManager.default.removeItem(atPath: folder)
        #expect(try await here.text("good.csv", in: "out") == "x")
        #expect(try here.folder.text("r.json").contains("s3://out/good.csv"))
    }

    @Test func `The last of two processes that bring the same file removes it`() async throws {
        let folder = try TemporaryFolder()
        for name in ["n", "data"] {
            try FileManager.default.createDirectory(atPath: folder(name), withIntermediateDirectories: true)
        }
        try folder.write("one", to: "data/1.txt")
        for name in ["a", "b"] {
            try folder.write(
                [
                    "open('\(folder("begun-" + name))', 'w')", waiting(for: folder("go-" + name)),
                    "print(open('1.txt').read())",
                ],
                to: "n/\(name).ipynb")
        }
        var runs: [GalleyProgram.RunningProgram] = []
        for name in ["a", "b"] {
            runs.append(
                try await GalleyProgram.start(
                    ["execute", "--inplace", "--input", "data", "n/\(name).ipynb"], in: folder))
            #expect(try await eventually { folder.exists("begun-" + name) })
        }
        for (index, name) in ["a", "b"].enumerated() {
            try folder.write("", to: "go-" + name)
            let end = try await runs[index].end()
            #expect(end.status == 0, "\(end.errors)")
            #expect(try folder.notebook("n/\(name).ipynb").outputs.last == ["one\n"])
            #expect(folder.exists("n/1.txt") == (name == "a"))
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder("n")).sorted() == ["a.ipynb", "b.ipynb"])
    }
}
