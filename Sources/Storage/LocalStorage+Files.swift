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

    package func write(
        _ contents: FileContents, at location: NotebookLocation, replacing mayReplace: (PresentFile) -> Bool
    ) throws -> String? {
        try LocalRunFileWriter().makeFolder(of: location.text)
        let new = try NewFile(at: location.text)
        switch contents {
        case .bytes(let bytes, _): new.append(bytes.bytes)
        case .file(let path): try new.append(fileAt: path)
        }
        return try new.finish(replacing: mayReplace)
    }

    package func versions(
        matching patterns: [Glob], beside location: NotebookLocation, limit: Int
    ) throws -> [NotebookLocation: String]? {
        let folder = LocalFile.folder(of: location.text) ?? "."
        guard LocalFile.kind(of: folder) == .folder else { return [:] }
        let files = try FileTree(folder).files(matching: patterns)
        guard files.count <= limit else { return nil }
        return files.reduce(into: [:]) { $0[location.sibling(named: $1.path)] = $1.version }
    }

    package func download(_ file: StoredFile, to new: NewFile) async throws {
        let path = file.location.text
        guard path.utf8.count > file.relativePath.utf8.count, let version = file.version else {
            return try new.append(fileAt: path)
        }
        // No folder below the one that was listed is a link.
        let folder = String(decoding: path.utf8.dropLast(file.relativePath.utf8.count), as: UTF8.self)
        let tree = FileTree(folder)
        try await tree.withFile(file.relativePath) { open, entry in
            try new.append(fileAt: open)
            guard entry.version == version, tree.entry(file.relativePath)?.version == version else {
                throw StorageError.refused(path: path, reason: "another program has changed it meanwhile. Run again")
            }
        }
    }
}

extension PresentFile {
    /// Creates a local file. Programs can set the time of the last write, but not that of the last change.
    init(_ path: String, _ status: stat) {
        var now = timespec()
        // Safe because the call fills a variable of the right type.
        unsafe clock_gettime(CLOCK_REALTIME, &now)
        let age = now.sinceEpoch - max(status.st_mtim.sinceEpoch, status.st_ctim.sinceEpoch)
        self.init(location: NotebookLocation(path), version: FileVersion(status).mark, age: max(.zero, age))
    }
}

extension timespec {
    fileprivate var sinceEpoch: Duration { .seconds(tv_sec) + .nanoseconds(tv_nsec) }
}

extension FileVersion {
    /// Returns the size of the file that a path leads to; nil if there is none.
    static func size(of path: String) -> Int? { (try? FileVersion(ofFileAt: path))??.size }
}

/// The error of a folder with more files than a run brings.
package struct TooManyFiles: Error, CustomStringConvertible {
    package let place: String
    package let limit: Int

    package init(place: String, limit: Int) { (self.place, self.limit) = (place, limit) }

    package var description: String { "\(place) has more than \(limit) files; name a smaller folder, or single files" }
}
