import GalleyCLinux
import Glibc

/// The regular files in a local folder and its subfolders. Links are not followed, so that no file outside the folder
/// belongs to it.
package struct FileTree: Sendable {
    /// The path of the folder.
    package let folder: String
    /// The open folder, so that all files are in the same one, wherever it is moved meanwhile.
    private let root: Result<OpenFolder, Errno>

    private final class OpenFolder: Sendable {
        let descriptor: FileDescriptor

        init(_ path: String) throws(Errno) { descriptor = try FileDescriptor(path, O_RDONLY | O_DIRECTORY) }
    }

    /// A file of the folder.
    package struct Entry: Hashable, Sendable {
        /// The path from the folder, such as `data/2024.csv`.
        package let path: String
        package let size: Int
        /// The version of the contents, which changes with each write.
        package let version: String

        /// Creates an entry.
        package init(path: String, size: Int, version: String) {
            (self.path, self.size, self.version) = (path, size, version)
        }

        fileprivate init(path: String, _ file: borrowing FileDescriptor) throws(Errno) {
            let status = try file.status
            self.init(path: path, size: Int(status.st_size), version: FileVersion(status).mark)
        }
    }

    /// A folder with more entries than a search visits.
    package struct TooLarge: Error, CustomStringConvertible {
        package let folder: String
        package var description: String {
            "\(folder) has more than \(FileTree.maximumEntries) entries; name a smaller folder, or patterns without **"
        }
    }

    /// The greatest number of entries that a search visits.
    static let maximumEntries = 1_000_000

    /// Creates the tree of a folder, which is opened now. If that fails, all functions fail.
    package init(_ folder: String) {
        self.folder = folder
        root = Result { () throws(Errno) in try OpenFolder(folder) }
    }

    /// Returns the files whose path matches one of the patterns, sorted by path.
    ///
    /// - Parameters:
    ///   - patterns: Patterns of paths from the folder; nil for all files.
    ///   - skip: Receives what may contain or be such files and is left out: links, folders that cannot be read, and
    ///     names that are not UTF-8.
    /// - Throws: `StorageError` if the folder cannot be read; ``TooLarge``.
    package func files(matching patterns: [Glob]? = nil, skip: (String) -> Void = { _ in }) throws -> [Entry] {
        var found: [Entry] = []
        var visited = 0
        try visit(try openFolder(), "", patterns, &found, &visited, skip)
        return found.sorted { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) }
    }

    private func visit(
        _ place: borrowing FileDescriptor, _ prefix: String, _ patterns: [Glob]?, _ found: inout [Entry],
        _ visited: inout Int, _ skip: (String) -> Void
    ) throws {
        for name in Self.names(in: place, prefix, skip) where name != "." && name != ".." {
            visited += 1
            if visited > Self.maximumEntries { throw TooLarge(folder: folder) }
            let path = prefix + name
            var status = stat()
            // Safe because the call fills a variable of the right type.
            guard unsafe fstatat(place.number, name, &status, AT_SYMLINK_NOFOLLOW) == 0 else { continue }
            switch status.st_mode & S_IFMT {
            case S_IFREG where patterns?.contains { $0.matchesWhole(path) } ?? true:
                found.append(
                    Entry(path: path, size: Int(status.st_size), version: FileVersion(status).mark))
            case S_IFDIR where patterns?.contains { $0.canMatch(below: path) } ?? true:
                guard
                    let inner = try? FileDescriptor(
                        name, in: place, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_NONBLOCK)
                else {
                    skip(path)
                    continue
                }
                try visit(inner, path + "/", patterns, &found, &visited, skip)
            case S_IFLNK where patterns?.contains { $0.matchesWhole(path) } ?? true: skip(path)
            default: break
            }
        }
    }

    /// Returns the names in an open folder, wherever it is moved meanwhile, without those that are not UTF-8.
    private static func names(
        in folder: borrowing FileDescriptor, _ prefix: String, _ skip: (String) -> Void
    ) -> [String] {
        let number = unsafe openat(folder.number, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard number >= 0, let open = unsafe fdopendir(number) else {
            if number >= 0 { close(number) }
            skip(prefix)
            return []
        }
        defer { unsafe closedir(open) }
        var names: [String] = []
        // Safe because each name is copied before the next call.
        while let name = unsafe clinux_next_name(open) {
            if let text = unsafe String(validatingCString: name) {
                names.append(text)
            } else {
                let text = unsafe String(cString: name)
                skip(prefix + text)
            }
        }
        return names
    }

    /// Returns the entry of a path; nil if it is not a regular file, or if a folder of the path is a link.
    package func entry(_ path: String) -> Entry? {
        guard let file = try? open(path) else { return nil }
        return try? Entry(path: path, file)
    }

    /// Calls `body` with a path that leads to the open file, even if another program replaces its name meanwhile.
    ///
    /// - Throws: `StorageError` if the path is not a regular file, or if a folder of the path is a link.
    package func withFile<Result>(
        _ path: String, _ body: (_ path: String, _ file: Entry) async throws -> Result
    ) async throws -> Result {
        let file = try openFile(path)
        let entry = try Entry(path: path, file)
        let result = try await body("/proc/self/fd/\(file.number)", entry)
        _ = consume file
        return result
    }

    private func openFolder() throws(StorageError) -> FileDescriptor {
        do throws(Errno) { return try FileDescriptor(".", in: root.get().descriptor, O_RDONLY | O_DIRECTORY) } catch {
            throw StorageError(reading: folder, error)
        }
    }

    private func openFile(_ path: String) throws(StorageError) -> FileDescriptor {
        do throws(Errno) { return try open(path) } catch {
            throw StorageError(reading: folder.withSlash + path, error)
        }
    }

    func open(_ path: String) throws(Errno) -> FileDescriptor {
        let file = try FileDescriptor(Self.name(of: path), in: parent(of: path), O_RDONLY | O_NOFOLLOW | O_NONBLOCK)
        guard try file.status.st_mode & S_IFMT == S_IFREG else { throw Errno(rawValue: EISDIR) }
        return file
    }

    private static func name(of path: String) throws(Errno) -> String {
        guard let name = path.pathNames.last, name != ".." else { throw Errno(rawValue: EINVAL) }
        return String(name)
    }

    /// Opens the folder of a path, without following links below this folder.
    ///
    /// - Parameter made: Receives the paths of the folders that do not exist and are created; nil to create none.
    private func parent(
        of path: String, creating made: ((_ folder: String) -> Void)? = nil
    ) throws(Errno) -> FileDescriptor {
        let flags = O_RDONLY | O_DIRECTORY
        var place = try FileDescriptor(".", in: root.get().descriptor, flags)
        var names: [String] = []
        for name in path.pathNames.dropLast() {
            guard name != ".." else { throw Errno(rawValue: EINVAL) }
            names.append(String(name))
            if let made, unsafe mkdirat(place.number, String(name), 0o777) == 0 {
                made(names.joined(separator: "/"))
            }
            place = try FileDescriptor(String(name), in: place, flags | O_NOFOLLOW)
        }
        return place
    }

    /// Creates a file without its name, and the folders that it needs.
    ///
    /// - Parameter made: Receives the path of each folder that was created, from the outermost.
    /// - Throws: `StorageError` if a folder on the path is a link or cannot be written to.
    package func newFile(
        at path: String, made: (_ folder: String) -> Void = { _ in }
    ) throws(StorageError) -> NewFile {
        do throws(Errno) {
            let name = try Self.name(of: path)
            return try withoutActuallyEscaping(made) { made throws(Errno) in
                try NewFile(in: parent(of: path, creating: made), named: name, folder.withSlash + path)
            }
        } catch  where [ENOTDIR, ELOOP].contains(error.rawValue) {
            throw .refused(path: folder.withSlash + path, reason: "a file or a link has the name of its folder")
        } catch {
            throw StorageError(.writing, folder.withSlash + path, error)
        }
    }

    /// Returns whether there is anything at a path, also a link; false if a folder on the path is missing or a link.
    package func exists(_ path: String) -> Bool {
        guard let name = try? Self.name(of: path), let place = try? parent(of: path) else { return false }
        return FileVersion(of: name, in: place) != nil
    }

    /// Removes a folder if it is empty; returns whether it was removed.
    @discardableResult
    package func removeEmptyFolder(_ path: String) -> Bool {
        guard let name = try? Self.name(of: path), let place = try? parent(of: path) else { return false }
        return unsafe unlinkat(place.number, name, AT_REMOVEDIR) == 0
    }

    /// Removes a file, if it still has this version.
    package func remove(_ path: String, version: String) {
        guard let name = try? Self.name(of: path), let place = try? parent(of: path) else { return }
        var status = stat()
        // Safe because the call fills a variable of the right type.
        guard unsafe fstatat(place.number, name, &status, AT_SYMLINK_NOFOLLOW) == 0,
            status.st_mode & S_IFMT == S_IFREG, FileVersion(status).mark == version
        else { return }
        _ = unsafe unlinkat(place.number, name, 0)
    }

    /// Creates a folder for temporary files that only this user can enter.
    package static func makeTemporaryFolder(_ name: String, in parent: String) throws(StorageError) -> FileTree {
        var template = Array("\(parent.withSlash)\(name)-XXXXXX".utf8CString)
        // Safe because the array ends with a NUL and keeps its length.
        guard unsafe mkdtemp(&template) != nil else { throw StorageError(.writing, parent, .last) }
        return FileTree(String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self))
    }
}
