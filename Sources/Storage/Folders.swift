import Glibc

extension LocalFile {
    /// Whether two paths lead to one file.
    public static func isSame(_ one: String, _ other: String) -> Bool {
        guard let first = try? Stamp(ofFileAt: one), let second = try? Stamp(ofFileAt: other) else { return false }
        return first.isOfSameFile(as: second)
    }

    /// The folder that a path leads into; nil for the one that this process works in.
    public static func folder(of path: String) -> String? {
        guard let slash = path.lastIndex(of: "/") else { return nil }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    /// The last part of a path.
    public static func base(of path: String) -> String {
        path.lastIndex(of: "/").map { String(path[path.index(after: $0)...]) } ?? path
    }

    /// The names in a folder, sorted; none where there is no such folder.
    public static func names(in folder: String) -> [String] {
        guard let open = unsafe opendir(folder) else { return [] }
        defer { unsafe closedir(open) }
        var names: [String] = []
        while let entry = unsafe readdir(open) {
            // Safe because the name ends with a NUL within its array, and is copied before the next call.
            let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    /// Makes a folder, and those that it is in, where they do not exist.
    ///
    /// What root makes among somebody's files belongs to that user.
    public static func makeFolder(_ path: String) throws(StorageError) {
        var status = stat()
        if unsafe stat(path, &status) == 0 { return }
        let parent = path.drop { $0 == "/" }.lastIndex(of: "/").map { String(path[..<$0]) }
        if let parent { try makeFolder(parent) }
        guard unsafe mkdir(path, 0o777) == 0 else {
            if errno == EEXIST { return }
            throw StorageError(.writing, path, .last)
        }
        guard unsafe stat(parent ?? (path.hasPrefix("/") ? "/" : "."), &status) == 0, status.st_uid != 0 else { return }
        try give(path, to: FileOwner(user: status.st_uid, group: status.st_gid))
    }

    /// Gives a new folder to an owner; only root can.
    private static func give(_ folder: String, to owner: FileOwner) throws(StorageError) {
        guard geteuid() == 0 else { return }
        do throws(Errno) {
            try FileDescriptor(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW).give(to: owner)
        } catch {
            throw StorageError(.writing, folder, error)
        }
    }

    /// Names a new file in a new folder that nobody else can enter, for what cannot be written where it belongs.
    ///
    /// - Parameters:
    ///   - name: What the file is called.
    ///   - folder: Where the new folder is made, such as the one for temporary files.
    ///   - owner: Who is to own both, where root makes them.
    public static func inPrivateFolder(called name: String, in folder: String, for owner: FileOwner? = nil)
        async throws(StorageError)
        -> LocalFile
    {
        // A name that nobody can guess: where everybody may write, somebody could have put a link in its place.
        var template = Array("\(folder)/galley-rescue-XXXXXX".utf8CString)
        // Safe because the array ends with a NUL and keeps its length.
        guard unsafe mkdtemp(&template) != nil else { throw StorageError(.writing, folder, .last) }
        let made = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let file = LocalFile("\(made)/\(name)")
        guard let owner else { return file }
        try give(made, to: owner)
        await file.setOwner(owner)
        return file
    }
}
