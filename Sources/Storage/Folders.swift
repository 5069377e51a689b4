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

    /// Makes a folder, and those that it is in, where they do not exist.
    public static func makeFolder(_ path: String) throws(StorageError) {
        var status = stat()
        if unsafe stat(path, &status) == 0 { return }
        if let slash = path.drop(while: { $0 == "/" }).lastIndex(of: "/") { try makeFolder(String(path[..<slash])) }
        if unsafe mkdir(path, 0o777) != 0, errno != EEXIST { throw StorageError(.writing, path, .last) }
    }

    /// Names a new file in a new folder that nobody else can enter, for what cannot be written where it belongs.
    ///
    /// - Parameters:
    ///   - name: What the file is called.
    ///   - folder: Where the new folder is made, such as the one for temporary files.
    public static func inPrivateFolder(called name: String, in folder: String) throws(StorageError) -> LocalFile {
        // A name that nobody can guess: where everybody may write, somebody could have put a link in its place.
        var template = Array("\(folder)/galley-rescue-XXXXXX".utf8CString)
        // Safe because the array ends with a NUL and keeps its length.
        guard unsafe mkdtemp(&template) != nil else { throw StorageError(.writing, folder, .last) }
        let made = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return LocalFile("\(made)/\(name)")
    }
}
