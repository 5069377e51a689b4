import Foundation
import GalleyTestSupport
import Testing

@Suite struct `The command line` {
    @Test(arguments: [
        ["--help"], ["execute", "--help"], ["nbconvert", "-h"], ["kernels", "--help"], ["wait", "-h"],
        ["clean", "--help"], ["check", "--help"], ["help", "--help"],
    ])
    func `The help of a command fits on one screen`(arguments: [String]) async throws {
        let run = try await GalleyProgram.run(arguments)
        #expect(run.status == 0)
        let lines = run.output.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
        #expect(lines.count <= 24 && lines.allSatisfy { $0.count <= 80 })
    }

    @Test func `Help is as wide as the terminal or COLUMNS, and at most 100 columns`() async throws {
        func widest(_ environment: [String: String] = [:], stty: String? = nil) async throws -> Int {
            let run =
                if let stty {
                    try await GalleyProgram.run(
                        [
                            Repository.root + "/Tests/Fixtures/terminal.py", "/bin/sh", "-c",
                            "stty cols \(stty); '\(GalleyProgram.path)' help git",
                        ], program: Repository.python)
                } else {
                    try await GalleyProgram.run(
                        ["help", "git"], environment: GalleyProgram.environment.merging(environment) { $1 })
                }
            #expect(run.status == 0)
            return run.output.split(whereSeparator: \.isNewline).map(\.count).max() ?? 0
        }
        let usual = try await widest()
        #expect((70...80).contains(usual))
        #expect((50...60).contains(try await widest(["COLUMNS": "60"])))
        #expect((90...100).contains(try await widest(["COLUMNS": "5000"])))
        #expect(try await widest(["COLUMNS": "wide"]) == usual)
        #expect((50...60).contains(try await widest(stty: "60")))
        #expect((90...100).contains(try await widest(stty: "300")))
    }

    @Test(arguments: [
        (
            ["--inplcae", "a.ipynb"],
            "'--inplcae' is not an option. Did you mean '--inplace'? See 'galley help options'"
        ),
        (["--xyzzy", "a.ipynb"], "'--xyzzy' is not an option. See 'galley help options'"),
        ([], "which notebook? See 'galley execute --help'"),
        (
            ["ftp://in/a.ipynb"],
            "ftp://in/a.ipynb: no storage provider opens ftp://. For a local file, write ./ftp://in/a.ipynb"
        ),
        (
            ["--output", "c.ipynb", "a.ipynb", "b.ipynb"],
            "--output c.ipynb is one file for several notebooks; use --output-dir or --inplace"
        ),
        (
            ["--stdout", "a.ipynb", "b.ipynb"],
            "several notebooks cannot be written to standard output; use --output-dir or --inplace"
        ),
        (["a.ipynb", "-"], "standard input (-) cannot be combined with other notebooks; run it alone"),
        (["-j", "0", "a.ipynb"], "-j: '0' is not a whole number of at least 1"),
        (["-j", "2000000", "a.ipynb"], "-j: 2000000 is more than a million"),
        (["--shard", "3/2", "a.ipynb"], "--shard: '3/2' is not a part. Write 2/5 for the second of five"),
        (["no/*.ipynb"], "no notebook found: no file matches 'no/*.ipynb'"),
        (["@no.txt"], "@no.txt: the list cannot be read; check that the file exists"),
        (["--retries", "1", "-"], "standard input cannot be read twice; leave --retries out"),
        (
            ["--junit", "-", "--json", "-", "a.ipynb"],
            "several documents would go to standard output; write all but one to files"
        ),
        (["--timeout"], "--timeout needs a value. See 'galley help options'"),
        (
            ["--timeout=soon", "a.ipynb"],
            "--timeout: 'soon' is not a time. Write 600 for seconds, or 90s, 10m, 1h30m, none"
        ),
        (["--inplace=yes", "a.ipynb"], "--inplace takes no value"),
        (["--env", "WORD", "a.ipynb"], "--env: 'WORD' is not a name with a value. Write NAME=VALUE"),
        (["--on-timeout", "ignore", "a.ipynb"], "--on-timeout: 'ignore' is not one of stop, interrupt"),
        (["--max-output", "lots", "a.ipynb"], "--max-output: 'lots' is not a size. Write 10MB, 500kB or none"),
        (["--inplace", "-"], "standard input cannot be written in place; use --output or --stdout"),
        (
            ["--to", "html", "a.ipynb"],
            "--to html: this command writes notebooks. To run a notebook and convert it, use 'galley nbconvert --execute --to html'"
        ),
        (
            ["--ExecutePreprocessor.timeuot=60", "a.ipynb"],
            "'--ExecutePreprocessor.timeuot' is not an option. Did you mean '--ExecutePreprocessor.timeout'?"
        ),
        (
            ["--TagRemovePreprocessor.enabled=True", "a.ipynb"],
            "'--TagRemovePreprocessor.enabled' is a setting that Galley does not have; leave it out if the run does not need it"
        ),
        (
            ["--inplace", "--stdout", "a.ipynb"],
            "the result has more than one place; use only one of --inplace, --output and --stdout"
        ),
        (
            ["--theme", "dark", "a.ipynb"],
            "--theme: this command writes notebooks; to convert one, use 'galley export' or 'galley nbconvert'"
        ),
        (
            ["--answer=-h", "--x\u{1B}]0;title\u{7}", "a.ipynb"],
            "'--x' is not an option. See 'galley help options'"
        ),
        (["--inplace", "--output-dir", "x", "a.ipynb"], "--output-dir does not go with --inplace or --stdout"),
    ])
    func `A refused command line names what is valid`(arguments: [String], words: String) async throws {
        let run = try await GalleyProgram.run(["execute"] + arguments)
        #expect(run.status == 2)
        #expect(run.errors == "galley: \(words)\n")
        #expect(run.output == "")
    }

    @Test(arguments: ["kernels", "runs", "--help"])
    func `A run fails if a requested report cannot be written`(command: String) async throws {
        let run = try await GalleyProgram.run(
            ["-c", "'\(GalleyProgram.path)' \(command) >/dev/full"], program: "/bin/sh")
        #expect(run.status == 3)
        #expect(run.errors == "galley: standard output: No space left on device\n")
    }

    @Test func `An nbconvert command line works unchanged`() async throws {
        let folder = try TemporaryFolder()
        try folder.write(["print(1)"], kernel: "not here")
        let line = [
            "nbconvert", "--to", "notebook", "--inplace", "--ExecutePreprocessor.timeout=600",
            "--ExecutePreprocessor.kernel_name=python3", "--execute", "a.ipynb",
        ]
        #expect(try await GalleyProgram.run(line, in: folder).status == 0)
        #expect(try folder.notebook().outputs == [["1\n"]])
        #expect(
            try await GalleyProgram.run(
                [
                    "nbconvert", "--to", "notebook", "--execute", "--ExecutePreprocessor.kernel_name", "python3",
                    "a.ipynb",
                ], in: folder
            ).status == 0)
        #expect(try folder.notebook("a.nbconvert.ipynb").outputs == [["1\n"]])
        #expect(
            try await GalleyProgram.run([
                "nbconvert", "--to=notebook", "--execute", "--ExecutePreprocessor.kernel_name=python3", "--output", "b",
                folder.path + "/a.ipynb",
            ]).status == 0)
        #expect(try folder.notebook("b.ipynb").outputs == [["1\n"]])
        #expect(
            try await GalleyProgram.run(
                [
                    "nbconvert", "--to", "notebook", "--execute", "--ExecutePreprocessor.kernel_name=python3",
                    "--output", "c", "--output-dir", "new/folder",
                    "a.ipynb",
                ],
                in: folder
            ).status == 0)
        #expect(try folder.notebook("new/folder/c.ipynb").outputs == [["1\n"]])
    }

    @Test func `A jupyter execute command line works unchanged`() async throws {
        let folder = try TemporaryFolder()
        try folder.write(["print(1)", "print(2)", "1/0"], tags: [1: ["leave"]], kernel: "not here")
        let run = try await GalleyProgram.run(
            [
                "execute", "--timeout=60", "--startup_timeout=60", "--kernel_name=python3", "--allow-errors",
                "--NbClientApp.skip_cells_with_tag=leave",
                "--output={notebook_name}-run.ipynb", "a.ipynb",
            ], in: folder)
        #expect(run.status == 0)
        #expect(try folder.notebook("a-run.ipynb").outputs == [["1\n"], ["old\n"], ["ZeroDivisionError"]])
    }
}

@Suite struct `The progress output` {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    @Test func `Progress is a plain line for each cell, and the cell's output on request`() async throws {
        try folder.write([
            "# the first line\nimport sys\nfor i in range(3): sys.stdout.write(f'\\r{i}')\nprint()",
            "print('\\x1b[31mred\\x1b[0m \\x07')", "6 * 7",
        ])
        let run = try await GalleyProgram.run(["execute", "--inplace", "--stream", "a.ipynb"], in: folder)
        #expect(run.errors.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0 != "\u{7F}" || $0 == "\n" })
        let lines = run.errors.split(separator: "\n").map { $0.replacing(/\ +[0-9.]+ m?s/, with: " T") }
        #expect(
            lines == [
                "a.ipynb: 3 cells, kernel python3", "[1/3]          # the first line", "2", "[1/3] T  # the first line",
                "[2/3]          print('\\x1b[31mred\\x1b[0m \\x07')", "red ",
                "[2/3] T  print('\\x1b[31mred\\x1b[0m \\x07')",
                "[3/3]          6 * 7", "42", "[3/3] T  6 * 7", "a.ipynb: 3 cells in T",
            ])
    }

    @Test func `Progress sends no escape sequences of a notebook to a terminal`() async throws {
        let hostile = "\u{1B}]0;title\u{7}"
        try folder.write(
            ["raise ValueError('a\\x1b[\\x1b#8m \\x9d0;t\\x9c \\x1b[\\r\\x07m \\x1b]0;t\\x07end')"],
            tags: [0: ["timeout=\n\(hostile)fake"]])
        try FileManager.default.moveItem(atPath: folder.path + "/a.ipynb", toPath: folder.path + "/\(hostile)a.ipynb")
        let run = try await GalleyProgram.watch(["execute", "--inplace", hostile + "a.ipynb"], in: folder)
        // Besides colors, the only control sequences are those of the status lines and line ends.
        let plain = run.output.replacing(/\x{1B}\[[0-9;:]*m/, with: "").replacing("\r\n", with: "\n")
            .replacing(/\r(\x{1B}\[[0-9]+A)?\x{1B}\[[KJ]/, with: "").replacing(/\x{1B}\[[KJ]/, with: "")
        #expect(plain.unicodeScalars.allSatisfy { $0 == "\n" || $0.properties.generalCategory != .control })
        #expect(plain.contains("raised ValueError"))
        #expect(!plain.contains("\nfake"))
    }

    @Test func `Progress is not written over a notebook or into the output of another run`() async throws {
        try folder.write([
            "open('begun', 'w').close()\n" + waiting(for: "go")
        ])
        let refused = try await GalleyProgram.run(
            ["execute", "--inplace", "--events", "a.ipynb", "./a.ipynb"], in: folder)
        #expect(refused.status == 2)
        #expect(refused.errors == "galley: --events a.ipynb: the file is also the notebook; name another file\n")
        let running = try await GalleyProgram.start(
            ["execute", "--inplace", "--events", "events", "a.ipynb"], in: folder)
        #expect(try await eventually { folder.names.contains("begun") })
        let second = try await GalleyProgram.run(["execute", "--events", "events", "a.ipynb"], in: folder)
        #expect(second.errors == "galley: --events events: another run writes to it; name another file\n")
        try folder.write("", to: "go")
        #expect(try await running.end().status == 0)
        #expect(try folder.events("events").last?["status"] as? String == "succeeded")
    }

    @Test func `A run fails if its progress file cannot be written`() async throws {
        try folder.write(["print(1)"])
        let run = try await GalleyProgram.run(
            ["execute", "--inplace", "--quiet", "--events", "/dev/full", "a.ipynb"], in: folder)
        #expect(run.status == 0)
        #expect(run.errors == "galley: a.ipynb: not all events could be written to /dev/full\n")
        #expect(try folder.notebook().outputs == [["1\n"]])
    }

    @Test func `A run waits at most the grace period for a pipe that is not read`() async throws {
        try folder.write(["1"])
        mkfifo(folder.path + "/pipe", 0o600)
        let run = try await GalleyProgram.run(
            ["execute", "--inplace", "--grace", "1", "--junit", "pipe", "a.ipynb"], in: folder)
        #expect(run.status == 3)
        #expect(run.errors.contains("junit: pipe is a pipe that no process has read for 1 s"), "\(run.errors)")
        #expect(try folder.notebook().outputs == [["1"]])
        for (option, words) in [("--events", "not all events"), ("--log", "not all lines")] {
            let told = try await GalleyProgram.run(
                ["execute", "--inplace", "--grace", "1", option, "pipe", "a.ipynb"], in: folder)
            #expect(told.status == 0 && told.errors.contains("\(words) could be written to"), "\(told.errors)")
        }
    }

    @Test func `Progress is empty with --quiet if nothing fails`() async throws {
        try folder.write(["print(1)"])
        let good = try await GalleyProgram.run(["execute", "--inplace", "--quiet", "a.ipynb"], in: folder)
        #expect(good.errors == "" && good.output == "")
        try folder.write(["1/0"])
        let bad = try await GalleyProgram.run(["execute", "--inplace", "--quiet", "a.ipynb"], in: folder)
        #expect(bad.errors.hasPrefix("galley: a.ipynb: cell 1 of 1 raised ZeroDivisionError: division by zero\n"))
    }

    @Test func `Progress at a terminal is updated over time`() async throws {
        try folder.write([waiting(for: "go"), "print('\\x1b[2Jsaid')"])
        // The sequence that would clear the screen does not reach it.
        let run = try await GalleyProgram.screen(
            ["execute", "--inplace", "--stream", "a.ipynb"], in: folder,
            acting: [#"\[1/2\] +[1-9][0-9.]* s  import os, time\n░+ 0/2$"#: "go"])
        #expect(run.status == 0)
        #expect(
            run.lines == [
                "a.ipynb: 2 cells, kernel python3", "[2/2]          print('\\x1b[2Jsaid')", "said",
                "a.ipynb: 2 cells in T",
            ])
    }

    @Test func `Events match their schema`() async throws {
        try folder.write(["print('x')\n1", "import time; time.sleep(1.2)", "1/0", "never"], tags: [1: ["timeout=60"]])
        let run = try await GalleyProgram.run(["execute", "--inplace", "--events", "events", "a.ipynb"], in: folder)
        #expect(run.status == 1)
        let events = try folder.events("events")
        // A slow kernel sends a line and its end separately; here they are one event.
        let names = events.filter { $0["text"] as? String != "\n" }.compactMap { $0["event"] as? String }
        #expect(
            names.filter { $0 != "saved" } == [
                "run-started", "cell-started", "output", "output", "cell-finished", "cell-started", "cell-finished",
                "cell-started", "output", "cell-finished", "run-finished",
            ])
        #expect(names.contains("saved"))
        #expect(
            events.last?["status"] as? String == "raised" && events.last?["exit_status"] as? Int == 1
                && events.last?["cell"] as? Int == 3)
        try await validate()
        // The other events.
        try folder.write(["import time; time.sleep(100)"])
        #expect(
            try await GalleyProgram.run(
                ["execute", "--inplace", "--timeout", "1", "--events", "events", "a.ipynb"], in: folder
            )
            .status == 124)
        try await validate()
        try folder.write(["import os; os._exit(1)"])
        #expect(
            try await GalleyProgram.run(["execute", "--inplace", "--events", "events", "a.ipynb"], in: folder).status
                == 5)
        try await validate()
        try folder.write([
            "from IPython.display import *\nh = display(1, display_id=True)\nh.update(2)\nclear_output()\nimport sys\nsys.exit(9)"
        ])
        #expect(
            try await GalleyProgram.run(["execute", "--inplace", "--events", "events", "a.ipynb"], in: folder).status
                == 9)
        try await validate()
        #expect(
            try await GalleyProgram.run(
                ["execute", "--inplace", "--kernel", "none", "--events", "events", "a.ipynb"], in: folder
            )
            .status == 4)
        #expect(try folder.events("events").count == 1)
        try await validate()
    }

    private func validate() async throws {
        let schema = Repository.root + "/Sources/CLI/events.schema.json"
        let run = try await GalleyProgram.run(
            [Repository.fixture("judges/events.py"), schema, "events"], program: Repository.python, in: folder)
        #expect(run.status == 0, "\(run.errors)")
    }
}

@Suite struct `Compared with nbconvert` {
    @Test func `Every notebook has the same result as with nbconvert`() async throws {
        var environment = GalleyProgram.environment
        // R's kernel is in the system's folder.
        environment["JUPYTER_PATH"]? += ":/usr/share/jupyter"
        let run = try await GalleyProgram.run(
            [Repository.root + "/Tests/Fixtures/conformance/compare.py", GalleyProgram.path],
            program: Repository.python,
            environment: environment)
        #expect(run.status == 0, "\(run.output)\(run.errors.suffix(2000))")
        let count = run.output.split(separator: "\n").count { $0.hasPrefix("same ") }
        #expect(count >= 25)
    }
}
