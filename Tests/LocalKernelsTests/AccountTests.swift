import Foundation
import GalleyJupyterProtocol
@testable import GalleyLocalKernels
import GalleyTestSupport
import Testing

@Suite struct `A user account` {
    @Test func `An account is found by its name and by its number`() throws {
        let root = try #require(Account(named: "root"))
        #expect(root.id == 0 && root.group == 0 && root.groups.contains(0) && root.home == "/root")
        #expect(Account(id: 0) == root)
        #expect(Account(named: "0") == root)
        #expect(Account.current?.id == geteuid())
        #expect(Account(named: "nobody-of-this-name") == nil)
        #expect(Account(id: 4_000_111_222) == nil)
    }

    @Test func `An account without a name has its number as the name`() {
        let account = Account(number: 4_000_111_222, group: 54321, home: "/tmp/a")
        #expect(account.name == "4000111222" && account.groups == [54321] && account.home == "/tmp/a")
        #expect(Account.name(of: 4_000_111_222) == "user 4000111222" && Account.name(of: 0) == "root")
    }

    @Test func `An account's login shell is abandoned when the task ends`() async throws {
        let account = try LoginAccount(profile: "sleep 600")
        let waiting = Task { await account.user.loginEnvironment(within: .seconds(600)) }
        waiting.cancel()
        #expect(await waiting.value == nil)
    }

    @Test func `A login shell that takes too long can remove its lock files`() async throws {
        let account = try LoginAccount(
            profile: """
                trap 'rm "$HOME/lock"' EXIT
                trap exit HUP
                : >"$HOME/lock"
                read line <"$HOME/never"
                """)
        #expect(mkfifo(account.home.path + "/never", 0o600) == 0)
        #expect(await account.user.loginEnvironment(within: .milliseconds(500)) == nil)
        #expect(!FileManager.default.fileExists(atPath: account.home.path + "/lock"))
    }

    @Test func `An account has the variables of its login shell, which runs once`() async throws {
        let account = try LoginAccount(profile: "export COLOUR=blue MODE=half; echo x >>\"$HOME/logins\"")
        let session = LoginEnvironmentCache(account.user, insteadOf: ["MODE": "full", "HOME": "/elsewhere"])
        async let first = session.environment()
        let second = try #require(await session.environment())
        #expect(second["MODE"] == "full" && second["COLOUR"] == "blue" && second["HOME"] == account.home.path)
        #expect(second["PATH"]?.contains("/bin") == true && second["USER"] == account.user.name)
        #expect(await first == second)
        #expect(try String(contentsOfFile: account.home.path + "/logins", encoding: .utf8) == "x\n")
        let remains = try FileManager.default.contentsOfDirectory(atPath: "/tmp").filter {
            $0.hasPrefix("galley-\(getpid())-")
        }
        #expect(remains.filter { FileManager.default.fileExists(atPath: "/tmp/\($0)/environment") } == [])
    }
}

/// This process's user with a home folder and a profile of the test's own.
///
/// The profile of the real user can do anything, such as wait a minute for a lock.
private struct LoginAccount {
    let home: TemporaryFolder
    let user: Account

    init(profile: String) throws {
        home = try TemporaryFolder()
        user = Account(number: geteuid(), group: getegid(), home: home.path)
        try profile.write(toFile: home.path + "/.profile", atomically: true, encoding: .utf8)
    }
}

@Suite struct `A group` {
    /// A group ID that no machine has.
    private static let unknown: UInt32 = 4_000_111_222

    @Test func `A group is known to the machine, or cannot be looked up`() async {
        #expect(Account.isGroup(0) && !Account.isGroup(Self.unknown))
        await #expect(processExitsWith: .success) {
            var limit = rlimit()
            getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
            // The process has no descriptor left for the group database.
            var none = rlimit(rlim_cur: 0, rlim_max: limit.rlim_max)
            setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &none)
            let isGroup = Account.isGroup(Self.unknown)
            setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
            try #require(isGroup)
        }
    }
}

@Suite struct `Memory as the cause of a kernel's death` {
    @Test func `Memory without a limit is not named as a cause of death`() {
        let ending = GuardedProcess.Ending(cause: .exited(1), peakMemory: 100_000_000)
        #expect(OutOfMemoryMonitor(limit: 150_000_000).outOfMemoryCause(ending) == .kernelLimit(bytes: 150_000_000))
        for limit in [nil, 0, -1, 1_000_000_000] {
            #expect(OutOfMemoryMonitor(limit: limit).outOfMemoryCause(ending) == nil)
        }
    }
}

@Suite struct `The environment of a kernel of another user` {
    private let nobody: Account

    init() throws { nobody = try #require(Account(named: "nobody")) }

    @Test func `Variables come from the user for identity, and from the caller for everything else`() {
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

    @Test func `Variables of the activated environment are kept`() {
        let login = ["CONDA_PREFIX": "/base", "CONDA_SHLVL": "1", "PATH": "/base/bin:/bin"]
        let caller = ["CONDA_PREFIX": "/envs/a", "PATH": "/envs/a/bin:/bin"]
        let kept = nobody.environment(insteadOf: caller, login: login)
        #expect(kept["CONDA_PREFIX"] == "/envs/a" && kept["CONDA_SHLVL"] == nil)
        #expect(kept["PATH"] == "/envs/a/bin:/bin:/base/bin")
        #expect(nobody.environment(insteadOf: ["PATH": "/bin"], login: login)["CONDA_PREFIX"] == "/base")
    }
}
