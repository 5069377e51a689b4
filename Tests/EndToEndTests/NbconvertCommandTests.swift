import Foundation
import GalleyTestSupport
import Testing

@Suite struct `galley nbconvert` {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func nbconvert(_ arguments: String..., input: String? = nil) async throws -> GalleyProgram.Run {
        try await GalleyProgram.run(["nbconvert"] + arguments, in: folder, input: input)
    }

    @Test func `A notebook runs and is converted, and stays as it is`() async throws {
        try folder.write(["print('six ' + str(6))", "6 * 7"])
        let before = try folder.text("a.ipynb")
        for (format, name, part) in [
            ("html", "a.html", "six 6"), ("markdown", "a.md", "    six 6\n"), ("script", "a.py", "# In[2]:\n\n\n6 * 7"),
            ("notebook", "a.nbconvert.ipynb", "six 6"),
        ] {
            let run = try await nbconvert("--to", format, "--execute", "a.ipynb")
            #expect(run.status == 0 && run.errors.contains("saved as \(name)"), "\(run.errors)")
            #expect(try folder.text(name).contains(part))
        }
        #expect(try folder.text("a.ipynb") == before)
    }

    @Test func `The outputs before an error are in the converted result`() async throws {
        try folder.write(["print('x' * 3)", "1/0", "print('y' * 3)"])
        let run = try await nbconvert("--to", "markdown", "--execute", "a.ipynb")
        #expect(run.status == 1)
        let text = try folder.text("a.md")
        #expect(text.contains("    xxx\n") && text.contains("ZeroDivisionError") && !text.contains("    yyy"))
    }

    @Test func `A removed cell does not run, and removed outputs are those of the run`() async throws {
        try folder.write(["1/0", "print('a' * 3)", "print('b' * 3)"], tags: [0: ["never"], 1: ["quiet"]])
        let run = try await nbconvert(
            "--to", "markdown", "--execute", "--TagRemovePreprocessor.remove_cell_tags=never",
            "--TagRemovePreprocessor.remove_all_outputs_tags=['quiet']", "--stdout", "a.ipynb")
        #expect(run.status == 0, "\(run.errors)")
        #expect(run.output.contains("print('a' * 3)\n```\n\n\n```python") && run.output.contains("    bbb\n"))
        #expect(!run.output.contains("1/0") && !run.output.contains("aaa"))
    }

    @Test func `Pictures of a run are in files beside the Markdown`() async throws {
        let picture =
            "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGNgYPhfDwAChAGA4b0K/wAAAABJRU5ErkJggg=="
        try folder.write(["from IPython.display import display\ndisplay({'image/png': '\(picture)'}, raw=True)"])
        let run = try await nbconvert("--to", "markdown", "--execute", "--output", "b", "--output-dir", "o", "a.ipynb")
        #expect(run.status == 0, "\(run.errors)")
        #expect(try folder.text("o/b.md").contains("![png](b_files/b_0_0.png)"))
        #expect(folder.exists("o/b_files/b_0_0.png"))
    }

    @Test func `Several notebooks are converted without a run`() async throws {
        try FileManager.default.createDirectory(atPath: folder("n"), withIntermediateDirectories: true)
        for name in ["a", "b"] { try folder.write(["print(1)"], to: "n/\(name).ipynb") }
        let run = try await nbconvert("--to", "python", "--no-prompt", "n/*.ipynb", "--output-dir", "out")
        #expect(run.status == 0, "\(run.errors)")
        #expect(try folder.text("out/a.py") == folder.text("out/b.py"))
        #expect(try folder.text("out/a.py").hasSuffix("# coding: utf-8\n\nprint(1)\n\n"))
        let same = try await nbconvert("--to", "html", "--output", "page", "n/a.ipynb", "n/b.ipynb")
        #expect(same.status == 2 && same.errors.contains("the same result"), "\(same.errors)")
    }

    @Test func `Outputs are cleared in place, and a clean notebook is not written`() async throws {
        try folder.write(["print('x' * 3)"])
        let clean = try folder.text("a.ipynb")
        _ = try await GalleyProgram.run(["execute", "--inplace", "--no-timing", "a.ipynb"], in: folder)
        #expect(try folder.text("a.ipynb").contains("xxx"))
        #expect(try await nbconvert("--clear-output", "a.ipynb").status == 0)
        let cleared = try folder.text("a.ipynb")
        #expect(!cleared.contains("xxx") && cleared.count >= clean.count)
        let file = try FileManager.default.attributesOfItem(atPath: folder("a.ipynb"))[.systemFileNumber] as? Int
        #expect(try await nbconvert("--clear-output", "--inplace", "a.ipynb").status == 0)
        #expect(try FileManager.default.attributesOfItem(atPath: folder("a.ipynb"))[.systemFileNumber] as? Int == file)
    }

    @Test func `A notebook on standard input is named notebook`() async throws {
        try folder.write(["print(1)"])
        let text = try folder.text("a.ipynb")
        #expect(try await nbconvert("--to", "markdown", "--stdin", input: text).status == 0)
        #expect(folder.exists("notebook.md"))
        let printed = try await nbconvert("--to", "markdown", "--stdin", "--stdout", input: text)
        #expect(try printed.output == folder.text("notebook.md"))
        let ran = try await nbconvert("--to", "markdown", "--execute", "--stdin", "--stdout", input: text)
        #expect(ran.output.hasPrefix("```python\nprint(1)\n```\n") && ran.output.contains("    1\n"), "\(ran.errors)")
    }

    @Test func `A configuration file comes before the command line, and only with known settings`() async throws {
        try folder.write(["print('x' * 3)", "2"], tags: [1: ["hide"]])
        try folder.write(
            """
            c = get_config()
            # The report
            c.NbConvertApp.export_format = "markdown"  # or html
            c.TagRemovePreprocessor.remove_cell_tags = {'hide'}
            c.ExecutePreprocessor.iopub_timeout = 10
            """, to: "c.py")
        let run = try await nbconvert("--config", "c.py", "--stdout", "a.ipynb")
        #expect(run.status == 0 && run.output.contains("'x' * 3)\n```\n"), "\(run.output)")
        #expect(!run.output.contains("\n2\n"))
        #expect(run.errors.contains("--ExecutePreprocessor.iopub_timeout has no effect"))
        let other = try await nbconvert("--config", "c.py", "--to", "script", "--stdout", "a.ipynb")
        #expect(other.output.hasPrefix("#!/usr/bin/env python"))
        try folder.write(#"{"NbConvertApp": {"export_format": "html"}, "Lost": {"found": 1}}"#, to: "c.json")
        let unknown = try await nbconvert("--config", "c.json", "a.ipynb")
        #expect(unknown.status == 2 && unknown.errors.contains("'--Lost.found'"), "\(unknown.errors)")
        #expect(!folder.exists("a.html"))
    }
}
