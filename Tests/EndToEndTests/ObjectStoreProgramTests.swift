import Foundation
import GalleyTestSupport
import Testing

@Suite(.serialized) struct `Object stores on the command line` {
    @Test func `A notebook of a store runs in its place, beside it, and to another place`() async throws {
        let here = try await StoreForRuns()
        try await here.put(["print('hello')", "6 * 7"], at: "a/report.ipynb")
        let ran = [["hello\n"], ["42"]]
        let beside = try await here.galley("execute", "s3://source/a/report.ipynb")
        #expect(beside.status == 0, "\(beside.errors)")
        #expect(try await here.notebook("a/report.executed.ipynb").outputs == ran)
        #expect(try await here.notebook("a/report.ipynb").outputs == [["old\n"], ["old\n"]])
        let named = try await here.galley(
            "execute", "s3://source/a/report.ipynb", "--output", "s3://out/{day}/{name}.ipynb", "-p", "day", "1")
        #expect(named.status == 0, "\(named.errors)")
        #expect(try await here.notebook("1/report.ipynb", in: "out").outputs.suffix(2) == ran[...])
        let local = try await here.galley("execute", "s3://source/a/report.ipynb", "--output", "local.ipynb")
        #expect(local.status == 0, "\(local.errors)")
        #expect(try here.folder.notebook("local.ipynb").outputs == ran)
        let back = try await here.galley("execute", "local.ipynb", "--output", "s3://out/back.ipynb")
        #expect(back.status == 0, "\(back.errors)")
        #expect(try await here.notebook("back.ipynb", in: "out").outputs == ran)
        let place = try await here.galley("execute", "--inplace", "s3://source/a/report.ipynb")
        #expect(place.status == 0, "\(place.errors)")
        #expect(try await here.notebook("a/report.ipynb").outputs == ran)
        #expect(place.errors.contains("s3://source/a/report.ipynb"), "\(place.errors)")
        for run in [beside, named, local, back, place] {
            #expect(!(run.output + run.errors).contains(here.store.secretAccessKey))
        }
    }

    @Test func `A run of ten cells makes few requests, and reads the notebook once`() async throws {
        let here = try await StoreForRuns()
        try await here.put((0..<10).map { "print(\($0))" }, at: "a.ipynb")
        for arguments in [["--inplace"], ["--output", "s3://out/a.ipynb"], []] {
            let start = here.store.log.count
            let run = try await GalleyProgram.run(
                ["execute", "s3://source/a.ipynb"] + arguments, environment: here.environment, in: here.folder)
            #expect(run.status == 0, "\(run.errors)")
            #expect(try await eventually { here.requests(since: start).contains { $0.hasPrefix("PUT ") } })
            let requests = here.requests(since: start)
            // Three requests more tell whether a store of an unknown kind heeds conditions.
            #expect(requests.count <= (arguments == ["--inplace"] ? 4 : 7), "\(arguments): \(requests)")
            #expect(requests.count { $0.hasPrefix("GET ") } == 1, "\(requests)")
        }
    }

    @Test func `A second operand is the place of the result if there is no such object`() async throws {
        let here = try await StoreForRuns()
        try await here.put(["1"], at: "a.ipynb")
        try await here.put(["2"], at: "b.ipynb")
        let result = try await here.galley("execute", "s3://source/a.ipynb", "s3://out/new.ipynb")
        #expect(result.status == 0 && result.errors.contains("is the file for the result"), "\(result.errors)")
        #expect(try await here.notebook("new.ipynb", in: "out").outputs == [["1"]])
        let both = try await here.galley("execute", "s3://source/a.ipynb", "s3://source/b.ipynb")
        #expect(both.status == 0, "\(both.errors)")
        #expect(try await here.notebook("b.executed.ipynb").outputs == [["2"]])
        #expect(try await here.notebook("b.ipynb").outputs == [["old\n"]])
        let papermill = try await here.galley("papermill", "s3://source/a.ipynb", "s3://out/b.ipynb", "-p", "x", "1")
        #expect(papermill.status == 0, "\(papermill.errors)")
        #expect(try await here.notebook("b.ipynb", in: "out").metadata["papermill"] != nil)
    }

    @Test func `Folders, patterns and lists of a store run as batches`() async throws {
        let here = try await StoreForRuns()
        for name in ["n/a", "n/deep/b", "n/deep/c", "d"] {
            try await here.put(["print('\(name)')"], at: name + ".ipynb")
        }
        try await here.put(["1 / 0"], at: "n/.ipynb_checkpoints/a-checkpoint.ipynb")
        try await here.put("no notebook", at: "n/data.csv")
        let folder = try await here.galley("execute", "-j", "2", "--output-dir", "s3://out/day", "s3://source/n/")
        #expect(folder.status == 0, "\(folder.errors)")
        #expect(try await here.keys("out") == ["day/a.ipynb", "day/deep/b.ipynb", "day/deep/c.ipynb"])
        #expect(try await here.notebook("day/deep/b.ipynb", in: "out").outputs == [["n/deep/b\n"]])
        let pattern = try await here.galley("execute", "--output-dir", "local", "s3://source/**/*.ipynb")
        #expect(pattern.status == 0, "\(pattern.errors)")
        #expect(try here.folder.notebook("local/n/deep/c.ipynb").outputs == [["n/deep/c\n"]])
        #expect(here.folder.exists("local/d.ipynb"))
        let up = try await here.galley("execute", "--output-dir", "s3://out/up/", "local")
        #expect(up.status == 0, "\(up.errors)")
        #expect(try await here.keys("out").contains("up/n/deep/c.ipynb"))
        try here.folder.write("s3://source/d.ipynb\nlocal/d.ipynb\n", to: "list")
        let list = try await here.galley("execute", "@list")
        #expect(list.status == 0, "\(list.errors)")
        #expect(try await here.keys().contains("d.executed.ipynb") && here.folder.exists("local/d.executed.ipynb"))
        // Results of earlier runs are no notebooks of the next.
        let names = try await here.galley("execute", "--list", "s3://source")
        #expect(
            names.output.contains("s3://source/d.ipynb") && names.output.contains("the result of s3://source/d.ipynb"),
            "\(names.output)\(names.errors)")
        let none = try await here.galley("execute", "s3://source/none/")
        #expect(none.status != 0 && none.errors.contains("s3://source/none/"), "\(none.errors)")
    }

    @Test func `Reports are objects with their media types, also after a failure`() async throws {
        let here = try await StoreForRuns()
        try await here.put(["print('x')", "1 / 0"], at: "a.ipynb")
        try await here.put("old", at: "r/report.html", in: "out")
        let run = try await here.galley(
            "execute", "s3://source/a.ipynb", "--html", "s3://out/r/report.html", "--json", "s3://out/r/report.json",
            "--junit",
            "s3://out/r/report.xml")
        #expect(run.status == 1, "\(run.errors)")
        #expect(try await here.text("r/report.html", in: "out").contains("ZeroDivisionError"))
        #expect(try await here.text("r/report.xml", in: "out").contains("<failure"))
        #expect(try await here.text("r/report.json", in: "out").contains("\"status\": \"raised\""))
        #expect(try await here.mediaType("r/report.html").hasPrefix("text/html"))
        #expect(try await here.mediaType("r/report.json") == "application/json")
        #expect(try await here.mediaType("r/report.xml") == "application/xml")
        let lost = try await here.galley(
            "execute", "s3://source/a.ipynb", "--allow-errors", "--json", "s3://none/r.json")
        #expect(
            lost.status == 3 && lost.errors.contains("--json") && lost.errors.contains("s3://none"), "\(lost.errors)")
    }

    @Test func `Parameters come from files of a store`() async throws {
        let here = try await StoreForRuns()
        try await here.put(["n = 1", "print(n)"], at: "a.ipynb", tags: [0: ["parameters"]])
        try await here.put("n: 7\n", at: "p.yaml")
        try await here.put("n\n1\n2\n", at: "rows.csv")
        let one = try await here.galley(
            "execute", "s3://source/a.ipynb", "-f", "s3://source/p.yaml", "-o", "s3://out/{n}.ipynb")
        #expect(one.status == 0, "\(one.errors)")
        #expect(try await here.notebook("7.ipynb", in: "out").outputs.last == ["7\n"])
        let rows = try await here.galley(
            "execute", "s3://source/a.ipynb", "--each", "s3://source/rows.csv", "--output-dir", "s3://out/rows/")
        #expect(rows.status == 0, "\(rows.errors)")
        #expect(try await here.keys("out").filter { $0.hasPrefix("rows/") }.count == 2)
        let none = try await here.galley("execute", "s3://source/a.ipynb", "-f", "s3://source/none.yaml")
        #expect(none.status == 3 && none.errors.contains("s3://source/none.yaml"), "\(none.errors)")
    }

    @Test func `Clean, inspect, check and export read and write objects`() async throws {
        let here = try await StoreForRuns()
        try await here.put(["n = 1", "print(n)"], at: "a.ipynb", tags: [0: ["parameters"]])
        let inspected = try await here.galley("inspect", "--json", "s3://source/a.ipynb")
        #expect(
            inspected.status == 0 && inspected.output.contains("\"default\":\"1\""),
            "\(inspected.output)\(inspected.errors)")
        let differs = try await here.galley("check", "s3://source/a.ipynb")
        #expect(differs.status == 1, "\(differs.errors)")
        let updated = try await here.galley("check", "--update", "s3://source/a.ipynb")
        #expect(updated.status == 0, "\(updated.errors)")
        #expect(try await here.notebook("a.ipynb").outputs == [[], ["1\n"]])
        #expect(try await here.galley("check", "s3://source/a.ipynb").status == 0)
        let page = try await here.galley("export", "--to", "html", "s3://source/a.ipynb", "--output", "s3://out/a.html")
        #expect(page.status == 0, "\(page.errors)")
        #expect(try await here.mediaType("a.html").hasPrefix("text/html"))
        try await here.put(["'in a folder'"], at: "n/deep/b.ipynb")
        for operand in ["s3://source/", "s3://source/n/**/*.ipynb"] {
            let all = try await here.galley("export", "--to", "markdown", operand, "--output-dir", "s3://out/md")
            #expect(all.status == 0, "\(all.errors)")
        }
        let pages = try await here.keys("out").filter { $0.hasSuffix(".md") }
        #expect(pages == ["md/a.md", "md/deep/b.md", "md/n/deep/b.md"])
        let converted = try await here.galley(
            "nbconvert", "--to", "html", "--execute", "s3://source/a.ipynb", "--output-dir", "s3://out/c")
        #expect(converted.status == 0, "\(converted.errors)")
        #expect(try await here.text("c/a.html", in: "out").contains("<html"))
        let shown = try await here.galley("clean", "s3://source/a.ipynb")
        #expect(shown.status == 0, "\(shown.errors)")
        #expect(try RunNotebook(Data(shown.output.utf8)).outputs == [[], []])
        let clean = try await here.galley("clean", "--inplace", "s3://source/a.ipynb")
        #expect(clean.status == 0, "\(clean.errors)")
        #expect(try await here.notebook("a.ipynb").outputs == [[], []])
        let none = try await here.galley("inspect", "s3://source/none.ipynb")
        #expect(none.status == 3 && none.errors.contains("s3://source/none.ipynb"), "\(none.errors)")
    }

    @Test func `Files are brought from a store to a private folder, and collected into the store`() async throws {
        let here = try await StoreForRuns()
        let source = """
            import os
            print(open('data/1.txt').read(), oct(os.stat('.').st_mode & 0o777))
            os.makedirs('fig', exist_ok=True)
            open('fig/p.csv', 'w').write('made')
            open('where', 'w').write(os.getcwd())
            """
        try await here.put([source, "1 / 0"], at: "n/a.ipynb")
        try await here.put("one", at: "files/data/1.txt")
        try here.folder.write("two", to: "2.txt")
        let run = try await here.galley(
            "execute", "s3://source/n/a.ipynb", "--output", "s3://out/r/a.ipynb", "--input", "s3://source/files/",
            "--input",
            "2.txt",
            "--collect", "**/*.csv", "--collect", "where", "--collect", "*.txt", "--json", "report.json")
        #expect(run.status == 1, "\(run.errors)")
        #expect(try await here.notebook("r/a.ipynb", in: "out").outputs[0].first == "one 0o700\n")
        #expect(try await here.keys("out") == ["r/a.ipynb", "r/fig/p.csv", "r/where"])
        #expect(try await here.text("r/fig/p.csv", in: "out") == "made")
        let folder = try await here.text("r/where", in: "out")
        #expect(folder.hasPrefix("/") && !FileManager.default.fileExists(atPath: folder), "\(folder)")
        #expect(try here.folder.text("report.json").contains("s3://out/r/fig/p.csv"))
        let lost = try await here.galley(
            "execute", "s3://source/n/a.ipynb", "--allow-errors", "--output", "local.ipynb", "--input",
            "s3://source/none/")
        #expect(lost.status == 3 && lost.errors.contains("s3://source/none/"), "\(lost.errors)")
        let copied = try await here.galley(
            "execute", "s3://source/n/a.ipynb", "--allow-errors", "--output", "here/local.ipynb", "--input",
            "s3://source/files/data/1.txt")
        #expect(copied.status != 0, "the file is not in data/")
    }

    @Test func `A batch gives each notebook of a store its own folder`() async throws {
        let here = try await StoreForRuns()
        for name in ["a", "b", "c"] {
            try await here.put(
                ["import os; open('\(name).csv', 'w').write('x'); print(sorted(os.listdir()))"], at: "n/\(name).ipynb")
        }
        let run = try await here.galley(
            "execute", "-j", "3", "s3://source/n/", "--output-dir", "s3://out/r", "--collect", "*.csv")
        #expect(run.status == 0, "\(run.errors)")
        for name in ["a", "b", "c"] {
            #expect(try await here.notebook("r/\(name).ipynb", in: "out").outputs == [["['\(name).csv']\n"]])
        }
        #expect(try await here.keys("out").filter { $0.hasSuffix(".csv") } == ["r/a.csv", "r/b.csv", "r/c.csv"])
    }

    @Test func `A change of the object during the run stays, and the result goes beside it`() async throws {
        let here = try await StoreForRuns()
        let go = here.folder("go")
        try await here.put(["open('\(here.folder("begun"))', 'w')", waiting(for: go), "print(1)"], at: "a.ipynb")
        let run = try await here.start("execute", "--inplace", "s3://source/a.ipynb")
        #expect(try await eventually { here.folder.exists("begun") })
        try await here.put(["print('another')"], at: "a.ipynb")
        try here.folder.write("", to: "go")
        let end = try await run.end()
        #expect(end.status == 0, "\(end.errors)")
        #expect(try await here.notebook("a.ipynb").outputs == [["old\n"]])
        let other = try #require(try await here.keys().first { $0 != "a.ipynb" })
        #expect(try await here.notebook(other).outputs.last == ["1\n"])
        #expect(end.errors.contains(other), "\(end.errors)")
    }

    @Test func `A signal in mid-run saves the result and the reports`() async throws {
        let here = try await StoreForRuns()
        try await here.put(
            ["print('before')", "open('\(here.folder("begun"))', 'w')\nimport time; time.sleep(600)"], at: "a.ipynb")
        let run = try await here.start(
            "execute", "s3://source/a.ipynb", "--output", "s3://out/a.ipynb", "--json", "s3://out/a.json")
        #expect(try await eventually { here.folder.exists("begun") })
        run.send(SIGTERM)
        let end = try await run.end()
        #expect(end.status == 143, "\(end.errors)")
        #expect(try await here.notebook("a.ipynb", in: "out").outputs[0] == ["before\n"])
        #expect(try await here.text("a.json", in: "out").contains("\"status\": \"stopped\""))
    }

    @Test func `A wrong bucket and wrong keys end the run with status 3 and a sentence`() async throws {
        let here = try await StoreForRuns(.motoWithSignatures)
        try await here.put(["1"], at: "a.ipynb")
        let bucket = try await here.galley("execute", "s3://none/a.ipynb")
        #expect(bucket.status == 3 && bucket.errors.contains("s3://none"), "\(bucket.errors)")
        let object = try await here.galley("execute", "s3://source/none.ipynb")
        #expect(object.status == 3 && object.errors.contains("s3://source/none.ipynb"), "\(object.errors)")
        let secret = "wrong-secret-of-the-test"
        let keys = try await here.galley(
            "execute", "s3://source/a.ipynb", environment: ["AWS_SECRET_ACCESS_KEY": secret])
        #expect(keys.status == 3, "\(keys.errors)")
        #expect(!keys.errors.contains(secret))
        let missing = try await here.galley(
            "execute", "s3://source/a.ipynb", environment: ["AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""])
        #expect(missing.status == 3 && missing.errors.contains("no credentials"), "\(missing.errors)")
        #expect(try await here.galley("execute", "s3://source/a.ipynb").status == 0)
    }

    @Test func `A run in the background has its notebook and its result in the store`() async throws {
        let here = try await StoreForRuns()
        try await here.put(["print(1)"], at: "a.ipynb")
        let hook = "echo $GALLEY_STATUS $GALLEY_NOTEBOOK $GALLEY_RESULT > hook"
        let run = try await here.galley(
            "execute", "--detach", "s3://source/a.ipynb", "--output", "s3://out/a.ipynb", "--status", "status.json",
            "--log",
            "log", "--then", hook)
        #expect(run.status == 0, "\(run.errors)")
        #expect(try await eventually { (try? here.folder.text("hook"))?.contains("\n") == true })
        #expect(try here.folder.text("hook") == "succeeded s3://source/a.ipynb s3://out/a.ipynb\n")
        #expect(try await here.notebook("a.ipynb", in: "out").outputs == [["1\n"]])
        #expect(try here.folder.text("status.json").contains("s3://out/a.ipynb"))
        // What needs the store is asked after the fork.
        let later = try await here.galley(
            "execute", "--detach", "s3://source/", "--output-dir", "s3://out/b", "--then", "touch done")
        #expect(later.status == 0, "\(later.errors)")
        #expect(try await eventually { here.folder.exists("done") })
        #expect(try await here.keys("out").contains("b/a.ipynb"))
    }

    @Test func `The failed notebooks of a store run again`() async throws {
        let here = try await StoreForRuns()
        try await here.put(["1"], at: "n/a.ipynb")
        try await here.put(["import os; assert os.path.exists('\(here.folder("repaired"))')"], at: "n/b.ipynb")
        let first = try await here.galley(
            "execute", "--output-dir", "s3://out/x", "s3://source/n/", "--json", "report.json")
        #expect(first.status == 1, "\(first.errors)")
        try here.folder.write("", to: "repaired")
        let second = try await here.galley("execute", "--output-dir", "s3://out/x", "--last-failed=report.json")
        #expect(second.status == 0 && second.errors.contains("s3://source/n/b.ipynb"), "\(second.errors)")
    }
}
