import GalleyCLinux
import Glibc

/// The names of temporary files, and the removal of temporary files that killed runs have left.
enum LeftoverFiles {
    /// The beginning of the temporary names of new files.
    static let new = ".galley-new-"
    private static let exchange = ".galley-swap-"

    /// A temporary name for a new file.
    static var newName: String { new + random }

    /// Returns a temporary name for exchanging a new file with an old one. The name identifies both files, so that a
    /// third version, which another program saved at that moment, is recognized.
    static func exchangeName(of new: FileVersion, for old: FileVersion) -> String {
        "\(exchange)\(random)-\(new.mark)-\(old.mark)"
    }

    /// Sixteen random hexadecimal digits.
    static var random: String {
        let digits = String(UInt64.random(in: 0...UInt64.max), radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }

    /// Removes the temporary files of the given users from a folder if no process has locked them.
    ///
    /// - Returns: The paths of files that contain another program's work. They are not removed.
    static func clear(in path: String, of users: Set<UInt32>) -> [String] {
        let names = LocalFile.namesWithPrefix(in: path, beginningWith: ".galley-")
        guard names.contains(where: { isNewName($0) || marks(of: $0) != nil }),
            let folder = try? FileDescriptor(path, O_RDONLY | O_DIRECTORY),
            // If locks are not shared between machines, another machine may be using an unlocked file.
            clinux_has_reliable_locks(folder.number) != 0
        else { return [] }
        return names.filter { name in
            let marks = marks(of: name)
            guard marks != nil || isNewName(name), let file = lockedFile(name, in: folder),
                let status = try? file.status, status.st_mode & S_IFMT == S_IFREG, users.contains(status.st_uid),
                FileVersion(of: name, in: folder)?.isOfSameFile(as: FileVersion(status)) == true
            else { return false }
            if let marks, !marks.contains(FileVersion(status).mark) { return true }
            _ = unsafe unlinkat(folder.number, name, 0)
            return false
        }.map { "\(path)/\($0)" }
    }

    /// Opens and locks a file; nil if another process has locked it.
    static func lockedFile(_ name: String, in folder: borrowing FileDescriptor) -> FileDescriptor? {
        let flags = O_NOFOLLOW | O_NONBLOCK
        // Network file systems lock a file exclusively only if it is open for writing.
        for access in [O_RDWR, O_RDONLY] {
            guard let file = try? FileDescriptor(name, in: folder, access | flags) else { continue }
            if (try? FileLock.lock(file)) == true { return file }
        }
        return nil
    }

    private static func isNewName(_ name: String) -> Bool {
        name.hasPrefix(new) && name.utf8.count == new.utf8.count + 16 && isNumber(name.dropFirst(new.count))
    }

    /// Returns the marks of both files in an exchange name; nil if `name` is not an exchange name.
    private static func marks(of name: String) -> [String]? {
        guard name.hasPrefix(exchange) else { return nil }
        let parts = name.dropFirst(exchange.count).split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 3, parts[0].utf8.count == 16, isNumber(parts[0]) else { return nil }
        let marks = parts.dropFirst()
        guard marks.allSatisfy({ $0.split(separator: ".").count == 4 && $0.split(separator: ".").allSatisfy(isNumber) })
        else { return nil }
        return marks.map(String.init)
    }

    private static func isNumber(_ text: Substring) -> Bool {
        !text.isEmpty && text.utf8.allSatisfy { (48...57).contains($0) || (97...102).contains($0) }
    }
}

extension LocalFile {
    /// Removes the files that killed runs have left beside a small file.
    package static func removeLeftovers(beside path: String) {
        // Root does not follow names that another user can change.
        guard geteuid() != 0 || (try? PathWalk(path).control) == .root else { return }
        var remains = KnownLeftovers()
        remains.clear(beside: path)
    }

    /// Returns the names in a folder that begin with `prefix`, except those that are not UTF-8.
    static func namesWithPrefix(in folder: String, beginningWith prefix: String) -> [String] {
        guard let open = unsafe opendir(folder) else { return [] }
        defer { unsafe closedir(open) }
        var names: [String] = []
        // Safe because each name is copied before the next call.
        while let name = unsafe clinux_next_name(open) {
            guard unsafe strncmp(name, prefix, prefix.utf8.count) == 0 else { continue }
            if let text = unsafe String(validatingCString: name) { names.append(text) }
        }
        return names
    }
}

/// The leftovers of killed runs that a store has found.
struct KnownLeftovers {
    private var hasLooked = false
    private var hasCleared = false
    private var warnings: [String] = []

    mutating func look(for path: String, isWritten: Bool) {
        if hasLooked { return }
        hasLooked = true
        if isWritten, let folder = SafetyCopy.folderOnOtherDisk(for: path) {
            warnings.append(
                "\(path) is written in place, and no folder on its disk is writable: "
                    + "during each write, its old contents are kept in \(folder)")
        }
        warnings += SafetyCopy.leftovers(of: path).map { copy in
            "a run was killed while it wrote \(path); the old contents are in \(copy). "
                + "Compare the two, then restore or remove the copy"
        }
    }

    mutating func clear(beside path: String) {
        if hasCleared { return }
        hasCleared = true
        var status = stat()
        guard let place = try? ResolvedPath(resolving: path), unsafe stat(place.path, &status) == 0 else { return }
        warnings += LeftoverFiles.clear(in: place.folder, of: [status.st_uid, geteuid()]).map { file in
            "\(file) is a file that another program saved when a run in that folder was killed. "
                + "Compare it with the notebook, then restore or remove it"
        }
    }

    mutating func takeWarnings() -> [String] {
        defer { warnings = [] }
        return warnings
    }
}
