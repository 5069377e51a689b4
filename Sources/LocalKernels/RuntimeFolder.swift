import GalleyCLinux
import Glibc
import Synchronization

/// A private folder for one kernel's connection file and sockets.
///
/// Its path is short, because a socket address has room for 107 characters. The folder is locked while it is in use.
/// The lock distinguishes it from the folder of a killed process, across containers too.
final class RuntimeFolder: Sendable {
    /// The path of the folder.
    let path: String
    private let kernel: String
    private let lock: Int32
    /// A second folder for temporary files, used if its path is too long for sockets.
    private let other: (path: String, lock: Int32)?

    private static let prefix = "galley-"
    private static let temporary = "tmp"
    private static let longest = 40

    /// The folder for the kernel's temporary files, if the kernel has its own.
    let temporaryFolder: String?

    /// Creates a folder for a kernel with this name.
    init(for kernel: String, options: KernelOptions) throws(KernelError) {
        self.kernel = kernel
        var reasons: [String] = []
        // XDG_RUNTIME_DIR belongs to the user, but it is in memory, which is too small for a notebook's temporary
        // files.
        let isForMore = options.hasOwnTemporaryFolder
        let own = [isForMore ? nil : options.environment["XDG_RUNTIME_DIR"], options.environment["TMPDIR"], "/tmp"]
        for parent in own.compactMap(\.self) where parent.hasPrefix("/") && parent.utf8.count < Self.longest {
            Self.removeUnusedFolders(in: parent)
            let path = Self.newPath(in: parent)
            if unsafe mkdir(path, 0o700) == 0 {
                lock = Self.locked(path) ?? -1
                self.path = path
                other = isForMore ? Self.long(options.environment["TMPDIR"]) : nil
                temporaryFolder = isForMore ? (other?.path ?? path) + "/" + Self.temporary : nil
                if let temporaryFolder, unsafe mkdir(temporaryFolder, 0o700) != 0 { throw notMade(temporaryFolder) }
                return
            }
            reasons.append("\(parent): \(unsafe String(cString: strerror(errno)))")
        }
        throw .notStarted(
            kernel: kernel, reason: "no folder for its sockets could be created (\(reasons.joined(separator: "; ")))")
    }

    /// Creates a folder if its path is too long for sockets; nil if it is not.
    private static func long(_ parent: String?) -> (path: String, lock: Int32)? {
        guard let parent, parent.hasPrefix("/"), parent.utf8.count >= longest else { return nil }
        removeUnusedFolders(in: parent)
        let path = newPath(in: parent)
        guard unsafe mkdir(path, 0o700) == 0 else { return nil }
        return (path, locked(path) ?? -1)
    }

    private static func newPath(in parent: String) -> String {
        "\(parent)/\(prefix)\(getpid())-\(String(UInt32.random(in: 0...UInt32.max), radix: 36))"
    }

    private func notMade(_ path: String) -> KernelError {
        .notStarted(kernel: kernel, reason: "\(path) could not be created: \(unsafe String(cString: strerror(errno)))")
    }

    /// The second folder, if there is one.
    var otherPath: String? { other?.path }
    /// The descriptors that lock the folders, or -1.
    var locks: (Int32, Int32) { (lock, other?.lock ?? -1) }

    deinit {
        for lock in [lock, other?.lock ?? -1] where lock >= 0 { close(lock) }
    }

    /// Removes the folder and its contents.
    func remove() {
        unsafe clinux_remove_tree(path)
        if let other { unsafe clinux_remove_tree(other.path) }
    }

    /// Opens and locks a folder; nil if another process has locked it.
    private static func locked(_ path: String) -> Int32? {
        let folder = unsafe open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        guard folder >= 0 else { return nil }
        defer { close(folder) }
        // A number above the standard streams, which may be closed.
        return flock(folder, LOCK_EX | LOCK_NB) == 0 ? fcntl(folder, F_DUPFD_CLOEXEC, 3) : nil
    }

    /// The names that a kernel's folder can contain. A folder with any other name in it is not removed.
    private static let contents: Set = ["kernel.json", "k-1", "k-2", "k-3", "k-4", "k-5", answer, temporary]

    /// The file that the login shell writes its variables to.
    static let answer = "environment"

    /// The earliest time to scan each folder with many names again.
    private static let nextLook = Mutex<[String: ContinuousClock.Instant]>([:])
    private static let many = 100

    /// Removes folders of kernels that are no longer in use.
    private static func removeUnusedFolders(in parent: String) {
        let now = ContinuousClock.now
        let isTooEarly = nextLook.withLock { looks in
            looks = looks.filter { $0.value > now }
            return looks[parent] != nil
        }
        guard !isTooEarly else { return }
        let names = FileSystem.names(in: parent)
        // A folder full of other files is not scanned for each kernel. The interval depends on the number of names, not
        // on the time that a scan takes: even a busy machine is cleaned up.
        if names.count > many { nextLook.withLock { $0[parent] = now + .milliseconds(names.count) } }
        // Only Galley uses this pattern: galley, a process ID, a random word.
        for name in names
        where name.hasPrefix(prefix) && name.wholeMatch(of: /galley-\d+-\w+/) != nil {
            // A folder that was just created may not be locked yet.
            removeUnused("\(parent)/\(name)", ifOlderThan: 10)
        }
    }

    /// Removes a folder of this user that contains only files of a kernel and is no longer in use.
    private static func removeUnused(_ path: String, ifOlderThan age: Int) {
        guard contents.isSuperset(of: FileSystem.names(in: path)) else { return }
        // A kept kernel can outlive all processes that held the lock.
        if unsafe clinux_find_listener("\(path)/k-1") > 0 { return }
        var status = stat()
        guard unsafe lstat(path, &status) == 0, status.st_uid == geteuid(), status.st_mode & S_IFMT == S_IFDIR,
            status.st_mtim.tv_sec + age <= time(nil), let lock = locked(path)
        else { return }
        unsafe clinux_remove_tree(path)
        close(lock)
    }

    /// Removes the folder of a kept kernel that has ended, if its keepers could not remove it.
    static func removeLeftovers(ofConnectionFile path: String) {
        let folder = FileSystem.parent(path)
        guard FileSystem.base(folder).wholeMatch(of: /galley-\d+-\w+/) != nil else { return }
        removeUnused(folder, ifOlderThan: 0)
    }

    /// Reads a file that another process has written; nil unless it is a regular file below 1 MB.
    func read(_ name: String) -> [UInt8]? {
        let number = unsafe clinux_open_regular_file("\(path)/\(name)")
        guard number >= 0 else { return nil }
        defer { close(number) }
        var bytes = [UInt8](repeating: 0, count: 1 << 20)
        // Safe because the array is passed with its own length.
        let count = unsafe Glibc.read(number, &bytes, bytes.count)
        return count < 0 || count == bytes.count ? nil : Array(bytes[..<count])
    }

    /// Writes a file that only this user can read; returns its path.
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
