import Glibc

/// Files that are not notebooks, on this machine.
extension LocalStorage: FileStorage {
    package func readFile(at location: NotebookLocation, limit: Int) throws -> [UInt8] {
        guard let bytes = LocalFile.readSmallFile(location.text, limit: limit) else {
            throw StorageError(
                reading: location.text, Errno(rawValue: LocalFile.exists(location.text) ? EFBIG : ENOENT))
        }
        return bytes
    }

    package func hasFile(at location: NotebookLocation) -> Bool { LocalFile.kind(of: location.text) == .file }

    package func writeFile(_ bytes: some ByteRuns, at location: NotebookLocation, mediaType: String) throws {
        try LocalRunFileWriter().makeFolder(of: location.text)
        try LocalFile.replaceSmallFile(bytes, at: location.text)
    }

    package func removeFile(at location: NotebookLocation) throws { try LocalFile.remove(location.text) }

    package func files(in folder: NotebookLocation, limit: Int) throws -> [StoredFile] {
        let path = folder.text
        switch LocalFile.kind(of: path) {
        case .folder: break
        case .file:
            let name = LocalFile.fileName(of: path)
            guard let size = FileVersion.size(of: path) else { throw StorageError.notFound(path: path) }
            return [StoredFile(location: folder, relativePath: name, size: size)]
        case .other: throw StorageError.notAFile(path: path)
        case nil: throw StorageError.notFound(path: path)
        }
        let files = try FileTree(path).files()
        guard files.count <= limit else { throw TooManyFiles(place: path, limit: limit) }
        guard !files.isEmpty else { throw StorageError.notFound(path: path.withSlash) }
        return files.map {
            StoredFile(location: folder.appending($0.path), relativePath: $0.path, size: $0.size, version: $0.version)
        }
    }

    package func download(_ file: StoredFile, to path: String) throws {
        try Self.copy(file.location.text, to: path, replacing: false)
    }

    package func upload(_ path: String, to location: NotebookLocation) throws {
        try LocalRunFileWriter().makeFolder(of: location.text)
        try Self.copy(path, to: location.text, replacing: true)
    }

    /// Creates a file, which gets its name only once it is complete.
    ///
    /// - Throws: ``StorageError``, also if the path exists.
    package static func createFile(_ bytes: some ByteRuns, at path: String) throws(StorageError) {
        do throws(Errno) {
            let mask = umask(0)
            umask(mask)
            var new = try TemporaryFile(in: LocalFile.folder(of: path) ?? ".", mode: 0o666 & ~mask)
            try new.file.write(bytes)
            if try !new.claimName(LocalFile.fileName(of: path)) { throw Errno(rawValue: EEXIST) }
            new.unlock()
        } catch {
            throw StorageError(.writing, path, error, needed: bytes.count)
        }
    }

    /// Copies the contents of a file to a new file, which gets its name only once it is complete.
    private static func copy(_ path: String, to target: String, replacing: Bool) throws(StorageError) {
        do throws(Errno) {
            let source = try FileDescriptor(path, O_RDONLY)
            guard try source.status.st_mode & S_IFMT == S_IFREG else { throw Errno(rawValue: EISDIR) }
            let mask = umask(0)
            umask(mask)
            let mode = (try source.status.st_mode & 0o777 | 0o600) & ~mask
            var new = try TemporaryFile(in: LocalFile.folder(of: target) ?? ".", mode: mode)
            while true {
                let bytes = try source.readUp(to: 1 << 20)
                if bytes.isEmpty { break }
                try new.file.write(bytes.span)
            }
            let name = LocalFile.fileName(of: target)
            if replacing {
                try new.replace(name, isFlushed: false)
            } else if try !new.claimName(name) {
                throw Errno(rawValue: EEXIST)
            }
            new.unlock()
        } catch {
            throw StorageError(.writing, target, error)
        }
    }
}

extension FileVersion {
    /// Returns the size of the file that a path leads to; nil if there is none.
    static func size(of path: String) -> Int? { (try? FileVersion(ofFileAt: path))??.size }
}

/// The error of a folder with more files than a run takes along.
package struct TooManyFiles: Error, CustomStringConvertible {
    package let place: String
    package let limit: Int

    package init(place: String, limit: Int) { (self.place, self.limit) = (place, limit) }

    package var description: String { "\(place) has more than \(limit) files; name a smaller folder, or single files" }
}

extension LocalFile {
    /// Whether two files have the same bytes.
    package static func hasSameContents(_ one: String, _ other: String) throws(StorageError) -> Bool {
        do throws(Errno) {
            let one = try FileDescriptor(one, O_RDONLY)
            let other = try FileDescriptor(other, O_RDONLY)
            while true {
                let (left, right) = (try one.readUp(to: 1 << 20), try other.readUp(to: 1 << 20))
                if left != right { return false }
                if left.isEmpty { return true }
            }
        } catch {
            throw StorageError(reading: one, error)
        }
    }
}
