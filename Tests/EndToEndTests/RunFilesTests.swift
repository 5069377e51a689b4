import Foundation
import GalleyTestSupport
import Testing

@Suite struct `Files beside a notebook` {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        for name in ["data/deep", "notebooks"] {
            try FileManager.default.createDirectory(atPath: folder(name), withIntermediateDirectories: true)
        }
        try folder.write("one", to: "data/1.txt")
        try folder.write("two", to: "data/deep/2.txt")
    }

    private func galley(_ arguments: String...) async throws -> GalleyProgram.Run {
        try await GalleyProgram.run(["execute"] + arguments, in: folder)
    }

    private let reading = "print(open('1.txt').read(), open('deep/2.txt').read())"
    private let making = """
        import os
        os.makedirs('figures/a', exist_ok=True)
        for name in ['table.csv', 'figures/a/p.png', 'other.txt']: open(name, 'w').write('made')
        """

    @Test func `Brought files are there for the run, and gone afterwards`() async throws {
        try folder.write([reading, "open('1.txt', 'a').write('!')"], to: "notebooks/a.ipynb")
        let run = try await galley("--output-dir", "out", "--input", "data", "notebooks/a.ipynb")
        #expect(run.status == 0, "\(run.errors)")
        #expect(try folder.notebook("out/a.ipynb").outputs.first == ["one two\n"])
        // The notebook has changed one of them, which stays.
        #expect(try folder.text("notebooks/1.txt") == "one!")
        #expect(!folder.exists("notebooks/deep"))
        #expect(try folder.text("data/1.txt") == "one")
    }

    @Test func `A different file of the notebook's folder is not replaced`() async throws {
        try folder.write([reading], to: "notebooks/a.ipynb")
        try folder.write("mine", to: "notebooks/1.txt")
        let run = try await galley("--inplace", "--input", "data", "notebooks/a.ipynb")
        #expect(run.status == 3 && run.errors.contains("notebooks/1.txt exists and is different"), "\(run.errors)")
        #expect(try folder.text("notebooks/1.txt") == "mine")
        #expect(!folder.exists("notebooks/deep"))
        try folder.write("one", to: "notebooks/1.txt")
        let same = try await galley("--inplace", "--input", "data", "notebooks/a.ipynb")
        #expect(same.status == 0, "\(same.errors)")
        // What was there before stays.
        #expect(try folder.text("notebooks/1.txt") == "one")
    }

    @Test func `The files that match are stored beside the result, and the reports list them`() async throws {
        try folder.write([making], to: "notebooks/a.ipynb")
        try folder.write("old", to: "notebooks/old.csv")
        symlink("/etc/passwd", folder("notebooks/link.csv"))
        let run = try await galley(
            "--output-dir", "out", "--input", "data", "--collect", "**/*.csv", "--collect", "figures", "--collect",
            "*.ipynb",
            "--json", "report.json", "--html", "report.html", "notebooks/a.ipynb")
        #expect(run.status == 0, "\(run.errors)")
        #expect(try folder.text("out/table.csv") == "made" && folder.text("out/figures/a/p.png") == "made")
        for name in ["old.csv", "link.csv", "other.txt", "1.txt"] { #expect(!folder.exists("out/" + name), "\(name)") }
        #expect(run.errors.contains("collected out/figures/a/p.png (4 B), out/table.csv (4 B)"), "\(run.errors)")
        let report = try #require(
            try JSONSerialization.jsonObject(with: Data(folder.text("report.json").utf8)) as? [String: Any])
        let notebook = try #require((report["notebooks"] as? [[String: Any]])?.first)
        let files = try #require(notebook["files"] as? [[String: Any]])
        #expect(files.map { $0["path"] as? String } == ["figures/a/p.png", "table.csv"])
        #expect(files.map { $0["size"] as? Int } == [4, 4])
        #expect(files.map { $0["location"] as? String } == ["out/figures/a/p.png", "out/table.csv"])
        #expect(try folder.text("report.html").contains("out/table.csv (4 bytes)"))
    }

    @Test func `Files are stored also after a failed cell, a limit and a signal`() async throws {
        try folder.write([making, "1 / 0"], to: "notebooks/a.ipynb")
        let failed = try await galley("--output-dir", "out", "--collect", "*.csv", "notebooks/a.ipynb")
        #expect(failed.status == 1, "\(failed.errors)")
        #expect(try folder.text("out/table.csv") == "made")
        try folder.write([making, "import time; time.sleep(600)"], to: "notebooks/b.ipynb")
        let limit = try await galley(
            "--output-dir", "out2", "--collect", "*.csv", "--timeout", "1", "notebooks/b.ipynb")
        #expect(limit.status == 124, "\(limit.errors)")
        #expect(folder.exists("out2/table.csv"))
        try folder.write([making, "open('begun', 'w')", "import time; time.sleep(600)"], to: "notebooks/c.ipynb")
        let run = try await GalleyProgram.start(
            ["execute", "--output-dir", "out3", "--collect", "*.csv", "notebooks/c.ipynb"], in: folder)
        #expect(try await eventually { folder.exists("notebooks/begun") })
        run.send(SIGTERM)
        let end = try await run.end()
        // The file of the runs before is the same, and so is not new; the run writes it again.
        #expect(end.status == 143, "\(end.errors)")
        #expect(folder.exists("out3/table.csv") && folder.exists("out3/c.ipynb"))
    }

    @Test func `A file that cannot be stored is an error, and stays`() async throws {
        try folder.write([making], to: "notebooks/a.ipynb")
        // The place of the copy is a folder.
        try FileManager.default.createDirectory(atPath: folder("out/table.csv/x"), withIntermediateDirectories: true)
        let run = try await galley("--output-dir", "out", "--collect", "*.csv", "--json", "r.json", "notebooks/a.ipynb")
        #expect(run.status == 3, "\(run.errors)")
        #expect(
            run.errors.contains("--collect: ") && run.errors.contains("out/table.csv")
                && run.errors.contains(folder("notebooks")), "\(run.errors)")
        #expect(try folder.notebook("out/a.ipynb").outputs == [[]])
        #expect(folder.exists("notebooks/table.csv"))
    }

    @Test func `A missing input ends the run before its kernel starts`() async throws {
        try folder.write([reading], to: "notebooks/a.ipynb")
        let run = try await galley("--inplace", "--input", "none", "notebooks/a.ipynb")
        #expect(run.status == 3 && run.errors.contains("none: no such file"), "\(run.errors)")
        #expect(try folder.notebook("notebooks/a.ipynb").outputs == [["old\n"]])
    }

    @Test func `The folder that the options name gets the files, as does papermill's`() async throws {
        try folder.write([reading], to: "notebooks/a.ipynb")
        try FileManager.default.createDirectory(atPath: folder("work"), withIntermediateDirectories: true)
        let named = try await galley("--inplace", "--cwd", "work", "--input", "data", "notebooks/a.ipynb")
        #expect(named.status == 0, "\(named.errors)")
        let papermill = try await GalleyProgram.run(
            ["papermill", "--input", "data", "notebooks/a.ipynb", "out.ipynb"], in: folder)
        #expect(papermill.status == 0, "\(papermill.errors)")
        #expect(try folder.notebook("out.ipynb").outputs == [["one two\n"]])
        #expect(!folder.exists("1.txt") && !folder.exists("work/1.txt"))
    }

    @Test func `Notebooks of one folder share what is brought`() async throws {
        for name in ["a", "b", "c", "d"] { try folder.write([reading], to: "notebooks/\(name).ipynb") }
        let run = try await galley("-j", "4", "--output-dir", "out", "--input", "data", "notebooks")
        #expect(run.status == 0, "\(run.errors)")
        for name in ["a", "b", "c", "d"] {
            #expect(try folder.notebook("out/\(name).ipynb").outputs == [["one two\n"]])
        }
        #expect(!folder.exists("notebooks/1.txt") && !folder.exists("notebooks/deep"))
    }

    @Test func `More files than a run takes along are refused`() async throws {
        try FileManager.default.createDirectory(atPath: folder("many"), withIntermediateDirectories: true)
        for number in 0...1000 { try folder.write("", to: "many/\(number)") }
        try folder.write(["for n in range(1001): open(f'{n}.csv', 'w')"], to: "notebooks/a.ipynb")
        let input = try await galley("--output-dir", "out", "--input", "many", "notebooks/a.ipynb")
        #expect(input.status == 3 && input.errors.contains("more than 1000 files"), "\(input.errors)")
        let collect = try await galley("--output-dir", "out", "--collect", "*.csv", "notebooks/a.ipynb")
        #expect(collect.status == 3 && collect.errors.contains("more than 1000 files"), "\(collect.errors)")
        #expect(folder.exists("notebooks/1000.csv") && !folder.exists("out/1000.csv"))
    }
}
