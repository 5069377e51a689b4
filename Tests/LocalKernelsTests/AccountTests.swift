import Foundation
import GalleyJupyterProtocol
@testable import GalleyLocalKernels
import Testing

private let isRoot = geteuid() == 0

@Suite struct `An account` {
    @Test func `is found by its name and by its number`() throws {
        let root = try #require(Account(named: "root"))
        #expect(root.id == 0 && root.group == 0 && root.groups.contains(0) && root.home == "/root")
        #expect(Account(id: 0) == root)
        #expect(Account(named: "0") == root)
        #expect(Account.current?.id == geteuid())
        #expect(Account(named: "nobody-of-this-name") == nil)
        #expect(Account(id: 4_000_111_222) == nil)
    }

    @Test(.enabled(if: isRoot, "this takes root"))
    func `may do what its rights allow, while everybody else may do what theirs do`() throws {
        let nobody = try #require(Account(named: "nobody"))
        let scratch = try Scratch()
        #expect(nobody.may(.enter, scratch.path) == true)
        #expect(nobody.may(.run, "/bin/sh") == true)
        try FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: scratch.path)
        try Data().write(to: URL(fileURLWithPath: scratch.path + "/a"))
        #expect(nobody.may(.enter, scratch.path) == false)
        #expect(nobody.may(.run, scratch.path + "/a") == false)
        #expect(nobody.may(.run, scratch.path + "/missing") == false)
        #expect(nobody.isKeptOut(of: scratch.path + "/a"))
        chown(scratch.path, nobody.id, nobody.group)
        try FileManager.default.setAttributes([.posixPermissions: 0], ofItemAtPath: scratch.path)
        #expect(nobody.may(.enter, scratch.path) == false && !nobody.isKeptOut(of: scratch.path + "/a"))
        #expect(getuid() == 0 && access(scratch.path + "/a", R_OK) == 0)
    }

    @Test(.enabled(if: isRoot, "this takes root"))
    func `is asked for them no longer than somebody waits`() async throws {
        let nobody = try #require(Account(named: "nobody"))
        let waiting = Task { await nobody.loginEnvironment(within: .seconds(600)) }
        waiting.cancel()
        #expect(await waiting.value == nil)
    }

    @Test(.enabled(if: isRoot, "this takes root"))
    func `has the variables that a login gives it`() async throws {
        let nobody = try #require(Account(named: "nobody"))
        let variables = try #require(await nobody.loginEnvironment(within: .seconds(120)))
        #expect(variables["USER"] == "nobody" && variables["HOME"] == nobody.home)
        #expect(variables["PATH"]?.contains("/usr/bin") == true)
        let remains = try FileManager.default.contentsOfDirectory(atPath: "/tmp").filter {
            $0.hasPrefix("galley-\(getpid())-")
        }
        #expect(remains.filter { FileManager.default.fileExists(atPath: "/tmp/\($0)/k/environment") } == [])
    }
}

@Suite struct `What memory has to do with an end` {
    @Test func `is nothing where there is no limit`() {
        let ending = GuardedProcess.Ending(cause: .exited(1), peakMemory: 100_000_000)
        #expect(MemoryWatch(limit: 150_000_000).verdict(ending) == .kernelLimit(bytes: 150_000_000))
        for limit in [nil, 0, -1, 1_000_000_000] { #expect(MemoryWatch(limit: limit).verdict(ending) == nil) }
    }
}

@Suite struct `The surroundings of a kernel that runs for another user` {
    private let nobody: Account

    init() throws { nobody = try #require(Account(named: "nobody")) }

    @Test func `are the user's own where they say who somebody is, and the caller's where they say what to do`() {
        let variables = nobody.environment(
            insteadOf: [
                "HOME": "/root", "USER": "root", "LOGNAME": "root", "MAIL": "/var/mail/root",
                "XDG_RUNTIME_DIR": "/run/user/0",
                "SUDO_USER": "a", "IPYTHONDIR": "/root/.ipython", "ROOTS": "/rootless/x", "MODE": "full",
                "PATH": "/sbin:/root/bin:/bin",
                "LANG": "C",
            ], login: ["MODE": "half", "COLOUR": "blue", "PATH": "/usr/bin:/bin", "LANG": "de_DE.UTF-8", "PWD": "/"])
        #expect(
            variables == [
                "HOME": nobody.home, "USER": "nobody", "LOGNAME": "nobody", "SHELL": nobody.shell,
                "ROOTS": "/rootless/x",
                "MODE": "full", "COLOUR": "blue", "PATH": "/usr/bin:/bin:/sbin", "LANG": "C",
            ])
    }

    @Test func `keep the environment that the caller has activated`() {
        let login = ["CONDA_PREFIX": "/base", "CONDA_SHLVL": "1", "PATH": "/base/bin:/bin"]
        let caller = ["CONDA_PREFIX": "/envs/a", "PATH": "/envs/a/bin:/bin"]
        let kept = nobody.environment(insteadOf: caller, login: login)
        #expect(kept["CONDA_PREFIX"] == "/envs/a" && kept["CONDA_SHLVL"] == nil)
        #expect(kept["PATH"] == "/envs/a/bin:/bin:/base/bin")
        #expect(nobody.environment(insteadOf: ["PATH": "/bin"], login: login)["CONDA_PREFIX"] == "/base")
    }
}
