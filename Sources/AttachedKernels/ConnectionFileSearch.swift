import GalleyCLinux
import Glibc

/// Searches for connection files in this process's directory and in Jupyter's runtime directory.
enum ConnectionFileSearch {
    /// The size limit of a connection file.
    private static let limit = 1 << 16

    /// Finds a file by its path, by another name of the kernel, or by part of its name; returns the newest match.
    ///
    /// - Parameter lookUp: Returns the connection file of a kernel that has this name elsewhere.
    static func find(_ name: String?, lookUp: (String) -> String?) throws(AttachedKernelError) -> String {
        if let name, name.contains("/") || isFile(name) { return name }
        if let path = name.flatMap(lookUp) { return path }
        if let newest = files(matching: name).first { return newest }
        throw .notFound(name: name, searched: folders)
    }

    /// Returns the files whose names contain a text, newest first.
    static func files(matching text: String?) -> [String] {
        let wanted = text.map { $0.hasSuffix(".json") ? String($0.dropLast(5)) : $0 } ?? ""
        let found = folders.flatMap { folder in
            names(in: folder).filter { name in
                name.hasPrefix("kernel-") && name.hasSuffix(".json") && (wanted.isEmpty || name.contains(wanted))
            }.map { folder == "." ? $0 : "\(folder)/\($0)" }
        }
        return found.map { ($0, age(of: $0)) }.sorted { ($1.1, $0.0) < ($0.1, $1.0) }.map(\.0)
    }

    /// Returns the kernel ID in the name of a connection file.
    static func id(of path: String) -> String {
        let name = path.split(separator: "/").last.map(String.init) ?? path
        guard name.hasPrefix("kernel-"), name.hasSuffix(".json") else { return name }
        return String(name.dropFirst("kernel-".count).dropLast(".json".count))
    }

    /// Returns the contents of a file; nil if it is not a regular file or is too large.
    static func read(_ path: String) -> [UInt8]? {
        let file = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
        guard file >= 0 else { return nil }
        defer { close(file) }
        var status = stat()
        // Safe because each call fills a value of its own size.
        guard unsafe fstat(file, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
        var bytes = [UInt8](repeating: 0, count: limit)
        let count = unsafe Glibc.read(file, &bytes, bytes.count)
        return count < 0 || count == limit ? nil : Array(bytes[..<count])
    }

    /// The folders to search.
    private static var folders: [String] {
        func variable(_ name: String) -> String? {
            // Safe because the string is copied at once.
            unsafe getenv(name).map { unsafe String(cString: $0) }.flatMap { $0.isEmpty ? nil : $0 }
        }
        let data =
            variable("JUPYTER_DATA_DIR") ?? variable("XDG_DATA_HOME").map { $0 + "/jupyter" }
            ?? variable("HOME").map { $0 + "/.local/share/jupyter" }
        let runtime = variable("JUPYTER_RUNTIME_DIR") ?? data.map { $0 + "/runtime" }
        return [".", runtime].compactMap(\.self)
    }

    /// Returns the names in a folder; an empty array if it cannot be read.
    static func names(in folder: String) -> [String] {
        guard let open = unsafe opendir(folder) else { return [] }
        defer { unsafe closedir(open) }
        var names: [String] = []
        // Safe because each name is copied before the next call.
        while let name = unsafe clinux_next_name(open) { names.append(unsafe String(cString: name)) }
        return names
    }

    private static func isFile(_ path: String) -> Bool {
        var status = stat()
        return unsafe stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
    }

    private static func age(of path: String) -> Int {
        var status = stat()
        return unsafe stat(path, &status) == 0 ? status.st_mtim.tv_sec * 1_000_000 + status.st_mtim.tv_nsec / 1000 : 0
    }
}
