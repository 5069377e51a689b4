import Foundation
import GalleyTestSupport
import Testing

@Suite struct `galley execute` {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func execute(_ arguments: String...) async throws -> GalleyProgram.Run {
        try await GalleyProgram.run(["execute"] + arguments, in: folder)
    }

    @Test func `A notebook runs in place, beside itself, elsewhere, or through the standard streams`() async throws {
        try folder.write(["print('new')"])
        let original = try folder.text("a.ipynb")
        #expect(try await execute("a.ipynb").status == 0)
        #expect(try folder.notebook("a.executed.ipynb").outputs == [["new\n"]])
        #expect(try await execute("--output", "b.ipynb", "a.ipynb").status == 0)
        #expect(try folder.notebook("b.ipynb").outputs == [["new\n"]])
        #expect(try await execute("--output-dir=there/new", "a.ipynb").status == 0)
        #expect(try folder.notebook("there/new/a.ipynb").outputs == [["new\n"]])
        #expect(try RunNotebook(Data(await execute("--stdout", "a.ipynb").output.utf8)).outputs == [["new\n"]])
        let piped = try await GalleyProgram.run(["execute", "-"], in: folder, input: original)
        #expect(try RunNotebook(Data(piped.output.utf8)).outputs == [["new\n"]])
        #expect(try folder.text("a.ipynb") == original)
        let inPlace = try await execute("--inplace", "a.ipynb")
        #expect(try folder.notebook().outputs == [["new\n"]])
        #expect(try folder.notebook().counts == [1])
        #expect(inPlace.output == "")
        #expect(inPlace.errors.hasPrefix("a.ipynb: 1 cell, kernel python3\n[1/1] "))
        #expect(folder.names == ["a.executed.ipynb", "a.ipynb", "b.ipynb", "there"])
    }

    @Test func `A notebook runs in its own folder or the requested one, with the given variables`() async throws {
        try folder.write(["import os\nprint(os.getcwd(), os.environ['WORD'])"])
        let elsewhere = try TemporaryFolder()
        let odd = GalleyProgram.environment.merging(["": "of no name"]) { $1 }
        let run = try await GalleyProgram.run(
            ["execute", "--inplace", "--env", "WORD=a=b", folder.path + "/a.ipynb"], environment: odd, in: elsewhere)
        #expect(run.status == 0)
        #expect(try folder.notebook().outputs == [["\(folder.path) a=b\n"]])
        #expect(try await execute("--inplace", "--env=WORD=", "--cwd", elsewhere.path, "a.ipynb").status == 0)
        #expect(try folder.notebook().outputs == [["\(elsewhere.path) \n"]])
    }

    @Test func `A run keeps everything up to an error, which is shown`() async throws {
        try folder.write(["print('before')", "print('here')\nx = 1\n1 / 0", "print('never')"])
        let run = try await execute("--inplace", "a.ipynb")
        #expect(run.status == 1)
        #expect(try folder.notebook().outputs == [["before\n"], ["here\n", "ZeroDivisionError"], []])
        #expect(try folder.notebook().counts == [1, 2, nil])
        #expect(
            run.errors.contains(
                """
                galley: a.ipynb: cell 2 of 3 raised ZeroDivisionError: division by zero

                     1  print('here')
                     2  x = 1
                  -> 3  1 / 0

                The cell printed:
                    here

                ---------
                """))
        #expect(run.errors.contains("Cell In[2], line 3"))
        #expect(!run.errors.contains("\u{1B}"))
    }

    @Test(
        arguments: [
            (["--allow-errors"], 0, ["ran"]), (["--allow-error", "ValueError"], 0, ["ran"]),
            (["--allow-error", "KeyError"], 1, []),
            (["--ExecutePreprocessor.allow_error_names=['ValueError']"], 0, ["ran"]),
        ] as [([String], Int32, [String])])
    func `A run continues after an allowed error`(flags: [String], status: Int32, after: [String]) async throws {
        try folder.write(["raise ValueError('x')", "print('ran', end='')"])
        #expect(
            try await GalleyProgram.run(["execute", "--inplace"] + flags + ["a.ipynb"], in: folder).status == status)
        #expect(try folder.notebook().outputs == [["ValueError"], after])
    }

    @Test(
        arguments: [
            ("sys.exit()", 0), ("sys.exit(0)", 0), ("sys.exit(7)", 7), ("sys.exit(127)", 127), ("sys.exit(4)", 1),
            ("sys.exit(124)", 1), ("sys.exit(300)", 1), ("sys.exit('gone')", 1), ("quit()", 0),
        ] as [(String, Int32)])
    func `A notebook can end itself with a status`(source: String, status: Int32) async throws {
        try folder.write(["print('before')", "import sys; \(source)", "print('never')"])
        #expect(try await execute("--inplace", "a.ipynb").status == status)
        #expect(try folder.notebook().outputs[0] == ["before\n"])
        #expect(try folder.notebook().outputs[2] == [])
    }

    @Test func `Code that reads input gets the kernel's error, or the given answers`() async throws {
        try folder.write(["print(input('name? '), input())", "input()"])
        #expect(try await execute("--inplace", "a.ipynb").status == 1)
        #expect(try folder.notebook().outputs == [["StdinNotImplementedError"], []])
        #expect(try await execute("--inplace", "--answer", "Ada", "--answer", "é", "a.ipynb").status == 1)
        #expect(try folder.notebook().outputs[0].last == "Ada é\n")
        #expect(try folder.notebook().outputs[1] == ["EOFError"])
    }

    @Test func `Output of threads after their cell stays in their cell`() async throws {
        try folder.write([
            """
            import contextvars, threading
            is_over = threading.Event()
            def late():
                is_over.wait()
                print('late')
            thread = threading.Thread(target=contextvars.copy_context().run, args=[late])
            thread.start()
            print('first')
            """,
            "is_over.set()\nthread.join()\nprint('second')", "print('third')",
        ])
        #expect(try await execute("--inplace", "a.ipynb").status == 0)
        #expect(try folder.notebook().outputs == [["first\nlate\n"], ["second\n"], ["third\n"]])
    }

    @Test func `A notebook without code stays byte for byte, without a kernel`() async throws {
        let text =
            "{\"cells\": [  {\"cell_type\":\"code\",\"source\":\" \\n\",\"metadata\":{},\"outputs\":[],\"execution_count\":5}],\r\n \"metadata\": {\"kernelspec\":{\"name\":\"no such kernel\"}}, \"nbformat\": 4, \"nbformat_minor\": 2}"
        try folder.write(text, to: "a.ipynb")
        let run = try await execute("--inplace", "a.ipynb")
        #expect(run.status == 0)
        #expect(run.errors == "a.ipynb: nothing to run\n")
        #expect(try folder.text("a.ipynb") == text)
        #expect(try await execute("a.ipynb").status == 0)
        #expect(try folder.text("a.executed.ipynb") == text)
        try folder.write(["print(1)"], tags: [0: ["skip-execution"]], kernel: "no such kernel")
        let skipped = try folder.text("a.ipynb")
        #expect(try await execute("--inplace", "a.ipynb").status == 0)
        #expect(try folder.text("a.ipynb") == skipped)
    }

    @Test func `A partial run shows no cells outside of its range`() async throws {
        try folder.write(["print(1)", "print(2)", "print(3)"], tags: [1: ["here"]])
        #expect(try await execute("--inplace", "--start-at", "here", "--stop-after", "2", "a.ipynb").status == 0)
        #expect(try folder.notebook().outputs == [[], ["2\n"], []])
        let refused = try await execute("--inplace", "--start-at", "there", "a.ipynb")
        #expect(refused.status == 2)
        #expect(
            refused.errors
                == "galley: No cell has the number, tag or ID 'there'. The notebook has code cells 1 to 3; its tags are here\n"
        )
    }

    @Test func `A run is recorded in the metadata only on request`() async throws {
        try folder.write(["print(1)", "1/0"])
        #expect(try await execute("--inplace", "--record", "--timeout", "60", "a.ipynb").status == 1)
        let record = try #require(try folder.notebook().metadata["galley"] as? [String: Any])
        #expect(record["status"] as? String == "raised")
        #expect(record["cell"] as? Int == 2)
        #expect(record["version"] as? String != nil)
        #expect((record["duration"] as? Double ?? 0) > 0)
        #expect((record["limits"] as? [String: Double]) == ["cell": 60])
        #expect(try folder.text("a.ipynb").contains("\"shell.execute_reply\""))
        #expect(try await execute("--inplace", "--no-timing", "a.ipynb").status == 1)
        #expect(try folder.notebook().metadata["galley"] == nil)
        #expect(try !folder.text("a.ipynb").contains("\"execution\""))
    }

    @Test func `Outputs can be limited, and progress bars collapsed`() async throws {
        try folder.write([
            "for i in range(1000): print('x' * 99)", "import sys\nfor i in range(50): sys.stdout.write(f'\\r{i}')",
        ])
        #expect(try await execute("--inplace", "--max-output", "10kB", "--collapse-progress", "a.ipynb").status == 0)
        let outputs = try folder.notebook().outputs
        #expect(outputs[0].first?.utf8.count == 10_000)
        #expect(
            outputs[0].last
                == "[galley: the output of this cell was truncated here. The limit is 10.0 kB; 90.0 kB more were discarded]\n"
        )
        #expect(outputs[1] == ["49"])
    }

    @Test func `A run changes only outputs, counts and times, in any file style`() async throws {
        let text = """
            {
                "nbformat_minor": 5,\r
                "cells": [
                    {"id": "a", "cell_type": "code", "source": "print('x')", "metadata": {"z": 1.0, "a": "\\u00e9"},
                     "outputs": [], "execution_count": null}
                ], "nbformat": 4,
                "metadata": {"language_info": {"name": "python"}, "kernelspec": {"name": "python3"}}
            }
            """
        try folder.write(text, to: "a.ipynb")
        #expect(try await execute("--inplace", "--no-timing", "a.ipynb").status == 0)
        let after = try folder.text("a.ipynb")
        #expect(!after.hasSuffix("\n"))
        for part in [
            "\"nbformat_minor\": 5,\r\n", "\"z\": 1.0, \"a\": \"\\u00e9\"}", "\"source\": \"print('x')\", ",
            "\"execution_count\": 1}",
        ] {
            #expect(after.contains(part), "\(part)")
        }
        #expect(try folder.notebook().outputs == [["x\n"]])
    }
}

@Suite struct `The kernel of a notebook` {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    @Test func `The kernel is named by the notebook or the user, and has to exist`() async throws {
        try folder.write(["print(1)"], kernel: "pyhton3")
        let missing = try await GalleyProgram.run(["execute", "--inplace", "a.ipynb"], in: folder)
        #expect(missing.status == 4)
        #expect(missing.errors.hasPrefix("galley: a.ipynb: Kernel 'pyhton3' not found. Did you mean 'python3'"))
        #expect(try folder.notebook().outputs == [["old\n"]])
        #expect(
            try await GalleyProgram.run(["execute", "--inplace", "--kernel", "python3", "a.ipynb"], in: folder).status
                == 0)
        #expect(try folder.notebook().outputs == [["1\n"]])
    }

    @Test func `The kernel may be replaced by the only one of the language, if that is allowed`() async throws {
        try folder.write(["cat(1)"], kernel: "somebodys-r")
        let text = try folder.text("a.ipynb").replacing("\"python\"", with: "\"R\"")
        try folder.write(text, to: "a.ipynb")
        #expect(try await GalleyProgram.run(["execute", "--inplace", "a.ipynb"], in: folder).status == 4)
        let run = try await GalleyProgram.run(["execute", "--inplace", "--kernel-fallback", "a.ipynb"], in: folder)
        #expect(run.status == 0)
        #expect(
            run.errors.contains("kernel 'somebodys-r' is not installed; using 'ir', the only kernel for R\n"))
        #expect(try folder.notebook().outputs == [["1"]])
    }

    @Test func `The kernel is not guessed from metadata without its name`() async throws {
        try folder.write(["print(1)"])
        try folder.write(
            try folder.text("a.ipynb").replacing("\"name\" : \"python3\"", with: "\"own\" : 1"), to: "a.ipynb")
        let run = try await GalleyProgram.run(["execute", "--inplace", "a.ipynb"], in: folder)
        #expect(run.status == 4)
        #expect(run.errors.hasSuffix("name, or choose a kernel: --kernel python3\n"), "\(run.errors)")
    }

    @Test(arguments: [
        ("os._exit(3)", "it exited with status 3"),
        ("os.kill(os.getpid(), 11)", "it was ended by signal 11 (SIGSEGV)"),
    ])
    func `A kernel that dies is reported in the file and the status`(death: String, end: String) async throws {
        // An output has left the kernel once it is in the events file.
        let source = """
            import os, time
            print('said', flush=True)
            while 'said' not in open('events').read(): time.sleep(0.01)
            \(death)
            """
        try folder.write(["print('before')", source, "print('never')"])
        let run = try await GalleyProgram.run(["execute", "--inplace", "--events", "events", "a.ipynb"], in: folder)
        #expect(run.status == 5)
        #expect(run.errors.contains("galley: a.ipynb: the kernel died: \(end)"))
        #expect(run.errors.contains(", in cell 2 of 3\n"))
        #expect(try folder.notebook().outputs == [["before\n"], ["said\n", "KernelDied"], []])
        #expect(try folder.notebook().errorValue(1)?.contains(end) == true)
    }
}

@Suite struct `A notebook that cannot run` {
    @Test func `A file that cannot run is refused with the problem, advice and a status`() async throws {
        let folder = try TemporaryFolder()
        try folder.write("{\"cells\": [}", to: "broken.ipynb")
        try folder.write("{}", to: "empty.ipynb")
        try folder.write(["print(1)"], to: "readonly.ipynb")
        chmod(folder.path + "/readonly.ipynb", 0o444)
        for (name, words) in [
            ("missing.ipynb", "no such file"),
            ("broken.ipynb", "not a notebook, because it is not JSON: line 1, column 12"),
            ("empty.ipynb", "has no 'cells'"), ("readonly.ipynb", "is read-only; give write permission"),
        ] {
            let run = try await GalleyProgram.run(["execute", "--inplace", name], in: folder)
            #expect(run.status == 3, "\(name)")
            #expect(run.errors.hasPrefix("galley: \(name)"), "\(run.errors)")
            #expect(run.errors.contains(words), "\(run.errors)")
            #expect(run.errors.split(separator: "\n").count == 1)
        }
        try folder.write(["print(1)"])
        let nowhere = try await GalleyProgram.run(["execute", "--output", "no/such/b.ipynb", "a.ipynb"], in: folder)
        #expect(nowhere.status == 3)
        #expect(nowhere.errors == "galley: no/such/b.ipynb: its folder does not exist; create it first\n")
    }

    @Test func `A file is refused while another run uses it, and not afterwards`() async throws {
        let folder = try TemporaryFolder()
        try folder.write(["print('first')", waiting(for: "go")])
        let first = try await GalleyProgram.start(["execute", "--inplace", "a.ipynb"], in: folder)
        // The same holds after a save, which replaces the file.
        #expect(try await eventually { try folder.notebook().outputs[0] == ["first\n"] })
        let second = try await GalleyProgram.run(["execute", "--inplace", "a.ipynb"], in: folder)
        #expect(second.status == 3)
        #expect(second.errors.hasPrefix("galley: a.ipynb is being run by another process"))
        try folder.write("", to: "go")
        #expect(try await first.end().status == 0)
        #expect(try folder.notebook().counts == [1, 2])
        #expect(try await GalleyProgram.run(["execute", "--inplace", "a.ipynb"], in: folder).status == 0)
    }

    @Test(arguments: [["--inplace"], ["--output", "./a.ipynb"], ["--output-dir", "."]])
    func `A result goes beside a file that another program has changed, and the message says where`(arguments: [String])
        async throws
    {
        let folder = try TemporaryFolder()
        try folder.write([
            "open('begun', 'w').close()\n" + waiting(for: "go")
        ])
        // The file is the same under each of its names.
        let run = try await GalleyProgram.start(["execute"] + arguments + ["a.ipynb"], in: folder)
        #expect(try await eventually { folder.names.contains("begun") })
        try folder.write(["print('another program')"])
        let edited = try folder.text("a.ipynb")
        try folder.write("", to: "go")
        let end = try await run.end()
        #expect(end.status == 0)
        #expect(try folder.text("a.ipynb") == edited)
        #expect(try folder.notebook("a.galley-conflict.ipynb").counts == [1])
        #expect(
            end.errors.contains(
                "galley: a.ipynb: another program changed a.ipynb during the run; "
                    + "the result is in a.galley-conflict.ipynb\n"
            ))
        #expect(end.errors.hasSuffix(", saved as a.galley-conflict.ipynb\n"))
    }

    @Test func `A notebook in a pipe is refused in place`() async throws {
        let folder = try TemporaryFolder()
        mkfifo(folder.path + "/pipe.ipynb", 0o600)
        let run = try await GalleyProgram.run(["execute", "--inplace", "pipe.ipynb"], in: folder)
        #expect(run.status == 3)
        #expect(run.errors == "galley: pipe.ipynb is not a file\n")
    }
}
