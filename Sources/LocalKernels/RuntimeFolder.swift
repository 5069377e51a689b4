import GalleyCLinux
import Glibc
import Synchronization

/// A private folder for one kernel's connection file and sockets.
///
/// Its path is short, because the address of a socket has room for 107 characters. It is locked as long as it is used,
/// so that what a process left that was killed can be told from what another one needs, in another container too.
final class RuntimeFolder: Sendable {
    /// Where the files are.
    let path: String
    private let kernel: String
    private let lock: Int32
    /// A folder elsewhere, where the one for temporary files is if its path is too long for sockets.
    private let other: (path: String, lock: Int32)?

    private static let prefix = "galley-"
    private static let temporary = "tmp"
    private static let longest = 40

    /// Where the kernel makes its temporary files, if that is a place of its own.
    let temporaryFolder: String?

    /// Makes a folder for a kernel of this name.
    init(for kernel: String, options: KernelOptions) throws(KernelError) {
        self.kernel = kernel
        var reasons: [String] = []
        // The system's own folder for such things belongs to the user. It lives in memory, which is no place for what a
        // notebook may write.
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
            kernel: kernel, reason: "no folder for its sockets could be made (\(reasons.joined(separator: "; ")))")
    }

    /// Makes a folder where sockets would have no room for its path; nil where they have.
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
        .notStarted(kernel: kernel, reason: "\(path) could not be made: \(unsafe String(cString: strerror(errno)))")
    }

    /// The second folder, if there is one.
    var otherPath: String? { other?.path }
    /// The descriptors by which the folders are locked, -1 for none.
    var locks: (Int32, Int32) { (lock, other?.lock ?? -1) }

    deinit {
        for lock in [lock, other?.lock ?? -1] where lock >= 0 { close(lock) }
    }

    /// Removes the folder and what is in it.
    func remove() {
        unsafe clinux_remove_tree(path)
        if let other { unsafe clinux_remove_tree(other.path) }
    }

    /// Opens and locks a folder; nil where somebody else has it locked.
    private static func locked(_ path: String) -> Int32? {
        let folder = unsafe open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        guard folder >= 0 else { return nil }
        defer { close(folder) }
        // Out of the way of the standard streams, which may be closed.
        return flock(folder, LOCK_EX | LOCK_NB) == 0 ? fcntl(folder, F_DUPFD_CLOEXEC, 3) : nil
    }

    /// What a kernel's folder can hold: nothing else is ever removed, whatever it is called.
    private static let contents: Set = ["kernel.json", "k-1", "k-2", "k-3", "k-4", "k-5", answer, temporary]

    /// The file that a login shell answers with.
    static let answer = "environment"

    /// When folders with many names in them are to be looked through again.
    private static let nextLook = Mutex<[String: ContinuousClock.Instant]>([:])
    private static let many = 100

    /// Removes folders of kernels that nobody uses any more.
    private static func removeUnusedFolders(in parent: String) {
        let now = ContinuousClock.now
        let isTooEarly = nextLook.withLock { looks in
            looks = looks.filter { $0.value > now }
            return looks[parent] != nil
        }
        guard !isTooEarly else { return }
        let names = FileSystem.names(in: parent)
        // A folder full of other people's files is not looked through for each kernel. What it costs goes by their number,
        // and not by the clock: a machine that is busy is no reason to leave anything behind.
        if names.count > many { nextLook.withLock { $0[parent] = now + .milliseconds(names.count) } }
        // Nothing else is called so: galley, a process, a word.
        for name in names
        where name.hasPrefix(prefix) && name.wholeMatch(of: /galley-\d+-\w+/) != nil {
            // One that was made a moment ago may not be locked yet.
            removeUnused("\(parent)/\(name)", ifOlderThan: 10)
        }
    }

    /// Removes a folder of this user's that holds nothing but what kernels leave, and that nobody uses any more.
    private static func removeUnused(_ path: String, ifOlderThan age: Int) {
        guard contents.isSuperset(of: FileSystem.names(in: path)) else { return }
        // A kernel that was kept can outlive all that held the lock.
        if unsafe clinux_find_listener("\(path)/k-1") > 0 { return }
        var status = stat()
        guard unsafe lstat(path, &status) == 0, status.st_uid == geteuid(), status.st_mode & S_IFMT == S_IFDIR,
            status.st_mtim.tv_sec + age <= time(nil), let lock = locked(path)
        else { return }
        unsafe clinux_remove_tree(path)
        close(lock)
    }

    /// Removes what a kernel has left that was kept, has ended, and had lost its keepers.
    static func removeLeftovers(ofConnectionFile path: String) {
        let folder = FileSystem.parent(path)
        guard FileSystem.base(folder).wholeMatch(of: /galley-\d+-\w+/) != nil else { return }
        removeUnused(folder, ifOlderThan: 0)
    }

    /// Reads a file that somebody else has written; nil where it is anything but a file of moderate size.
    func read(_ name: String) -> [UInt8]? {
        let number = unsafe clinux_open_regular_file("\(path)/\(name)")
        guard number >= 0 else { return nil }
        defer { close(number) }
        var bytes = [UInt8](repeating: 0, count: 1 << 20)
        // Safe because the array is passed with its own length.
        let count = unsafe Glibc.read(number, &bytes, bytes.count)
        return count < 0 || count == bytes.count ? nil : Array(bytes[..<count])
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
