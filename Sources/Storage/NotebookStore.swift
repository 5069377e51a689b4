/// A place where a notebook's bytes live: a file here, or an object elsewhere.
///
/// One store serves one run of one notebook. It remembers what it read and wrote, so that it notices when somebody
/// else has changed the notebook meanwhile.
///
/// The methods run wherever their caller does, unless the store is an actor. Those of a class of the main actor say so
/// themselves: `@MainActor func read()`.
public protocol NotebookStore: Sendable {
    /// What messages call the place.
    nonisolated var name: String { get }

    /// Whether what was written can be replaced by a later write.
    nonisolated var canBeWrittenAgain: Bool { get }

    /// The directory that a kernel on this machine works in, if the settings name none; nil if the notebook is in none.
    nonisolated var workingDirectory: String? { get }

    /// Whether this machine keeps the notebook, so that reading and locking end by themselves.
    ///
    /// A run that is stopped before its first cell waits for such a store, and gives others up. When a result is saved it
    /// has two seconds more than others.
    nonisolated var isLocal: Bool { get }

    /// Keeps other runs from working on the notebook, until it is unlocked or this store is gone.
    ///
    /// - Throws: An error where another run works on it.
    func lock() async throws

    /// Lets other runs work on the notebook again.
    ///
    /// It is called once for each lock that was taken: when the run is over, however that came about, and all that was
    /// asked of the store is done.
    func unlock() async

    /// Returns the notebook's bytes.
    func read() async throws -> [UInt8]

    /// Returns who owns the notebook; nil where nobody does, or nobody that this machine has to do with.
    func owner() async -> FileOwner?

    /// Says whose what this store makes is to be, where nothing was before. Only root can give it away.
    func setOwner(_ owner: FileOwner) async

    /// Finds out, before anything is run, whether the notebook could be written.
    func checkWritable() async throws

    /// Replaces the notebook by `bytes`: wholly, or not at all.
    ///
    /// It is called again when it has returned, and never after one that nobody waits for any more.
    ///
    /// - Returns: Where the bytes are now. It is not the notebook's own place when somebody else has changed the
    ///   notebook since it was read or written here.
    func write(_ bytes: some ByteRuns) async throws -> WriteOutcome

    /// Returns sentences for the user about the place itself, such as what a killed run has left there; each once.
    func takeWarnings() async -> [String]
}

extension NotebookStore {
    /// The notebook is in no directory of this machine.
    public nonisolated var workingDirectory: String? { nil }

    /// Another machine keeps it.
    public nonisolated var isLocal: Bool { false }

    /// Does nothing by default.
    public func unlock() async {}

    /// The notebook has no owner that this machine knows.
    public func owner() async -> FileOwner? { nil }

    /// Does nothing by default.
    public func setOwner(_ owner: FileOwner) async {}

    /// There is nothing to be said.
    public func takeWarnings() async -> [String] { [] }
}

/// Who a file belongs to, and what it gives to whom.
public struct FileOwner: Hashable, Sendable {
    /// The number of the user.
    public let user: UInt32
    /// The number of the group.
    public let group: UInt32
    /// The rights of the user, the group and all others, as the system writes them.
    public package(set) var mode: UInt32
    /// Whether the file is root's, and root alone can change where its path leads; true where nobody looked.
    package var isSafeForRoot = true

    /// Makes an owner of the numbers.
    public init(user: UInt32, group: UInt32, mode: UInt32 = 0o666) {
        self.user = user
        self.group = group
        self.mode = mode
    }
}

/// Bytes that need not lie side by side.
public protocol ByteRuns: Sendable {
    /// The number of bytes.
    var count: Int { get }
    /// Passes the bytes on, in order.
    func forEachRun<Failure: Error>(_ body: (Span<UInt8>) throws(Failure) -> Void) throws(Failure)
}

extension ByteRuns {
    /// The bytes, gathered.
    public var bytes: [UInt8] {
        var all: [UInt8] = []
        all.reserveCapacity(count)
        forEachRun { run in
            // Safe because the bytes are copied at once.
            unsafe run.withUnsafeBufferPointer { unsafe all.append(contentsOf: $0) }
        }
        return all
    }
}

/// Bytes of which some lie in memory that others hold anyway.
package protocol SharedByteRuns: ByteRuns {
    /// How many of them take memory for this alone.
    var ownCount: Int { get }
}

extension [UInt8]: ByteRuns {
    /// Passes all bytes on at once.
    public func forEachRun<Failure: Error>(_ body: (Span<UInt8>) throws(Failure) -> Void) throws(Failure) {
        try body(span)
    }
}

/// Where the bytes of a notebook went.
@nonexhaustive
public enum WriteOutcome: Hashable, Sendable {
    /// To the notebook's own place.
    case original
    /// To this place beside it, because another program had changed the notebook; no work is lost.
    case conflict(String)
    /// Nowhere: the store keeps nothing.
    case discarded
}
