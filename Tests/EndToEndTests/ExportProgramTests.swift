import Foundation
import GalleyTestSupport
import Testing

@Suite struct `galley export` {
    private func folder() throws -> TemporaryFolder {
        let folder = try TemporaryFolder()
        let picture =
            "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGNgYPhfDwAChAGA4b0K/wAAAABJRU5ErkJggg=="
        try folder.file(
            "a.ipynb",
            """
            {"cells": [{"cell_type": "code", "execution_count": 1, "id": "x", "metadata": {}, "source": "%plot",
             "outputs": [{"output_type": "display_data", "metadata": {}, "data": {"image/png": "\(picture)"}}]}],
             "metadata": {"language_info": {"name": "python", "nbconvert_exporter": "python"}}, "nbformat": 4,
             "nbformat_minor": 5}
            """, mode: 0o600)
        return folder
    }

    @Test func `Results are beside the notebook, and only those may read them who may read the notebook`() async throws
    {
        let folder = try folder()
        for format in ["html", "markdown", "script", "notebook"] {
            try folder.write("old", to: "a.md")
            let run = try await GalleyProgram.run(["export", "--to", format, "a.ipynb"], in: folder)
            #expect(run.status == 0, "\(run.errors)")
        }
        #expect(folder.names == ["a.html", "a.ipynb", "a.md", "a.nbconvert.ipynb", "a.py", "a_files"])
        #expect(try folder.text("a.py").contains("run_line_magic('plot', '')"))
        for name in ["a.html", "a.py", "a_files/a_0_0.png"] {
            let mode = try FileManager.default.attributesOfItem(atPath: folder(name))[.posixPermissions] as? Int
            #expect(mode == 0o600)
        }
    }

    @Test func `A result goes to standard output, another file or another folder`() async throws {
        let folder = try folder()
        for option in [["--stdout"], ["-o", "-"]] {
            let printed = try await GalleyProgram.run(["export", "--to", "script", "a.ipynb"] + option, in: folder)
            #expect(printed.output.hasPrefix("#!/usr/bin/env python\n"))
        }
        _ = try await GalleyProgram.run(["export", "--to", "markdown", "-o", "x/b.md", "a.ipynb"], in: folder)
        _ = try await GalleyProgram.run(["export", "--to", "html", "--output-dir", "y", "a.ipynb"], in: folder)
        #expect(folder.names == ["a.ipynb", "x", "y"])
        for name in ["x/b.md", "x/b_files/b_0_0.png", "y/a.html"] { #expect(folder.exists(name)) }
    }

    @Test func `A result never replaces its notebook`() async throws {
        let folder = try folder()
        let before = try folder.text("a.ipynb")
        let run = try await GalleyProgram.run(["export", "--to", "html", "-o", "a.ipynb", "a.ipynb"], in: folder)
        #expect(run.status == 3)
        #expect(try folder.text("a.ipynb") == before)
    }

    @Test func `Results of a folder keep its order, and results of several notebooks need several places`() async throws
    {
        let folder = try folder()
        try FileManager.default.createDirectory(atPath: folder("n/m"), withIntermediateDirectories: true)
        try folder.write(["1"], to: "n/x.ipynb")
        try folder.write(["2"], to: "n/m/x.ipynb")
        let run = try await GalleyProgram.run(["export", "--to", "html", "--output-dir", "o", "n"], in: folder)
        #expect(run.status == 0 && folder.exists("o/x.html") && folder.exists("o/m/x.html"), "\(run.errors)")
        for (options, part) in [(["-o", "x.html"], "same result"), (["--stdout"], "--output-dir")] {
            let run = try await GalleyProgram.run(["export", "--to", "html"] + options + ["n"], in: folder)
            #expect(run.status == 2 && run.errors.contains(part), "\(run.errors)")
        }
    }
}
