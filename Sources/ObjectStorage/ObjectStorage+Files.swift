import GalleyHTTP
package import GalleyStorage

/// Files that are not notebooks, such as reports and data.
extension ObjectStorage: FileStorage {
    package func readFile(at location: NotebookLocation, limit: Int) async throws -> [UInt8] {
        let address = try ObjectAddress(ofObjectAt: location)
        return try await clients.client(of: address).read(address, limit: limit).bytes
    }

    package func hasFile(at location: NotebookLocation) async throws -> Bool {
        let address = try ObjectAddress(ofObjectAt: location)
        return try await clients.client(of: address).version(of: address) != nil
    }

    package func writeFile(_ bytes: some ByteRuns, at location: NotebookLocation, mediaType: String) async throws {
        let address = try ObjectAddress(ofObjectAt: location)
        let source = MemorySource(bytes: bytes)
        switch try await clients.client(of: address).write(source, to: address, mediaType: mediaType, .always) {
        case .version: break
        case .changed: throw ObjectStorageError.changed(address.location.text)
        }
    }

    package func write(
        _ contents: FileContents, at location: NotebookLocation, replacing mayReplace: @Sendable (PresentFile) -> Bool
    ) async throws -> String? {
        let address = try ObjectAddress(ofObjectAt: location)
        let client = try clients.client(of: address)
        switch contents {
        case .bytes(let bytes, let mediaType):
            return try await Self.write(bytes, StoredObject(address, client, mediaType: mediaType), mayReplace)
        case .file(let path):
            let object = StoredObject(address, client, mediaType: MediaType.of(location.name))
            return try await object.write(FileSource(path), replacing: mayReplace)?.text
        }
    }

    private static func write(
        _ bytes: some ByteRuns, _ object: StoredObject, _ mayReplace: @Sendable (PresentFile) -> Bool
    ) async throws(ObjectStorageError) -> String? {
        try await object.write(MemorySource(bytes: bytes), replacing: mayReplace)?.text
    }

    package func versions(
        matching patterns: [Glob], beside location: NotebookLocation, limit: Int
    ) async throws -> [NotebookLocation: String]? {
        var versions: [NotebookLocation: String] = [:]
        let prefixes = Set(patterns.map { location.sibling(named: $0.literalPrefix) })
        // One list may contain the other.
        for prefix in prefixes where !prefixes.contains(where: { $0 != prefix && $0.isBeginning(of: prefix) }) {
            let address = try ObjectAddress(prefix)
            let client = try clients.client(of: address)
            let objects: [ListedObject]
            do throws(ObjectStorageError) {
                objects = try await client.list(address, limit: limit)
            } catch {
                if case .tooManyFiles = error { return nil }
                throw error
            }
            for object in objects { versions[address.withKey(object.key).location] = object.etag }
        }
        return versions
    }

    package func removeFile(at location: NotebookLocation) async throws {
        let address = try ObjectAddress(ofObjectAt: location)
        try await clients.client(of: address).remove(address)
    }

    package func files(in folder: NotebookLocation, limit: Int) async throws -> [StoredFile] {
        let address = try ObjectAddress(folder)
        let client = try clients.client(of: address)
        if address != address.folder, let version = try await client.version(of: address) {
            let name = String(address.key.pathNames.last ?? "")
            return [
                StoredFile(
                    location: folder, relativePath: try Self.checked(name, address), size: version.size ?? 0,
                    version: version.etag)
            ]
        }
        let below = address.folder
        let objects = try await client.list(below, limit: limit)
        guard !objects.isEmpty else { throw ObjectStorageError.notFound(folder.text) }
        return try objects.map { object in
            let place = below.withKey(object.key)
            let path = String(decoding: object.key.utf8.dropFirst(below.key.utf8.count), as: UTF8.self)
            return StoredFile(
                location: place.location, relativePath: try Self.checked(path, place), size: object.size,
                version: object.etag)
        }.sorted { $0.relativePath.utf8.lexicographicallyPrecedes($1.relativePath.utf8) }
    }

    /// Returns a path that stays within its folder and has names that a file can have.
    private static func checked(_ path: String, _ address: ObjectAddress) throws(ObjectStorageError) -> String {
        let isSafe = path.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).allSatisfy {
            name in
            1...255 ~= name.count && !name.contains(0) && !name.elementsEqual(".".utf8)
                && !name.elementsEqual("..".utf8)
        }
        guard isSafe else { throw .unsafeName(address.location.text) }
        return path
    }

    package func download(_ file: StoredFile, to new: NewFile) async throws {
        let address = try ObjectAddress(ofObjectAt: file.location)
        let client = try clients.client(of: address)
        let sink = FileSink(file: new)
        var mismatch: String?
        // Damage on the way is rare. The second time, it is that of the store.
        for _ in 1...2 {
            let headers = try await client.read(
                address, version: file.version, limit: file.size > 0 ? file.size : ObjectClient.sizeLimit, into: sink)
            mismatch = new.mismatch(headers)
            // A full disk is no damage.
            try new.check()
            if mismatch == nil { return }
        }
        throw ObjectStorageError.damaged(file.location.text, reason: mismatch ?? "")
    }
}

/// A sink that writes what arrives to a new file.
private struct FileSink: ObjectSink {
    let file: NewFile

    func restart() { file.clear() }
    func receive(_ bytes: [UInt8]) { file.append(bytes) }
}

extension NotebookLocation {
    fileprivate func isBeginning(of other: NotebookLocation) -> Bool { other.text.utf8.starts(with: text.utf8) }
}

extension NewFile {
    /// Returns the reason why the contents are not what the header of a response announces; nil if they are.
    fileprivate func mismatch(_ headers: HTTPHeaders) -> String? {
        var count = 0
        var checksum = ContentChecksum.expected(headers).map { (ContentChecksum($0.algorithm), $0.text) }
        forEachPart { part in
            count += part.count
            checksum?.0.update(part)
        }
        if let length = headers["Content-Length"].flatMap({ Int($0) }), length != count {
            return "\(count) bytes arrived instead of \(length)"
        }
        if let (checksum, text) = checksum, checksum.text != text { return "its checksum is not that of the store" }
        return nil
    }
}
