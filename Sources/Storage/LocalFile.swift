import Glibc

/// A notebook in a local file.
///
/// Reads and writes run on a queue of their own, because they wait for the disk.
public actor LocalFile: NotebookStore {
    /// The path passed to `init`.
    public nonisolated let name: String
    /// Always true: a file can be replaced any number of times.
    public nonisolated let canBeWrittenAgain = true
    /// The folder part of the path.
    public nonisolated var workingDirectory: String? { Self.folder(of: name) }
    /// Always true.
    public nonisolated let isLocal = true
    private let queue = FileIOExecutor()

    /// The path of the next write: the file itself or, after another program has changed it, the conflict file beside
    /// it.
    private var path: String
    private var known = LastKnownFile.unseen
    /// The metadata of the file as it was read, for a file that has to be created anew.
    private var attributes: FileAttributes?
    /// The owner of the file when it was read.
    private var readOwner: FileOwner?
    /// The owner of a file that is created; nil for the user of this process.
    private var newOwner: FileOwner?
    /// The lock that keeps other runs from the file.
    private var ownership = StoreFileLock()

    private var remains = KnownLeftovers()

    private enum LastKnownFile {
        /// Not checked: any existing file may be replaced.
        case unseen
        /// The file did not exist.
        case missing
        /// The file as it was last read or written.
        case seen(FileVersion, Fingerprint)
    }

    /// The files that may be read.
    private let bounds: ReadRestrictions
    private let checksForLeftovers: Bool

    /// Creates a store for the file at `path`, which need not exist.
    public init(_ path: String) { (name, self.path, bounds, checksForLeftovers) = (path, path, .none, true) }

    /// Creates a store for the file at `path`, with restrictions on reading.
    package init(_ path: String, reading bounds: ReadRestrictions = .none, checksForLeftovers: Bool = true) {
        (name, self.path, self.bounds, self.checksForLeftovers) = (path, path, bounds, checksForLeftovers)
    }

    /// Restrictions on the files that a path may lead to. Root checks where a path leads before another process reads
    /// it.
    package struct ReadRestrictions: Hashable, Sendable {
        /// The only allowed file; nil for any.
        package var only: Identity?
        /// The users whose files are allowed; nil for all.
        package var owners: Set<UInt32>?

        /// No restrictions.
        package static let none = ReadRestrictions()

        /// Creates restrictions.
        package init(only: Identity? = nil, owners: Set<UInt32>? = nil) { (self.only, self.owners) = (only, owners) }

        func refusal(_ status: stat, at path: String) -> StorageError? {
            if let only, only != Identity(status) {
                return .refused(
                    path: path, reason: "\(path) is no longer the file that root checked. Run the notebook again")
            }
            if let owners, !owners.contains(status.st_uid) {
                return .refused(
                    path: path,
                    reason: "\(path) leads to a file of user \(status.st_uid), who may have redirected the path. "
                        + "Use the path of that file")
            }
            return nil
        }
    }

    /// The queue that the actor runs on.
    public nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe queue.asUnownedSerialExecutor() }

    /// Locks the file against other runs until ``unlock()`` is called, or the store or the process ends.
    ///
    /// A file that does not exist is locked when it is created. Does nothing if the file system does not support locks.
    public func lock() throws(StorageError) {
        try checkPath()
        ownership.isWanted = true
        ownership.lock = try takeLock()
        findLeftovers(isWritten: true)
        // Another program has made any file that appears from now on.
        do throws(Errno) {
            known = try FileVersion(ofFileAt: path).map { .seen($0, Fingerprint([UInt8]())) } ?? .missing
        } catch {
            throw StorageError(reading: path, error)
        }
    }

    private func takeLock() throws(StorageError) -> FileLock? {
        guard geteuid() == 0 else { return try FileLock.acquire(path) }
        // Root opens nothing through another user's link.
        let place: ResolvedPath
        do throws(StorageError) {
            place = try ResolvedPath(resolving: path)
        } catch .notAFile {
            throw .notAFile(path: path)
        } catch {
            // The write reports why it refuses such a path.
            return nil
        }
        defer { withExtendedLifetime(place) {} }
        return try FileLock.acquire(place.path, named: path, followsLinks: false)
    }

    /// Unlocks the file.
    public func unlock() async { ownership = StoreFileLock() }

    /// Returns the contents of the file.
    public func read() throws(StorageError) -> [UInt8] {
        try checkPath()
        var refusal: StorageError?
        do throws(Errno) {
            // Opening does not wait for the writer of a pipe. A device is refused, because it may never end.
            let file = try FileDescriptor(path, O_RDONLY)
            let status = try file.status
            refusal = bounds.refusal(status, at: path)
            guard refusal == nil else { throw Errno(rawValue: ESTALE) }
            guard [S_IFREG, S_IFIFO, S_IFSOCK].contains(status.st_mode & S_IFMT) else { throw Errno(rawValue: EISDIR) }
            guard status.st_size < UInt32.max else { throw Errno(rawValue: EFBIG) }
            let bytes = try file.readToEnd(expecting: Int(status.st_size))
            // The status from before the read, so that a write during the read counts as a change.
            known = .seen(FileVersion(status), .bytes(bytes))
            readOwner = FileOwner(status)
            if status.st_mode & S_IFMT == S_IFREG {
                attributes = try FileAttributes(of: file)
                findLeftovers(isWritten: false)
            }
            return bytes
        } catch {
            if let refusal { throw refusal }
            if error.rawValue == ENOENT {
                known = .missing
                if let spelling = NonUTF8Path.spelling(of: path) { throw .nameNotUTF8(path: spelling) }
            }
            throw StorageError(reading: path, error)
        }
    }

    /// Returns the owner of the file; nil before it is read.
    public func owner() async -> FileOwner? {
        guard geteuid() == 0, var owner = readOwner else { return readOwner }
        owner.isSafeForRoot = owner.user == 0 && (try? PathWalk(path).control) == .root
        return owner
    }

    /// Sets the owner of a file that is created. Such a file gets at most the permissions of the owner's file. Root
    /// changes the file's owner; other users cannot.
    public func setOwner(_ owner: FileOwner) async { newOwner = owner }

    /// Checks that the file can be written, before the run begins.
    public func checkWritable() throws(StorageError) {
        try checkPath()
        try checkOwner()
        try FileReplacement(of: path).checkWritable()
    }

    /// Throws if the file belongs to a third user, who could then read a result that is more private than the notebook.
    ///
    /// A file that another user puts there later is handled by ``write(_:)`` like any other program's work.
    private func checkOwner() throws(StorageError) {
        let isChangeableByRootAlone = geteuid() == 0
        var status = stat()
        // A notebook that root runs from memory is as private as root's files.
        let roots = isChangeableByRootAlone && ownership.isWanted ? FileOwner(user: 0, group: 0, mode: 0o600) : nil
        guard let notebook = readOwner ?? newOwner ?? roots, unsafe stat(path, &status) == 0,
            status.st_mode & S_IFMT == S_IFREG
        else { return }
        if [geteuid(), notebook.user].contains(status.st_uid) || !isChangeableByRootAlone && notebook.mode & 0o004 != 0
        {
            return
        }
        throw .refused(
            path: path,
            reason: "\(path) belongs to user \(status.st_uid), who is not the owner of the notebook and could read the "
                + "result. Remove it, or choose another path")
    }

    /// Throws if the path contains a NUL, at which the system would cut it off.
    private func checkPath() throws(StorageError) {
        if path.utf8.contains(0) { throw .failed(.opening, path: path, Errno(rawValue: EINVAL)) }
    }

    /// Creates or replaces the file.
    ///
    /// The new contents are complete and on the disk before they take the name. Owner, group, mode, access list and
    /// extended attributes are kept, and a symbolic link stays a link. A file that has several hard links, or whose
    /// folder is not writable, is written in place after a copy has been made.
    public func write(_ bytes: some ByteRuns) throws(StorageError) -> WriteOutcome {
        try checkPath()
        if case .unseen = known { try checkOwner() }
        let expectation: FileReplacement.Expectation =
            switch known {
            case .unseen: .anything
            case .missing: .nothing
            case .seen(let stamp, let contents): .file(stamp, contents)
            }
        var stamp = try write(bytes, over: expectation)
        var number = 1
        while stamp == nil {
            // The first free name: `report.galley-conflict.ipynb`, then numbered names.
            path = Self.conflictPath(beside: name, number)
            stamp = try write(bytes, over: .nothing)
            number += 1
        }
        if let stamp { known = .seen(stamp, Fingerprint(bytes)) }
        removeLeftovers()
        return path == name ? .original : .conflict(path)
    }

    /// Looks, once, for old contents of the file that killed runs have left.
    private func findLeftovers(isWritten: Bool) {
        if isSafe { remains.look(for: path, isWritten: isWritten) }
    }

    /// Removes, once, temporary files that killed runs have left beside the file.
    private func removeLeftovers() { if isSafe { remains.clear(beside: path) } }

    /// Whether no other user can redirect this process through names beside the file.
    private var isSafe: Bool { checksForLeftovers && (geteuid() != 0 || (try? PathWalk(path).control) == .root) }

    /// Returns warnings about leftovers of killed runs; each only once.
    public func takeWarnings() async -> [String] { remains.takeWarnings() }

    private func write(_ bytes: some ByteRuns, over expectation: FileReplacement.Expectation) throws(StorageError)
        -> FileVersion?
    {
        try FileReplacement(of: path).write(
            bytes, attributes: attributes, owner: newOwner, givesAway: geteuid() == 0, over: expectation, &ownership)
    }

    /// Returns the path for contents beside a file that another program has changed.
    package static func conflictPath(beside path: String, _ number: Int) -> String {
        let (folder, base) = (path.directory, path.lastName)
        let suffix = base.hasSuffix(".ipynb") ? ".ipynb" : ""
        let mark = ".galley-conflict" + (number == 1 ? "" : "-\(number)") + suffix
        // A file name has at most 255 bytes.
        var stem = base.dropLast(suffix.count)
        while stem.utf8.count + mark.utf8.count > 255 { stem.removeLast() }
        return folder + stem + mark
    }
}
