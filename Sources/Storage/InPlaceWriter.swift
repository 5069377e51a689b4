import GalleyCLinux
import Glibc

/// Overwrites a file that cannot be replaced. A copy of the old contents is kept until the new contents are on the
/// disk.
struct InPlaceWriter {
    /// The path to use in messages.
    let path: String
    /// The resolved path.
    let place: ResolvedPath

    /// Writes the file. Returns nil if another program has changed the file since `seen`.
    func write(_ bytes: some ByteRuns, insteadOf seen: FileVersion?) throws(StorageError) -> FileVersion? {
        let needed = bytes.count
        let target = try named(needed) { () throws(Errno) in try FileDescriptor(place.path, O_RDWR) }
        let copy = try named(needed) { () throws(Errno) in try SafetyCopy(of: target, at: place, for: bytes) }
        let isChanged = try named(needed) { () throws(Errno) in
            if let seen { FileVersion(try target.status) != seen } else { false }
        }
        if isChanged {
            copy.remove()
            return nil
        }
        let written: stat
        do throws(Errno) {
            try target.replaceContents(by: bytes)
            written = try target.status
        } catch {
            do throws(Errno) {
                try target.replaceContents(from: copy.file)
            } catch let second {
                throw .notRestored(path: path, copy: copy.path, second)
            }
            copy.remove()
            throw StorageError(.writing, path, error, needed: needed)
        }
        copy.remove()
        return FileVersion(written)
    }

    /// Runs `body` and adds the path of the file to its error.
    private func named<Result: ~Copyable>(
        _ needed: Int, _ body: () throws(Errno) -> Result
    ) throws(StorageError) -> Result {
        do throws(Errno) {
            return try body()
        } catch {
            throw StorageError(.writing, path, error, needed: needed)
        }
    }
}

extension FileDescriptor {
    /// Replaces the contents with those of another file.
    func replaceContents(from other: borrowing FileDescriptor) throws(Errno) {
        try rewind()
        try other.rewind()
        var count = 0
        while true {
            let part = try other.readUp(to: 1 << 20)
            if part.isEmpty { break }
            try write(part)
            count += part.count
        }
        try truncate(to: count)
        try flush()
    }

    func rewind() throws(Errno) { try throwingErrno { lseek(number, 0, SEEK_SET) } }

    private func truncate(to count: Int) throws(Errno) { try throwingErrno { ftruncate(number, count) } }

    /// Overwrites the contents and waits until they are on the disk.
    ///
    /// The file is never extended ahead of the data, so that it has no empty part if this process is killed.
    fileprivate func replaceContents(by bytes: some ByteRuns) throws(Errno) {
        try reserve(bytes.count)
        try rewind()
        try write(bytes)
        try truncate(to: bytes.count)
        try flush()
    }
}
