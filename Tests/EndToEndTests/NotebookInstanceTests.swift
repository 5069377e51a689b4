import Foundation
import GalleyTestSupport
import Testing

/// A cell that prints its user and groups.
private let whoami = """
    import os, pwd, sys
    print(pwd.getpwuid(os.getuid()).pw_name, os.getuid() == os.geteuid(), os.getgroups() == [os.getgid()])
    print(os.environ['HOME'], os.environ['USER'], os.environ['LOGNAME'], os.environ['SHELL'], os.environ.get('FROM_PROFILE'))
    print(sys.executable, os.getcwd())
    """

@Suite(.serialized, .root("only root can run notebooks for other users"))
struct `A lifecycle script` {
    let instance: NotebookInstance

    init() async throws { instance = try await NotebookInstance.make() }

    /// Returns the output of the cell if the user runs it.
    private var usersAnswer: String {
        """
        \(instance.user) True True
        \(instance.home) \(instance.user) \(instance.user) /bin/bash yes
        \(instance.home)/anaconda3/envs/python3/bin/python \(instance.notebooks.path)

        """
    }

    private func script(_ name: String, _ variables: [String: String]) async throws -> GalleyProgram.Run {
        try await instance.run([], program: Repository.root + "/Notebooks/" + name, variables)
    }

    @Test func `A notebook runs in the background as its owner, and the instance is stopped afterwards`() async throws {
        let work = "text = open('made.txt', 'w').write('é')\nprint('é', open('made.txt').read(), end='')"
        try instance.write([
            whoami, work, waiting(for: "../go") + "\n6 * 7",
        ])
        _ = try await instance.asUser(
            "git init -q . && git config user.email a@b.c && git config user.name a && git add . && git commit -qm a")
        let stopped = instance.path + "/stopped"
        let logs = instance.notebooks.path + "/logs"
        let run = try await script(
            "on-start.sh",
            [
                "NOTEBOOK": instance.notebooks.path + "/report.ipynb", "GALLEY": GalleyProgram.path, "LOGS": logs,
                "STOP": "echo \"$GALLEY_STATUS $GALLEY_EXIT $GALLEY_NOTEBOOK\" >'\(stopped)'",
            ])
        #expect(run.status == 0)
        #expect(run.errors == "")
        let lines = run.output.split(separator: "\n").map(String.init)
        try #require(lines.count == 3)
        #expect(lines[0].wholeMatch(of: /report-[a-z0-9]{4}/) != nil)
        #expect(lines[1...] == ["log: \(logs)/report.run.log", "status: \(logs)/report.status.json"])

        // The command has returned, and the notebook waits and is listed.
        let list = try await instance.run(["runs", "--json", "--running"])
        #expect(list.status == 0 && list.output.contains(lines[0]))
        try "".write(toFile: instance.home + "/go", atomically: false, encoding: .utf8)
        let wait = try await instance.run(["wait", lines[0]])
        #expect(wait.status == 0 && wait.errors == "")

        let log = try instance.notebooks.text("logs/report.run.log").split(separator: "\n").map(String.init)
        #expect(log.contains { $0.contains("kernel conda_python3 as \(instance.user)") })
        #expect(log.contains { $0.hasSuffix(" é é") })

        let notebook = try instance.notebooks.notebook("report.ipynb")
        #expect(notebook.outputs == [[usersAnswer], ["é é"], ["42"]])
        #expect(notebook.counts == [1, 2, 3])
        #expect(try instance.rights() == "\(instance.user) \(instance.user) 640")
        #expect(try instance.rights("made.txt").hasPrefix("\(instance.user) \(instance.user) "))
        #expect(
            try String(contentsOfFile: stopped, encoding: .utf8)
                == "succeeded 0 \(instance.notebooks.path)/report.ipynb\n")
        let status = try RunStatusDocument(instance.notebooks.text("logs/report.status.json"))
        #expect(status.state == "ended" && status.cell == 3 && status.cells == 3 && status.exit_status == 0)
        #expect(status.user == instance.user && status.kernel == "conda_python3")

        // Git shows the changes of the run, and the user can commit them.
        #expect(try await instance.asUser("git diff --name-only") == "report.ipynb\n")
        let change = try await NotebookChange(of: "report.ipynb", in: instance.notebooks, git: instance.asUser)
        let stray = try change.strayLines(isFirstRun: true)
        #expect(!change.isEmpty)
        #expect(stray == [])
        _ = try await instance.asUser("git commit -qam b && echo >>report.ipynb")

        #expect(instance.processes == [])
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: instance.path).sorted()
                == ["home", "roots-own", "stopped"])
    }

    @Test(arguments: [
        ["LIMIT": "8hours"], ["GALLEY": "/no/such/galley"], ["NOTEBOOK": "none.ipynb"], ["KERNEL": "nope"],
        ["LOGS": "file"], ["GALLEY": "/bin/false"],
    ])
    func `The instance is stopped even if no notebook could run`(broken: [String: String]) async throws {
        try instance.write(["1"])
        let folder = instance.notebooks.path
        _ = try await instance.asUser("touch file; ln -s '\(instance.rootsOwn)' logs")
        let run = try await script(
            "on-start.sh",
            [
                "NOTEBOOK": folder + "/report.ipynb", "GALLEY": GalleyProgram.path, "LOGS": folder + "/logs",
                // The platform refuses the first time.
                "STOP": "test -e '\(instance.path)/asked' && touch '\(instance.path)/stopped'"
                    + " || { touch '\(instance.path)/asked'; false; }", "PAUSES": "0 0",
            ].merging(broken.mapValues { $0.hasSuffix("b") || $0 == "file" ? "\(folder)/\($0)" : $0 }) { $1 })
        #expect(
            try await eventually { FileManager.default.fileExists(atPath: instance.path + "/stopped") }, "\(run.errors)"
        )
        if broken["LOGS"] == nil { #expect(run.status != 0) }
        // A link of the user changes no other file.
        #expect(try instance.rights(instance.rootsOwn) == "root root 700")
        #expect(try FileManager.default.contentsOfDirectory(atPath: instance.rootsOwn) == [])
    }

    @Test func `The nbconvert command of common guides works with galley in its place`() async throws {
        try instance.write([whoami, "6 * 7"], kernel: "python3")
        let run = try await script(
            "on-start-nbconvert.sh",
            [
                "NOTEBOOK_FILE": instance.notebooks.path + "/report.ipynb", "ANACONDA": instance.home + "/anaconda3",
                "GALLEY_FOLDER": (GalleyProgram.path as NSString).deletingLastPathComponent,
            ])
        #expect(run.status == 0)
        #expect(
            try await eventually { try instance.notebooks.notebook("report.ipynb").outputs == [[usersAnswer], ["42"]] })
        #expect(try await eventually { instance.processes.isEmpty })
        #expect(try instance.rights() == "\(instance.user) \(instance.user) 640")
        #expect(instance.notebooks.names == ["report.ipynb"])
    }

    @Test(arguments: ["conda_python3", "conda-env-python3-py", "python3"])
    func `A Conda environment is found by its names, even if it is not registered`(kernel: String) async throws {
        try instance.write([whoami], kernel: kernel)
        let run = try await instance.run(["execute", "--inplace", "report.ipynb"])
        #expect(run.status == 0, "\(run.errors)")
        #expect(try instance.notebooks.notebook("report.ipynb").outputs == [[usersAnswer]])
    }

    @Test func `A run works without environment variables, terminal, standard input and SIGINT`() async throws {
        let surroundings = """
            import locale, os, signal, subprocess, sys
            print(open('é.txt', 'w').write('é'), locale.getpreferredencoding(False), sys.flags.utf8_mode)
            print(subprocess.run(['printf', 'é'], capture_output=True, text=True).stdout, sys.stdin.read() == '')
            print(signal.getsignal(signal.SIGINT) == signal.default_int_handler, os.path.expanduser('~') == os.environ['HOME'])
            """
        try instance.write([surroundings, "input('?')"])
        for (options, user) in [([], instance.user), (["--as-caller"], "root")] {
            let run = try await instance.run(["execute", "--inplace"] + options + ["report.ipynb"])
            #expect(run.status == 1)
            let outputs = try instance.notebooks.notebook("report.ipynb").outputs
            #expect(outputs == [["1 utf-8 1\né True\nTrue True\n"], ["StdinNotImplementedError"]], "as \(user)")
        }
        try instance.write(["import time; time.sleep(1000)"])
        let late = try await instance.run(["execute", "--inplace", "--timeout", "3", "report.ipynb"])
        #expect(late.status == 124)
        #expect(try instance.notebooks.notebook("report.ipynb").outputs == [["KeyboardInterrupt", "TimeLimitReached"]])
    }

    @Test func `The kernel runs as the chosen user, which the report names`() async throws {
        try instance.write(["import os; print(os.getuid())"])
        for (options, user, number) in [
            ([], instance.user, "\(instance.number)"), (["--as-owner"], instance.user, "\(instance.number)"),
            (["--as-caller"], "root", "0"), (["--as-user", instance.user], instance.user, "\(instance.number)"),
        ] {
            let run = try await instance.run(
                ["execute", "--inplace", "--events", instance.path + "/events"] + options + ["report.ipynb"])
            #expect(run.status == 0, "\(run.errors)")
            #expect(try instance.notebooks.notebook("report.ipynb").outputs == [["\(number)\n"]])
            #expect(try instance.rights() == "\(instance.user) \(instance.user) 640")
            let events = try String(contentsOfFile: instance.path + "/events", encoding: .utf8)
            #expect(events.contains(#""user":"\#(user)""#))
        }
        let unknown = try await instance.run(["execute", "--inplace", "--as-user", "nobody-at-all", "report.ipynb"])
        #expect(unknown.status == 4)
        #expect(unknown.errors == "galley: There is no user 'nobody-at-all' on this machine\n")
    }

    @Test func `A notebook of a numeric user runs as that number, with a temporary home`() async throws {
        let cell = """
            import os, stat
            home = os.environ['HOME']
            print(os.getuid(), os.getgroups(), os.stat(home).st_uid, oct(os.stat(home).st_mode & 0o777), home)
            """
        try instance.write([cell], kernel: "python3")
        chown(instance.notebooks.path + "/report.ipynb", 54321, 54322)
        let environment = instance.home + "/anaconda3/envs/python3"
        let run = try await instance.run(["execute", "--inplace", "--kernel", environment, "report.ipynb"])
        #expect(run.status == 0, "\(run.errors)")
        let words = try #require(try instance.notebooks.notebook("report.ipynb").outputs.first?.first).split(
            separator: " ")
        #expect(words.dropLast() == ["54321", "[54322]", "54321", "0o700"])
        #expect(!FileManager.default.fileExists(atPath: words.last?.trimmingCharacters(in: .newlines) ?? "/"))
        #expect(try instance.rights() == "54321 54322 640")
    }

    @Test func `A kernel that the owner cannot reach is refused, with the option that helps`() async throws {
        let environment = instance.rootsOwn + "/env"
        try NotebookInstance.copyEnvironment(to: environment)
        try instance.write(["import os; print(os.getuid())"])
        let before = try instance.notebooks.text("report.ipynb")
        for options in [[], ["--as-owner"]] {
            let run = try await instance.run(
                ["execute", "--inplace"] + options + ["--kernel", environment, "report.ipynb"])
            #expect(run.status == 4)
            #expect(run.errors.contains("cannot run as \(instance.user), who has no access to \(environment)"))
            #expect(run.errors.hasSuffix("or another user: --as-caller\n"), "\(run.errors)")
            #expect(try instance.notebooks.text("report.ipynb") == before)
        }
        let caller = try await instance.run(
            ["execute", "--inplace", "--as-caller", "--kernel", environment, "report.ipynb"])
        #expect(caller.status == 0)
        #expect(
            caller.errors.hasPrefix(
                "galley: report.ipynb: the kernel runs with root's rights, as requested; the notebook belongs to \(instance.user)\n"
            ))
        #expect(try instance.notebooks.notebook("report.ipynb").outputs == [["0\n"]])
        #expect(try instance.rights() == "\(instance.user) \(instance.user) 640")
    }

    @Test func `A kernel that only root can read is not started with root's rights`() async throws {
        let folder = instance.home + "/.local/share/jupyter/kernels/mine"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let python = instance.rootsOwn + "/python"
        try FileManager.default.createSymbolicLink(atPath: python, withDestinationPath: "/usr/bin/python3")
        try
            #"{"argv": ["\#(python)", "-m", "ipykernel_launcher", "-f", "{connection_file}"], "display_name": "x", "language": "python"}"#
            .write(toFile: folder + "/kernel.json", atomically: false, encoding: .utf8)
        try instance.write(["import os; print(os.getuid())"], kernel: "mine")
        let run = try await instance.run(["execute", "--inplace", "report.ipynb"])
        #expect(run.status == 4)
        #expect(run.errors.contains("cannot run as \(instance.user), who has no access to \(python)"), "\(run.errors)")
        // One that only root has is not found.
        try instance.write(["1"], kernel: "roots")
        try FileManager.default.createDirectory(
            atPath: instance.rootsOwn + "/kernels/roots", withIntermediateDirectories: true)
        try FileManager.default.copyItem(
            atPath: folder + "/kernel.json", toPath: instance.rootsOwn + "/kernels/roots/kernel.json")
        let roots = try await instance.run(
            ["execute", "--inplace", "report.ipynb"], ["JUPYTER_PATH": instance.rootsOwn])
        #expect(roots.status == 4 && roots.errors.contains("Kernel 'roots' not found"), "\(roots.errors)")
    }

    @Test func `A notebook of one user among the files of another runs as its owner, or is refused`() async throws {
        let environment = instance.home + "/anaconda3/envs/python3"
        for (owner, options, status, output) in [
            (54321, [], 0, ["54321\n"]), (0, [], 4, ["old\n"]), (0, ["--as-caller"], 0, ["0\n"]),
            (54321, ["--as-user", instance.user], 3, ["old\n"]),
        ] {
            try instance.write(["import os; print(os.getuid())"])
            chown(instance.notebooks.path + "/report.ipynb", uid_t(owner), gid_t(owner))
            let run = try await instance.run(
                ["execute", "--inplace", "--kernel", environment] + options + ["report.ipynb"])
            #expect(run.status == status, "\(run.errors)")
            #expect(try instance.notebooks.notebook("report.ipynb").outputs == [output])
            let name = owner == 0 ? "root" : "\(owner)"
            #expect(try instance.rights() == "\(name) \(name) 640")
            if status == 4 {
                #expect(run.errors.hasSuffix("choose root's rights: --as-user NAME, --as-caller\n"), "\(run.errors)")
            }
        }
        // The link leads from the user's folder to root's.
        try instance.notebooks.write(["1"], to: "../../roots-own/a.ipynb")
        let line =
            "cd .. && exec '\(GalleyProgram.path)' execute --kernel '\(environment)' --log ../roots-own/log ../roots-own/a.ipynb"
        let out = try await instance.run(["-c", line], program: "/bin/sh")
        #expect(out.status == 0, "\(out.errors)")
        let names = try FileManager.default.contentsOfDirectory(atPath: instance.rootsOwn).sorted()
        #expect(names == ["a.executed.ipynb", "a.ipynb", "log"])
    }

    @Test func `All created files belong to the owner`() async throws {
        let own = "\(instance.user) \(instance.user)"
        // The result goes beside the notebook, and into a new folder.
        try instance.write(["6 * 7"])
        #expect(try await instance.run(["execute", "report.ipynb"]).status == 0)
        #expect(try instance.rights("report.executed.ipynb") == own + " 640")
        #expect(try await instance.run(["execute", "--output-dir", "new/out", "report.ipynb"]).status == 0)
        #expect(try instance.rights("new/out/report.ipynb") == own + " 640")
        #expect(try instance.rights("new") == own + " 755")
        // The result goes where root says, even if the owner cannot write there.
        #expect(
            try await instance.run(["execute", "--output-dir", instance.rootsOwn + "/o", "report.ipynb"]).status == 0)
        #expect(try instance.rights(instance.rootsOwn + "/o/report.ipynb") == own + " 640")
        // Another program has changed the notebook meanwhile.
        try instance.write(["open('report.ipynb', 'a').write('\\\\n')"])
        #expect(try await instance.run(["execute", "--inplace", "report.ipynb"]).status == 0)
        #expect(try instance.rights("report.galley-conflict.ipynb") == own + " 640")
        // The disk has no room for the result.
        try instance.write(["print('x' * 30_000_000)"])
        let full = try await instance.run(["execute", "--inplace", "report.ipynb"])
        if full.status == 3 {
            let rescue = try #require(full.errors.firstMatch(of: /The result is in (\S+)/)).1
            let folder = (String(rescue) as NSString).deletingLastPathComponent
            let rights = try [folder, String(rescue)].map { try instance.rights($0) }
            #expect(rights == [own + " 700", own + " 600"])
            try FileManager.default.removeItem(atPath: (String(rescue) as NSString).deletingLastPathComponent)
        }
    }

    @Test func `The owner's notebook cannot use root's rights`() async throws {
        let secret = instance.rootsOwn + "/secret"
        try "secret".write(toFile: secret, atomically: false, encoding: .utf8)
        // One link replaces the notebook, another one the log.
        let cell = """
            import os
            os.rename('report.ipynb', 'old.ipynb')
            os.symlink('\(secret)', 'report.ipynb')
            try: print(open('/proc/%d/environ' % os.getppid()).read())
            except PermissionError: print('refused')
            """
        try instance.write([cell])
        let run = try await instance.run(["execute", "--inplace", "report.ipynb"])
        #expect(run.status == 3)
        let rescue = try #require(run.errors.firstMatch(of: /The result is in (\S+)/)).1
        #expect(try RunNotebook(Data(contentsOf: URL(fileURLWithPath: String(rescue)))).outputs == [["refused\n"]])
        try FileManager.default.removeItem(atPath: (String(rescue) as NSString).deletingLastPathComponent)
        #expect(try String(contentsOfFile: secret, encoding: .utf8) == "secret")

    }

    @Test(
        arguments: [
            ("ln -s ROOTS/secret x", ["--log", "x"]), ("ln -s ROOTS/secret x", ["--status", "x"]),
            ("ln -s ROOTS/secret x", ["--events", "x"]),
            ("ln -s ROOTS/secret x", ["--detach", "--log", "x"]),
            ("ln -s ROOTS/secret x", ["--output", "x"]), ("ln -s ROOTS x", ["--log", "x/secret"]),
            ("ln -s ROOTS x", ["--log", "x/new"]), ("ln -s ROOTS x", ["--status", "x/new"]),
            ("ln -s ROOTS x", ["--output-dir", "x/new"]), ("ln -s ROOTS x", ["--output", "x/new"]),
            // A folder that its owner may not enter is refused, and a link to root's notebook too.
            ("chmod 000 .", []), ("mv report.ipynb ..; ln -s ROOTS/roots.ipynb report.ipynb", ["--inplace"]),
        ] as [(String, [String])])
    func `Links of the owner lead only where the owner may go`(
        command: String, options: [String]
    ) async throws {
        try instance.write(["import os\nif os.getuid() == 0: open('\(instance.rootsOwn)/seen', 'w')"])
        try FileManager.default.copyItem(
            atPath: instance.notebooks.path + "/report.ipynb", toPath: instance.rootsOwn + "/roots.ipynb")
        chown(instance.rootsOwn + "/roots.ipynb", 0, 0)
        try "secret".write(toFile: instance.rootsOwn + "/secret", atomically: false, encoding: .utf8)
        _ = try await instance.asUser(command.replacing("ROOTS", with: instance.rootsOwn))
        let run = try await instance.run(["execute"] + options + ["report.ipynb"])
        #expect(run.status == 3, "\(run.errors)")
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: instance.rootsOwn).sorted() == [
                "roots.ipynb", "secret",
            ])
        #expect(try String(contentsOfFile: instance.rootsOwn + "/secret", encoding: .utf8) == "secret")
    }

    @Test func `A profile that never ends is abandoned at the time limit of the run`() async throws {
        try "exec sleep 1000\n".write(toFile: instance.home + "/.profile", atomically: false, encoding: .utf8)
        try instance.write(["1"])
        let run = try await instance.run(["execute", "--inplace", "--total-timeout", "2s", "report.ipynb"])
        #expect(run.status == 124)
        #expect(run.errors.contains("the limit of 2 s for the whole run was reached before the first cell"))
        #expect(!run.errors.contains("login shell"))
        #expect(try await eventually { instance.processes.isEmpty })
    }

    @Test func `A kernel of another user ends when Galley is killed`() async throws {
        try instance.write(["import os, subprocess\nopen('begun', 'w').close()\nsubprocess.run(['sleep', '1000'])"])
        let run = try await instance.run(["execute", "--inplace", "--detach", "--quiet", "report.ipynb"])
        #expect(try await eventually { instance.notebooks.names.contains("begun") })
        let id = run.output.trimmingCharacters(in: .whitespacesAndNewlines)
        let file = "/var/tmp/galley-runs-0/\(id).json"
        // The log is private to the user and root.
        #expect(try instance.rights(file) == "root \(instance.user) 640")
        let status = try RunStatusDocument(String(contentsOfFile: file, encoding: .utf8))
        let engine = try #require(children(of: status.process).first)
        kill(pid_t(engine), SIGKILL)
        let wait = try await instance.run(["wait", id])
        #expect(wait.status == 137)
        #expect(wait.errors.hasSuffix("report.ipynb: galley was ended by SIGKILL\n"))
        #expect(try await eventually { instance.processes.isEmpty })
        #expect(try await eventually { try remains(of: engine).isEmpty })
    }

    /// Returns the temporary files of a process.
    private func remains(of process: Int) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: "/tmp").filter { $0.hasPrefix("galley-\(process)-") }
    }
}

/// Returns the children of a process.
func children(of process: Int) -> [Int] {
    let text = try? String(contentsOfFile: "/proc/\(process)/task/\(process)/children", encoding: .utf8)
    return (text ?? "").split(separator: " ").compactMap { Int($0.trimmingCharacters(in: .whitespacesAndNewlines)) }
}
