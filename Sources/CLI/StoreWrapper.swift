import GalleyStorage

/// A store that leaves to another store everything that it does not define itself.
protocol StoreWrapper: NotebookStore {
    /// The other store.
    var wrapped: any NotebookStore { get }
}

extension StoreWrapper {
    nonisolated var name: String { wrapped.name }
    nonisolated var canBeWrittenAgain: Bool { wrapped.canBeWrittenAgain }
    nonisolated var leastSaveInterval: Duration { wrapped.leastSaveInterval }
    nonisolated var workingDirectory: String? { wrapped.workingDirectory }
    nonisolated var isLocal: Bool { wrapped.isLocal }

    func lock() async throws { try await wrapped.lock() }
    func unlock() async { await wrapped.unlock() }
    func read() async throws -> [UInt8] { try await wrapped.read() }
    func owner() async -> FileOwner? { await wrapped.owner() }
    func setOwner(_ owner: FileOwner) async { await wrapped.setOwner(owner) }
    func checkWritable() async throws { try await wrapped.checkWritable() }
    func takeWarnings() async -> [String] { await wrapped.takeWarnings() }
}
