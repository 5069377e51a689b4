import Foundation
import GalleyTestSupport
import Testing

/// Root's use of its rights for notebooks of another user.
@Suite(.serialized, .root("only root can run notebooks for other users"))
struct `Root's rights` {
    private let instance: NotebookInstance
    private let secret: String

    init() async throws {
        instance = try await NotebookInstance.make()
        secret = try instance.plantCanary()
    }

    /// Returns the files that contain root's secret and that the user can read.
    private func leaks() async throws -> String {
        try await instance.asUser("grep -rlsI canary-of-root .. --exclude-dir=envs --exclude=swaps.py || true")
    }

    @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/strace"), "this takes strace"))
    func `Root opens, changes and runs no files of the user`() async throws {
        try instance.write(["print('out')", "6 * 7"])
        _ = try await instance.asUser("mkdir logs; mkfifo logs/e")
        let reader = try await GalleyProgram.start(
            ["-u", instance.user, "--", "/bin/cat", "logs/e"], program: "/usr/sbin/runuser", in: instance.notebooks)
        let trace = instance.path + "/trace"
        let run = try await instance.run(
            [
                "-f", "-o", trace, "-s", "4096", "-e", "trace=%file,%process,setresuid,connect", GalleyProgram.path,
                "execute",
                "--output-dir", "out", "--log", "logs/l", "--status", "logs/s", "--events", "logs/e", "--junit",
                "logs/j", "--html", "logs/h", "--then", "true", "report.ipynb",
            ], program: "/usr/bin/strace")
        #expect(run.status == 0, "\(run.errors)")
        #expect(try await reader.end().output.contains("run-finished"))
        let calls = try SystemCallTrace(trace).callsOfRoot
        // The process has looked at the path; otherwise the test proves nothing.
        #expect(calls.contains { $0.contains("openat(") && $0.contains("\"report.ipynb\"") })
        let names = [instance.home, "\"report.ipynb", "\"out", "\"logs"]
        let calling = calls.filter { call in
            names.contains(where: call.contains) && !SystemCallTrace.isHarmless(call)
                && !call.hasPrefix("execve(\"\(GalleyProgram.path)")
        }
        #expect(calling == [])
        try FileManager.default.removeItem(atPath: trace)
        try instance.checkCanary()
    }

    @Test(.timeLimit(.minutes(15)))
    func `Root's rights are not gained by exchanging files of the command line`() async throws {
        try instance.write(["print('out')"])
        try instance.write(["print('other')"], to: "other.ipynb")
        let kernels = instance.home + "/.local/share/jupyter/kernels"
        let conda = instance.home + "/.conda/environments.txt"
        _ = try await instance.asUser(
            """
            mkdir -p \(kernels)/own ../.conda logs
            printf 'report.ipynb\\n' >list
            printf '%s\\n' \(instance.home)/anaconda3/envs/python3 >\(conda)
            echo '{"argv": ["python"], "display_name": "x", "language": "python"}' >\(kernels)/own/kernel.json
            """)
        let names = ["report.ipynb", "list", "logs/l", "logs/s", "logs/e", "logs/j", "out", "report.executed.ipynb"]
        let paths = names.map { instance.notebooks.path + "/" + $0 } + [conda, kernels + "/own/kernel.json"]
        try FileManager.default.copyItem(
            atPath: Repository.root + "/Tests/Fixtures/swaps.py", toPath: instance.path + "/swaps.py")
        let swaps = try await GalleyProgram.start(
            [
                "-u", instance.user, "--", "/usr/bin/python3", instance.path + "/swaps.py", instance.rootsOwn, secret,
                instance.notebooks.path + "/other.ipynb",
            ] + paths, program: "/usr/sbin/runuser", environment: ["PATH": "/usr/bin:/bin"], in: instance.notebooks,
            keepsInputOpen: true)
        // One bad notebook at a time: with several, nothing runs.
        let told = [["--log", "logs/l"], ["--status", "logs/s"], ["--events", "logs/e"], ["--junit", "logs/j"]]
        var statuses: [Int32: Int] = [:]
        var round = 0
        while round < 60 || (try? instance.notebooks.text("count")).flatMap({ Int($0) }) ?? 0 < 1000 {
            round += 1
            let what = [
                ["--inplace", "report.ipynb"], ["report.ipynb"], ["--output-dir", "out", "@list"],
                ["--inplace", "--kernel", "own", "report.ipynb"], ["--output-dir", "out", "."],
            ][round % 5]
            let run = try await instance.run(
                ["execute", "--total-timeout", "10s", "--grace", "1s"] + told[round % 4] + what)
            statuses[run.status, default: 0] += 1
            // Every run ends with a status that the article ExitStatuses names.
            #expect([0, 2, 3, 4, 5, 124].contains(run.status), "\(what) \(run.errors)")
            #expect(!(run.output + run.errors).contains("canary-of-root"))
        }
        let count = try #require(Int(try await swaps.endInput().output.trimmingCharacters(in: .whitespacesAndNewlines)))
        #expect(count >= 1000)
        try FileManager.default.removeItem(atPath: instance.path + "/swaps.py")
        try instance.checkCanary()
        #expect(try await leaks() == "")
        #expect(statuses[0, default: 0] > 0, "\(statuses)")
        #expect(try await eventually { instance.processes.isEmpty })
        let own = try await instance.asUser(
            "find .. -user root ! -path '*/envs/*' ! -name bin ! -name activate ! -name deactivate ! -name envs ! -name anaconda3"
        )
        #expect(own == "", "root has made files among the user's")
    }

    @Test func `Root does not read a list through a link of the user`() async throws {
        try instance.write(["1"])
        _ = try await instance.asUser("ln -s '\(secret)' list; mkfifo pipe")
        _ = try await instance.asUser("echo ../../roots-own/a.ipynb >names")
        let named = try await instance.run(
            ["-c", "exec '\(GalleyProgram.path)' execute @- <names"], program: "/bin/sh")
        #expect(named.status == 2 && named.errors.contains("comes from a file of another user"), "\(named.errors)")
        for list in ["@list", "@pipe"] {
            let run = try await instance.run(["execute", "--junit", "j", list])
            #expect(run.status == 2 && !run.errors.contains("canary"), "\(run.errors)")
        }
        try instance.checkCanary()
        #expect(try await leaks() == "")
    }

    @Test func `A notebook is refused if root cannot become the user`() async throws {
        try instance.write(["open('ran', 'w').close()"])
        let run = try await instance.run(
            ["--bounding-set", "-setuid", GalleyProgram.path, "execute", "--inplace", "report.ipynb"],
            program: "/usr/bin/setpriv")
        #expect(run.status == 4)
        #expect(run.errors.contains("root cannot become \(instance.user)"), "\(run.errors)")
        #expect(run.errors.contains("use --as-caller") && !instance.notebooks.names.contains("ran"))
    }

    @Test func `A kernel cannot reach root's keys and terminal`() async throws {
        // keyctl operations: 0 gets the ID of a keyring, 8 clears it, 10 searches it; -3 is the session keyring.
        let call = "import ctypes\nkeyctl = lambda *a: ctypes.CDLL(None, use_errno=True).syscall(250, *a)\n"
        try instance.write([
            call + "print(keyctl(10, -3, b'user', b'galley-canary', 0), ctypes.get_errno() in (126, 1, 38))",
            "import os\nos.open('/dev/tty', os.O_RDWR)",
        ])
        let script =
            call + """
                import os, sys
                keyctl(1, None)
                libc = ctypes.CDLL(None)
                libc.syscall(248, b'user', b'galley-canary', b'secret', 6, -3)
                os.execv(sys.argv[1], sys.argv[1:])
                """
        let run = try await instance.run(
            ["-c", script, GalleyProgram.path, "execute", "--inplace", "report.ipynb"], program: "/usr/bin/python3")
        #expect(run.status == 1)
        #expect(try instance.notebooks.notebook("report.ipynb").outputs == [["-1 True\n"], ["OSError"]])
    }

    @Test func `A batch of several owners has a process for each owner`() async throws {
        let other = try await NotebookInstance.make()
        let cell = ["import os, pwd; print(pwd.getpwuid(os.getuid()).pw_name)"]
        try instance.write(cell)
        try other.write(cell)
        // A pipe in one owner's search for kernels does not hold up the other owner.
        _ = try await other.asUser("mkdir ../.conda; mkfifo ../.conda/environments.txt")
        let paths = [instance, other].map { $0.notebooks.path + "/report.ipynb" }
        let then = instance.path + "/then"
        let run = try await instance.run(
            [
                "execute", "--inplace", "--log", instance.path + "/log", "--then",
                "echo $GALLEY_STATUS $(id -un) >'\(then)'",
            ]
                + paths)
        #expect(run.status == 0, "\(run.errors)")
        #expect(try instance.notebooks.notebook("report.ipynb").outputs == [[instance.user + "\n"]])
        #expect(try other.notebooks.notebook("report.ipynb").outputs == [[other.user + "\n"]])
        #expect(try String(contentsOfFile: then, encoding: .utf8) == "succeeded root\n")
        let log = try String(contentsOfFile: instance.path + "/log", encoding: .utf8)
        #expect(paths.allSatisfy { log.contains($0) })
        let report = try await instance.run(["execute", "--inplace", "--junit", instance.path + "/j"] + paths)
        #expect(report.status == 2)
        #expect(report.errors.contains("run them one owner at a time"), "\(report.errors)")
    }

    @Test func `Root refuses a working folder that the user can move`() async throws {
        try FileManager.default.createDirectory(
            atPath: instance.notebooks.path + "/roots", withIntermediateDirectories: false)
        let folder = TemporaryFolder(owning: instance.notebooks.path + "/roots")
        try folder.write(["open('ran', 'w').close()"])
        for (command, status) in [("execute --inplace a.ipynb", 4), ("clean --inplace a.ipynb", 3)] {
            let run = try await instance.run(
                ["-c", "cd roots && exec '\(GalleyProgram.path)' \(command)"], program: "/bin/sh")
            #expect(run.status == status, "\(run.errors)")
        }
        #expect(folder.names == ["a.ipynb"])
    }

    @Test func `Root refuses a path that cannot be resolved`() async throws {
        try instance.write(["1"])
        let before = try instance.notebooks.text("report.ipynb")
        for (arguments, status) in [
            (["execute", "--inplace", "report.ipynb/a.ipynb"], 3), (["clean", "--inplace", "report.ipynb/a.ipynb"], 3),
            (["execute", "@report.ipynb/list"], 2),
        ] {
            let run = try await instance.run(arguments)
            #expect(run.status == status, "\(run.errors)")
        }
        #expect(try instance.notebooks.text("report.ipynb") == before)
    }

    @Test func `A killed user process makes root write no file among the user's`() async throws {
        try instance.write([
            "import os, signal\nos.remove('log')\nguard = os.getppid()\n"
                + "for _ in range(5):\n"
                + "    text = open(f'/proc/{guard}/stat').read()\n"
                + "    guard = int(text[text.rindex(')') + 4:].split()[0])\n"
                + "    if open(f'/proc/{guard}/comm').read().strip() == 'galley': break\n"
                + "os.kill(guard, signal.SIGKILL)\n" + waiting(for: "never")
        ])
        let run = try await instance.run(["execute", "--inplace", "--log", "log", "report.ipynb"])
        #expect(run.status == 137, "\(run.errors)")
        #expect(!instance.notebooks.names.contains("log"))
        #expect(try await eventually { instance.processes.isEmpty })
    }

    @Test func `galley clean works as the owner of a notebook`() async throws {
        try instance.write(["1"])
        let run = try await instance.run(["clean", "--inplace", "report.ipynb"])
        #expect(run.status == 0 && run.errors == "")
        #expect(try instance.notebooks.notebook("report.ipynb").outputs == [[]])
        #expect(try instance.rights() == "\(instance.user) \(instance.user) 640")
        _ = try await instance.asUser("mv report.ipynb ..; ln -s '\(secret)' report.ipynb")
        let link = try await instance.run(["clean", "--inplace", "report.ipynb"])
        #expect(link.status == 3 && !link.errors.contains("canary"), "\(link.errors)")
        try instance.checkCanary()
    }

    @Test func `Root writes results and reports where root alone can, and gives the result to the owner`() async throws
    {
        try instance.write(["print('out')"])
        let out = instance.path + "/out/a"
        defer { try? FileManager.default.removeItem(atPath: instance.path + "/out") }
        let files = ["l", "s", "e", "j"].map { instance.path + "/out/\($0)" }
        try FileManager.default.createDirectory(atPath: instance.path + "/out", withIntermediateDirectories: false)
        chmod(instance.path + "/out", 0o700)
        let told = zip(["--log", "--status", "--events", "--junit"], files).flatMap { [$0, $1] }
        let run = try await instance.run(["execute", "--output-dir", out] + told + ["report.ipynb"])
        #expect(run.status == 0, "\(run.errors)")
        #expect(try instance.rights(out + "/report.ipynb") == "\(instance.user) \(instance.user) 640")
        for file in files { #expect(try instance.rights(file).hasPrefix("root "), "\(file)") }
        let text = try String(contentsOfFile: instance.path + "/out/e", encoding: .utf8)
        #expect(text.split(separator: "\n").last?.contains("run-finished") == true)
        #expect(
            try RunStatusDocument(String(contentsOfFile: instance.path + "/out/s", encoding: .utf8)).exit_status == 0)
        // Root's own file of that name stays root's, and does not get the user's cells.
        chown(out + "/report.ipynb", 0, 0)
        let over = try await instance.run(["execute", "--output-dir", out, "report.ipynb"])
        #expect(over.status == 3 && over.errors.contains("belongs to a different user than"), "\(over.errors)")
        // A file that is there belongs to another run.
        let lock = open(instance.path + "/out/e", O_WRONLY | O_CLOEXEC)
        defer { close(lock) }
        try #require(flock(lock, LOCK_EX | LOCK_NB) == 0)
        let late = try await instance.run(["execute", "--events", instance.path + "/out/e", "report.ipynb"])
        #expect(late.status == 3 && late.errors.contains("another run writes to it"), "\(late.errors)")
    }
}

/// The system calls of a program, from strace.
private struct SystemCallTrace {
    /// The calls of processes while they belonged to root.
    private(set) var callsOfRoot: [String] = []

    init(_ path: String) throws {
        let text = try String(decoding: Data(contentsOf: URL(fileURLWithPath: path)), as: UTF8.self)
        var lines: [(process: Substring, call: Substring)] = []
        // strace splits a call during which another process makes one.
        var begun: [Substring: Substring] = [:]
        for line in text.split(separator: "\n") {
            guard let space = line.firstIndex(of: " ") else { continue }
            let process = line[..<space]
            let call = line[space...].drop { $0 == " " }
            if call.hasSuffix(" <unfinished ...>") {
                begun[process] = call.dropLast(" <unfinished ...>".count)
            } else if let rest = call.firstMatch(of: /^<\.\.\. \w+ resumed>(.*)$/)?.1 {
                lines.append((process, (begun.removeValue(forKey: process) ?? "") + rest))
            } else {
                lines.append((process, call))
            }
        }
        lines += begun.map { ($0, $1) }
        // The initial user of each process: a child may run before the call that creates it returns.
        var first: [Substring: Substring] = [:]
        var rounds = 0
        while rounds < 4 {
            rounds += 1
            callsOfRoot = []
            var users = first
            for (process, call) in lines {
                if let child = call.firstMatch(of: /^(<\.\.\. )?(clone3?|v?fork)\b.* = (\d+)$/)?.3 {
                    first[child] = users[process]
                    users[child] = users[child] ?? users[process]
                }
                if let user = call.firstMatch(of: /^setresuid\((\d+), .* = 0$/)?.1 { users[process] = user }
                if users[process] ?? "0" == "0" { callsOfRoot.append(String(call)) }
            }
        }
    }

    /// Whether a call only reads metadata, or resolves a name in an open folder.
    static func isHarmless(_ call: String) -> Bool {
        call.contains(/^(<\.\.\. )?(newfstatat|statx?|lstat|readlink(at)?|access|faccessat2?|getcwd)\b/)
            || call.contains(/^openat\(\d+, "[^"\/]*", [A-Z_|]*O_NOFOLLOW[A-Z_|]*O_PATH/)
    }
}
