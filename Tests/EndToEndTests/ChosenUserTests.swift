import Foundation
import GalleyTestSupport
import Testing

/// The user that root chooses for a notebook, and the files that root reads for that.
@Suite(.serialized, .root("only root can run notebooks for other users"))
struct `The user that root chooses` {
    private let instance: NotebookInstance
    /// Users without accounts on any machine, and a Python that all users can reach.
    private let first: uid_t = 54_321
    private let second: uid_t = 54_322
    private var python: String { instance.home + "/anaconda3/envs/python3" }

    init() async throws { instance = try await NotebookInstance.make() }

    /// Makes a folder that belongs to a user.
    private func folder(_ name: String, of user: uid_t) throws -> TemporaryFolder {
        let folder = TemporaryFolder(owning: instance.path + "/" + name)
        try FileManager.default.createDirectory(atPath: folder.path, withIntermediateDirectories: false)
        chown(folder.path, user, user)
        chmod(folder.path, 0o700)
        return folder
    }

    private let whoami = "import os; print(os.getuid(), os.getgid(), os.getgroups())"

    @Test(arguments: [("shadow", true), ("root", true)] + (canMount ? [("root", false)] : []))
    func `A numeric user gets no group of the machine`(group: String, isKnown: Bool) async throws {
        let group = try #require(getgrnam(group)).pointee.gr_gid
        try instance.write([whoami])
        chown(instance.notebooks.path + "/report.ipynb", first, group)
        let command = ["execute", "--inplace", "--kernel", python, "report.ipynb"]
        // Group 0 belongs to root even on a machine without a group database.
        let unknown = ["/etc/group": "a:x:1:\n", "/etc/nsswitch.conf": "passwd: files\ngroup: files\n"]
        let run = try await instance.run(command, where: isKnown ? [:] : unknown)
        #expect(run.status == 0, "\(run.errors)")
        #expect(try instance.notebooks.notebook("report.ipynb").outputs == [["\(first) \(first) [\(first)]\n"]])
    }

    @Test(.mounting, arguments: ["root", "0", "00", "+0", "toor"])
    func `All names of root mean the owner of the file`(name: String) async throws {
        let users = try String(contentsOfFile: "/etc/passwd", encoding: .utf8) + "toor:x:0:0::/root:/bin/sh\n"
        try instance.write([whoami])
        let run = try await instance.run(
            ["execute", "--inplace", "--as-user", name, "report.ipynb"], where: ["/etc/passwd": users])
        #expect(run.status == 0, "\(run.errors)")
        let number = instance.number
        #expect(try instance.notebooks.notebook("report.ipynb").outputs == [["\(number) \(number) [\(number)]\n"]])
    }

    @Test func `A user's link does not make two notebooks of different users one`() async throws {
        let folders = [try folder("first", of: first), try folder("second", of: second)]
        try folders[1].write([whoami], to: "own.ipynb")
        chown(folders[1].path + "/own.ipynb", second, second)
        for (folder, user) in zip(folders, [first, second]) {
            symlink(folders[1].path + "/own.ipynb", folder.path + "/link.ipynb")
            lchown(folder.path + "/link.ipynb", user, user)
        }
        let links = folders.map { $0.path + "/link.ipynb" }
        let run = try await instance.run(["execute", "--inplace", "--kernel", python] + links)
        #expect(run.status == 3 && run.errors.contains(links[0] + ": "), "\(run.errors)")
        #expect(try folders[1].notebook("own.ipynb").outputs == [["\(second) \(second) [\(second)]\n"]])
    }

    @Test func `A refused notebook is not read for its earlier duration`() async throws {
        let own = TemporaryFolder(owning: instance.rootsOwn)
        let notebooks = [(instance.notebooks, "report.ipynb", 59), (own, "a.ipynb", 1), (own, "b.ipynb", 1)]
        for (folder, name, seconds) in notebooks {
            try folder.write([whoami], to: name)
            let times = ["iopub.status.busy": 0, "shell.execute_reply": seconds].map {
                "\"\($0)\": \"2026-01-01T00:00:\($1 < 10 ? "0" : "")\($1).000000Z\""
            }
            let timing = #""metadata": {"execution": {\#(times.joined(separator: ", "))}}, "outputs""#
            try folder.write(
                folder.text(name).replacing(/"metadata" : \{\s*\},\n\s*"outputs"/, with: timing), to: name)
        }
        // If root had read the file, the first notebook would be alone in its shard.
        let run = try await instance.run(
            ["execute", "--inplace", "--kernel", python, "--shard", "1/2"] + notebooks.map { $0.0.path + "/" + $0.1 })
        #expect(run.status == 4, "\(run.errors)")
        #expect(try instance.notebooks.notebook("report.ipynb").outputs == [["old\n"]])
        #expect(try own.notebook("a.ipynb").outputs == [["old\n"]])
        #expect(try own.notebook("b.ipynb").outputs.first?.first?.hasPrefix("0 0 ") == true)
    }

    @Test func `A sanitizer file is read with the rights of the chosen user`() async throws {
        try instance.write(["print('new')"])
        let own = TemporaryFolder(owning: instance.rootsOwn)
        try own.write(["print('new')"])
        let rules = "[new]\nregex: new\nreplace: old\n"
        try own.write(rules, to: "rules")
        try instance.notebooks.write(rules, to: "rules")
        chown(instance.notebooks.path + "/rules", instance.number, instance.number)
        _ = try await instance.asUser("ln -s '\(own.path)/rules' link")
        let (roots, users) = (own.path + "/a.ipynb", instance.notebooks.path + "/report.ipynb")
        for (rules, notebook, status, error) in [
            ("rules", users, 0, nil), (own.path + "/rules", roots, 0, nil),
            (own.path + "/rules", users, 2, "the file cannot be read"), ("link", users, 2, "the file cannot be read"),
            ("rules", roots, 2, "root does not read it"), ("link", roots, 2, "root does not read it"),
        ] as [(String, String, Int32, String?)] {
            let run = try await instance.run(["check", "--kernel", python, "--sanitize-with", rules, notebook])
            #expect(run.status == status, "\(rules) \(notebook) \(run.errors)")
            if let error { #expect(run.errors.contains("--sanitize-with \(rules): \(error)"), "\(run.errors)") }
        }
    }
}
