import GalleyStorage

/// A notebook in an object store.
///
/// Each write tells the store which version it replaces. If another program has changed the notebook, the result goes
/// beside it.
actor ObjectNotebook: NotebookStore {
    /// The location of the notebook.
    nonisolated let name: String
    /// Always true.
    nonisolated let canBeWrittenAgain = true
    /// Half a minute, because stores charge for each write.
    nonisolated let leastSaveInterval = Duration.seconds(30)

    private let original: ObjectAddress
    private let clients: ObjectClients
    /// The object to write to, which differs from the original one after a conflict; nil before the first use.
    private var object: StoredObject?
    private var warnings: [String] = []

    /// The maximum number of names that are tried for a result beside the notebook.
    private static let nameLimit = 1000

    init(_ address: ObjectAddress, named name: String, _ clients: ObjectClients) {
        (self.name, original, self.clients) = (name, address, clients)
    }

    private func opened() throws(ObjectStorageError) -> StoredObject {
        if let object { return object }
        let opened = StoredObject(
            original, try clients.client(of: original), mediaType: MediaType.of(original.key))
        object = opened
        return opened
    }

    /// Does nothing: stores have no locks. Conditions of writes take their place.
    func lock() {}

    /// Returns the contents.
    func read() async throws -> [UInt8] { try await opened().read() }

    /// Looks at the object, unless it was read, and checks that the bucket exists. Whether the keys permit the write is
    /// known only after the first one.
    func checkWritable() async throws { try await opened().lookOnce() }

    /// Writes the notebook, or an object beside it if another program has changed the notebook.
    func write(_ bytes: some ByteRuns) async throws -> WriteOutcome {
        let source = MemorySource(bytes: bytes)
        let client = try clients.client(of: original)
        defer { warnIfIgnored(by: client) }
        if try await !opened().write(source) { try await writeBeside(source, client) }
        let address = try opened().address
        return address == original ? .original : .conflict(address.location.text)
    }

    /// Writes an object with the first free name beside the notebook.
    private func writeBeside(_ source: some UploadSource, _ client: ObjectClient) async throws(ObjectStorageError) {
        for number in 1...Self.nameLimit {
            let address = original.conflict(number)
            // A result that is converted is no notebook.
            let name = address.key.hasSuffix(".ipynb") ? address.key : original.key
            let beside = StoredObject(address, client, mediaType: MediaType.of(name), isNew: true)
            // A write that fails may have arrived. The next one recognizes it.
            object = beside
            if try await beside.write(source) { return }
        }
        throw .noFreeName(name)
    }

    /// Warns once if the store is known to ignore conditions.
    private func warnIfIgnored(by client: ObjectClient) {
        guard client.heedsConditions(original.bucket) == false, client.mayWarn(about: original.bucket) else { return }
        warnings.append(
            "\(client.settings.endpoint.name) ignores the conditions of writes: Galley looks at \(name) before and after "
                + "each save, but a change that another program makes at the same moment is lost")
    }

    func takeWarnings() -> [String] {
        defer { warnings = [] }
        return warnings
    }
}
