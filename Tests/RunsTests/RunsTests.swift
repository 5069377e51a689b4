import Foundation
import GalleyJSON
import GalleyJupyterProtocol
import GalleyStorage
import GalleyTestSupport
import Testing

@testable import GalleyRuns

@Suite struct `The record of a run` {
    private func status() -> RunStatus {
        var status = RunStatus(id: "a-b2c3", process: .current(), notebook: "/é/a.ipynb")
        (status.result, status.log, status.kernel, status.user) = ("/b.ipynb", "/c.log", "python3", "root")
        (status.state, status.cell, status.cells) = (.running, 3, 7)
        return status
    }

    @Test func `The record of a run can be read again`() throws {
        var status = status()
        for _ in 0..<2 {
            let read = try #require(RunStatus(status.bytes))
            #expect(read.bytes == status.bytes)
            #expect(read.process == status.process && read.cell == 3 && read.cells == 7)
            status.end(124, "timed-out", "it took too long")
        }
        #expect(RunStatus(status.bytes)?.exitStatus == 124 && RunStatus(status.bytes)?.ended != nil)
    }

    @Test(arguments: ["", "{", "[]", "{}", #"{"schema": 1}"#, #"{"schema": 2}"#, "null"])
    func `The record of a run is not read from other files`(text: String) {
        #expect(RunStatus(Array(text.utf8)) == nil)
        var other = Document(status().json(state: .running)).root
        other["process_started"] = text.isEmpty ? Value?.none : .string(text)
        #expect(RunStatus(Document(other).text.bytes) == nil)
    }

    @Test func `The record of a run says that it is lost when its process is gone`() {
        var status = status()
        #expect(status.currentState == .running)
        // Another process has the process ID now.
        status.process = ProcessIdentity(number: status.process.number, began: 1, machine: status.process.machine)
        #expect(status.currentState == .lost)
        status.end(0, "succeeded", nil)
        #expect(status.currentState == .ended)
    }

    @Test func `The record of a run is in files with the given modes, and is whole at any time`() async throws {
        let temporary = try TemporaryFolder()
        let folder = temporary.path
        let file = StatusFile(
            status(), copies: [.init(path: folder + "/a"), .init(path: folder + "/b", mode: 0o600)])
        try file.finish()
        for number in 1...2000 {
            file.update { $0.cell = number }
            let read = try #require(LocalFile.readSmallFile(folder + "/a").flatMap { RunStatus($0) })
            #expect(read.cell <= number || read.cell == 3)
        }
        try file.finish()
        for (name, mode) in [("a", 0o644), ("b", 0o600)] {
            #expect(LocalFile.readSmallFile("\(folder)/\(name)").flatMap { RunStatus($0) }?.cell == 2000)
            let found = try FileManager.default.attributesOfItem(atPath: "\(folder)/\(name)")
            #expect(found[.posixPermissions] as? Int == mode)
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder).sorted() == ["a", "b"])
        try file.finish { $0.end(0, "succeeded", nil) }
        file.update { $0.state = .running }
        #expect(file.status.state == .ended, "an ended run does not begin again")
        let lost = StatusFile(status(), copies: [.init(path: folder + "/no/such")])
        #expect(throws: StorageError.self) { try lost.finish() }
    }
}

@Suite struct `A process identity` {
    @Test func `A process identity recognizes its process, and no other`() throws {
        let own = ProcessIdentity.current()
        #expect(own.isAlive && !own.isInOtherContainer && own.user == geteuid())
        #expect(!ProcessIdentity(number: own.number, began: own.began + 1, machine: own.machine).isAlive)
        #expect(!ProcessIdentity(number: own.number, began: own.began, machine: "another/" + own.machine).isAlive)
        let space = try #require(own.machine.split(separator: "/", maxSplits: 1).last)
        let elsewhere = own.machine.replacing(space, with: "pid:[1]")
        #expect(ProcessIdentity(number: own.number, began: own.began, machine: elsewhere).isInOtherContainer)
    }

    @Test func `A process identity sends signals, and waits for the end`() throws {
        let sleep = Process()
        sleep.executableURL = URL(fileURLWithPath: "/bin/sleep")
        sleep.arguments = ["1000"]
        try sleep.run()
        let mark = try #require(ProcessIdentity(of: Int(sleep.processIdentifier)))
        #expect(mark.isAlive)
        let stranger = ProcessIdentity(number: mark.number, began: mark.began + 1, machine: mark.machine)
        #expect(try !stranger.signal(SIGKILL))
        #expect(mark.isAlive)
        // A child of a test may inherit other blocked signals.
        #expect(try mark.signal(SIGKILL))
        mark.waitForEnd()
        #expect(!mark.isAlive)
        #expect(try !mark.signal(SIGTERM))
    }
}

@Suite struct `The folder of runs` {
    @Test(arguments: [
        ("report.ipynb", "report-"), ("/a/b/Über uns (2).ipynb", "ber-uns--2--"), ("-", "notebook-"),
        ("--x.ipynb", "x-"),
        ("a.b", "a-b-"), (String(repeating: "x", count: 300), String(repeating: "x", count: 40) + "-"),
    ])
    func `A run has a short ID that names its notebook`(path: String, beginning: String) throws {
        let id = try #require(RunRegistry.own()).newID(for: path)
        #expect(id.hasPrefix(beginning) && id.count == beginning.count + 4)
        #expect(id.wholeMatch(of: /[A-Za-z0-9_][A-Za-z0-9_-]*/) != nil)
    }

    @Test func `The folder of runs belongs to the current user, who alone can write to it`() throws {
        let folder = try #require(RunRegistry.own())
        let found = try FileManager.default.attributesOfItem(atPath: folder.path)
        #expect(found[.ownerAccountID] as? UInt32 == geteuid())
        #expect(found[.posixPermissions] as? Int == 0o755)
        #expect(RunRegistry.all.contains { $0.path == folder.path && $0.user == geteuid() })
    }
}

@Suite struct `The folder of runs of a user` {
    private let temporary: TemporaryFolder
    private var parent: String { temporary.path }

    init() throws { temporary = try TemporaryFolder() }

    @Test func `The folder of runs of a user is found again, even if others have taken the names that can be guessed`()
        throws
    {
        let user = geteuid()
        for suffix in ["", "-1", "-2", "-3"] {
            _ = FileManager.default.createFile(atPath: "\(parent)/galley-runs-\(user)\(suffix)", contents: nil)
        }
        let folder = try #require(RunRegistry.own(in: parent, user))
        #expect(RunRegistry.own(in: parent, user)?.path == folder.path)
        #expect(folder.path.hasPrefix("\(parent)/galley-runs-\(user)-"))
        #expect(try FileManager.default.contentsOfDirectory(atPath: parent).count == 5)
    }

    @Test func `The folder of runs of a user reports processes of its owner alone`() throws {
        var status = RunStatus(id: "a-b2c3", process: .current(), notebook: "/a.ipynb")
        status.state = .running
        try LocalFile.replaceSmallFile(status.bytes, at: "\(parent)/a-b2c3.json")
        let own = RunRegistry(path: parent, user: geteuid())
        #expect(own.runs.map(\.currentState) == [.running])
        let forger = RunRegistry(path: parent, user: geteuid() + 4321)
        // Root reads only a folder that belongs to the user.
        if geteuid() == 0 {
            #expect(forger.runs.isEmpty)
            chown(parent, forger.user, forger.user)
        }
        #expect(forger.runs.map(\.currentState) == [.lost])
    }

    @Test(.root("only root can become another user"))
    func `The folder of runs of a user is uncertain if it may not be read as a whole`() async throws {
        var status = RunStatus(id: "a-b2c3", process: .current(), notebook: "/a.ipynb")
        status.state = .running
        try LocalFile.replaceSmallFile(status.bytes, at: "\(parent)/a-b2c3.json", mode: 0o600)
        #expect(!RunRegistry(path: parent, user: 0).isPartlyUnreadable)
        await #expect(processExitsWith: .success) { [parent = parent as String] in
            let folder = RunRegistry(path: parent, user: 0)
            try #require(setuid(1234) == 0)
            try #require(folder.runs.isEmpty && folder.isPartlyUnreadable)
        }
        chmod("\(parent)/a-b2c3.json", 0o644)
        await #expect(processExitsWith: .success) { [parent = parent as String] in
            let folder = RunRegistry(path: parent, user: 0)
            try #require(setuid(1234) == 0)
            try #require(folder.runs.map(\.currentState) == [.running] && !folder.isPartlyUnreadable)
        }
    }
}
