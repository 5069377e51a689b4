import GalleyStorage

/// An object, and what is known about its latest version.
///
/// Each write tells the store which version it replaces. A store that ignores such conditions is noticed: the object is
/// looked at before each write then.
actor StoredObject {
    nonisolated let address: ObjectAddress
    private let client: ObjectClient
    private let mediaType: String
    private var known = Known.unseen
    /// The contents of the writes that failed since the last one that succeeded. Each may have arrived all the same, also
    /// if a later one did not.
    private var unconfirmed: Set<ContentFingerprint> = []

    /// What the store knows about the object at ``address``.
    private enum Known {
        /// Nothing: the object was not looked at.
        case unseen
        /// The keys do not permit to look at the object, so that it may exist.
        case hidden
        case missing
        case version(ObjectVersion)

        var isHidden: Bool { if case .hidden = self { true } else { false } }

        var condition: WriteCondition {
            switch self {
            case .unseen: .always
            case .hidden, .missing: .isNew
            case .version(let version): .isVersion(version)
            }
        }
    }

    /// The greatest size of a notebook with which Galley finds out whether a store heeds conditions.
    private static let probeLimit = 1 << 20
    /// How often an object is written that other programs write all the time.
    private static let attemptLimit = 10

    /// - Parameter isNew: Whether the object is known not to exist.
    init(_ address: ObjectAddress, _ client: ObjectClient, mediaType: String, isNew: Bool = false) {
        (self.address, self.client, self.mediaType) = (address, client, mediaType)
        if isNew { known = .missing }
    }

    /// Returns the contents.
    func read() async throws(ObjectStorageError) -> [UInt8] {
        let (bytes, version) = try await client.read(address)
        known = .version(version)
        return bytes
    }

    /// Looks at the object, unless it was read, and checks that the bucket exists.
    func lookOnce() async throws(ObjectStorageError) {
        guard case .unseen = known else { return }
        try await look()
        if case .missing = known { try await client.checkBucket(of: address) }
    }

    private func look() async throws(ObjectStorageError) {
        do throws(ObjectStorageError) {
            known = try await client.version(of: address).map { .version($0) } ?? .missing
        } catch .accessDenied {
            // Keys may permit writing and not reading.
            known = .hidden
        }
    }

    /// Writes the object, unless the store has one that must not be replaced.
    ///
    /// - Returns: The version; nil if an object with other contents stays.
    func write(
        _ source: some UploadSource, replacing mayReplace: @Sendable (PresentFile) -> Bool
    ) async throws(ObjectStorageError) -> ObjectVersion? {
        for _ in 0..<Self.attemptLimit {
            try await look()
            if case .version(let version) = known {
                let present = PresentFile(location: address.location, version: version.text, age: version.age)
                guard mayReplace(present) else {
                    return try await client.version(of: address, ifContents: [source.fingerprint()])
                }
            }
            let isHidden = known.isHidden
            if try await write(source), case .version(let version) = known { return version }
            if isHidden { return nil }
        }
        return nil
    }

    /// Writes the object, if it is the one that the store knows; returns whether it was written.
    func write(_ source: some UploadSource) async throws(ObjectStorageError) -> Bool {
        for _ in 0..<Self.attemptLimit {
            let isHeeded = client.heedsConditions(address.bucket)
            if isHeeded != true, try await !isUnchanged() { return false }
            do throws(ObjectStorageError) {
                if isHeeded == nil, try await isWrittenByProbe(source) { return await isStillUnchanged() }
                let isNew = known.condition == .isNew
                switch try await client.write(source, to: address, mediaType: mediaType, known.condition) {
                case .version(let version):
                    (known, unconfirmed) = (.version(version), [])
                    if client.heedsConditions(address.bucket) == true { return true }
                    // A store may compare and write in two steps, so that two programs write at the same moment.
                    guard await isStillUnchanged() else { return false }
                    if isNew { await findOutWhetherNewnessIsHeeded(source) }
                    return true
                case .changed:
                    guard try await isUnconfirmedWrite() else { return false }
                }
            } catch {
                if let contents = try? source.fingerprint() { unconfirmed.insert(contents) }
                throw error
            }
        }
        throw .invalidAnswer(address.location.text, reason: "each look at the object finds another version")
    }

    /// Whether no other program has written the object at the same moment, or this cannot be found out.
    private func isStillUnchanged() async -> Bool { (try? await isUnchanged()) ?? true }

    /// Writes the same contents again under the condition that the object is new. A store of unknown kind that does so
    /// ignores conditions.
    private func findOutWhetherNewnessIsHeeded(_ source: some UploadSource) async {
        guard client.heedsConditions(address.bucket) == nil, !client.heedsNewness(address.bucket),
            source.count <= Self.probeLimit
        else { return }
        switch try? await client.write(source, despite: .isNew, to: address, mediaType: mediaType) {
        case .changed: client.setHeedsNewness(address.bucket)
        case .version(let version):
            known = .version(version)
            client.setHeedsConditions(address.bucket, false)
        case nil:
            // The write may have made a new version.
            if let contents = try? source.fingerprint() { unconfirmed.insert(contents) }
        }
    }

    /// Writes the object under a condition that is not true, to find out whether a store of unknown kind heeds conditions;
    /// returns whether the store has written it.
    ///
    /// The object was looked at just before, so that a store that ignores conditions does what is wanted.
    private func isWrittenByProbe(_ source: some UploadSource) async throws(ObjectStorageError) -> Bool {
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
    private func isUnchanged() async throws(ObjectStorageError) -> Bool {
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
        return try await isUnconfirmedWrite()
    }

    /// Whether the contents are those of the write that failed. Then they are known.
    private func isUnconfirmedWrite() async throws(ObjectStorageError) -> Bool {
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
}
