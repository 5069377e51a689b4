import GalleyCLinux
import Glibc

extension LocalFile {
    /// Creates or replaces a small file, without waiting for the disk: its contents are useless after a power failure.
    ///
    /// - Parameters:
    ///   - mode: The permissions of the file.
    ///   - group: The group of the file; nil for this process's group.
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

    /// Writes a report or another document of a run. A regular file is replaced; a device or pipe is written to.
    ///
    /// - Parameter patience: The longest wait for the reader of a pipe, in total.
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

    /// Waits until a pipe has a reader and opens it.
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

    /// Removes a file, if it exists.
    package static func remove(_ path: String) throws(StorageError) {
        // A symbolic link stays; only its target is removed.
        let place = try ResolvedPath(resolving: path)
        defer { withExtendedLifetime(place) {} }
        if unsafe unlink(place.path) != 0, errno != ENOENT { throw StorageError(.writing, path, .last) }
    }

    /// The permissions that new files of this process do not get.
    package static var creationMask: UInt32 {
        // `umask` can read the mask only by changing it for a moment, also for other threads.
        let line = lines(of: "/proc/self/status").first { $0.hasPrefix("Umask:") }
        return line.flatMap { UInt32($0.dropFirst(6).drop(while: \.isWhitespace), radix: 8) } ?? 0o077
    }

    /// Returns the lines of a file or pipe; an empty array if it cannot be read or has 16 MB or more.
    package static func lines(of path: String) -> [Substring] {
        let limit = 1 << 24
        let bytes = try? FileDescriptor(path, O_RDONLY).readUp(to: limit)
        guard bytes?.count != limit else { return [] }
        return String(decoding: bytes ?? [], as: UTF8.self).split(whereSeparator: \.isNewline)
    }

    /// Reads a small file of a user in a folder of the same user; nil if there is no such file. Root keeps the folder
    /// open, so that the user cannot redirect the path meanwhile.
    package static func readSmallFile(_ path: String, of user: UInt32, limit: Int = 1 << 16) -> [UInt8]? {
        guard geteuid() == 0 else { return readSmallFile(path, limit: limit) }
        guard let walk = try? PathWalk(path), walk.kind == .file, walk.folderOwner?.user == user else { return nil }
        let held = PinnedFolder(walk)
        defer { withExtendedLifetime(held) {} }
        return readSmallFile(held.path + "/" + walk.base, limit: limit)
    }

    /// Reads a small regular file, which another user may have made; nil if there is no such file or it is longer than
    /// `limit`.
    package static func readSmallFile(_ path: String, limit: Int = 1 << 16) -> [UInt8]? {
        let number = unsafe clinux_open_regular_file(path)
        guard number >= 0 else { return nil }
        let file = FileDescriptor(owning: number)
        guard let size = try? Int(file.status.st_size), size <= limit else { return nil }
        return try? file.readToEnd(expecting: size)
    }
}
