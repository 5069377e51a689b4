import GalleyCLinux
import Glibc

extension LocalFile {
    /// Replaces a small file whole, or makes it, and does not wait for the disk: what tells of the moment is of no use
    /// after a power cut.
    ///
    /// - Parameters:
    ///   - mode: The rights of the file.
    ///   - group: The group that it belongs to, where that is not this process's own.
    package static func replaceSmallFile(
        _ bytes: some ByteRuns, at path: String, mode: UInt32 = 0o644, group: UInt32? = nil
    ) throws(StorageError) {
        let place = try ResolvedPath(resolving: path)
        defer { withExtendedLifetime(place) {} }
        do throws(Errno) {
            var new = try TemporaryFile(in: place.folder, mode: 0o600, unnamed: false)
            try new.file.write(bytes)
            let number = new.file.number
            if let group { try new.file.changeOwner(to: FileOwner(user: geteuid(), group: group)) }
            try throwingErrno { fchmod(number, mode) }
            try new.replace(place.base, isFlushed: false)
            new.unlock()
        } catch {
            throw error.rawValue == EACCES
                ? .folderNotWritable(path: path) : StorageError(.writing, path, error, needed: bytes.count)
        }
    }

    /// Writes what tells of runs: to a file, which is replaced whole, or to what is no file, such as `/dev/null` and pipes.
    ///
    /// - Parameter patience: How long to wait until a pipe is read, all in all.
    package static func writeDocument(
        _ path: String, with bytes: some ByteRuns, mode: UInt32, within patience: Duration
    ) throws(StorageError) {
        guard kind(of: path) == .other else { return try replaceSmallFile(bytes, at: path, mode: mode) }
        let deadline = ContinuousClock.now + patience
        do throws(Errno) {
            if let own = ownDescriptor(path) { return try FileDescriptor(duplicating: own).write(bytes) }
            try openForFilling(path, until: deadline).write(bytes, until: deadline)
        } catch  where [ENXIO, ETIMEDOUT].contains(error.rawValue) {
            throw .notRead(path: path, patience)
        } catch {
            throw StorageError(.writing, path, error, needed: bytes.count)
        }
    }

    /// Opens a pipe once there is something that reads it.
    private static func openForFilling(
        _ path: String, until deadline: ContinuousClock.Instant
    ) throws(Errno) -> FileDescriptor {
        while true {
            do throws(Errno) {
                return FileDescriptor(owning: try PinnedPath(path).open(O_WRONLY | O_NONBLOCK))
            } catch  where error.rawValue == ENXIO && ContinuousClock.now < deadline {
                _ = poll(nil, 0, 20)
            }
        }
    }

    /// Removes a file, if there is one.
    package static func remove(_ path: String) throws(StorageError) {
        // A link stays, and leads to what is going to be made.
        let place = try ResolvedPath(resolving: path)
        defer { withExtendedLifetime(place) {} }
        if unsafe unlink(place.path) != 0, errno != ENOENT { throw StorageError(.writing, path, .last) }
    }

    /// The lines of a file, or of what comes out of a pipe; none where it cannot be read, or is longer than 16 MB.
    package static func lines(of path: String) -> [Substring] {
        let limit = 1 << 24
        let bytes = try? FileDescriptor(path, O_RDONLY).readUp(to: limit)
        guard bytes?.count != limit else { return [] }
        return String(decoding: bytes ?? [], as: UTF8.self).split(whereSeparator: \.isNewline)
    }

    /// Reads a small file of a user in a folder of the same user; nil if it is none. Root holds the folder, so that the user
    /// cannot lead root elsewhere meanwhile.
    package static func readSmallFile(_ path: String, of user: UInt32) -> [UInt8]? {
        guard geteuid() == 0 else { return readSmallFile(path) }
        guard let walk = try? PathWalk(path), walk.kind == .file, walk.folderOwner?.user == user else { return nil }
        let held = PinnedFolder(walk)
        defer { withExtendedLifetime(held) {} }
        return readSmallFile(held.path + "/" + walk.base)
    }

    /// Reads a small file that somebody else may have made; nil where it is none.
    package static func readSmallFile(_ path: String, limit: Int = 1 << 16) -> [UInt8]? {
        let number = unsafe clinux_open_regular_file(path)
        guard number >= 0 else { return nil }
        let file = FileDescriptor(owning: number)
        guard let size = try? Int(file.status.st_size), size <= limit else { return nil }
        return try? file.readToEnd(expecting: size)
    }
}
