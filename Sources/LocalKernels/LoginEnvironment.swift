import GalleyConcurrency
import Glibc
import GalleyZeroMQTransport

extension Account {
    /// Returns the variables that the user has after a login, read from the user's login shell.
    ///
    /// - Returns: The variables; nil if the shell did not report them in time or the task was canceled.
    package func loginEnvironment(within limit: Duration = .seconds(15)) async -> [String: String]? {
        var options = KernelOptions(environment: loginVariables)
        options.environment["PATH"] = "/usr/local/bin:/usr/bin:/bin"
        options.workingDirectory = unsafe access(home, X_OK) == 0 ? home : "/"
        guard let folder = try? RuntimeFolder(for: name, options: options) else { return nil }
        defer { folder.remove() }
        // The shell can print other text, so it writes the variables to a file.
        let file = folder.path + "/" + RuntimeFolder.answer
        let command = ProcessLaunch(
            readsProfile ? shell : "/bin/sh", ["-l", "-c", "/usr/bin/env -0 >'\(file)'"],
            environment: options.environment)
        guard let process = try? await GuardedProcess.start(command, options, in: folder)
        else { return nil }
        let ended = AsyncPromise<Bool>()
        process.ending.whenSet { _ in ended.set(true) }
        let hasEnded = await withTaskCancellationHandler {
            await ended.value(within: limit) ?? false
        } onCancel: {
            ended.set(false)
        }
        if !hasEnded {
            // The programs of the profile can remove their lock files, for which the next login would wait.
            process.signal(SIGHUP)
            _ = await process.ending.value(within: .seconds(3))
        }
        process.killEverything()
        _ = await process.gone.value(within: .seconds(5))
        guard !Task.isCancelled, let bytes = folder.read(RuntimeFolder.answer), !bytes.isEmpty else { return nil }
        let variables = bytes.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
        return Dictionary(
            variables.filter { !$0.hasPrefix("=") }.compactMap { variable in
                variable.firstIndex(of: "=").map {
                    (String(variable[..<$0]), String(variable[variable.index(after: $0)...]))
                }
            }
        ) { $1 }
    }

    /// Whether the shell is an interactive one.
    private var readsProfile: Bool {
        FileSystem.isExecutable(shell)
            && !["nologin", "false", "true", "sync", "git-shell"].contains(FileSystem.base(shell))
    }
}
