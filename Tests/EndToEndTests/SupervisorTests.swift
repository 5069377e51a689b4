import Foundation
import GalleyTestSupport
import Testing

/// Root's supervision of the process of another user.
@Suite(.serialized, .root("only root can run notebooks for other users"))
struct `Root's supervisor` {
    private let instance: NotebookInstance

    init() async throws { instance = try await NotebookInstance.make() }

    private var kernel: [String] { instance.kernel }

    /// Python code that stops the process of the run again and again, while it exists.
    private static let stopping = """
        import os, signal
        def parent(process):
            text = open(f'/proc/{process}/stat').read()
            return int(text[text.rindex(')') + 4:].split()[0])
        engine, process = 0, os.getpid()
        while process > 1:
            status = open(f'/proc/{process}/status').read()
            if status.startswith('Name:\\tgalley\\n') and f'\\nUid:\\t{os.getuid()}\\t' in status: engine = process
            process = parent(process)
        try:
            while True: os.kill(engine, signal.SIGSTOP)
        except ProcessLookupError: pass
        """

    private let told = "galley was ended because a process of its user stopped it again and again"

    @Test(.timeLimit(.minutes(3)))
    func `The supervisor kills a process that its user stops again and again, without a time limit`() async throws {
        try instance.write([Self.stopping])
        let status = instance.rootsOwn + "/status"
        let run = try await instance.run(
            [
                "execute", "--inplace", "--grace", "1s", "--log", instance.rootsOwn + "/log", "--status", status,
                "report.ipynb",
            ])
        // The process may end in order between two stops.
        #expect([137, 143].contains(run.status) && run.errors.contains(told), "\(run.errors)")
        #expect(try String(contentsOfFile: instance.rootsOwn + "/log", encoding: .utf8).contains(told))
        let left = try RunStatusDocument(String(contentsOfFile: status, encoding: .utf8))
        #expect(left.state == "ended" && left.exit_status == Int(run.status))
        #expect(try await eventually { instance.processes.isEmpty })
    }

    @Test(.timeLimit(.minutes(3)))
    func `The supervisor returns to the caller even if the process is stopped before it begins`() async throws {
        try instance.write(["1"])
        try instance.notebooks.write(Self.stopping, to: "stop.py")
        chmod(instance.notebooks.path + "/stop.py", 0o644)
        // The login shell of the user runs before the kernel does.
        _ = try await instance.asUser("echo '/usr/bin/python3 \(instance.notebooks.path)/stop.py' >>../.profile")
        let run = try await instance.run(["execute", "--inplace", "--detach", "--grace", "1s", "report.ipynb"])
        #expect([137, 143].contains(run.status), "\(run.errors)")
        #expect(run.errors.contains(told) || run.errors.contains("ended by SIGTERM"), "\(run.errors)")
        #expect(try await eventually { instance.processes.isEmpty })
    }

    @Test(.timeLimit(.minutes(3)))
    func `The supervisor kills a process that exceeds the time limit, and reports the limit`() async throws {
        try instance.write(["open('begun', 'w').close()\n" + waiting(for: "never")])
        let run = try await GalleyProgram.start(
            ["execute", "--inplace", "--total-timeout", "15s", "--grace", "1s", "report.ipynb"],
            environment: NotebookInstance.environment, in: instance.notebooks)
        // A traced process receives no signal but SIGKILL.
        let hold = """
            import ctypes, errno, os, sys
            trace = ctypes.CDLL(None, use_errno=True).ptrace
            trace.argtypes = [ctypes.c_long] * 4
            held = set()
            # A thread can end, or start another one, before it is held.
            while threads := set(map(int, os.listdir(f'/proc/{sys.argv[1]}/task'))) - held:
                for thread in threads:
                    if trace(0x4206, thread, 0, 0) == 0 and trace(0x4207, thread, 0, 0) == 0:
                        os.waitpid(thread, 0x40000000)
                        held.add(thread)
                    else:
                        assert ctypes.get_errno() == errno.ESRCH, ctypes.get_errno()
            open(sys.argv[2], 'w').close()
            try:
                while True: os.waitpid(-1, 0x40000000)
            except ChildProcessError: pass
            """
        try #require(try await eventually { children(of: Int(run.number)).first.map(isUsers) == true })
        let engine = try #require(children(of: Int(run.number)).first)
        // While it waited for a place, the time limit would pass.
        let holder = try await GalleyProgram.start(
            ["-c", hold, "\(engine)", instance.rootsOwn + "/held"], program: "/usr/bin/python3",
            in: instance.notebooks, gate: GalleyProgram.ConcurrencyLimit(room: 1))
        try #require(
            try await eventually { FileManager.default.fileExists(atPath: instance.rootsOwn + "/held") })
        let end = try await run.end()
        _ = try await holder.end()
        #expect(end.status == 124, "\(end.errors)")
        #expect(end.errors.contains("galley ran for longer than --total-timeout allows"), "\(end.errors)")
    }

    private func isUsers(_ process: Int) -> Bool {
        (try? String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8))?
            .contains("\nUid:\t\(instance.number)\t") == true
    }

    @Test func `The supervisor keeps output of root's commands from the readers of the notebook`() async throws {
        try instance.write(["print('out')"])
        let run = try await instance.run(
            [
                "execute", "--inplace", "--detach", "--then",
                "echo secret-of-root; echo secret-of-root >&2; exit 5", "report.ipynb",
            ])
        #expect(run.status == 0, "\(run.errors)")
        let id = try #require(run.output.split(separator: "\n").first.map(String.init))
        let log = try #require(run.output.split(separator: "\n").first { $0.hasPrefix("log: ") }?.dropFirst(5))
        #expect(try await instance.run(["wait", id]).status == 0)
        let commands = log.dropLast(4) + ".commands.log"
        #expect(try String(contentsOfFile: String(commands), encoding: .utf8).contains("secret-of-root"))
        #expect(try instance.rights(String(commands)) == "root root 600")
        let usual = try String(contentsOfFile: String(log), encoding: .utf8)
        #expect(!usual.contains("secret-of-root") && usual.contains("report.ipynb"), "\(usual)")
        #expect(try instance.rights(String(log)) == "root \(instance.user) 640")
    }

    @Test func `The supervisor gives a number without an account its own group, unless the machine knows that group`()
        async throws
    {
        let shared = TemporaryFolder(owning: instance.path + "/shared")
        try FileManager.default.createDirectory(atPath: shared.path, withIntermediateDirectories: false)
        // The ID of a group that the machine knows, and that is no user's ID.
        let groups = try String(contentsOfFile: "/etc/group", encoding: .utf8).split(separator: "\n")
        let group = try #require(
            groups.compactMap { UInt32($0.split(separator: ":", omittingEmptySubsequences: false)[2]) }
                .first { $0 > 0 && getpwuid($0) == nil })
        try #require(getgrgid(54_321) == nil)
        for (user, expected) in [(54_321, 54_321), (group, 65_534)] {
            try shared.write(["import os; print(os.getuid(), os.getgid(), os.getgroups())"])
            chown(shared.path + "/a.ipynb", user, group)
            let run = try await instance.run(["execute", "--inplace"] + kernel + [shared.path + "/a.ipynb"])
            #expect(run.status == 0, "\(run.errors)")
            #expect(try shared.notebook().outputs == [["\(user) \(expected) [\(expected)]\n"]])
        }
    }

    @Test func `The supervisor keeps a service manager's variables from a user's kernel`() async throws {
        let names = [
            "NOTIFY_SOCKET", "LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES", "CREDENTIALS_DIRECTORY", "JOURNAL_STREAM",
        ]
        try instance.write(["import os; print([name for name in \(names) if name in os.environ], os.environ['KEPT'])"])
        let given = Dictionary(uniqueKeysWithValues: names.map { ($0, "given") })
        let run = try await instance.run(
            ["execute", "--inplace", "report.ipynb"], given.merging(["KEPT": "kept"]) { $1 })
        #expect(run.status == 0, "\(run.errors)")
        #expect(try instance.notebooks.notebook("report.ipynb").outputs == [["[] kept\n"]])
    }
}

/// Records of runs, of this user and of others.
@Suite(.serialized) struct `The record of a run` {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// The folder of runs of this user.
    private let own = "/var/tmp/galley-runs-\(geteuid())"

    /// Runs a notebook in the background to its end, and returns its record.
    private func record() async throws -> [String: Any] {
        try folder.write(["1"])
        let run = try await GalleyProgram.run(["execute", "--inplace", "--detach", "a.ipynb"], in: folder)
        let id = try #require(run.output.split(separator: "\n").first.map(String.init))
        #expect(try await GalleyProgram.run(["wait", id]).status == 0)
        let data = try Data(contentsOf: URL(fileURLWithPath: "\(own)/\(id).json"))
        return try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
    }

    @Test(.timeLimit(.minutes(2))) func `A record that cannot be read is reported as an error`() async throws {
        _ = try await record()
        let id = "broken-" + String(UInt32.random(in: 0...UInt32.max), radix: 36)
        let path = "\(own)/\(id).json"
        defer { unlink(path) }
        for text in ["{", "", #"{"id": "another"}"#, "\"" + String(repeating: "x", count: 70_000) + "\""] {
            try text.write(toFile: path, atomically: false, encoding: .utf8)
            let run = try await GalleyProgram.run(["wait", id])
            #expect(run.status == 3, "\(run.errors)")
            #expect(run.errors == "galley: the record of run '\(id)' cannot be read: \(path)\n")
        }
    }

    @Test(.timeLimit(.minutes(3)), .root("only root can write as another user"))
    func `A record of another user is trusted only if that user is named, and blocks no command`() async throws {
        let real = try await record()
        let user = UInt32.random(in: 100_000...4_000_000)
        let place = "/var/tmp/galley-runs-\(user)"
        try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: false)
        chown(place, user, user)
        defer { try? FileManager.default.removeItem(atPath: place) }
        // Process 1 never ends.
        let first = try String(contentsOfFile: "/proc/1/stat", encoding: .utf8)
        let began = try #require(first[first.lastIndex(of: ")")!...].split(separator: " ").dropFirst(20).first)
        let forged: [(String, state: String, status: Int32?, wait: Int32, stop: Int32)] = [
            ("ended", "ended", 5, 5, 0), ("running", "running", nil, 137, 3),
        ]
        for one in forged {
            let id = "\(one.0)-\(user)"
            let forged = real.merging([
                "id": id, "state": one.state, "exit_status": one.status ?? NSNull(), "process": 1,
                "process_started": Int(began) ?? 0, "engine": 1, "engine_started": Int(began) ?? 0,
            ]) { $1 }
            try JSONSerialization.data(withJSONObject: forged).write(to: URL(fileURLWithPath: "\(place)/\(id).json"))
            chown("\(place)/\(id).json", user, user)
            let refused = try await GalleyProgram.run(["wait", id])
            #expect(refused.status == 3, "\(refused.errors)")
            #expect(refused.errors.contains("galley wait \(user)/\(id)"), "\(refused.errors)")
            let named = try await GalleyProgram.run(["wait", "\(user)/\(id)"])
            #expect(named.status == one.wait, "\(named.errors)")
            #expect(try await GalleyProgram.run(["wait", "root/\(id)"]).status == 2)
            let stop = try await GalleyProgram.run(["stop", id])
            #expect(stop.status == one.stop, "\(stop.errors)")
        }
        // Root's own runs can be named in the same way, and the list shows their user.
        let id = try #require(real["id"] as? String)
        #expect(try await GalleyProgram.run(["wait", "root/\(id)"]).status == 0)
        let list = try await GalleyProgram.run(["runs"]).output.split(separator: "\n").map { $0.split(separator: " ") }
        #expect(list.first?.prefix(2) == ["ID", "USER"])
        #expect(list.first { $0.first == id[...] }?.dropFirst().first == "root")
        #expect(list.first { $0.first == "ended-\(user)" }?.dropFirst().first == "\(user)")
    }

    @Test func `A record stays short, even with a long message`() async throws {
        try folder.write(["raise ValueError('x' * 200_000)"])
        let run = try await GalleyProgram.run(["execute", "--inplace", "--detach", "a.ipynb"], in: folder)
        let id = try #require(run.output.split(separator: "\n").first.map(String.init))
        let wait = try await GalleyProgram.run(["wait", id])
        #expect(wait.status == 1, "\(wait.errors.prefix(300))")
        let data = try Data(contentsOf: URL(fileURLWithPath: "\(own)/\(id).json"))
        let record = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        let message = try #require(record["message"] as? String)
        #expect(message.contains("ValueError") && message.unicodeScalars.count <= 4000)
    }
}

/// Output of galley, and output that cannot be written.
@Suite struct `Output of galley` {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    @Test func `A list of kernels passes no commands to GitHub`() async throws {
        for (name, title) in [("::warning::x", "y"), ("a", "::error::y")] {
            let place = folder.path + "/kernels/" + name
            try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
            try #"{"argv": ["true"], "display_name": "\#(title)\n::error::z", "language": "python"}"#
                .write(toFile: place + "/kernel.json", atomically: false, encoding: .utf8)
        }
        let variables = ["JUPYTER_PATH": folder.path, "GITHUB_ACTIONS": "true"]
        let run = try await GalleyProgram.run(
            ["kernels"], environment: GalleyProgram.environment.merging(variables) { $1 })
        #expect(run.status == 0 && run.output.contains("warning"), "\(run.output)")
        for line in run.output.split(whereSeparator: \.isNewline) {
            #expect(!line.drop(while: \.isWhitespace).hasPrefix("::"), "\(line)")
        }
    }

    @Test(arguments: ["--events", "--log"])
    func `Output that cannot be written is reported as an error`(option: String) async throws {
        try folder.write(["6 * 7"])
        let run = try await GalleyProgram.run(["execute", "--inplace", option, "/dev/full", "a.ipynb"], in: folder)
        #expect(run.status == 0 && run.errors.contains("could be written to /dev/full"), "\(run.errors)")
        #expect(try folder.notebook().outputs == [["42"]])
    }

    @Test func `A file name cannot reverse the direction of a report's text`() async throws {
        let name = "invoice\u{202E}bynpi.ipynb"
        try folder.write(["raise ValueError('x')"], to: name)
        let run = try await GalleyProgram.run(
            ["execute", "--inplace", "--junit", "j", "--html", "h", name], in: folder)
        #expect(run.status == 1, "\(run.errors)")
        for report in ["j", "h"] {
            let text = try folder.text(report)
            #expect(text.contains("invoice") && !text.contains("\u{202E}"), "\(report)")
        }
    }
}
