import Glibc

/// One write of a whole file, in whichever way keeps what the file is.
struct Replacement {
    private let path: String

    init(of path: String) { self.path = path }

    /// Writes the file; one that does not exist yet gets `attributes`.
    func write(_ bytes: some ByteRuns, attributes: Attributes?) throws(StorageError) -> Stamp {
        let place = try Place(resolving: path)
        let old = try oldFile(at: place)
        if let old, old.hasOtherNames { return try InPlace(path: path, file: place.path).write(bytes) }
        do throws(Errno) {
            return try replace(place, by: bytes, attributes: old?.attributes ?? attributes)
        } catch {
            switch error.rawValue {
            // No new file may be made in the folder, or it may not be given away, or the name is a mount point.
            case EACCES, EPERM, EBUSY, EXDEV, ENOTSUP:
                if old != nil { return try InPlace(path: path, file: place.path).write(bytes) }
                if error.rawValue == EACCES { throw .folderNotWritable(path: path) }
            default: break
            }
            throw StorageError(.replacing, path, error, needed: bytes.count)
        }
    }

    /// Throws what ``write(_:attributes:)`` would throw before it writes anything.
    func checkWritable() throws(StorageError) {
        let place = try Place(resolving: path)
        if try oldFile(at: place) == nil, unsafe access(place.folder, W_OK | X_OK) != 0 {
            throw Errno.last.rawValue == EACCES
                ? .folderNotWritable(path: path) : StorageError(.replacing, path, .last)
        }
    }

    private func oldFile(at place: Place) throws(StorageError) -> (attributes: Attributes, hasOtherNames: Bool)? {
        do throws(Errno) {
            // A pipe would otherwise wait for somebody at its other end.
            let file = try FileDescriptor(place.path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK)
            let status = try file.status
            guard status.st_mode & S_IFMT == S_IFREG else { throw Errno(rawValue: EISDIR) }
            // Root may write everything, but what is read-only for everybody was made so by somebody who meant it.
            guard status.st_mode & 0o222 != 0 else { throw Errno(rawValue: EACCES) }
            try checked { unsafe faccessat(AT_FDCWD, place.path, W_OK, AT_EACCESS) }
            return (try Attributes(of: file), status.st_nlink > 1)
        } catch {
            if error.rawValue == ENOENT { return nil }
            throw StorageError(.opening, path, error)
        }
    }

    private func replace(_ place: Place, by bytes: some ByteRuns, attributes: Attributes?) throws(Errno) -> Stamp {
        var new = try TemporaryFile(in: place.folder, mode: attributes == nil ? 0o666 : 0o600)
        try new.file.allocate(bytes.count)
        try new.file.write(bytes)
        try attributes?.apply(to: new.file)
        try new.file.flush()
        let stamp = Stamp(try new.file.status)
        try new.take(name: place.base)
        return stamp
    }
}

/// A file as it is found once symbolic links are followed.
struct Place {
    let folder: String
    let base: String
    var path: String { "\(folder)/\(base)" }

    init(resolving path: String) throws(StorageError) {
        var path = path
        // A link can lead to where nothing is yet; the number of steps is what the system allows too.
        for _ in 0..<40 {
            guard let target = Self.link(at: path) else { break }
            path = target.hasPrefix("/") ? target : Self.split(path).folder + "/" + target
        }
        (folder, base) = Self.split(path)
        guard !base.isEmpty, base != ".", base != ".." else { throw .notAFile(path: path) }
        if unsafe access(folder, F_OK) != 0 { throw StorageError(.replacing, path, .last) }
    }

    private static func split(_ path: String) -> (folder: String, base: String) {
        guard let slash = path.lastIndex(of: "/") else { return (".", path) }
        let folder = path[..<slash]
        return (folder.isEmpty ? "/" : String(folder), String(path[path.index(after: slash)...]))
    }

    /// Where the symbolic link at `path` leads; nil where there is none.
    private static func link(at path: String) -> String? {
        var bytes = [CChar](repeating: 0, count: Int(PATH_MAX))
        // Safe because the array is passed with its own length.
        let length = unsafe readlink(path, &bytes, bytes.count)
        return length < 0 ? nil : String(decoding: bytes.prefix(length).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
