import Glibc

/// Writes over a file that cannot be replaced, keeping a copy of the old contents until the new ones are on the disk.
struct InPlace {
    /// The path as messages call it.
    let path: String
    /// The file itself.
    let place: Place

    func write(_ bytes: some ByteRuns) throws(StorageError) -> Stamp {
        let needed = bytes.count
        let target = try named(needed) { () throws(Errno) in try FileDescriptor(place.path, O_RDWR) }
        let copy = try named(needed) { () throws(Errno) in try SafetyCopy(of: target, at: place) }
        do throws(Errno) {
            try target.replaceContents(by: bytes)
        } catch {
            do throws(Errno) {
                try target.fill(from: copy.file)
            } catch let second {
                throw .notRestored(path: path, copy: copy.path, second)
            }
            copy.remove()
            throw StorageError(.writing, path, error, needed: needed)
        }
        copy.remove()
        return Stamp(try named(needed) { () throws(Errno) in try target.status })
    }

    /// Passes on what `body` returns, or what it throws with the name of the file.
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

/// The old contents of a file that is being written over.
private struct SafetyCopy: ~Copyable {
    let path: String
    let file: FileDescriptor

    /// Copies `original`, which is the file at `place`.
    init(of original: borrowing FileDescriptor, at place: Place) throws(Errno) {
        let folder = Self.folder(beside: place)
        // Hidden beside the file, in sight where only a message would lead to it.
        let name = "galley-safety-" + String(UInt64.random(in: 0...UInt64.max), radix: 16)
        let path = folder == place.folder ? "\(folder)/.\(name)" : "\(folder)/\(name)"
        let file = try FileDescriptor(path, O_RDWR | O_CREAT | O_EXCL, mode: 0o600)
        do throws(Errno) {
            try file.fill(from: original)
        } catch {
            _ = unsafe unlink(path)
            throw error
        }
        // A copy whose name is not on the disk would not survive what it is made against.
        if let folder = try? FileDescriptor(folder, O_RDONLY | O_DIRECTORY) { try? folder.flush() }
        self.path = path
        self.file = file
    }

    func remove() { _ = unsafe unlink(path) }

    /// The folder of the file or, where that takes no new file, the one for temporary files.
    private static func folder(beside place: Place) -> String {
        if unsafe faccessat(AT_FDCWD, place.folder, W_OK | X_OK, AT_EACCESS) == 0 { return place.folder }
        // Safe because the string is copied at once.
        return unsafe getenv("TMPDIR").map { unsafe String(cString: $0) } ?? "/tmp"
    }
}

extension FileDescriptor {
    /// Makes the contents those of another file.
    fileprivate func fill(from other: borrowing FileDescriptor) throws(Errno) {
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

    private func rewind() throws(Errno) { try checked { lseek(number, 0, SEEK_SET) } }

    private func truncate(to count: Int) throws(Errno) { try checked { ftruncate(number, count) } }

    /// Writes over the contents and waits until they are on the disk.
    fileprivate func replaceContents(by bytes: some ByteRuns) throws(Errno) {
        try allocate(bytes.count)
        try rewind()
        try write(bytes)
        try truncate(to: bytes.count)
        try flush()
    }
}
