import Foundation
import GalleyTestSupport
import Testing

@Suite struct `In the background` {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// A cell that prints something, and then waits until a file exists.
    private let waiting =
        "print('waiting', flush=True)\nopen('begun', 'w').close()\n" + EndToEndTests.waiting(for: "go")

    /// Starts a run in the background, and waits until its waiting cell runs.
    private func begin(_ options: [String] = [], wrapper: [String] = []) async throws -> String {
        let arguments = ["execute", "--inplace", "--detach"] + options + ["a.ipynb"]
        let run =
            wrapper.isEmpty
            ? try await GalleyProgram.run(arguments, in: folder)
            : try await GalleyProgram.run(
                wrapper.dropFirst() + [GalleyProgram.path] + arguments, program: wrapper[0], in: folder)
        #expect(run.status == 0 && run.errors == "")
        let id = try #require(run.output.split(separator: "\n").first.map(String.init))
        try #require(try await eventually { folder.names.contains("begun") })
        return id
    }

    private func go() throws { try folder.write("", to: "go") }

    private func run(_ id: String) async throws -> [String: Any]? {
        let list = try await GalleyProgram.run(["runs", "--json"])
        #expect(list.status == 0)
        let all = try #require(try JSONSerialization.jsonObject(with: Data(list.output.utf8)) as? [[String: Any]])
        return all.first { $0["id"] as? String == id }
    }

    private func end(_ id: String) async throws -> GalleyProgram.Run {
        try go()
        let wait = try await GalleyProgram.run(["wait", id], in: folder)
        return wait
    }

    @Test func `A background run continues after its command returns, and can be followed and awaited`() async throws {
        try folder.write(["1", waiting, "print('é')"])
        let id = try await begin(["--stream", "--status", "status.json", "--log", "run.log"])
        #expect(id.wholeMatch(of: /a-[a-z0-9]{4}/) != nil)
        #expect(try await eventually { try RunStatusDocument(folder.text("status.json")).cell == 2 })
        let status = try RunStatusDocument(folder.text("status.json"))
        #expect(status.id == id && status.state == "running" && status.cells == 3 && status.exit_status == nil)
        #expect(try await run(id)?["state"] as? String == "running")
        let table = try await GalleyProgram.run(["runs"]).output.split(separator: "\n").map(String.init)
        #expect(
            table.first?.split(separator: " ").map(String.init) == [
                "ID", "USER", "STATE", "CELL", "STARTED", "NOTEBOOK",
            ])
        let row = try #require(table.first { $0.hasPrefix(id + " ") })
        #expect(row.contains(/\ running +2\/3 +\d+ (s|min) ago  .*\/a\.ipynb$/))

        #expect(try await end(id).status == 0)
        let over = try RunStatusDocument(folder.text("status.json"))
        #expect(over.state == "ended" && over.cell == 3 && over.exit_status == 0 && over.status == "succeeded")
        #expect(try folder.notebook().outputs == [["1"], ["waiting\n"], ["é\n"]])
        // The log has one line for each event, with the time, and no control sequences.
        let log = try folder.text("run.log")
        for line in log.split(separator: "\n") {
            #expect(line.contains(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z \S/), "\(line)")
        }
        let texts = log.split(separator: "\n").map { $0.dropFirst(28) }
        #expect(texts.first == "a.ipynb: 3 cells, kernel python3" && texts.contains("waiting") && texts.contains("é"))
        #expect(texts.last?.hasPrefix("a.ipynb: 3 cells in ") == true)
        // The run is over, and its record exists.
        #expect(try await GalleyProgram.run(["wait", id]).status == 0)
        #expect(try await GalleyProgram.run(["stop", id]).status == 0)
        #expect(try await run(id)?["state"] as? String == "ended")
    }

    @Test func `A background run survives the end of its caller and of its terminal`() async throws {
        try folder.write([waiting])
        let id = try await begin(wrapper: ["/usr/bin/setsid", "--wait"])
        let process = try #require(try await run(id)?["process"] as? Int)
        for process in [process] + children(of: process) { kill(pid_t(process), SIGHUP) }
        #expect(try await end(id).status == 0)
        #expect(try folder.notebook().outputs == [["waiting\n"]])
    }

    @Test(
        arguments: [
            (["--kernel", "nope"], "a.ipynb", 4, "Kernel 'nope' not found"),
            ([], "missing.ipynb", 3, "missing.ipynb: no such file\n"),
            (["--start-at", "no-such-tag"], "a.ipynb", 2, "no-such-tag"),
            (
                ["--status", "/no/such/folder/x"], "a.ipynb", 3,
                "/no/such/folder/x: its folder does not exist; create it first\n"
            ),
            (["--log", "/no/such/folder/x"], "a.ipynb", 3, "--log /no/such/folder/x: No such file or directory\n"),
            (
                ["--stdout"], "a.ipynb", 2,
                "--detach: a background run cannot write its result to standard output; use --inplace or --output\n"
            ),
        ] as [([String], String, Int32, String)])
    func `A background run that cannot start is reported at once`(
        options: [String], name: String, status: Int32, words: String
    ) async throws {
        try folder.write(["1"])
        let run = try await GalleyProgram.run(["execute", "--detach"] + options + [name], in: folder)
        #expect(run.status == status)
        #expect(run.errors.hasPrefix("galley: ") && run.errors.contains(words), "\(run.errors)")
        #expect(run.output == "")
    }

    @Test func `A background run can be stopped by its ID, and its outputs are saved`() async throws {
        try folder.write(["1", waiting, "3"])
        let id = try await begin()
        let stop = try await GalleyProgram.run(["stop", id])
        #expect(stop.status == 0)
        #expect(stop.errors == "" && stop.output == "")
        #expect(try folder.notebook().outputs == [["1"], ["waiting\n", "KeyboardInterrupt", "RunStopped"], []])
        let wait = try await GalleyProgram.run(["wait", id])
        #expect(wait.status == 143)
        #expect(wait.errors.hasSuffix("/a.ipynb: the run was ended by SIGTERM, in cell 2 of 3\n"))
    }

    @Test func `An unknown run is an error that suggests a similar ID`() async throws {
        try folder.write([waiting])
        let id = try await begin()
        let meant = String(id.dropLast()) + (id.last == "a" ? "b" : "a")
        for command in ["stop", "wait"] {
            let run = try await GalleyProgram.run([command, meant])
            #expect(run.status == 2)
            #expect(run.errors.hasPrefix("galley: there is no run '\(meant)'. Did you mean '"))
            #expect(
                try await GalleyProgram.run([command]).errors == "galley: which run? 'galley runs' lists their IDs\n")
            #expect(try await GalleyProgram.run([command, "../x/\(id)"]).status == 2)
        }
        #expect(try await end(id).status == 0)
    }

    @Test(
        arguments: [
            (["1"], [], "succeeded 0", "success"), (["1/0"], [], "raised 1", "failure"),
            (["import time; time.sleep(1000)"], ["--timeout", "0.5"], "timed-out 124", "failure"),
            (["import os; os._exit(3)"], [], "kernel-died 5", "failure"),
            (["import sys; sys.exit(7)"], [], "exited 7", "failure"),
            (["1"], ["--kernel", "nope"], "failed 4", "failure"),
        ] as [([String], [String], String, String)], [true, false])
    func `Completion commands run after every kind of end`(
        _ ending: (sources: [String], options: [String], words: String, occasion: String), isDetached: Bool
    ) async throws {
        try folder.write(ending.sources)
        let command = #"echo "$GALLEY_STATUS $GALLEY_EXIT $GALLEY_NOTEBOOK $GALLEY_RESULT $GALLEY_RUN" >>said"#
        let options = ["--on-success", "echo success >>said", "--on-failure", "echo failure >>said", "--then", command]
        let detach = isDetached ? ["--detach"] : []
        let run = try await GalleyProgram.run(
            ["execute", "--inplace"] + detach + options + ending.options + ["a.ipynb"], in: folder)
        if !isDetached { #expect(run.status == Int32(ending.words.split(separator: " ")[1])) }
        #expect(
            try await eventually { try folder.names.contains("said") && folder.text("said").contains("/a.ipynb") })
        let said = try folder.text("said").split(separator: "\n").map(String.init)
        #expect(said.first == ending.occasion && said.count == 2)
        let path = folder.path + "/a.ipynb"
        let result = ending.words.hasPrefix("failed") ? "" : path
        #expect(said.last?.hasPrefix("\(ending.words) \(path) \(result) a-") == true)
    }

    @Test func `Failing completion commands are reported, and do not change the result`() async throws {
        try folder.write(["1"])
        let run = try await GalleyProgram.run(
            ["execute", "--inplace", "--quiet", "--then", "exit 3", "a.ipynb"], in: folder)
        #expect(run.status == 0)
        #expect(run.errors == "galley: \(folder.path)/a.ipynb: --then: the command ended with status 3: exit 3\n")
    }

    @Test(arguments: [false, true])
    func `Completion commands run even if Galley is killed`(isAttendant: Bool) async throws {
        try folder.write([waiting])
        let id = try await begin(["--then", "echo $GALLEY_STATUS $GALLEY_EXIT >said"])
        let supervisor = try #require(try await run(id)?["process"] as? Int)
        let engine = try #require(children(of: supervisor).first)
        kill(pid_t(isAttendant ? supervisor : engine), SIGKILL)
        #expect(try await eventually { try folder.names.contains("said") && folder.text("said").hasSuffix("\n") })
        // The engine ends in order without its supervisor.
        #expect(try folder.text("said") == (isAttendant ? "stopped 143\n" : "killed 137\n"))
        let wait = try await GalleyProgram.run(["wait", id])
        #expect(wait.status == (isAttendant ? 143 : 137))
        #expect(try await run(id)?["state"] as? String == "ended")
    }

    @Test func `Signals reach the run through its supervisor`() async throws {
        try folder.write([waiting])
        let run = try await GalleyProgram.start(
            ["execute", "--inplace", "--then", "echo $GALLEY_STATUS >said", "a.ipynb"], in: folder)
        #expect(try await eventually { folder.names.contains("begun") })
        run.send(SIGINT)
        let end = try await run.end()
        #expect(end.status == 130)
        #expect(try folder.notebook().outputs == [["waiting\n", "KeyboardInterrupt", "RunStopped"]])
        #expect(try folder.text("said") == "stopped\n")
    }

    @Test func `A signal before the kernel starts is reported too`() async throws {
        let run = try await GalleyProgram.start(
            [
                "execute", "--output", "b.ipynb", "--status", "status.json", "--then",
                "echo $GALLEY_STATUS $GALLEY_EXIT >said", "-",
            ], in: folder, keepsInputOpen: true)
        #expect(try await eventually { folder.names.contains("status.json") })
        run.send(SIGTERM)
        #expect(try await run.end().status == 143)
        #expect(try folder.text("said") == "stopped 143\n")
        let status = try RunStatusDocument(folder.text("status.json"))
        #expect(status.state == "ended" && status.status == "stopped")
        #expect(status.message == "the run was ended by SIGTERM")
        #expect(try await self.run(status.id)?["status"] as? String == "stopped")
    }

    @Test func `Output of completion commands is in the log, line by line`() async throws {
        try folder.write(["1"])
        for format in ["plain", "json"] {
            let run = try await GalleyProgram.run(
                [
                    "execute", "--inplace", "--detach", "--log", format, "--log-format", format, "--then",
                    "echo one; printf two >&2; sleep 1000 & exit 3", "a.ipynb",
                ], in: folder)
            #expect(run.status == 0)
            let id = try #require(run.output.split(separator: "\n").first.map(String.init))
            #expect(try await GalleyProgram.run(["wait", id]).status == 0)
        }
        let lines = try folder.text("plain").split(separator: "\n").map(String.init)
        #expect(lines.allSatisfy { $0.contains(/^\d{4}-\d\d-\d\dT/) })
        #expect(lines.suffix(3).map { $0.dropFirst(28).prefix(6) } == ["one", "two", "--then"])
        let events = try folder.events("json")
        #expect(events.suffix(3).map { $0["level"] as? String } == ["output", "output", "error"])
        for process in processes(markedBy: folder.path + "/json") + processes(markedBy: folder.path + "/plain") {
            kill(pid_t(process), SIGKILL)
        }
    }

    @Test func `A late supervisor does not turn a success into a failure`() async throws {
        // The events are not read, so the run can end only by a signal.
        try folder.write(["1"])
        let pipe = folder.path + "/pipe"
        #expect(mkfifo(pipe, 0o600) == 0)
        let run = try await GalleyProgram.start(
            [
                "execute", "--inplace", "--events", pipe, "--status", "status.json", "--then",
                "echo $GALLEY_STATUS >said", "a.ipynb",
            ],
            in: folder)
        #expect(try await eventually { (try? RunStatusDocument(folder.text("status.json")).state) == "ended" })
        run.send(SIGTERM)
        #expect(try await run.end().status == 0)
        #expect(try folder.text("said") == "succeeded\n")
    }

    @Test func `A run under nohup ignores SIGHUP`() async throws {
        try folder.write([waiting])
        // Foundation leaves descriptors open in children, and waits for the process that has them.
        let line = """
            for number in /proc/self/fd/*; do number=${number##*/}; [ $number -gt 2 ] && eval "exec $number>&-"; done
            nohup '\(GalleyProgram.path)' execute --inplace a.ipynb >out 2>&1 & echo $!
            """
        let shell = try await GalleyProgram.run(["-c", line], program: "/bin/bash", in: folder)
        let process = try #require(pid_t(shell.output.trimmingCharacters(in: .whitespacesAndNewlines)))
        #expect(try await eventually { folder.names.contains("begun") })
        kill(process, SIGHUP)
        try go()
        #expect(try await eventually { try folder.text("out").contains("1 cell in ") })
        #expect(try folder.notebook().outputs == [["waiting\n"]])
    }

    @Test(.root("only root can write as another user"))
    func `Forged records of other users are rejected, and print no escape sequences`() async throws {
        try folder.write([waiting])
        let id = try await begin()
        let own = try #require(try await run(id))
        let number = UInt32.random(in: 100_000...4_000_000)
        let place = "/var/tmp/galley-runs-\(number)"
        try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: false)
        chown(place, number, number)
        defer { try? FileManager.default.removeItem(atPath: place) }
        func forge(_ name: String, _ changes: [String: Any]) throws {
            let forged = own.merging(["id": name]) { $1 }.merging(changes) { $1 }
            try JSONSerialization.data(withJSONObject: forged).write(to: URL(fileURLWithPath: "\(place)/\(name).json"))
            chown("\(place)/\(name).json", number, number)
        }
        // The records have the same name, another user's process, invalid numbers, and control sequences.
        try forge(id, ["state": "ended", "exit_status": 0])
        let theirs = "theirs-\(number)"
        try forge(theirs, [:])
        let names = ["huge", "none", "all"].map { "\($0)-\(number)" }
        for (name, process) in zip(names, [1 << 40, 0, -1]) {
            try forge(name, ["process": process, "engine": process])
        }
        try forge(
            "esc",
            [
                "state": "ended", "status": "\u{1B}[31m\u{202E}red\n", "notebook": "/a\nb\u{1B}[2J",
                "exit_status": 70_000,
            ])
        try forge("esc\u{1B}[2J", [:])
        let list = try await GalleyProgram.run(["runs"])
        #expect(list.status == 0)
        #expect(!list.output.contains("\u{1B}") && !list.output.contains("\u{202E}") && !list.output.contains("/a\nb"))
        let stop = try await GalleyProgram.run(["stop", theirs])
        #expect(stop.status == 3, "\(stop.errors)")
        for name in names {
            #expect(try await GalleyProgram.run(["stop", name]).status == 0)
            let wait = try await GalleyProgram.run(["wait", name])
            #expect(wait.status == 3 && wait.errors.hasSuffix("galley wait \(number)/\(name)\n"), "\(wait.errors)")
            #expect(try await GalleyProgram.run(["wait", "\(number)/\(name)"]).status == 137)
        }
        #expect(try await run(id)?["state"] as? String == "running")
        #expect(try await end(id).status == 0)
    }

    @Test func `A log can be JSON lines, in a file or on standard error`() async throws {
        try folder.write(["print('a')", "raise ValueError('b')"])
        for options in [["--log", "log"], []] {
            let run = try await GalleyProgram.run(
                ["execute", "--inplace", "--stream", "--log-format", "json"] + options + ["a.ipynb"], in: folder)
            #expect(run.status == 1)
            if options.isEmpty { try folder.write(run.errors, to: "log") }
            let lines = try folder.events("log")
            #expect(lines.allSatisfy { $0["notebook"] as? String == folder.path + "/a.ipynb" && $0["time"] is String })
            #expect(Set(lines.compactMap { $0["run"] as? String }).count == 1)
            #expect(lines.contains { $0["level"] as? String == "output" && $0["message"] as? String == "a" })
            let last = try #require(lines.last)
            #expect(last["level"] as? String == "error" && last["cell"] as? Int == 2)
            #expect(last["message"] as? String == "a.ipynb: cell 2 of 2 raised ValueError: b")
            #expect((last["details"] as? String)?.contains("ValueError: b") == true)
        }
    }

    @Test func `A foreground run is listed only while it runs`() async throws {
        try folder.write([waiting])
        let run = try await GalleyProgram.start(["execute", "--inplace", "a.ipynb"], in: folder)
        #expect(try await eventually { folder.names.contains("begun") })
        let list = try await GalleyProgram.run(["runs"])
        #expect(list.output.contains(folder.path + "/a.ipynb"))
        #expect(try await GalleyProgram.run(["runs", "--running"]).status == 0)
        try go()
        #expect(try await run.end().status == 0)
        #expect(try await !GalleyProgram.run(["runs"]).output.contains(folder.path + "/a.ipynb"))
    }

    @Test func `The status file never replaces a file that is no status file`() async throws {
        try folder.write(["1"])
        for path in ["/dev/null", folder.path] {
            let run = try await GalleyProgram.run(["execute", "--inplace", "--status", path, "a.ipynb"], in: folder)
            #expect(run.status == 3)
            #expect(run.errors == "galley: \(path) is not a file\n")
        }
        let own = try await GalleyProgram.run(["execute", "--inplace", "--status", "a.ipynb", "a.ipynb"], in: folder)
        #expect(own.status == 2)
        #expect(own.errors == "galley: --status a.ipynb: the file is also the notebook; name another file\n")
        for options in [
            ["--log", "x", "--events", "./x"], ["--detach", "--log", "a.ipynb"], ["--status", "x", "--log", "x"],
        ] {
            try folder.write("", to: "x")
            let run = try await GalleyProgram.run(["execute", "--inplace"] + options + ["a.ipynb"], in: folder)
            #expect(run.status == 2)
            #expect(run.errors.hasSuffix("; name another file\n"))
        }
        #expect(try folder.notebook().counts == [99])
    }
}
