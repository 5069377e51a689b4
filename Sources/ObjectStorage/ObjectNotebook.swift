import GalleyStorage

/// A notebook in an object store.
///
/// Each write tells the store which version it replaces. If another program has changed the notebook, the result goes
/// beside it. A store that ignores such conditions is noticed: the object is looked at before each write then.
actor ObjectNotebook: NotebookStore {
    /// The location of the notebook.
    nonisolated let name: String
    /// Always true.
    nonisolated let canBeWrittenAgain = true
    /// Half a minute, because stores charge for each write.
    nonisolated let leastSaveInterval = Duration.seconds(30)

    private let original: ObjectAddress
    private let clients: ObjectClients
    /// The object to write to, which differs from the original one after a conflict.
    private var address: ObjectAddress
    private var known = Known.unseen
    /// The contents of the writes that failed since the last one that succeeded. Each may have arrived all the same, also
    /// if a later one did not.
    private var unconfirmed: Set<ContentFingerprint> = []
    private var warnings: [String] = []

    /// What the store knows about the object at ``address``.
    private enum Known {
        /// Nothing: the object was not looked at, or the keys do not permit it.
        case unseen
        case missing
        case version(ObjectVersion)

        var condition: WriteCondition {
            switch self {
            case .unseen: .always
            case .missing: .isNew
            case .version(let version): .isVersion(version)
            }
        }
    }

    /// The maximum number of names that are tried for a result beside the notebook.
    private static let nameLimit = 1000
    /// The greatest size of a notebook with which a store of another kind is asked whether it heeds conditions.
    private static let probeLimit = 1 << 20
    private static let mediaType = "application/x-ipynb+json"

    init(_ address: ObjectAddress, named name: String, _ clients: ObjectClients) {
        (self.name, original, self.address, self.clients) = (name, address, address, clients)
    }

    /// Does nothing: stores have no locks. Conditions of writes take their place.
    func lock() {}

    /// Returns the contents.
    func read() async throws -> [UInt8] {
        let (bytes, version) = try await clients.client(of: address).read(address)
        known = .version(version)
        return bytes
    }

    /// Looks at the object, unless it was read, and checks that the bucket exists. Whether the keys permit the write is
    /// known only after the first one.
    func checkWritable() async throws {
        guard case .unseen = known else { return }
        let client = try clients.client(of: address)
        do throws(ObjectStorageError) {
            if let version = try await client.version(of: address) {
                known = .version(version)
            } else {
                try await client.checkBucket(of: address)
                known = .missing
            }
        } catch .accessDenied {
            // Keys may permit writing and not reading.
        }
    }

    /// Writes the notebook, or an object beside it if another program has changed the notebook.
    func write(_ bytes: some ByteRuns) async throws -> WriteOutcome {
        let client = try clients.client(of: address)
        let source = MemorySource(bytes: bytes)
        if try await !write(source, client) { try await writeBeside(source, client) }
        return address == original ? .original : .conflict(address.location.text)
    }

    /// Writes the object, if it is the one that the store knows; returns whether it was written.
    private func write(_ source: some UploadSource, _ client: ObjectClient) async throws -> Bool {
        while true {
            let isHeeded = client.heedsConditions(address.bucket)
            if isHeeded != true, try await !isUnchanged(client) { return false }
            do throws(ObjectStorageError) {
                switch try await client.write(source, to: address, mediaType: Self.mediaType, known.condition) {
                case .version(let version):
                    (known, unconfirmed) = (.version(version), [])
                    if isHeeded == nil { await probe(source, client) }
                    return true
                case .changed:
                    guard try await isUnconfirmedWrite(client) else { return false }
                }
            } catch {
                if let contents = try? source.fingerprint() { unconfirmed.insert(contents) }
                throw error
            }
        }
    }

    /// Whether the object is the one that the store knows.
    private func isUnchanged(_ client: ObjectClient) async throws(ObjectStorageError) -> Bool {
        let now = try await client.version(of: address)
        switch known {
        case .unseen: return true
        case .missing where now == nil: return true
        case .version(let version): if let now, now.isSame(as: version) { return true }
        case .missing: break
        }
        return try await isUnconfirmedWrite(client)
    }

    /// Whether the contents are those of the write that failed. Then they are known.
    private func isUnconfirmedWrite(_ client: ObjectClient) async throws(ObjectStorageError) -> Bool {
        guard let version = try await client.version(of: address, ifContents: unconfirmed) else { return false }
        // A store that refuses a condition that is true would be asked forever.
        if case .version(let old) = known, old.isSame(as: version) { return false }
        known = .version(version)
        return true
    }

    /// Writes an object with the first free name beside the notebook.
    private func writeBeside(_ source: some UploadSource, _ client: ObjectClient) async throws {
        for number in 1...Self.nameLimit {
            address = original.withKey(LocalFile.conflictPath(beside: original.key, number))
            (known, unconfirmed) = (.missing, [])
            if try await write(source, client) { return }
        }
        throw ObjectStorageError.noFreeName(name)
    }

    /// Asks a store of unknown kind to write the same contents again under a condition that is not true. A store that
    /// does so ignores conditions.
    ///
    /// The contents are saved already, so a question without an answer is no error. The next save asks again.
    private func probe(_ source: some UploadSource, _ client: ObjectClient) async {
        guard source.count <= Self.probeLimit else { return }
        do throws(ObjectStorageError) {
            guard let version = try await client.writeDespite(.impossible, source, to: address, Self.mediaType) else {
                return client.setHeedsConditions(address.bucket, true)
            }
            known = .version(version)
        } catch {
            // The write of the question may have made a new version.
            if let contents = try? source.fingerprint() { unconfirmed.insert(contents) }
            return
        }
        client.setHeedsConditions(address.bucket, false)
        guard client.mayWarn(about: address.bucket) else { return }
        warnings.append(
            "\(client.settings.endpoint.name) ignores the conditions of writes: Galley looks at \(name) before each save, "
                + "but a change that another program makes at the same moment is lost")
    }

    func takeWarnings() -> [String] {
        defer { warnings = [] }
        return warnings
    }
}
