import Glibc

/// A private folder for one kernel's connection file and sockets.
///
/// Its path is short, because the address of a socket has room for 107 characters. Its name tells which process made
/// it, so that what a process left that was killed can be cleared away by the next one.
struct RuntimeFolder: Sendable {
    let path: String

    private static let prefix = "galley-"

    init(environment: [String: String]) throws(KernelError) {
        var reasons: [String] = []
        // The system's own folder for such things lives in memory and belongs to the user.
        let parents = [environment["XDG_RUNTIME_DIR"], environment["TMPDIR"], "/tmp"].compactMap(\.self)
        for parent in parents where parent.hasPrefix("/") && parent.utf8.count < 40 {
            Self.clearRemains(in: parent)
            let number = String(UInt32.random(in: 0...UInt32.max), radix: 36)
            let path = "\(parent)/\(Self.prefix)\(getpid())-\(Self.birth(of: getpid()) ?? "0")-\(number)"
            if unsafe mkdir(path, 0o700) == 0 {
                self.path = path
                return
            }
            reasons.append("\(parent): \(unsafe String(cString: strerror(errno)))")
        }
        throw .notStarted(
            kernel: "", reason: "no folder for its sockets could be made (\(reasons.joined(separator: "; ")))")
    }

    /// Removes the folder and the files in it.
    func remove() { Self.remove(path) }

    private static func remove(_ path: String) {
        for name in Files.names(in: path) { unsafe unlink("\(path)/\(name)") }
        _ = unsafe rmdir(path)
    }

    /// Removes what processes left that are no more: theirs are the folders, and nobody else's.
    private static func clearRemains(in parent: String) {
        for name in Files.names(in: parent) where name.hasPrefix(prefix) {
            let parts = name.dropFirst(prefix.count).split(separator: "-")
            guard parts.count == 3, let process = pid_t(parts[0]), birth(of: process) != String(parts[1]) else {
                continue
            }
            let path = "\(parent)/\(name)"
            var status = stat()
            guard unsafe lstat(path, &status) == 0, status.st_uid == geteuid(), status.st_mode & S_IFMT == S_IFDIR
            else {
                continue
            }
            remove(path)
        }
    }

    /// When a process began, in the system's ticks since its start: with its number, this names it once and for all.
    private static func birth(of process: pid_t) -> String? {
        // "pid (name) state ...", where the name may hold anything; the 22nd field is the time.
        guard let text = Files.text("/proc/\(process)/stat"), let end = text.lastIndex(of: ")") else { return nil }
        let fields = text[text.index(after: end)...].split(separator: " ")
        return fields.count > 19 ? String(fields[19]) : nil
    }

    /// Writes a file that only this user can read.
    func write(_ bytes: [UInt8], to name: String) throws(KernelError) -> String {
        let file = "\(path)/\(name)"
        let number = unsafe open(file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        defer { close(number) }
        // Safe because the array is passed with its own length.
        guard number >= 0, unsafe Glibc.write(number, bytes, bytes.count) == bytes.count else {
            throw .notStarted(
                kernel: "", reason: "\(file) could not be written: \(unsafe String(cString: strerror(errno)))")
        }
        return file
    }
}
