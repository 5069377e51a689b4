/// A store for the bytes of one notebook, such as a local file or an object in a cloud service.
///
/// One store serves one run of one notebook. It remembers the contents that it has read and written, to detect changes
/// by other programs.
///
/// Unless the store is an actor, its methods run in the isolation of their caller. Mark the methods of a main-actor
/// class: `@MainActor func read()`.
public protocol NotebookStore: Sendable {
    /// The name of the place in messages.
    nonisolated var name: String { get }

    /// Whether a later write can replace an earlier one.
    nonisolated var canBeWrittenAgain: Bool { get }

    /// The shortest time between two saves during a run.
    ///
    /// A store that charges for each write has a long one. The result is always saved at the end of the run.
    nonisolated var leastSaveInterval: Duration { get }

    /// The default working directory of a kernel on this machine; nil if the notebook is not in a local directory.
    nonisolated var workingDirectory: String? { get }

    /// Whether the notebook is on this machine, so that reading and locking finish without a time limit.
    ///
    /// If a run is stopped before its first cell, it waits for a local store but abandons calls to other stores. When a
    /// result is saved, a local store gets two more seconds than others.
    nonisolated var isLocal: Bool { get }

    /// Locks the notebook against other runs until it is unlocked or the store is deallocated.
    ///
    /// - Throws: An error if another run has locked the notebook.
    func lock() async throws

    /// Unlocks the notebook.
    ///
    /// Galley calls it once per lock, after the run has ended in any way and all other calls to the store have
    /// finished.
    func unlock() async

    /// Returns the contents of the notebook.
    func read() async throws -> [UInt8]

    /// Returns the owner of the notebook; nil if there is no owner that this machine knows.
    func owner() async -> FileOwner?

    /// Sets the owner of files that the store creates. Only root can give a file to another user.
    func setOwner(_ owner: FileOwner) async

    /// Checks that the notebook can be written, before the run begins.
    func checkWritable() async throws

    /// Replaces the notebook with `bytes`, completely or not at all.
    ///
    /// Galley calls it again only after the previous call has returned. After it has given up waiting for a call, it
    /// does not call the method again.
    ///
    /// - Returns: The place of the bytes. It is not the notebook's own place if another program has changed the
    ///   notebook since this store read or wrote it.
    func write(_ bytes: some ByteRuns) async throws -> WriteOutcome

    /// Returns warnings about the place for the user, such as leftovers of a killed run; each only once.
    func takeWarnings() async -> [String]
}

extension NotebookStore {
    /// Zero by default: Galley chooses the interval.
    public nonisolated var leastSaveInterval: Duration { .zero }

    /// Nil by default.
    public nonisolated var workingDirectory: String? { nil }

    /// False by default.
    public nonisolated var isLocal: Bool { false }

    /// Does nothing by default.
    public func unlock() async {}

    /// Returns nil by default.
    public func owner() async -> FileOwner? { nil }

    /// Does nothing by default.
    public func setOwner(_ owner: FileOwner) async {}

    /// Returns an empty array by default.
    public func takeWarnings() async -> [String] { [] }
}

/// The owner and permissions of a file.
public struct FileOwner: Hashable, Sendable {
    /// The user ID.
    public let user: UInt32
    /// The group ID.
    public let group: UInt32
    /// The permission bits of the user, the group and all others.
    public package(set) var mode: UInt32
    /// Whether the file belongs to root and only root can change where its path leads; true if this was not checked.
    package var isSafeForRoot = true

    /// Creates an owner from IDs.
    public init(user: UInt32, group: UInt32, mode: UInt32 = 0o666) {
        self.user = user
        self.group = group
        self.mode = mode
    }
}

/// Bytes in one or more contiguous runs.
public protocol ByteRuns: Sendable {
    /// The number of bytes.
    var count: Int { get }
    /// Calls `body` with each run, in order.
    func forEachRun<Failure: Error>(_ body: (Span<UInt8>) throws(Failure) -> Void) throws(Failure)
}

extension ByteRuns {
    /// All bytes in one array.
    public var bytes: [UInt8] {
        var all: [UInt8] = []
        all.reserveCapacity(count)
        forEachRun { run in
            // Safe because the bytes are copied immediately.
            unsafe run.withUnsafeBufferPointer { unsafe all.append(contentsOf: $0) }
        }
        return all
    }
}

/// Bytes of which some share memory that is in use anyway.
package protocol SharedByteRuns: ByteRuns {
    /// The number of bytes that take memory of their own.
    var ownCount: Int { get }
}

extension [UInt8]: ByteRuns {
    /// Calls `body` once, with all bytes.
    public func forEachRun<Failure: Error>(_ body: (Span<UInt8>) throws(Failure) -> Void) throws(Failure) {
        try body(span)
    }
}

/// The place where the bytes of a notebook were written.
@nonexhaustive
public enum WriteOutcome: Hashable, Sendable {
    /// The notebook's own place.
    case original
    /// A place beside the notebook, because another program had changed the notebook. Both versions are kept.
    case conflict(String)
    /// None: the store discards the bytes.
    case discarded
}
