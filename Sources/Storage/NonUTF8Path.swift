import GalleyCLinux
import Glibc

/// Paths with names that are not UTF-8. A string has replacement characters instead of the invalid bytes, so that it
/// does not lead to the file.
enum NonUTF8Path {
    private static let mark: Character = "\u{FFFD}"

    /// Whether a path leads nowhere because its name is not UTF-8.
    static func isNonUTF8(_ path: String) -> Bool {
        path.contains(mark) && LocalFile.kind(of: path) == nil && !LocalFile.isLink(path)
    }

    /// Returns the notebooks behind such a name in a folder: the file itself, or the notebooks in the folder of that
    /// name.
    static func notebooks(_ name: String, in folder: String) -> [String] {
        let bytes = (folder.isEmpty ? "." : folder).utf8CString.dropLast()
        let all = names(in: Array(bytes)).filter { text($0) == name }.flatMap { name in
            notebooks(at: bytes + [slash] + name).map { $0.dropFirst(bytes.count + 1) }
        }
        let place = folder.isEmpty ? "" : folder.withSlash
        return Set(all.map { place + text($0) }).sorted()
    }

    /// Returns the path with its invalid bytes escaped; nil if the path has no name that is not UTF-8.
    static func spelling(of path: String) -> String? {
        guard path.contains(mark) else { return nil }
        var place = path.isAbsolutePath ? "/" : ""
        var parts = path.pathNames[...]
        while let part = parts.popFirst() {
            if isNonUTF8(place + part) {
                let folder = (place.isEmpty ? "." : place).utf8CString.dropLast()
                guard let name = names(in: Array(folder)).first(where: { text($0) == part }) else { return nil }
                return place + ([spelling(of: name)] + parts.map(String.init)).joined(separator: "/")
            }
            place += part + "/"
        }
        return nil
    }

    private static let slash = CChar(bitPattern: UInt8(ascii: "/"))

    private static func notebooks(at path: some Collection<CChar>) -> [[CChar]] {
        let path = Array(path)
        var status = stat()
        // Safe because the array ends with a NUL.
        guard unsafe lstat(path + [0], &status) == 0 else { return [] }
        if status.st_mode & S_IFMT != S_IFDIR { return text(path).hasSuffix(".ipynb") ? [path] : [] }
        // A string with replacement characters leads nowhere, so that only the entry itself shows who can change its
        // contents.
        guard geteuid() != 0 || PathWalk.isChangeableByRootAlone(status) else { return [] }
        return names(in: path).filter { $0.first != CChar(bitPattern: UInt8(ascii: ".")) }
            .flatMap { notebooks(at: path + [slash] + $0) }
    }

    private static func names(in folder: [CChar]) -> [[CChar]] {
        // Root looks only into folders that no other user can exchange.
        guard geteuid() != 0 || (try? PathWalk(text(folder) + "/").control) == .root else { return [] }
        // Safe because the array ends with a NUL, and each name is copied before the next call.
        guard let open = unsafe opendir(folder + [0]) else { return [] }
        defer { unsafe closedir(open) }
        var names: [[CChar]] = []
        while let name = unsafe clinux_next_name(open) {
            let count = unsafe strlen(name)
            names.append((0..<count).map { unsafe name[$0] })
        }
        return names
    }

    private static func text(_ bytes: some Collection<CChar>) -> String {
        String(decoding: bytes.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    private static func spelling(of bytes: [CChar]) -> String {
        bytes.map { UInt8(bitPattern: $0) }.map { byte in
            byte < 128
                ? String(UnicodeScalar(byte)) : "\\x" + String(byte, radix: 16, uppercase: true)
        }.joined()
    }
}
