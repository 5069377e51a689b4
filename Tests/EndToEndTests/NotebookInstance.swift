import Foundation
import GalleyTestSupport
import Testing

/// An imitation of a managed notebook instance: a user with Conda's folders and a volume for notebooks, and root, who
/// runs scripts without a terminal and with few environment variables.
final class NotebookInstance {
    /// The owner of the notebooks.
    let user = "galley" + String(UInt32.random(in: 0...UInt32.max), radix: 36)
    /// The folder of the instance, which all users may enter.
    let path = "/tmp/galley-instance-" + String(UInt32.random(in: 0...UInt32.max), radix: 36)
    /// The volume for notebooks.
    let notebooks: TemporaryFolder
    /// A folder that only root may enter.
    let rootsOwn: String
    let number: UInt32
    private let isMounted: Bool

    var home: String { path + "/home" }

    /// The options for the kernel that all users can reach.
    var kernel: [String] { ["--kernel", home + "/anaconda3/envs/python3"] }

    /// Makes a folder beside those of the user.
    func folder(_ name: String, mode: mode_t) throws -> TemporaryFolder {
        let folder = path + "/" + name
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
        chmod(folder, mode)
        return TemporaryFolder(owning: folder)
    }

    /// Writes root's secret into root's folder, and returns its path.
    @discardableResult
    func plantCanary() throws -> String {
        let secret = rootsOwn + "/secret"
        try "canary-of-root".write(toFile: secret, atomically: false, encoding: .utf8)
        return secret
    }

    /// Checks that root's secret and folder are unchanged.
    func checkCanary() throws {
        #expect(try FileManager.default.contentsOfDirectory(atPath: rootsOwn) == ["secret"])
        #expect(try String(contentsOfFile: rootsOwn + "/secret", encoding: .utf8) == "canary-of-root")
    }

    /// The environment of a lifecycle script.
    static let environment = ["PATH": "/sbin:/bin:/usr/sbin:/usr/bin"]

    /// Sets up an instance in a separate thread, because the shared pool has few.
    static func make() async throws -> NotebookInstance {
        let made = await withCheckedContinuation { continuation in
            Thread.detachNewThread {
                continuation.resume(returning: UncheckedResult(instance: Result { try NotebookInstance() }))
            }
        }
        return try made.instance.get()
    }

    /// A result that moves between tasks and is not shared.
    private struct UncheckedResult: @unchecked Sendable { let instance: Result<NotebookInstance, any Error> }

    private init() throws {
        let files = FileManager.default
        rootsOwn = path + "/roots-own"
        for folder in [path, rootsOwn, path + "/home", path + "/home/anaconda3/bin", path + "/home/anaconda3/envs"] {
            try files.createDirectory(atPath: folder, withIntermediateDirectories: true)
        }
        try files.setAttributes([.posixPermissions: 0o700], ofItemAtPath: rootsOwn)
        try Self.run("useradd", "--no-create-home", "--home-dir", path + "/home", "--shell", "/bin/bash", user)
        // The environment is a real one that is not registered as a kernel.
        try Self.copyEnvironment(to: path + "/home/anaconda3/envs/python3")
        // The scripts that `conda` installs.
        try """
        export CONDA_PREFIX='\(path)/home/anaconda3/envs/'"$1" CONDA_DEFAULT_ENV="$1"
        export PATH="$CONDA_PREFIX/bin:$PATH"
        """.write(toFile: path + "/home/anaconda3/bin/activate", atomically: false, encoding: .utf8)
        try "unset CONDA_PREFIX CONDA_DEFAULT_ENV"
            .write(toFile: path + "/home/anaconda3/bin/deactivate", atomically: false, encoding: .utf8)
        try "export FROM_PROFILE=yes\n".write(toFile: path + "/home/.profile", atomically: false, encoding: .utf8)
        let volume = path + "/home/SageMaker"
        try files.createDirectory(atPath: volume, withIntermediateDirectories: false)
        // In a container without the right to mount, the volume is a plain folder.
        isMounted = (try? Self.run("mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", volume)) != nil
        notebooks = TemporaryFolder(owning: volume)
        for folder in [path + "/home", path + "/home/.profile", volume] {
            try files.setAttributes([.ownerAccountName: user, .groupOwnerAccountName: user], ofItemAtPath: folder)
        }
        number = try #require(try files.attributesOfItem(atPath: volume)[.ownerAccountID] as? UInt32)
    }

    /// Copies the environment that all users can reach, as hard links if possible.
    static func copyEnvironment(
        _ original: String = Repository.root + "/.build/python-for-all", to path: String
    ) throws {
        try #require(FileManager.default.fileExists(atPath: original + "/bin/python"), "run Tests/run first")
        // Copies the contents of the folder, because the original may be a symbolic link.
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
        do {
            try run("cp", "-al", original + "/.", path)
        } catch {
            try run("cp", "-a", original + "/.", path)
        }
        try FileManager.default.removeItem(atPath: path + "/share")
    }

    deinit {
        for process in processes { kill(pid_t(process), SIGKILL) }
        // Processes of an ended run may use the volume for a moment.
        if isMounted { try? Self.run("umount", "--lazy", notebooks.path) }
        try? Self.run("userdel", user)
        Self.forgetRuns(about: path)
        try? FileManager.default.removeItem(atPath: path)
    }

    /// Removes the records of runs of notebooks in a folder.
    static func forgetRuns(about path: String) {
        let folder = "/var/tmp/galley-runs-\(geteuid())"
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        for name in names where name.hasSuffix(".json") || name.hasSuffix(".last") {
            let text = try? String(contentsOfFile: "\(folder)/\(name)", encoding: .utf8)
            guard text?.contains(path) == true else { continue }
            for suffix in ["json", "last", "log", "commands.log"] {
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

    /// Returns the owner, the group and the mode of a file; IDs without a name are numbers.
    func rights(_ name: String = "report.ipynb") throws -> String {
        let path = name.hasPrefix("/") ? name : notebooks.path + "/" + name
        let found = try FileManager.default.attributesOfItem(atPath: path)
        let names = [
            (FileAttributeKey.ownerAccountName, FileAttributeKey.ownerAccountID),
            (.groupOwnerAccountName, .groupOwnerAccountID),
        ].map { found[$0] as? String ?? "\(found[$1] as? Int ?? -1)" }
        return (names + [String(found[.posixPermissions] as? Int ?? 0, radix: 8)]).joined(separator: " ")
    }

    /// Runs a program as the platform does: as root, without terminal or standard input, with SIGINT ignored.
    func run(
        _ arguments: [String], program: String = GalleyProgram.path, _ more: [String: String] = [:]
    ) async throws -> GalleyProgram.Run {
        try await GalleyProgram.run(
            ["--wait", "/bin/sh", "-c", #"trap "" INT; exec "$0" "$@" <&-"#, program] + arguments,
            program: "/usr/bin/setsid", environment: Self.environment.merging(more) { $1 }, in: notebooks)
    }

    /// Runs the program with other texts in files of the machine.
    func run(_ arguments: [String], where texts: [String: String]) async throws -> GalleyProgram.Run {
        if texts.isEmpty { return try await run(arguments) }
        var command = "exec \"$@\""
        for (file, text) in texts {
            let other = path + "/" + (file as NSString).lastPathComponent
            try text.write(toFile: other, atomically: false, encoding: .utf8)
            command = "mount --bind '\(other)' '\(file)' && " + command
        }
        return try await run(
            ["--mount", "/bin/sh", "-c", command, "sh", GalleyProgram.path] + arguments, program: "/usr/bin/unshare")
    }

    /// Runs a command as the user, in the volume.
    func asUser(_ command: String) async throws -> String {
        let run = try await GalleyProgram.run(
            ["-u", user, "--", "/bin/sh", "-c", command], program: "/usr/sbin/runuser",
            environment: ["PATH": "/usr/bin:/bin", "HOME": home], in: notebooks)
        #expect(run.status == 0, "\(run.errors)")
        return run.output
    }

    /// Starts a command as the user, in the volume, and does not wait for it.
    func beginAsUser(_ command: String) throws {
        try GalleyProgram.begin(
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
