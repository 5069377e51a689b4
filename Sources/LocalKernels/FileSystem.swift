import GalleyCLinux
import Glibc

/// Read-only queries of files and folders.
enum FileSystem {
    /// The largest size to read: files that describe kernels or environments are smaller.
    private static let readLimit = 16 << 20

    /// Returns the contents of a regular file of at most 16 MB; nil for everything else.
    ///
    /// Pipes and devices are not read, because they could block the reader or never end.
    static func read(_ path: String) -> [UInt8]? {
        let file = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
        guard file >= 0 else { return nil }
        defer { close(file) }
        var status = stat()
        // Safe because the size is that of the value.
        guard unsafe fstat(file, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_size <= readLimit else {
            return nil
        }
        var bytes: [UInt8] = []
        var part = [UInt8](repeating: 0, count: 1 << 16)
        while bytes.count <= readLimit {
            // Safe because the buffer is passed with its own length.
            let count = unsafe Glibc.read(file, &part, part.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { return nil }
            if count == 0 { return bytes }
            bytes += part[..<count]
        }
        // The file grew while it was read.
        return nil
    }

    static func text(_ path: String) -> String? { read(path).map { String(decoding: $0, as: UTF8.self) } }

    /// Returns the names in a folder, sorted; an empty array if the folder cannot be read.
    static func names(in folder: String) -> [String] {
        guard let open = unsafe opendir(folder) else { return [] }
        defer { unsafe closedir(open) }
        var names: [String] = []
        // Safe because each name is copied before the next call.
        while let name = unsafe clinux_next_name(open) { names.append(unsafe String(cString: name)) }
        return names.sorted()
    }

    /// The reason why this process can open no more files at present; nil if it can.
    static var shortage: String? {
        let file = unsafe open("/dev/null", O_RDONLY | O_CLOEXEC)
        // Safe because the string is copied at once.
        if file < 0 { return [EMFILE, ENFILE].contains(errno) ? unsafe String(cString: strerror(errno)) : nil }
        close(file)
        return nil
    }

    static func isFolder(_ path: String) -> Bool { kind(path) == S_IFDIR }
    static func isFile(_ path: String) -> Bool { kind(path) == S_IFREG }
    static func isExecutable(_ path: String) -> Bool { unsafe isFile(path) && access(path, X_OK) == 0 }

    /// Returns whether the user of this process lacks permission to reach a path.
    static func isAccessDenied(_ path: String) -> Bool { unsafe access(path, F_OK) != 0 && errno == EACCES }

    private static func kind(_ path: String) -> mode_t? {
        var status = stat()
        return unsafe stat(path, &status) == 0 ? status.st_mode & S_IFMT : nil
    }

    /// Returns the path of a program, found as a shell finds it.
    static func program(_ name: String, path: String) -> String? {
        if name.contains("/") { return isExecutable(name) ? name : nil }
        return path.split(separator: ":").map { "\($0)/\(name)" }.first(where: isExecutable)
    }

    /// Returns the path without symbolic links; nil if it does not exist.
    static func resolved(_ path: String) -> String? {
        guard let real = unsafe realpath(path, nil) else { return nil }
        defer { unsafe free(real) }
        return unsafe String(cString: real)
    }

    static func parent(_ path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    static func base(_ path: some StringProtocol) -> String {
        String(path[(path.lastIndex(of: "/").map(path.index(after:)) ?? path.startIndex)...])
    }
}
