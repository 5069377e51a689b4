import Foundation
import Testing

/// An imitation of a managed notebook instance: a user with Conda's folders and a volume for notebooks, and root, who runs
/// scripts without a terminal and with next to no environment.
final class Instance {
    /// The user that notebooks belong to.
    let user = "galley" + String(UInt32.random(in: 0...UInt32.max), radix: 36)
    /// Where all of it is, which everybody may enter.
    let path = "/tmp/galley-instance-" + String(UInt32.random(in: 0...UInt32.max), radix: 36)
    /// The volume.
    let notebooks: Folder
    /// A folder that root alone may enter.
    let rootsOwn: String
    let number: UInt32
    private let isMounted: Bool

    var home: String { path + "/home" }

    /// The options that name the kernel which all users can reach.
    var kernel: [String] { ["--kernel", home + "/anaconda3/envs/python3"] }

    /// Makes a folder beside those of the user.
    func folder(_ name: String, mode: mode_t) throws -> Folder {
        let folder = path + "/" + name
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
        chmod(folder, mode)
        return Folder(owning: folder)
    }

    /// Writes a secret of root's into root's folder, and returns its path.
    @discardableResult
    func plantCanary() throws -> String {
        let secret = rootsOwn + "/secret"
        try "canary-of-root".write(toFile: secret, atomically: false, encoding: .utf8)
        return secret
    }

    /// Checks that root's secret and folder are as they were.
    func checkCanary() throws {
        #expect(try FileManager.default.contentsOfDirectory(atPath: rootsOwn) == ["secret"])
        #expect(try String(contentsOfFile: rootsOwn + "/secret", encoding: .utf8) == "canary-of-root")
    }

    /// What the platform starts a script with.
    static let environment = ["PATH": "/sbin:/bin:/usr/sbin:/usr/bin"]

    /// Sets it up where nobody waits for it in the threads that all tasks share.
    static func make() async throws -> Instance {
        let made = await withCheckedContinuation { continuation in
            Thread.detachNewThread { continuation.resume(returning: Made(instance: Result { try Instance() })) }
        }
        return try made.instance.get()
    }

    /// One that is handed over and not shared.
    private struct Made: @unchecked Sendable { let instance: Result<Instance, any Error> }

    private init() throws {
        let files = FileManager.default
        rootsOwn = path + "/roots-own"
        for folder in [path, rootsOwn, path + "/home", path + "/home/anaconda3/bin", path + "/home/anaconda3/envs"] {
            try files.createDirectory(atPath: folder, withIntermediateDirectories: true)
        }
        try files.setAttributes([.posixPermissions: 0o700], ofItemAtPath: rootsOwn)
        try Self.run("useradd", "--no-create-home", "--home-dir", path + "/home", "--shell", "/bin/bash", user)
        // The environment is a real one, which nobody has registered as a kernel.
        try Self.copyEnvironment(to: path + "/home/anaconda3/envs/python3")
        // What `conda` brings along for scripts.
        try """
        export CONDA_PREFIX='\(path)/home/anaconda3/envs/'"$1" CONDA_DEFAULT_ENV="$1"
        export PATH="$CONDA_PREFIX/bin:$PATH"
        """.write(toFile: path + "/home/anaconda3/bin/activate", atomically: false, encoding: .utf8)
        try "unset CONDA_PREFIX CONDA_DEFAULT_ENV"
            .write(toFile: path + "/home/anaconda3/bin/deactivate", atomically: false, encoding: .utf8)
        try "export FROM_PROFILE=yes\n".write(toFile: path + "/home/.profile", atomically: false, encoding: .utf8)
        let volume = path + "/home/SageMaker"
        try files.createDirectory(atPath: volume, withIntermediateDirectories: false)
        // A container may not be allowed to mount; the volume is a folder like any other then.
        isMounted = (try? Self.run("mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", volume)) != nil
        notebooks = Folder(owning: volume)
        for folder in [path + "/home", path + "/home/.profile", volume] {
            try files.setAttributes([.ownerAccountName: user, .groupOwnerAccountName: user], ofItemAtPath: folder)
        }
        number = try #require(try files.attributesOfItem(atPath: volume)[.ownerAccountID] as? UInt32)
    }

    /// Copies the environment that every user can reach; as links, where that is possible.
    static func copyEnvironment(to path: String) throws {
        let original = Program.root + "/.build/python-for-all"
        try #require(FileManager.default.fileExists(atPath: original + "/bin/python"), "run Tests/run first")
        do {
            try run("cp", "-al", original, path)
        } catch {
            try run("cp", "-a", original, path)
        }
        try FileManager.default.removeItem(atPath: path + "/share")
    }

    deinit {
        for process in processes { kill(pid_t(process), SIGKILL) }
        // What ends with a run may hold on to it for a moment.
        if isMounted { try? Self.run("umount", "--lazy", notebooks.path) }
        try? Self.run("userdel", user)
        Self.forgetRuns(about: path)
        try? FileManager.default.removeItem(atPath: path)
    }

    /// Removes what is told of runs of notebooks in a folder.
    static func forgetRuns(about path: String) {
        let folder = "/var/tmp/galley-runs-\(geteuid())"
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        for name in names where name.hasSuffix(".json") {
            let text = try? String(contentsOfFile: "\(folder)/\(name)", encoding: .utf8)
            guard text?.contains(path) == true else { continue }
            for suffix in ["json", "log", "commands.log"] {
                try? FileManager.default.removeItem(atPath: "\(folder)/\(name.dropLast(4))\(suffix)")
            }
        }
    }

    /// The user's processes that are not zombies.
    var processes: [Int] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return names.compactMap(Int.init).filter { process in
            let status = (try? String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8)) ?? ""
            return status.contains("\nUid:\t\(number)\t") && !status.contains("State:\tZ")
        }
    }

    /// Writes a notebook that belongs to the user.
    func write(
        _ sources: [String], to name: String = "report.ipynb", kernel: String = "conda_python3", mode: Int = 0o640
    ) throws {
        try notebooks.write(sources, to: name, kernel: kernel)
        try FileManager.default.setAttributes(
            [.ownerAccountName: user, .groupOwnerAccountName: user, .posixPermissions: mode],
            ofItemAtPath: notebooks.path + "/" + name)
    }

    /// The owner, the group and the mode of a file; numbers where the machine knows no names.
    func rights(_ name: String = "report.ipynb") throws -> String {
        let path = name.hasPrefix("/") ? name : notebooks.path + "/" + name
        let found = try FileManager.default.attributesOfItem(atPath: path)
        let names = [
            (FileAttributeKey.ownerAccountName, FileAttributeKey.ownerAccountID),
            (.groupOwnerAccountName, .groupOwnerAccountID),
        ].map { found[$0] as? String ?? "\(found[$1] as? Int ?? -1)" }
        return (names + [String(found[.posixPermissions] as? Int ?? 0, radix: 8)]).joined(separator: " ")
    }

    /// Runs a program as the platform does: as root, with no terminal, no standard input, and deaf to SIGINT.
    func run(
        _ arguments: [String], program: String = Program.path, _ more: [String: String] = [:]
    ) async throws -> Program.Run {
        try await Program.run(
            ["--wait", "/bin/sh", "-c", #"trap "" INT; exec "$0" "$@" <&-"#, program] + arguments,
            program: "/usr/bin/setsid", environment: Self.environment.merging(more) { $1 }, in: notebooks)
    }

    /// Whether root may mount; in a container it may not be allowed to.
    static let canMount = (try? run("unshare", "--mount", "mount", "-t", "tmpfs", "tmpfs", "/mnt")) != nil

    /// Runs the program where files of the machine's hold other texts.
    func run(_ arguments: [String], where texts: [String: String]) async throws -> Program.Run {
        if texts.isEmpty { return try await run(arguments) }
        var command = "exec \"$@\""
        for (file, text) in texts {
            let other = path + "/" + (file as NSString).lastPathComponent
            try text.write(toFile: other, atomically: false, encoding: .utf8)
            command = "mount --bind '\(other)' '\(file)' && " + command
        }
        return try await run(
            ["--mount", "/bin/sh", "-c", command, "sh", Program.path] + arguments, program: "/usr/bin/unshare")
    }

    /// Runs a command of the user's in the volume.
    func asUser(_ command: String) async throws -> String {
        let run = try await Program.run(
            ["-u", user, "--", "/bin/sh", "-c", command], program: "/usr/sbin/runuser",
            environment: ["PATH": "/usr/bin:/bin", "HOME": home], in: notebooks)
        #expect(run.status == 0, "\(run.errors)")
        return run.output
    }

    /// Starts a command of the user's in the volume, which goes on for as long as it likes.
    func beginAsUser(_ command: String) throws {
        try Program.begin(
            ["-u", user, "--", "/bin/sh", "-c", command], program: "/usr/sbin/runuser", in: notebooks)
    }

    struct Failure: Error { let command: String }

    static func run(_ command: String...) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = command
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        if process.terminationStatus != 0 { throw Failure(command: command.joined(separator: " ")) }
    }
}
