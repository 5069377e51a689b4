import GalleyConcurrency
import GalleyJSON
import GalleyStorage
import Synchronization

/// Saves a result that could not be saved to its own place in another folder.
struct ResultRescue: Sendable {
    /// The variables that name folders.
    let environment: [String: String]
    /// Whether the run was stopped, which leaves no time for a disk that does not respond.
    let isStopped: @Sendable () -> Bool

    /// Saves the result of a run, and returns its path; nil if that failed too.
    ///
    /// - Parameters:
    ///   - place: The name of the store that did not take the result.
    ///   - owner: The owner of the notebook.
    func save(_ text: JSONText, insteadOf place: String, for owner: FileOwner?) async -> String? {
        let base = LocalFile.fileName(of: place)
        let own = base.hasSuffix(".ipynb") ? base : "notebook.ipynb"
        let found = Mutex<String?>(nil)
        for folder in Self.folders(environment) {
            // A file name that fits the target's file system may be too long for another.
            let name = folder == environment["TMPDIR"] ? own : "notebook.ipynb"
            let attempt = AbandonableTask {
                try? await RescueWriter().write(text, as: name, in: folder, for: owner)
            } late: { path in
                found.withLock { $0 = $0 ?? path }
            }
            // The next folder may be on another disk.
            let limit: Duration = isStopped() ? .milliseconds(500) : .endless
            if let path = await attempt.answer(within: limit) ?? nil { return path }
            if let path = found.withLock(\.self) { return path }
        }
        return nil
    }

    /// Returns the folders to rescue a result to, in order: the user's, then those that every machine has, on disk
    /// before in memory.
    static func folders(_ environment: [String: String]) -> [String] {
        [environment["TMPDIR"], "/tmp", "/var/tmp", "/dev/shm", environment["XDG_RUNTIME_DIR"]]
            .compactMap(\.self).filter(\.isAbsolutePath)
    }
}
