import Glibc

/// A private folder for one kernel's connection file and sockets.
///
/// Its path is short, because the address of a socket has room for 107 characters. It is locked as long as it is used,
/// so that what a process left that was killed can be told from what another one needs, in another container too.
final class RuntimeFolder: Sendable {
    let path: String
    private let kernel: String
    private let lock: Int32

    private static let prefix = "galley-"

    /// Makes a folder for a kernel of this name.
    init(for kernel: String, environment: [String: String]) throws(KernelError) {
        self.kernel = kernel
        var reasons: [String] = []
        // The system's own folder for such things lives in memory and belongs to the user.
        let parents = [environment["XDG_RUNTIME_DIR"], environment["TMPDIR"], "/tmp"].compactMap(\.self)
        for parent in parents where parent.hasPrefix("/") && parent.utf8.count < 40 {
            Self.clearRemains(in: parent)
            let path = "\(parent)/\(Self.prefix)\(getpid())-\(String(UInt32.random(in: 0...UInt32.max), radix: 36))"
            if unsafe mkdir(path, 0o700) == 0 {
                self.path = path
                lock = Self.locked(path) ?? -1
                return
            }
            reasons.append("\(parent): \(unsafe String(cString: strerror(errno)))")
        }
        throw .notStarted(
            kernel: kernel, reason: "no folder for its sockets could be made (\(reasons.joined(separator: "; ")))")
    }

    deinit { if lock >= 0 { close(lock) } }

    /// Removes the folder and the files in it.
    func remove() { Self.remove(path) }

    private static func remove(_ path: String) {
        for name in Files.names(in: path) { unsafe unlink("\(path)/\(name)") }
        _ = unsafe rmdir(path)
    }

    /// Opens and locks a folder; nil where somebody else has it locked.
    private static func locked(_ path: String) -> Int32? {
        let folder = unsafe open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        guard folder >= 0 else { return nil }
        if flock(folder, LOCK_EX | LOCK_NB) == 0 { return folder }
        close(folder)
        return nil
    }

    /// What a kernel's folder can hold: nothing else is ever removed, whatever it is called.
    private static let contents: Set = ["kernel.json", "k-1", "k-2", "k-3", "k-4", "k-5"]

    /// Removes folders of kernels that nobody uses any more.
    private static func clearRemains(in parent: String) {
        for name in Files.names(in: parent) where name.hasPrefix(prefix) {
            let path = "\(parent)/\(name)"
            let names = Files.names(in: path)
            guard names.contains("kernel.json"), contents.isSuperset(of: names) else { continue }
            var status = stat()
            guard unsafe lstat(path, &status) == 0, status.st_uid == geteuid(), status.st_mode & S_IFMT == S_IFDIR,
                // One that was made a moment ago may not be locked yet.
                status.st_mtim.tv_sec + 10 < time(nil), let lock = locked(path)
            else { continue }
            remove(path)
            close(lock)
        }
    }

    /// Writes a file that only this user can read.
    func write(_ bytes: [UInt8], to name: String) throws(KernelError) -> String {
        let file = "\(path)/\(name)"
        let number = unsafe open(file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        defer { close(number) }
        // Safe because the array is passed with its own length.
        guard number >= 0, unsafe Glibc.write(number, bytes, bytes.count) == bytes.count else {
            throw .notStarted(
                kernel: kernel, reason: "\(file) could not be written: \(unsafe String(cString: strerror(errno)))")
        }
        return file
    }
}
