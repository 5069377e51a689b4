import Foundation
import GalleyTestSupport
import Testing

/// A user without an account on any machine.
private let number: uid_t = 54_323

/// Outputs that root's runs hide from other users.
@Suite(.serialized, .root("only root can run notebooks for other users"))
struct `Outputs of a user's notebooks` {
    private let instance: NotebookInstance

    init() async throws { instance = try await NotebookInstance.make() }

    private var kernel: [String] { instance.kernel }

    private func status(_ path: String) throws -> stat {
        var status = stat()
        try #require(stat(path, &status) == 0)
        return status
    }

    /// Makes a link that belongs to another user.
    private func link(_ path: String, to target: String) {
        symlink(target, path)
        lchown(path, number, number)
    }

    @Test func `Outputs are not reached through another user's link, if the user is named`() async throws {
        try instance.write(["print('private')"], mode: 0o600)
        let (theirs, out) = (try instance.folder("theirs", mode: 0o755), try instance.folder("out", mode: 0o755))
        chown(theirs.path, number, number)
        link(theirs.path + "/today.ipynb", to: instance.notebooks.path + "/report.ipynb")
        let before = try instance.notebooks.text("report.ipynb")
        for options in [["--output-dir", out.path], ["--inplace"]] {
            let run = try await instance.run(
                ["execute", "--as-user", instance.user] + options + kernel + [theirs.path + "/today.ipynb"])
            #expect(run.status == 4, "\(run.errors)")
        }
        #expect(try out.names == [] && instance.notebooks.text("report.ipynb") == before)
    }

    @Test func `A result is as private as the notebook behind a link`() async throws {
        try instance.write(["print('private')"], mode: 0o600)
        _ = try await instance.asUser("ln -s report.ipynb link.ipynb")
        let out = try instance.folder("out", mode: 0o755)
        let run = try await instance.run(["execute", "--output-dir", out.path] + kernel + ["link.ipynb"])
        #expect(run.status == 0, "\(run.errors)")
        #expect(try status(out.path + "/link.ipynb").st_mode & 0o777 == 0o600)
        #expect(try status(out.path + "/link.ipynb").st_uid == instance.number)
    }

    @Test func `A result of root's notebook without a file is not written into another user's file`() async throws {
        let sticky = try instance.folder("sticky", mode: 0o1777)
        try sticky.write("{}", to: "pre.ipynb")
        chown(sticky.path + "/pre.ipynb", number, number)
        try sticky.write(["print('private')"], to: "notebook")
        // A socket belongs to the user who has created it.
        let script = """
            import os, socket, sys
            (source, end) = socket.socketpair()
            end.sendall(open('notebook', 'rb').read()); end.close(); os.dup2(source.fileno(), 0)
            os.execv(sys.argv[1], sys.argv[1:])
            """
        let run = try await GalleyProgram.run(
            ["-c", script, GalleyProgram.path, "execute", "--output", "pre.ipynb"] + kernel + ["-"],
            program: "/usr/bin/python3", environment: NotebookInstance.environment, in: sticky)
        #expect(run.status == 3, "\(run.errors)")
        #expect(try sticky.text("pre.ipynb") == "{}")
    }

    @Test(arguments: ["--log", "--events"])
    func `Progress lines are not written into another user's file in a shared folder`(option: String) async throws {
        try instance.write(["print('private')"], mode: 0o600)
        let sticky = try instance.folder("sticky", mode: 0o1777)
        try sticky.write("", to: "lines")
        chown(sticky.path + "/lines", number, number)
        chmod(sticky.path + "/lines", 0o666)
        let run = try await instance.run(
            ["execute", "--inplace", "--stream", option, sticky.path + "/lines"] + kernel + ["report.ipynb"])
        #expect(run.status == 3, "\(run.errors)")
        #expect(try sticky.text("lines") == "")
    }

    @Test func `A result does not follow another user's link on the way to its place`() async throws {
        try instance.write(["1"], to: "config.ipynb", mode: 0o644)
        let sticky = try instance.folder("sticky", mode: 0o1777)
        try FileManager.default.createDirectory(
            atPath: instance.notebooks.path + "/nb", withIntermediateDirectories: false)
        try FileManager.default.copyItem(
            atPath: instance.notebooks.path + "/config.ipynb", toPath: instance.notebooks.path + "/nb/config.ipynb")
        chown(instance.notebooks.path + "/nb/config.ipynb", instance.number, instance.number)
        link(sticky.path + "/out", to: instance.notebooks.path)
        let before = try instance.notebooks.text("config.ipynb")
        let run = try await instance.run(
            ["execute", "--output-dir", sticky.path + "/out"] + kernel + ["nb/config.ipynb"])
        #expect(run.status == 3 && run.errors.contains("is a link that user \(number)"), "\(run.errors)")
        #expect(try instance.notebooks.text("config.ipynb") == before)
    }

    @Test func `A log about several users is readable by root alone`() async throws {
        try instance.write(["print('private')"], mode: 0o644)
        let other = try instance.folder("other", mode: 0o755)
        try other.write(["print('theirs')"], to: "b.ipynb")
        chown(other.path + "/b.ipynb", number, number)
        chown(other.path, number, number)
        let log = instance.rootsOwn + "/log"
        let run = try await instance.run(
            ["execute", "--stdout", "--log", log] + kernel + ["report.ipynb", other.path + "/b.ipynb"])
        #expect(run.status == 2, "several notebooks cannot be written to standard output")
        let both = try await instance.run(
            ["execute", "--inplace", "--stream", "--log", log] + kernel + ["report.ipynb", other.path + "/b.ipynb"])
        #expect(both.status == 0, "\(both.errors)")
        #expect(try status(log).st_mode & 0o777 == 0o600)
        #expect(try String(contentsOfFile: log, encoding: .utf8).contains("private"))
    }

    @Test func `A list from another user's file descriptor is not read`() async throws {
        let roots = TemporaryFolder(owning: instance.rootsOwn)
        try roots.write(["open('ran', 'w').close()"])
        let script = """
            import os, sys
            os.seteuid(\(instance.number))
            (source, end) = os.pipe()
            os.seteuid(0)
            os.write(end, b'\(roots.path)/a.ipynb\\n'); os.close(end); os.dup2(source, 0)
            os.execv(sys.argv[1], sys.argv[1:])
            """
        for list in ["@/dev/stdin", "@/dev/fd/0", "@-"] {
            let run = try await instance.run(
                ["-c", script, GalleyProgram.path, "execute", "--inplace"] + kernel + [list],
                program: "/usr/bin/python3")
            #expect(run.status == 2, "\(list): \(run.errors)")
        }
        #expect(roots.names == ["a.ipynb"])
    }

    @Test func `A run that two users have records of needs the user's name`() async throws {
        let users = [number, number + 1]
        for user in users {
            let place = "/var/tmp/galley-runs-\(user)"
            try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: false)
            chown(place, user, user)
            let record: [String: Any] = [
                "id": "two-b2c3", "schema": 1, "process": 1, "process_started": 0, "machine": "elsewhere",
                "notebook": "/a.ipynb", "state": "ended", "started": "2026-01-01T00:00:00Z",
                "activity": "2026-01-01T00:00:00Z", "exit_status": 0,
            ]
            try JSONSerialization.data(withJSONObject: record).write(to: URL(fileURLWithPath: place + "/two-b2c3.json"))
            chown(place + "/two-b2c3.json", user, user)
        }
        defer { for user in users { try? FileManager.default.removeItem(atPath: "/var/tmp/galley-runs-\(user)") } }
        let stop = try await GalleyProgram.run(["stop", "two-b2c3"])
        #expect(stop.status == 3, "\(stop.errors)")
        #expect(stop.errors.contains("\(users[0])/two-b2c3 or \(users[1])/two-b2c3"), "\(stop.errors)")
    }
}
