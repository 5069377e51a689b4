import Glibc

/// A notebook in a file of this machine.
///
/// Reading and writing wait for the disk, so they have a queue of their own and keep nobody else waiting.
public actor LocalFile: NotebookStore {
    /// The path as it was given.
    public nonisolated let name: String
    /// A file can be replaced as often as one likes.
    public nonisolated let canBeWrittenAgain = true
    /// The directory that the file is in.
    public nonisolated var workingDirectory: String? { Self.folder(of: name) }
    /// The disk answers, or reports an error.
    public nonisolated let isLocal = true
    private let queue = FileIOExecutor()

    /// Where the next write goes: the file itself or, once somebody else has changed that, the one beside it.
    private var path: String
    private var known = LastKnownFile.unseen
    /// What the file had besides its contents: a file that is made in its stead gets the same.
    private var attributes: FileAttributes?
    /// Who owned the file when it was read.
    private var readOwner: FileOwner?
    /// Who owns a file that is made where nothing was; nil for whoever runs this process.
    private var newOwner: FileOwner?
    /// Keeps other runs away.
    private var ownership = StoreFileLock()

    private var remains = KnownLeftovers()

    private enum LastKnownFile {
        /// Nobody has looked: whatever is there may be replaced.
        case unseen
        /// There was no such file.
        case missing
        /// The file as it was read or written last.
        case seen(FileVersion, Fingerprint)
    }

    /// What may be read, wherever the path leads.
    private let bounds: ReadRestrictions
    private let checksForLeftovers: Bool

    /// Names the file at `path`, which need not exist yet.
    public init(_ path: String) { (name, self.path, bounds, checksForLeftovers) = (path, path, .none, true) }

    /// Names the file at `path`, and what it may lead to when it is read.
    package init(_ path: String, reading bounds: ReadRestrictions = .none, checksForLeftovers: Bool = true) {
        (name, self.path, self.bounds, self.checksForLeftovers) = (path, path, bounds, checksForLeftovers)
    }

    /// What a path may lead to when it is read: root, which has chosen who reads it, saw where it led before.
    package struct ReadRestrictions: Hashable, Sendable {
        /// The only file; nil for any.
        package var only: Identity?
        /// The users whose files they may be; nil for all.
        package var owners: Set<UInt32>?

        /// No bounds.
        package static let none = ReadRestrictions()

        /// Sets bounds.
        package init(only: Identity? = nil, owners: Set<UInt32>? = nil) { (self.only, self.owners) = (only, owners) }

        func refusal(_ status: stat, at path: String) -> StorageError? {
            if let only, only != Identity(status) {
                return .refused(
                    path: path, reason: "\(path) is not the file any more that root has seen. Run it again")
            }
            if let owners, !owners.contains(status.st_uid) {
                return .refused(
                    path: path,
                    reason: "\(path) leads to a file of user \(status.st_uid), who may have put it there. "
                        + "Name that file itself")
            }
            return nil
        }
    }

    /// The actor runs on its file's queue.
    public nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe queue.asUnownedSerialExecutor() }

    /// Keeps other runs from working on the file, until it is unlocked, this store is gone, or the process is.
    ///
    /// A file that does not exist yet is locked when it is made. Where the file system knows no locks it does nothing.
    public func lock() throws(StorageError) {
        try checkPath()
        ownership.isWanted = true
        ownership.lock = try takeLock()
        findLeftovers(isWritten: true)
        // What comes to be there from now on is somebody else's.
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
            // The write says why it refuses such a path.
            return nil
        }
        defer { withExtendedLifetime(place) {} }
        return try FileLock.acquire(place.path, named: path, followsLinks: false)
    }

    /// Lets other runs work on the file again.
    public func unlock() async { ownership = StoreFileLock() }

    /// Returns the file's bytes.
    public func read() throws(StorageError) -> [UInt8] {
        try checkPath()
        var refusal: StorageError?
        do throws(Errno) {
            // Of a pipe that nobody writes to nothing is waited for, and a device may never end.
            let file = try FileDescriptor(path, O_RDONLY)
            let status = try file.status
            refusal = bounds.refusal(status, at: path)
            guard refusal == nil else { throw Errno(rawValue: ESTALE) }
            guard [S_IFREG, S_IFIFO, S_IFSOCK].contains(status.st_mode & S_IFMT) else { throw Errno(rawValue: EISDIR) }
            guard status.st_size < UInt32.max else { throw Errno(rawValue: EFBIG) }
            let bytes = try file.readToEnd(expecting: Int(status.st_size))
            // As it was before it was read: what somebody wrote in between must not be taken for what was read.
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

    /// Returns the owner of the file that was read; nil before it was.
    public func owner() async -> FileOwner? {
        guard geteuid() == 0, var owner = readOwner else { return readOwner }
        owner.isSafeForRoot = owner.user == 0 && (try? PathWalk(path).control) == .root
        return owner
    }

    /// Says whose the file is to be if it is made: it gets no rights that the owner's file does not give, and root gives
    /// it away.
    public func setOwner(_ owner: FileOwner) async { newOwner = owner }

    /// Finds out, before anything is run, whether the file could be written.
    public func checkWritable() throws(StorageError) {
        try checkPath()
        try checkOwner()
        try FileReplacement(of: path).checkWritable()
    }

    /// Refuses a file of a third user, who could read a result that is more private than the notebook.
    ///
    /// What another user puts there after this is the work of another program to ``write(_:)``.
    private func checkOwner() throws(StorageError) {
        let isChangeableByRootAlone = geteuid() == 0
        var status = stat()
        // What root runs from memory is as private as root's files.
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
                + "result. Remove it, or name another place")
    }

    /// Refuses a path that the system would take for a shorter one.
    private func checkPath() throws(StorageError) {
        if path.utf8.contains(0) { throw .failed(.opening, path: path, Errno(rawValue: EINVAL)) }
    }

    /// Replaces the file, or makes it.
    ///
    /// The new contents are complete and on the disk before they take the name. Owner, group, mode, access list and
    /// extended attributes stay; a symbolic link stays one. A file that has several names, or is in a folder that takes
    /// no new files, cannot be replaced: it is written in place, after a copy has been made.
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
            // A name that nobody has: `report.galley-conflict.ipynb`, then with a number.
            path = Self.conflictPath(beside: name, number)
            stamp = try write(bytes, over: .nothing)
            number += 1
        }
        if let stamp { known = .seen(stamp, Fingerprint(bytes)) }
        removeLeftovers()
        return path == name ? .original : .conflict(path)
    }

    /// Looks once for what killed runs have left of the file's contents.
    private func findLeftovers(isWritten: Bool) {
        if isSafe { remains.look(for: path, isWritten: isWritten) }
    }

    /// Removes once what killed runs have left beside the file, which takes new files.
    private func removeLeftovers() { if isSafe { remains.clear(beside: path) } }

    /// Whether no other user can lead this process astray by the names beside the file.
    private var isSafe: Bool { checksForLeftovers && (geteuid() != 0 || (try? PathWalk(path).control) == .root) }

    /// Says what the user has to know of what killed runs have left; each thing once.
    public func takeWarnings() async -> [String] { remains.takeWarnings() }

    private func write(_ bytes: some ByteRuns, over expectation: FileReplacement.Expectation) throws(StorageError)
        -> FileVersion?
    {
        try FileReplacement(of: path).write(
            bytes, attributes: attributes, owner: newOwner, givesAway: geteuid() == 0, over: expectation, &ownership)
    }

    private static func conflictPath(beside path: String, _ number: Int) -> String {
        let (folder, base) = (path.directory, path.lastName)
        let suffix = base.hasSuffix(".ipynb") ? ".ipynb" : ""
        let mark = ".galley-conflict" + (number == 1 ? "" : "-\(number)") + suffix
        // A name has room for 255 bytes.
        var stem = base.dropLast(suffix.count)
        while stem.utf8.count + mark.utf8.count > 255 { stem.removeLast() }
        return folder + stem + mark
    }
}
