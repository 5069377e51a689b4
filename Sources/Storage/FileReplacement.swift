import Glibc

/// Writes a whole file, by replacement if possible and otherwise in place, so that its metadata and links stay.
struct FileReplacement {
    private let path: String

    init(of path: String) { self.path = path }

    /// The expected state of the file before the write.
    enum Expectation {
        case anything
        case nothing
        case file(FileVersion, Fingerprint)
    }

    /// Writes the file. A new file gets `attributes` or, if they are nil, at most the permissions of `owner`.
    ///
    /// - Returns: The version of the written file; nil if the file was not in the expected state and nothing was
    ///   written. The state is checked again when the new contents are ready.
    func write(
        _ bytes: some ByteRuns, attributes: FileAttributes?, owner: FileOwner?, givesAway: Bool,
        over expectation: Expectation, _ ownership: inout StoreFileLock
    ) throws(StorageError) -> FileVersion? {
        let place = try ResolvedPath(resolving: path)
        defer { withExtendedLifetime(place) {} }
        let old = try oldFile(at: place)
        guard case .expected(let seen) = try look(for: expectation, at: place) else { return nil }
        do throws(Errno) {
            if old?.hasOtherNames != true {
                return try replace(
                    place, by: bytes, attributes: old?.attributes ?? attributes, owner: owner, givesAway: givesAway,
                    over: expectation, &ownership)
            }
        } catch {
            // No file can be created in the folder, or the new file cannot get the old owner, or the path is a mount
            // point.
            let isInTheWay = [EACCES, EPERM, EROFS, EBUSY, EXDEV, ENOTSUP].contains(error.rawValue)
            guard old != nil, isInTheWay else { throw refusal(error, needed: bytes.count) }
        }
        // Another user may have made the path a hard link to any file.
        if place.isChangeable { throw .changeable(path: path) }
        return try InPlaceWriter(path: path, place: place).write(bytes, insteadOf: seen)
    }

    private func look(for expectation: Expectation, at place: ResolvedPath) throws(StorageError) -> Found {
        do throws(Errno) {
            return try find(expectation, at: place)
        } catch {
            throw StorageError(reading: path, error)
        }
    }

    /// Returns the error for a new file that could not be created.
    private func refusal(_ code: Errno, needed: Int = 0) -> StorageError {
        [EACCES, EPERM].contains(code.rawValue)
            ? .folderNotWritable(path: path) : StorageError(.replacing, path, code, needed: needed)
    }

    /// Throws the errors that ``write(_:attributes:owner:givesAway:over:_:)`` would throw before it writes.
    func checkWritable() throws(StorageError) {
        let place = try ResolvedPath(resolving: path)
        defer { withExtendedLifetime(place) {} }
        guard try oldFile(at: place) == nil else { return }
        do throws(Errno) {
            _ = try TemporaryFile(in: place.folder, mode: 0o600)
        } catch {
            throw refusal(error)
        }
    }

    /// The state of a path compared with the expected state.
    private enum Found {
        /// The expected file, with its current version, or no file.
        case expected(FileVersion?)
        /// A file that another program has written.
        case other
    }

    private func find(_ expectation: Expectation, at place: ResolvedPath) throws(Errno) -> Found {
        switch (expectation, try FileVersion(ofFileAt: place.path)) {
        case (.anything, let now): return .expected(now)
        case (_, nil): return .expected(nil)
        case (.nothing, _?): return .other
        case (.file(let stamp, let contents), let now?):
            if stamp == now { return .expected(now) }
            // Another program may have changed only the timestamp, or saved the same contents.
            guard now.size == contents.count,
                contents.matches(try FileDescriptor(place.path, O_RDONLY | O_NOFOLLOW).readToEnd(expecting: now.size))
            else { return .other }
            return .expected(now)
        }
    }

    private func oldFile(at place: ResolvedPath) throws(StorageError) -> (
        attributes: FileAttributes, hasOtherNames: Bool
    )? {
        do throws(Errno) {
            var status = stat()
            do throws(Errno) {
                try throwingErrno { unsafe stat(place.path, &status) }
            } catch  where error.rawValue == ENOENT || error.rawValue == EACCES {
                // If the file cannot be reached, creating the new file in the folder reports the reason.
                return nil
            }
            guard status.st_mode & S_IFMT == S_IFREG else { throw Errno(rawValue: EISDIR) }
            // Root can write to any file, but a file that is read-only for all users was made so on purpose.
            guard status.st_mode & 0o222 != 0 else { throw Errno(rawValue: EACCES) }
            try throwingErrno { unsafe faccessat(AT_FDCWD, place.path, W_OK, AT_EACCESS) }
        } catch {
            throw StorageError(.opening, path, error)
        }
        do throws(Errno) {
            let file = try FileDescriptor(place.path, O_RDONLY | O_NOFOLLOW)
            return (try FileAttributes(of: file), try file.status.st_nlink > 1)
        } catch {
            throw StorageError(reading: path, error)
        }
    }

    private func replace(
        _ place: ResolvedPath, by bytes: some ByteRuns, attributes: FileAttributes?, owner: FileOwner?, givesAway: Bool,
        over expectation: Expectation, _ ownership: inout StoreFileLock
    ) throws(Errno) -> FileVersion? {
        var new = try TemporaryFile(
            in: place.folder, mode: attributes == nil ? 0o600 | (owner?.mode ?? 0o666) & 0o666 : 0o600)
        attributes?.applyFlags(to: new.file)
        try new.file.allocate(bytes.count)
        try new.file.write(bytes)
        if let attributes {
            try attributes.apply(to: new.file)
        } else if let owner, givesAway {
            try new.file.changeOwner(to: owner)
        } else if let owner {
            // A folder can give its files a group other than the notebook's.
            let (number, now) = (new.file.number, try new.file.status)
            if now.st_gid != owner.group, now.st_gid != getegid() {
                try throwingErrno { fchmod(number, now.st_mode & 0o7707) }
            }
        }
        try new.file.flush()
        // The file is locked before it gets its name, so that no other run can lock it first.
        let lock = ownership.isWanted ? try FileLock(on: new.file) : nil
        let written = try new.file.status
        guard try giveName(to: &new, at: place, over: expectation, isLocked: ownership.isWanted) else { return nil }
        if ownership.isWanted { ownership.lock = lock } else { new.unlock() }
        // Getting a name changes the file's change time. Writes by other programs since `written` must still be
        // detected.
        return FileVersion(try new.file.status, writtenAt: written)
    }

    /// Moves the new file to its path, unless another program has written a file there.
    private func giveName(
        to new: inout TemporaryFile, at place: ResolvedPath, over expectation: Expectation, isLocked: Bool
    ) throws(Errno) -> Bool {
        switch expectation {
        case .nothing: return try new.claimName(place.base)
        case .anything:
            try new.replace(place.base)
            return true
        case .file:
            // While both files are locked, other runs do not mistake either for a leftover.
            let lock = isLocked ? nil : (try? FileLock.acquire(place.path, followsLinks: false)) ?? nil
            let watch = FileOpenWatcher(of: place.path)
            guard case .expected(let seen) = try find(expectation, at: place) else { return false }
            defer { extendLifetime(lock) }
            guard let seen else { return try new.claimName(place.base) }
            return try new.replace(place.base, expecting: seen, watchedBy: watch)
        }
    }
}

/// The path of a file after symbolic links are resolved.
struct ResolvedPath {
    let folder: String
    let base: String
    var path: String { "\(folder)/\(base)" }

    /// Whether this process runs as root and another user can change where the path leads.
    let isChangeable: Bool
    /// Keeps the folder open if this process runs as root.
    private let held: PinnedFolder?

    /// Resolves the symbolic links to a file. Root follows only links that no other user can have created.
    init(resolving path: String) throws(StorageError) {
        if geteuid() == 0 {
            self = try Self.held(path)
            return
        }
        (isChangeable, held) = (false, nil)
        var status = stat()
        if unsafe stat(path, &status) == 0, status.st_mode & S_IFMT != S_IFREG { throw .notAFile(path: path) }
        let path = try Self.resolvingLinks(path)
        (folder, base) = Self.split(path)
        guard !base.isEmpty, base != ".", base != ".." else { throw .notAFile(path: path) }
        if unsafe access(folder, F_OK) != 0 { throw StorageError(.replacing, path, .last) }
    }

    /// Returns the path behind the symbolic links at the end of a path. The result need not exist.
    ///
    /// - Throws: `StorageError.refused` if a link in a folder that all users can write to, such as `/tmp`, belongs
    ///   neither to this user nor to the folder's owner. Many systems do not follow such links either.
    static func resolvingLinks(_ path: String) throws(StorageError) -> String {
        var path = path
        // The system's own limit is 40 links.
        for _ in 0..<40 {
            try checkLinks(on: path)
            guard let target = link(at: path) else { break }
            guard let target = String(validating: target, as: UTF8.self) else { throw .nameNotReadable(path: path) }
            path = target.isAbsolutePath ? target : split(path).folder + "/" + target
        }
        return path
    }

    /// Throws if a component of the path is a link of a third user.
    private static func checkLinks(on path: String) throws(StorageError) {
        var place = path.isAbsolutePath ? "/" : ""
        for name in path.pathNames {
            place += name
            if link(at: place) != nil, let owner = foreignOwner(place) {
                throw .refused(
                    path: path,
                    reason:
                        "\(place) is a link that user \(owner) has put into a folder that all users can write to. "
                        + "Remove it, or choose another path")
            }
            place += "/"
        }
    }

    /// Returns the owner of an entry in a sticky folder that all users can write to; nil if that is this user or the
    /// folder's owner.
    static func foreignOwner(_ path: String) -> UInt32? {
        var (status, folder) = (stat(), stat())
        guard unsafe lstat(path, &status) == 0, unsafe stat(split(path).folder, &folder) == 0,
            folder.st_mode & (S_ISVTX | S_IWOTH) == S_ISVTX | S_IWOTH,
            ![geteuid(), folder.st_uid].contains(status.st_uid)
        else { return nil }
        return status.st_uid
    }

    private init(folder: String, base: String, isChangeable: Bool, held: PinnedFolder?) {
        (self.folder, self.base, self.isChangeable, self.held) = (folder, base, isChangeable, held)
    }

    private static func held(_ path: String) throws(StorageError) -> ResolvedPath {
        do throws(Errno) {
            let walk = try PathWalk(path)
            if walk.kind == .link { throw Errno(rawValue: EPERM) }
            guard walk.rest.isEmpty else { throw Errno(rawValue: ENOENT) }
            guard [.file, .missing].contains(walk.kind), walk.base != "." else { throw Errno(rawValue: EISDIR) }
            let folder = PinnedFolder(walk)
            // If only root can change the path, the folder need not be kept open.
            if walk.control == .root,
                let path = Self.link(at: folder.path).flatMap({ String(validating: $0, as: UTF8.self) })
            {
                return ResolvedPath(folder: path, base: walk.base, isChangeable: false, held: nil)
            }
            return ResolvedPath(folder: folder.path, base: walk.base, isChangeable: true, held: folder)
        } catch {
            switch error.rawValue {
            case EPERM: throw .changeable(path: path)
            case EILSEQ: throw .nameNotReadable(path: path)
            default: throw StorageError(.replacing, path, error)
            }
        }
    }

    private static func split(_ path: String) -> (folder: String, base: String) {
        guard let slash = path.lastSlash else { return (".", path) }
        let folder = path[..<slash]
        return (folder.isEmpty ? "/" : String(folder), String(path.lastName))
    }

    /// Returns the target of the symbolic link at `path`; nil if there is no link.
    static func link(at path: String) -> [UInt8]? {
        var bytes = [CChar](repeating: 0, count: Int(PATH_MAX))
        // Safe because the array is passed with its own length.
        let length = unsafe readlink(path, &bytes, bytes.count)
        return length < 0 ? nil : bytes.prefix(length).map { UInt8(bitPattern: $0) }
    }
}
