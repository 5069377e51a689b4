import GalleyCLinux
import GalleyHTTP
import GalleyJSON
import Glibc

/// Finds the token of a server where Jupyter and its users keep it.
struct ServerTokens: Sendable {
    /// The environment variables.
    let environment: [String: String]
    /// The maximum length of a file with a token.
    private static let limit = 65_536

    /// Returns the token of the first source that has one; nil if there is none.
    ///
    /// - Throws: ``ServerError/tokenFile(path:reason:)`` if `JUPYTER_TOKEN_FILE` names a file without a token.
    func token(for address: ServerAddress) throws(ServerError) -> String? {
        if let token = address.token ?? variable("JUPYTER_TOKEN") { return token }
        if let path = variable("JUPYTER_TOKEN_FILE") { return try Self.token(inFile: path) }
        return runtimeFile(for: address.base)?["token"]?.string.flatMap { $0.isEmpty ? nil : $0 }
    }

    /// Returns the root of the files of a server of this machine, which has a runtime file of this user or of root.
    func localRoot(of base: HTTPURL) -> String? {
        let file = runtimeFile(for: base)
        return (file?["root_dir"] ?? file?["notebook_dir"])?.string.flatMap { $0.hasPrefix("/") ? $0 : nil }
    }

    /// Returns the token that a file contains.
    static func token(inFile path: String) throws(ServerError) -> String {
        let bytes: [UInt8]
        switch TokenFile.read(path, limit: limit, owners: nil) {
        case .success(let contents): bytes = contents
        case .failure(let error): throw .tokenFile(path: path, reason: error.reason)
        }
        let token = String(decoding: bytes, as: UTF8.self).trimmed
        guard !token.isEmpty else { throw .tokenFile(path: path, reason: "the file is empty") }
        guard token.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw .tokenFile(path: path, reason: "the file contains more than a token in one line")
        }
        return token
    }

    /// Returns the newest of Jupyter's runtime files about a server of this machine at the address.
    private func runtimeFile(for base: HTTPURL) -> Value? {
        guard base.isLoopback, let folder = runtimeFolder else { return nil }
        let names = TokenFile.names(in: folder).filter { name in
            name.hasSuffix(".json") && (name.hasPrefix("jpserver-") || name.hasPrefix("nbserver-"))
        }
        let files = names.map { "\(folder)/\($0)" }.map { (path: $0, time: TokenFile.time(of: $0)) }
        for file in files.sorted(by: { $0.time > $1.time }).prefix(200) {
            // Another user could put a file into a folder that is open to all.
            guard case .success(let bytes) = TokenFile.read(file.path, limit: Self.limit, owners: [0, geteuid()]),
                let json = try? Document(parsing: bytes, depthLimit: 20).root, Self.describes(json, base)
            else { continue }
            return json
        }
        return nil
    }

    /// Whether a runtime file is about the server at an address.
    private static func describes(_ file: Value, _ base: HTTPURL) -> Bool {
        guard file["port"]?.int == base.effectivePort else { return false }
        let path = file["base_url"]?.string ?? "/"
        return path.split(separator: "/") == base.path.split(separator: "/")
    }

    private var runtimeFolder: String? {
        let data =
            variable("JUPYTER_DATA_DIR") ?? variable("XDG_DATA_HOME").map { $0 + "/jupyter" }
            ?? variable("HOME").map { $0 + "/.local/share/jupyter" }
        return variable("JUPYTER_RUNTIME_DIR") ?? data.map { $0 + "/runtime" }
    }

    private func variable(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
}

/// Reads the small files in which tokens are kept.
enum TokenFile {
    /// The reason why a file was not read.
    struct Refusal: Error {
        let reason: String
    }

    /// Returns the contents of a regular file.
    ///
    /// - Parameter owners: The users of which one must own the file; nil for any user.
    static func read(_ path: String, limit: Int, owners: Set<UInt32>?) -> Result<[UInt8], Refusal> {
        let links = owners == nil ? 0 : O_NOFOLLOW
        let file = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | links)
        // Safe because strerror returns a string that lives until this thread calls it again.
        guard file >= 0 else { return .failure(Refusal(reason: unsafe String(cString: strerror(errno)))) }
        defer { close(file) }
        var status = stat()
        // Safe because the call fills a value of its own size.
        guard unsafe fstat(file, &status) == 0, [S_IFREG, S_IFIFO].contains(status.st_mode & S_IFMT) else {
            return .failure(Refusal(reason: "it is not a file"))
        }
        if let owners, !owners.contains(status.st_uid) || status.st_mode & S_IFMT != S_IFREG {
            return .failure(Refusal(reason: "it belongs to another user"))
        }
        var (bytes, part) = ([UInt8](), [UInt8](repeating: 0, count: 4096))
        while bytes.count <= limit {
            // A token can come through a pipe, such as that of a shell's process substitution.
            var ready = pollfd(fd: file, events: Int16(POLLIN), revents: 0)
            // Safe because the call reads and fills one value.
            guard unsafe poll(&ready, 1, 10_000) != 0 else {
                return .failure(Refusal(reason: "no process has written to it for 10 s"))
            }
            // Safe because the array is passed with its own length.
            let count = unsafe Glibc.read(file, &part, part.count)
            if count < 0 { return .failure(Refusal(reason: unsafe String(cString: strerror(errno)))) }
            if count == 0 { return .success(bytes) }
            bytes += part[..<count]
        }
        return .failure(Refusal(reason: "it has more than \(limit) bytes"))
    }

    /// Returns the names in a folder, at most 10,000; an empty array if it cannot be read.
    static func names(in folder: String) -> [String] {
        guard let open = unsafe opendir(folder) else { return [] }
        defer { unsafe closedir(open) }
        var names: [String] = []
        // Safe because each name is copied before the next call.
        while names.count < 10_000, let name = unsafe clinux_next_name(open) {
            names.append(unsafe String(cString: name))
        }
        return names
    }

    /// Returns the time of a file's last change in microseconds; 0 if there is none.
    static func time(of path: String) -> Int {
        var status = stat()
        return unsafe stat(path, &status) == 0 ? status.st_mtim.tv_sec * 1_000_000 + status.st_mtim.tv_nsec / 1000 : 0
    }
}
