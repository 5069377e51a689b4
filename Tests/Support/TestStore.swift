package import GalleyNotebook
package import GalleyStorage
import GalleyJSON
import Synchronization

/// A notebook in memory, in a store whose operations a test observes, delays or fails.
package final class TestStore: NotebookStore {
    package enum Operation: String, CaseIterable, Sendable { case lock, read, checkWritable, write, unlock }

    package let name: String
    package let canBeWrittenAgain: Bool
    private let outcome: WriteOutcome
    private let failingWrites: Int
    private let perform: @Sendable (Operation) async throws -> Void
    private let state: Mutex<(bytes: [UInt8], writes: Int)>

    /// - Parameters:
    ///   - outcome: What each write returns.
    ///   - failingWrites: The number of writes, from the first, that fail as on a full disk.
    ///   - perform: Runs at the beginning of each operation, in its task; the operation fails with an error of it.
    package init(
        _ bytes: [UInt8], name: String = "memory.ipynb", canBeWrittenAgain: Bool = true,
        failingWrites: Int = 0, outcome: WriteOutcome = .original,
        perform: @escaping @Sendable (Operation) async throws -> Void = { _ in }
    ) {
        (self.name, self.canBeWrittenAgain, self.outcome) = (name, canBeWrittenAgain, outcome)
        (self.failingWrites, self.perform) = (failingWrites, perform)
        state = Mutex((bytes, 0))
    }

    package convenience init(
        _ notebook: Notebook, name: String = "memory.ipynb", canBeWrittenAgain: Bool = true,
        failingWrites: Int = 0, outcome: WriteOutcome = .original,
        perform: @escaping @Sendable (Operation) async throws -> Void = { _ in }
    ) {
        self.init(
            notebook.text.bytes, name: name, canBeWrittenAgain: canBeWrittenAgain, failingWrites: failingWrites,
            outcome: outcome, perform: perform)
    }

    /// The number of writes, those that failed included.
    package var writes: Int { state.withLock { $0.writes } }

    /// The notebook as it was written last.
    package var notebook: Notebook { get throws { try Notebook(parsing: state.withLock { $0.bytes }) } }

    package func lock() async throws { try await perform(.lock) }

    package func unlock() async { try? await perform(.unlock) }

    package func read() async throws -> [UInt8] {
        try await perform(.read)
        return state.withLock { $0.bytes }
    }

    package func checkWritable() async throws { try await perform(.checkWritable) }

    package func write(_ bytes: some ByteRuns) async throws -> WriteOutcome {
        let copy = bytes.bytes
        let number = state.withLock { state in
            state.writes += 1
            return state.writes
        }
        if number <= failingWrites { throw StorageError.diskFull(path: name, needed: copy.count) }
        try await perform(.write)
        state.withLock { $0.bytes = copy }
        return outcome
    }
}
