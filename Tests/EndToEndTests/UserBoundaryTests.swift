import Foundation
import GalleyTestSupport
import Testing

/// Users without accounts on any machine.
private let (number, otherNumber): (uid_t, uid_t) = (54_321, 54_322)

/// A cell that creates a file, and prints its user.
private let trace = "import os\nopen('ran', 'w').close()\nprint(os.getuid())"

/// Names, pipes and links that mislead root.
@Suite(.serialized, .root("only root can run notebooks for other users"))
struct `The boundary between users` {
    private let instance: NotebookInstance

    init() async throws {
        instance = try await NotebookInstance.make()
        try instance.plantCanary()
    }

    private var kernel: [String] { instance.kernel }

    /// Writes a notebook that belongs to a user into a folder.
    private func write(
        _ sources: [String], to name: String = "a.ipynb", in folder: TemporaryFolder, of user: uid_t,
        mode: mode_t = 0o640
    ) throws {
        try folder.write(sources, to: name)
        chown(folder.path + "/" + name, user, user)
        chmod(folder.path + "/" + name, mode)
    }

    private func link(_ path: String, to target: String, of user: uid_t) {
        symlink(target, path)
        lchown(path, user, user)
    }

    // MARK: Names

    @Test func `A name that begins with a combining mark does not hide a folder's owner`() async throws {
        let (home, name) = (TemporaryFolder(owning: instance.home), "\u{301}x.ipynb")
        let planted = instance.rootsOwn + "/planted.ipynb"
        for (options, result) in [(["--inplace"], name), ([], "\u{301}x.executed.ipynb")] {
            let cell = "import os\nif os.path.exists('\(result)'): os.remove('\(result)')\n"
            for target in [planted, instance.rootsOwn] {
                let what = target == planted ? instance.home : instance.home + "/" + name
                try write([cell + "os.symlink('\(target)', '\(result)')"], to: name, in: home, of: instance.number)
                let run = try await instance.run(["execute"] + options + kernel + [what])
                #expect(run.status != 0, "\(run.errors)")
                try instance.checkCanary()
                unlink(home.path + "/" + result)
            }
        }
        // A link with such a name to root's private notebook.
        let roots = TemporaryFolder(owning: instance.rootsOwn)
        try roots.write([trace + " # canary-of-root"], to: "private.ipynb")
        chmod(roots.path + "/private.ipynb", 0o600)
        let before = try roots.text("private.ipynb")
        link(instance.home + "/\u{301}y.ipynb", to: roots.path + "/private.ipynb", of: instance.number)
        for options in [["--inplace"], ["--stdout"], ["--inplace", "--json", instance.notebooks.path + "/j"]] {
            let run = try await instance.run(["execute"] + options + kernel + [instance.home + "/\u{301}y.ipynb"])
            #expect(run.status == 3 && !(run.output + run.errors).contains("canary"), "\(run.errors)")
        }
        #expect(try roots.text("private.ipynb") == before && roots.names == ["private.ipynb", "secret"])
        #expect(try await instance.asUser("grep -rlsI canary-of-root .. --exclude-dir=envs || true") == "")
    }

    @Test func `Names that are equivalent in Unicode stay separate`() async throws {
        let names = ["\u{E9}.ipynb", "e\u{301}.ipynb"]
        let out = try instance.folder("out", mode: 0o755)
        for name in names {
            try write(["print(\(name.utf8.count))"], to: name, in: instance.notebooks, of: instance.number)
        }
        let run = try await instance.run(
            ["execute", "--output-dir", out.path] + kernel + [instance.notebooks.path])
        #expect(run.status == 0, "\(run.errors)")
        for name in names {
            #expect(try out.notebook(name).outputs == [["\(name.utf8.count)\n"]])
            #expect(try instance.notebooks.notebook(name).outputs == [["old\n"]])
        }
        // In root's folder, each notebook keeps its owner and its own outputs.
        let shared = try instance.folder("shared", mode: 0o755)
        let owners = [instance.number, number]
        for (name, owner) in zip(names, owners) {
            try write(["import os; print(os.getuid())"], to: name, in: shared, of: owner)
        }
        let both = try await instance.run(["execute", "--inplace"] + kernel + names.map { shared.path + "/" + $0 })
        #expect(both.status == 0, "\(both.errors)")
        for (name, owner) in zip(names, owners) {
            #expect(try shared.notebook(name).outputs == [["\(owner)\n"]])
            var found = stat()
            #expect(stat(shared.path + "/" + name, &found) == 0 && found.st_uid == owner)
        }
    }

    @Test func `Root reports nothing that it finds in a user's folder`() async throws {
        var seen: [String] = []
        for target in ["secret", "missing"] {
            try instance.write([trace], to: "x.executed.ipynb")
            link(instance.notebooks.path + "/x.ipynb", to: instance.rootsOwn + "/" + target, of: instance.number)
            for what in [instance.notebooks.path, "*.ipynb", "x.*"] {
                let run = try await instance.run(["execute", "--inplace"] + kernel + [what])
                let isRun = instance.notebooks.names.contains("ran")
                #expect(!isRun && run.status == 3, "\(run.errors)")
                seen.append("\(what) \(run.status) \(isRun)")
            }
            unlink(instance.notebooks.path + "/x.ipynb")
        }
        #expect(Array(seen.prefix(3)) == Array(seen.suffix(3)))
    }

    // MARK: Standard input

    @Test func `The owner of a notebook in a pipe is the user who made the pipe`() async throws {
        try instance.write(["import os; print(os.getuid())"], mode: 0o644)
        _ = try await instance.asUser("mkfifo -m 600 own; mkfifo -m 666 anybodys")
        for (pipe, status) in [("own", 0), ("anybodys", 4)] as [(String, Int32)] {
            let writer = try await GalleyProgram.start(
                ["-u", instance.user, "--", "/bin/sh", "-c", "cat report.ipynb >\(pipe)"],
                program: "/usr/sbin/runuser", in: instance.notebooks)
            let run = try await instance.run(
                ["-c", "exec '\(GalleyProgram.path)' execute --stdout --kernel '\(kernel[1])' - <\(pipe)"],
                program: "/bin/sh")
            _ = try await writer.end()
            #expect(run.status == status, "\(run.errors)")
            if status == 0 {
                #expect(try RunNotebook(Data(run.output.utf8)).outputs == [["\(instance.number)\n"]])
            } else {
                #expect(run.output == "" && run.errors.contains("--as-user NAME"), "\(run.errors)")
            }
        }
        // An anonymous pipe, which the user has created and root inherits.
        let script = """
            import os, sys
            os.setegid(\(instance.number)); os.seteuid(\(instance.number))
            (source, end) = os.pipe()
            os.seteuid(0); os.setegid(0)
            os.write(end, open('report.ipynb', 'rb').read()); os.close(end); os.dup2(source, 0)
            os.set_inheritable(0, True)
            os.execv(sys.argv[1], sys.argv[1:])
            """
        for (script, user) in [(script, instance.number), (script.replacing("\(instance.number)", with: "0"), 0)] {
            let run = try await instance.run(
                ["-c", script, GalleyProgram.path, "execute", "--stdout"] + kernel + ["-"], program: "/usr/bin/python3")
            #expect(run.status == 0, "\(run.errors)")
            #expect(try RunNotebook(Data(run.output.utf8)).outputs == [["\(user)\n"]])
        }
    }

    @Test func `A /proc file of a user's process is not taken for root's notebook`() async throws {
        try instance.write([trace], mode: 0o644)
        // The process turns its command line into a notebook; /proc shows it in a file of root, because it is not
        // dumpable.
        let script = """
            import ctypes, sys
            text = open('report.ipynb', 'rb').read()
            begin, end = [int(word) for word in open('/proc/self/stat').read().rsplit(')', 1)[1].split()[45:47]]
            ctypes.memmove(begin, text + b' ' * (end - begin - len(text) - 1), end - begin - 1)
            ctypes.CDLL(None).prctl(4, 0)
            print('ready', flush=True)
            open('shown', 'w').close()
            sys.stdin.read()
            """
        let process = try await GalleyProgram.start(
            ["--reuid", "\(instance.number)", "--clear-groups", "/usr/bin/python3", "-c", script]
                + [String(repeating: "x", count: 8000)],
            program: "/usr/bin/setpriv", in: instance.notebooks, keepsInputOpen: true)
        try #require(try await eventually { instance.notebooks.names.contains("shown") })
        let file = "/proc/\(process.number)/cmdline"
        #expect(try instance.rights(file).hasPrefix("root "))
        let shown = String(decoding: FileManager.default.contents(atPath: file) ?? Data(), as: UTF8.self)
        #expect(shown.contains("nbformat"))
        let run = try await instance.run(
            ["-c", "exec '\(GalleyProgram.path)' execute --stdout --kernel '\(kernel[1])' - <\(file)"],
            program: "/bin/sh")
        #expect(run.status == 4 && run.output == "", "\(run.errors)")
        #expect(!instance.notebooks.names.contains("ran"))
        _ = try await process.endInput()
    }

    @Test(arguments: ["600", "666"])
    func `A list of names from a user's pipe does not get root's rights`(mode: String) async throws {
        let roots = TemporaryFolder(owning: instance.rootsOwn)
        try roots.write([trace])
        _ = try await instance.asUser("mkfifo -m \(mode) names")
        let writer = try await GalleyProgram.start(
            ["-u", instance.user, "--", "/bin/sh", "-c", "echo '\(roots.path)/a.ipynb' >names"],
            program: "/usr/sbin/runuser", in: instance.notebooks)
        let run = try await instance.run(
            ["-c", "exec '\(GalleyProgram.path)' execute --inplace --kernel '\(kernel[1])' @- <names"],
            program: "/bin/sh")
        _ = try await writer.end()
        #expect(run.status == 2 && run.errors.hasPrefix("galley: @-: "), "\(run.errors)")
        #expect(try roots.notebook().outputs == [["old\n"]])
    }

    // MARK: Links and exchanged files

    @Test func `A notebook that is replaced does not run as another user than the named one`() async throws {
        let shared = try instance.folder("shared", mode: 0o2775)
        chown(shared.path, 0, instance.number)
        chmod(shared.path, 0o2775)
        // The first notebook waits, so that the second one is read after its replacement.
        let cell = "open('begun', 'w').close()\n" + waiting(for: "go")
        try write([cell], in: shared, of: instance.number)
        try write(["1"], to: "b.ipynb", in: shared, of: instance.number)
        try write([trace], to: "c.ipynb", in: shared, of: instance.number)
        let run = try await GalleyProgram.start(
            ["execute", "--inplace", "--jobs", "1", "--as-user", instance.user] + kernel
                + ["a.ipynb", "b.ipynb"], environment: NotebookInstance.environment, in: shared)
        try #require(try await eventually { shared.names.contains("begun") })
        try #require(rename(shared.path + "/c.ipynb", shared.path + "/b.ipynb") == 0)
        try shared.write("", to: "go")
        let end = try await run.end()
        #expect(end.status == 3 && end.errors.contains("is no longer the file that root checked"), "\(end.errors)")
        #expect(!shared.names.contains("ran"))
        #expect(try shared.notebook("b.ipynb").outputs == [["old\n"]])
    }

    @Test func `A link that is moved beside a notebook does not lead to another user's file`() async throws {
        let sticky = try instance.folder("sticky", mode: 0o1777)
        try write([trace], to: "target.ipynb", in: sticky, of: number, mode: 0o666)
        link(sticky.path + "/link.ipynb", to: "target.ipynb", of: instance.number)
        for options in [[], ["--as-user", instance.user]] {
            let run = try await instance.run(
                ["execute", "--stdout"] + options + kernel + [sticky.path + "/link.ipynb"])
            #expect(run.status == 3 && run.errors.contains("leads to a file of user \(number)"), "\(run.errors)")
            #expect(run.output == "" && !sticky.names.contains("ran"))
        }
    }

    @Test func `Output is not written through links of a third user`() async throws {
        try instance.write(["1"])
        let sticky = try instance.folder("sticky", mode: 0o1777)
        let options = [("--output", "o.ipynb"), ("--status", "s"), ("--html", "h"), ("--junit", "j"), ("--log", "l")]
        for (option, name) in options {
            try instance.notebooks.write("precious", to: name)
            chown(instance.notebooks.path + "/" + name, instance.number, instance.number)
            link(sticky.path + "/" + name, to: instance.notebooks.path + "/" + name, of: number)
            let run = try await instance.run(
                ["execute", option, sticky.path + "/" + name] + kernel + ["report.ipynb"])
            #expect(run.status != 0, "\(option)")
            #expect(try instance.notebooks.text(name) == "precious", "\(option)")
        }
    }

    @Test(arguments: ["--events", "--log"])
    func `A log with lines about several users is not given to one of them`(option: String) async throws {
        try instance.write([trace])
        try write([trace], to: "other.ipynb", in: instance.notebooks, of: number)
        let run = try await instance.run(
            ["execute", "--inplace", option, "lines"] + kernel + ["report.ipynb", "other.ipynb"])
        #expect(run.status == 2 && run.errors.contains("run them one owner at a time"), "\(run.errors)")
        #expect(!instance.notebooks.names.contains("ran") && !instance.notebooks.names.contains("lines"))
    }

    // MARK: Results

    @Test func `A private result is not written into another user's file`() async throws {
        let sticky = try instance.folder("sticky", mode: 0o1777)
        func premake(_ name: String, in folder: TemporaryFolder, of user: uid_t) throws {
            try folder.write("{}", to: name)
            chown(folder.path + "/" + name, user, user)
            chmod(folder.path + "/" + name, 0o666)
        }
        let work = try instance.folder("work", mode: 0o777)
        let refusal = "who is not the owner of the notebook and could read the result"
        // Root's notebook, with results beside it and in root's folder.
        try write([trace], to: "r.ipynb", in: sticky, of: 0, mode: 0o600)
        try premake("r.executed.ipynb", in: sticky, of: number)
        let out = try instance.folder("out", mode: 0o755)
        try premake("r.ipynb", in: out, of: number)
        for options in [[], ["--output-dir", out.path]] {
            let run = try await instance.run(
                ["execute", "--cwd", work.path] + options + kernel + [sticky.path + "/r.ipynb"])
            #expect(run.status == 3 && run.errors.contains(refusal), "\(run.errors)")
        }
        #expect(try sticky.text("r.executed.ipynb") == "{}" && out.text("r.ipynb") == "{}")
        // A user's notebook, whose result may be public if the notebook is.
        try premake("p.executed.ipynb", in: sticky, of: number)
        for (mode, status) in [(0o640, 3), (0o644, 0)] as [(mode_t, Int32)] {
            #expect(work.names == [])
            try write([trace], to: "p.ipynb", in: sticky, of: instance.number, mode: mode)
            let run = try await instance.run(
                [
                    "-u", instance.user, "--", GalleyProgram.path, "execute", "--cwd", work.path, "--kernel", kernel[1],
                    sticky.path + "/p.ipynb",
                ], program: "/usr/sbin/runuser")
            #expect(run.status == status && run.errors.contains(refusal) == (status == 3), "\(run.errors)")
            #expect(try (sticky.text("p.executed.ipynb") == "{}") == (status == 3))
        }
        #expect(work.names == ["ran"])
    }
}
