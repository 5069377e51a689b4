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
        /// Nothing: the object was not looked at.
        case unseen
        /// The keys do not permit to look at the object, so that it may exist.
        case hidden
        case missing
        case version(ObjectVersion)

        var condition: WriteCondition {
            switch self {
            case .unseen: .always
            case .hidden, .missing: .isNew
            case .version(let version): .isVersion(version)
            }
        }
    }

    /// The maximum number of names that are tried for a result beside the notebook.
    private static let nameLimit = 1000
    /// The greatest size of a notebook with which Galley finds out whether a store heeds conditions.
    private static let probeLimit = 1 << 20
    /// The type of the contents. A result that is converted is no notebook.
    private var mediaType: String { MediaType.of(address.key.hasSuffix(".ipynb") ? ".ipynb" : original.key) }

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
            known = .hidden
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
        defer { warnIfIgnored(client) }
        while true {
            let isHeeded = client.heedsConditions(address.bucket)
            if isHeeded != true, try await !isUnchanged(client) { return false }
            do throws(ObjectStorageError) {
                if isHeeded == nil, try await isWrittenByProbe(source, client) { return await isStillUnchanged(client) }
                let isNew = known.condition == .isNew
                switch try await client.write(source, to: address, mediaType: mediaType, known.condition) {
                case .version(let version):
                    (known, unconfirmed) = (.version(version), [])
                    if client.heedsConditions(address.bucket) == true { return true }
                    // A store may compare and write in two steps, so that two programs write at the same moment.
                    guard await isStillUnchanged(client) else { return false }
                    if isNew { await findOutWhetherNewnessIsHeeded(source, client) }
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

    /// Whether no other program has written the object at the same moment, or this cannot be found out.
    private func isStillUnchanged(_ client: ObjectClient) async -> Bool { (try? await isUnchanged(client)) ?? true }

    /// Writes the same contents again under the condition that the object is new. A store of unknown kind that does so
    /// ignores conditions.
    private func findOutWhetherNewnessIsHeeded(_ source: some UploadSource, _ client: ObjectClient) async {
        guard client.heedsConditions(address.bucket) == nil, source.count <= Self.probeLimit else { return }
        switch try? await client.write(source, despite: .isNew, to: address, mediaType: mediaType) {
        case .changed: break
        case .version(let version):
            known = .version(version)
            client.setHeedsConditions(address.bucket, false)
        case nil:
            // The write may have made a new version.
            if let contents = try? source.fingerprint() { unconfirmed.insert(contents) }
        }
    }

    /// Warns once if the store is known to ignore conditions.
    private func warnIfIgnored(_ client: ObjectClient) {
        guard client.heedsConditions(address.bucket) == false, client.mayWarn(about: address.bucket) else { return }
        warnings.append(
            "\(client.settings.endpoint.name) ignores the conditions of writes: Galley looks at \(name) before and after "
                + "each save, but a change that another program makes at the same moment is lost")
    }

    /// Writes the object under a condition that is not true, to find out whether a store of unknown kind heeds conditions;
    /// returns whether the store has written it.
    ///
    /// The object was looked at just before, so that a store that ignores conditions does what is wanted.
    private func isWrittenByProbe(
        _ source: some UploadSource, _ client: ObjectClient
    ) async throws(ObjectStorageError) -> Bool {
        guard case .version = known, source.count <= Self.probeLimit else { return false }
        let written: ObjectClient.Written?
        do throws(ObjectStorageError) {
            written = try await client.write(source, despite: .impossible, to: address, mediaType: mediaType)
        } catch .canceled(let place) {
            throw .canceled(place)
        } catch {
            // The store may have written it all the same. The save itself follows.
            written = nil
            if let contents = try? source.fingerprint() { unconfirmed.insert(contents) }
        }
        switch written {
        case .changed:
            client.setHeedsConditions(address.bucket, true)
            return false
        case .version(let version):
            (known, unconfirmed) = (.version(version), [])
            client.setHeedsConditions(address.bucket, false)
            return true
        case nil: return false
        }
    }

    /// Whether the object is the one that the store knows, or this cannot be found out.
    private func isUnchanged(_ client: ObjectClient) async throws(ObjectStorageError) -> Bool {
        let wanted: ObjectVersion?
        switch known {
        case .unseen, .hidden: return true
        case .missing: wanted = nil
        case .version(let version): wanted = version
        }
        let now: ObjectVersion?
        do throws(ObjectStorageError) { now = try await client.version(of: address) } catch .accessDenied {
            return true
        }
        if let now, let wanted, now.isSame(as: wanted) { return true }
        if now == nil, wanted == nil { return true }
        return try await isUnconfirmedWrite(client)
    }

    /// Whether the contents are those of the write that failed. Then they are known.
    private func isUnconfirmedWrite(_ client: ObjectClient) async throws(ObjectStorageError) -> Bool {
        let found: ObjectVersion?
        do throws(ObjectStorageError) {
            found = try await client.version(of: address, ifContents: unconfirmed)
        } catch .accessDenied {
            found = nil
        }
        guard let version = found else { return false }
        // A store that refuses a condition that is true would be asked forever.
        if case .version(let old) = known, old.isSame(as: version) { return false }
        known = .version(version)
        return true
    }

    /// Writes an object with the first free name beside the notebook.
    private func writeBeside(_ source: some UploadSource, _ client: ObjectClient) async throws {
        for number in 1...Self.nameLimit {
            address = original.conflict(number)
            (known, unconfirmed) = (.missing, [])
            if try await write(source, client) { return }
        }
        throw ObjectStorageError.noFreeName(name)
    }

    func takeWarnings() -> [String] {
        defer { warnings = [] }
        return warnings
    }
}
