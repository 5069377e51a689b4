import Foundation
import GalleyTestSupport
import Testing

@Suite struct `galley check` {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// Runs the notebook once, so that it has outputs.
    private func prepare(_ sources: [String], tags: [Int: [String]] = [:]) async throws {
        try folder.write(sources, tags: tags)
        let run = try await GalleyProgram.run(["execute", "--inplace", "--allow-errors", "a.ipynb"], in: folder)
        #expect(run.status == 0, "\(run.errors)")
    }

    /// Changes the notebook without running it.
    private func change(_ old: String, to new: String) throws {
        let text = try folder.text("a.ipynb")
        try #require(text.contains(old))
        try folder.write(text.replacing(old, with: new), to: "a.ipynb")
    }

    private func check(_ options: String...) async throws -> GalleyProgram.Run {
        try await GalleyProgram.run(["check"] + options + ["a.ipynb"], in: folder)
    }

    @Test func `A check finds nothing if nothing differs, and writes nothing`() async throws {
        try await prepare(
            ["print('one')\nprint('two')", "6 * 7", "import sys; print('e', file=sys.stderr)", "1/0"],
            tags: [3: ["raises-exception"]])
        let before = try folder.text("a.ipynb")
        chmod(folder.path + "/a.ipynb", 0o444)
        let run = try await check()
        #expect(run.status == 0, "\(run.errors)")
        #expect(run.errors.contains("[1/1] ok "))
        #expect(try folder.text("a.ipynb") == before)
        #expect(folder.names == ["a.ipynb"])
    }

    @Test func `A check shows how a text differs`() async throws {
        try await prepare(["print('one\\ntwo\\nthree')", "print(1)"])
        try change("two\\\\nthree')", to: "zwei\\\\nthree')")
        let run = try await check("--json", "j", "--junit", "x", "--html", "h", "--events", "e")
        #expect(run.status == 1)
        #expect(run.errors.contains("a.ipynb: cell 1: stdout differs\n"), "\(run.errors)")
        #expect(run.errors.contains("    - two\n") && run.errors.contains("    + zwei\n"))
        let cell = try #require((JSONReport(folder, "j").notebooks[0]["cells"] as? [[String: Any]])?.first)
        #expect((cell["differences"] as? [[String: Any]])?.first?["what"] as? String == "stdout differs")
        #expect(try JSONReport(folder, "j").notebooks[0]["status"] as? String == "differs")
        #expect(try folder.text("x").contains("<failure message=\"stdout differs\" type=\"differs\">"))
        #expect(try folder.text("h").contains("<del>- two</del>\n"))
        #expect(try folder.events("e").last?["event"] as? String == "batch-finished")
        #expect(try !folder.events("e").contains { $0["event"] as? String == "saved" })
    }

    @Test func `A check warns if there are no outputs to compare, and says why`() async throws {
        try folder.write(["1"])
        #expect(try await GalleyProgram.run(["clean", "--inplace", "a.ipynb"], in: folder).status == 0)
        let none = try await check()
        #expect(none.status == 0)
        let words = "there are no stored outputs to compare. To store them: galley execute --inplace"
        #expect(none.errors.contains("galley: a.ipynb: \(words)\n"), "\(none.errors)")
        try await prepare(["1"], tags: [0: ["nbval-ignore-output"]])
        let ignored = try await check()
        #expect(ignored.status == 0)
        #expect(ignored.errors.contains("no outputs were compared, because tags or comments leave out"))
    }

    @Test func `A check continues after an error, and reports an unexpected one as a failure`() async throws {
        try await prepare(["1/0", "print(2)"])
        try change("print(2)", to: "print(3)")
        let run = try await check()
        #expect(run.status == 1)
        #expect(run.errors.contains("cell 1, raised ZeroDivisionError: division by zero:"))
        #expect(run.errors.contains("    - 2\n") && run.errors.contains("    + 3\n"))
    }

    @Test(arguments: [
        ("nbval-ignore-output", "", 0), ("", "# NBVAL_IGNORE_OUTPUT\n", 0), ("nbval-skip", "", 0), ("", "", 1),
        ("nbval-check-output", "", 1), ("", "# NBVAL_SKIP\n", 0),
    ])
    func `A check follows the marks of a cell`(tag: String, comment: String, status: Int) async throws {
        try await prepare([comment + "print('old')"], tags: tag.isEmpty ? [:] : [0: [tag]])
        try change("print('old')", to: "print('new')")
        #expect(try await check().status == status)
        #expect(try await check("--lax").status == (tag == "nbval-check-output" ? 1 : 0))
    }

    @Test func `A check passes an error that a mark expects`() async throws {
        try await prepare(["# NBVAL_RAISES_EXCEPTION\n1/0", "[][0]"], tags: [1: ["nbval-raises-exception"]])
        #expect(try await check().status == 0)
        try change("[][0]", to: "{}[0]")
        let run = try await check()
        #expect(run.status == 1)
        #expect(run.errors.contains("cell 2: the error"))
    }

    @Test func `A check sanitizes texts with a file of expressions`() async throws {
        try await prepare(["import time; print('at', time.time())"])
        #expect(try await check().status == 1)
        try folder.write("[times]\nregex: at \\d+\\.\\d+\nreplace: at TIME\n", to: "clean.cfg")
        #expect(try await check("--sanitize-with", "clean.cfg").status == 0)
        #expect(try await check("--nbval-sanitize-with", "clean.cfg", "--nbval").status == 0)
        try folder.write("[times]\nregex: (\nreplace: x\n", to: "bad.cfg")
        let bad = try await check("--sanitize-with", "bad.cfg")
        #expect(bad.status == 2)
        #expect(bad.errors.hasPrefix("galley: --sanitize-with bad.cfg: line 2, [times]: "))
    }

    @Test func `A check warns of an expression that takes too long for an output`() async throws {
        try await prepare(["print('a' * 50 + 'cb')"])
        try folder.write("[slow]\nregex: ^(a*)*\\1b\nreplace: x\n", to: "slow.cfg")
        let run = try await check("--sanitize-with", "slow.cfg")
        #expect(run.status == 0)
        #expect(
            run.errors.contains(".ipynb: cell 1: the regular expression '^(a*)*\\1b' takes too long"), "\(run.errors)")
    }

    @Test func `A check compares images by their pixels`() async throws {
        let picture = """
            import zlib, struct, os
            from IPython.display import display, Image
            def png(level, shade):
                chunk = lambda kind, data: struct.pack('>I', len(data)) + kind + data + struct.pack('>I', zlib.crc32(kind + data))
                rows = b''.join(b'\\x00' + bytes([shade, 10, 20]) * 8 for _ in range(8))
                head = chunk(b'IHDR', struct.pack('>IIBBBBB', 8, 8, 8, 2, 0, 0, 0))
                return b'\\x89PNG\\r\\n\\x1a\\n' + head + chunk(b'tEXt', b'made\\x00' + os.urandom(4).hex().encode()) + chunk(b'IDAT', zlib.compress(rows, level)) + chunk(b'IEND', b'')
            display(Image(png(LEVEL, SHADE)))
            """
        try await prepare([picture.replacing("LEVEL", with: "9").replacing("SHADE", with: "30")])
        try change("png(9, 30)", to: "png(1, 30)")
        #expect(try await check().status == 0)
        try change("png(1, 30)", to: "png(1, 31)")
        let run = try await check()
        #expect(run.status == 1)
        #expect(run.errors.contains("image/png differs"), "\(run.errors)")
    }

    // MARK: Updates

    @Test func `An update writes the outputs that differ, as a run in place would, and nothing else`() async throws {
        try await prepare(["print('one')", "import time; print(time.time())", "6 * 7", "x = 1"])
        try change("print('one')", to: "print('two')")
        try change("6 * 7", to: "6 * 8")
        try folder.write("[times]\nregex: \\d+\\.\\d+\nreplace: TIME\n", to: "clean.cfg")
        let before = try folder.notebook()
        try FileManager.default.copyItem(atPath: folder("a.ipynb"), toPath: folder("b.ipynb"))
        let run = try await check("--update", "--sanitize-with", "clean.cfg", "--no-timing", "--json", "j")
        #expect(run.status == 0, "\(run.errors)")
        #expect(run.errors.contains("\nupdated a.ipynb: cells 1, 3\n"), "\(run.errors)")
        let after = try folder.notebook()
        #expect(after.outputs == [["two\n"], before.outputs[1], ["48"], []])
        #expect(try JSONReport(folder, "j").verdicts == ["a.ipynb: succeeded"])
        // The cells that did not differ keep their bytes, with the times of the first run.
        let inPlace = try await GalleyProgram.run(["execute", "--inplace", "--no-timing", "b.ipynb"], in: folder)
        #expect(inPlace.status == 0)
        let expected = try folder.notebook("b.ipynb")
        for cell in [0, 2] {
            #expect(NSDictionary(dictionary: after.cells[cell]) == NSDictionary(dictionary: expected.cells[cell]))
        }
        for cell in [1, 3] {
            #expect(NSDictionary(dictionary: after.cells[cell]) == NSDictionary(dictionary: before.cells[cell]))
        }
        #expect(try await check("--sanitize-with", "clean.cfg").status == 0)
        let text = try folder.text("a.ipynb")
        let again = try await check("--update", "--sanitize-with", "clean.cfg")
        #expect(again.status == 0 && !again.errors.contains("updated"))
        #expect(try folder.text("a.ipynb") == text)
    }

    @Test func `An update stores the first outputs of a new cell, and follows the marks of a cell`() async throws {
        try await prepare(
            ["print('old 1')", "print('old 2')", "# NBVAL_SKIP\nprint('old 3')", "print('old 4')"],
            tags: [1: ["nbval-ignore-output"]])
        try change("print('old 1')", to: "print('new 1')")
        try change("print('old 2')", to: "print('new 2')")
        try change("print('old 3')", to: "print('new 3')")
        let clean = try await GalleyProgram.run(["clean", "a.ipynb"], in: folder)
        try folder.write(clean.output, to: "b.ipynb")
        #expect(try await check("--update").errors.contains("\nupdated a.ipynb: cell 1\n"))
        #expect(try folder.notebook().outputs == [["new 1\n"], ["old 2\n"], ["old 3\n"], ["old 4\n"]])
        let first = try await GalleyProgram.run(["check", "--update", "b.ipynb"], in: folder)
        #expect(first.status == 0)
        #expect(try folder.notebook("b.ipynb").outputs == [["new 1\n"], [], [], ["old 4\n"]])
        // The tag that skips a cell during the check is not saved.
        #expect(try !folder.text("b.ipynb").contains("skip-execution"))
    }

    @Test(arguments: [
        ("1/0", 1), ("import os; os.kill(os.getpid(), 9)", 5), ("import sys; sys.exit(7)", 7),
        ("import time; time.sleep(1000)", 124),
    ])
    func `An update leaves a notebook that failed to run as it is`(source: String, status: Int) async throws {
        try await prepare(["print('one')", "print('last')"])
        try change("print('one')", to: "print('two')")
        try change("print('last')", to: source)
        let before = try folder.text("a.ipynb")
        let run = try await check("--update", "--timeout", "3s")
        #expect(run.status == status, "\(run.errors)")
        #expect(try folder.text("a.ipynb") == before)
        #expect(!run.errors.contains("updated"))
        #expect(folder.names == ["a.ipynb"])
    }

    @Test func `A check reports why a notebook ended before it could be compared`() async throws {
        try await prepare(["1", "2"])
        try change("\"2\"", to: "\"import os; os.kill(os.getpid(), 9)\"")
        let run = try await check("--retries", "1")
        #expect(run.status == 5)
        let options = try await GalleyProgram.run(["check", "--inplace", "a.ipynb"], in: folder)
        #expect(
            options.errors
                == "galley: galley check writes no results; leave --inplace out, or use --update or galley execute\n")
    }
}
