import GalleyHTTP
import GalleyJSON
import GalleyStorage

/// The calls to a server's contents API. Paths are from the server's root, without a slash at the beginning.
struct ServerFiles: Sendable {
    let connect: @Sendable () async throws(ServerError) -> ServerConnection

    /// The time limit for a transfer.
    private static let timeout = Duration.seconds(600)
    /// The number of bytes that every server accepts.
    private static let leastLimit = 1_000_000

    /// What the server says about a file or a folder.
    struct Status: Sendable {
        let isFolder: Bool
        let isWritable: Bool
        let version: Version
    }

    /// The data by which a change of a file is recognized.
    struct Version: Hashable, Sendable {
        /// The hash of the contents; nil from a server that computes none.
        var hash: String?
        var time: String?
        var size: Int?

        init(_ json: Value) {
            hash = json["hash"]?.string
            time = json["last_modified"]?.string
            size = json["size"]?.int
        }

        /// Whether both are versions of the same contents.
        func isSame(as other: Version) -> Bool {
            if let hash, let its = other.hash { return hash == its }
            return time == other.time && size == other.size
        }
    }

    /// An entry of a folder.
    struct Entry: Sendable {
        let name: String
        let isFolder: Bool
    }

    /// Returns what the server says about a path; nil if nothing exists there.
    func status(of path: String) async throws(ServerContentsError) -> Status? {
        var reply = try await send("GET", path, query: [("content", "0"), ("hash", "1")])
        // The server has no hash of a folder, and fails.
        if reply.status >= 400, reply.status != 404 { reply = try await send("GET", path, query: [("content", "0")]) }
        if reply.status == 404 { return nil }
        let json = try Self.json(of: reply, path)
        return Status(
            isFolder: json["type"]?.string == "directory", isWritable: json["writable"]?.bool ?? true,
            version: Version(json))
    }

    /// Returns the contents of a file and their version.
    func read(_ path: String, named name: String) async throws(ServerContentsError) -> ([UInt8], Version) {
        // As text of type `file`, the server sends the bytes as they are. A notebook it would parse and format.
        let reply = try await send(
            "GET", path, query: [("type", "file"), ("format", "text"), ("content", "1"), ("hash", "1")])
        if reply.status == 404 { throw .notFound(name) }
        if reply.status >= 400 {
            if try await status(of: path)?.isFolder == true { throw .notAFile(name) }
            if reply.reason?.contains("UTF-8") == true { throw .notUTF8(name) }
        }
        let json = try Self.json(of: reply, name)
        guard let text = json["content"]?.string, json["format"]?.string != "base64" else { throw .notUTF8(name) }
        return (Array(text.utf8), Version(json))
    }

    /// Writes a file, and returns the version of the new contents; nil if another client has changed them since.
    func write(_ text: String, to path: String, named name: String) async throws(ServerContentsError) -> Version? {
        let reply: ServerReply
        do throws(ServerContentsError) {
            reply = try await send("PUT", path, json: ["type": "file", "format": "text", "content": .string(text)])
        } catch .server(.http(.broken(let server, let reason))) {
            // The server closes the connection when a request is larger than its limit. It still answers others.
            guard text.utf8.count > Self.leastLimit else { throw .server(.http(.broken(server, reason: reason))) }
            do throws(ServerContentsError) {
                _ = try await status(of: path)
            } catch {
                throw .server(.http(.broken(server, reason: reason)))
            }
            throw .tooLarge(name, bytes: text.utf8.count)
        }
        switch reply.status {
        case 413: throw .tooLarge(name, bytes: text.utf8.count)
        case 404: throw .folderNotFound(name)
        case 403: throw .notWritable(name)
        case 400 where reply.json == nil: throw .tooLarge(name, bytes: text.utf8.count)
        case 500:
            // The server reports a failed system call in a sentence.
            if reply.reason?.contains("Errno 2]") == true { throw .folderNotFound(name) }
            if reply.reason?.contains("Errno 13]") == true || reply.reason?.contains("Permission denied") == true {
                throw .notWritable(name)
            }
        default: break
        }
        let written = Version(try Self.json(of: reply, name))
        if written.hash != nil { return written }
        // The reply has no hash. The next one is that of these contents if the time of the change is the same.
        guard let now = try await status(of: path)?.version, now.time == written.time, now.size == written.size else {
            return nil
        }
        return now
    }

    /// Creates a folder, unless it exists.
    func makeFolder(_ path: String) async throws(ServerContentsError) {
        let name = NotebookLocation(serverPath: path).text
        if let status = try await status(of: path) {
            guard status.isFolder else { throw .notAFolder(name) }
            return
        }
        let reply = try await send("PUT", path, json: ["type": "directory"])
        if reply.status == 403 { throw .notWritable(name) }
        _ = try Self.json(of: reply, name)
    }

    /// Returns the entries of a folder.
    func list(_ path: String, named name: String) async throws(ServerContentsError) -> [Entry] {
        let reply = try await send("GET", path, query: [("type", "directory"), ("content", "1")])
        if reply.status == 404 { throw .folderNotFound(name) }
        if reply.status == 400, try await status(of: path)?.isFolder == false { throw .notAFolder(name) }
        let json = try Self.json(of: reply, name)
        return (json["content"] ?? []).elements.compactMap { entry in
            guard let name = entry["name"]?.string, !name.isEmpty, !name.contains("/"), name != ".." else { return nil }
            return Entry(name: name, isFolder: entry["type"]?.string == "directory")
        }
    }

    private func send(
        _ method: String, _ path: String, query: [(String, String)] = [], json: Value? = nil
    ) async throws(ServerContentsError) -> ServerReply {
        let gateway: String
        do throws(ServerError) {
            let connection = try await connect()
            if !connection.kind.isGateway {
                return try await connection.send(
                    method, ["contents"] + path.split(separator: "/").map(String.init),
                    query: query.map { HTTPURL.QueryItem(name: $0.0, value: $0.1) }, json: json, timeout: Self.timeout)
            }
            gateway = "\(connection.base.origin)"
        } catch {
            throw .server(error)
        }
        throw .noContents(server: gateway)
    }

    /// Returns the JSON of a reply that succeeded.
    private static func json(of reply: ServerReply, _ name: String) throws(ServerContentsError) -> Value {
        guard reply.isSuccess, let json = reply.json, json.kind == .object else {
            throw .refused(name, status: reply.status, reason: reply.reason)
        }
        return json
    }
}
