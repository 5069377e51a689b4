import GalleyNotebook
import GalleyStorage
import Synchronization

/// A notebook that `galley check --update` changes: instead of the whole result of the run, it is written with the
/// accepted cells alone.
final class UpdatedNotebook: StoreWrapper {
    let wrapped: any NotebookStore
    private let accepted: @Sendable () -> [Int: Cell]
    private let original = Mutex<[UInt8]>([])

    /// Wraps the store of the notebook.
    ///
    /// - Parameter accepted: Returns the cells to write, by their indices, once the run has ended.
    init(_ store: any NotebookStore, accepted: @escaping @Sendable () -> [Int: Cell]) {
        (wrapped, self.accepted) = (store, accepted)
    }

    /// False: outputs are accepted only when the run has ended.
    let canBeWrittenAgain = false

    func read() async throws -> [UInt8] {
        let bytes = try await wrapped.read()
        original.withLock { $0 = bytes }
        return bytes
    }

    /// Writes the notebook as it was read, with the accepted cells. Discards the bytes if no cell is accepted.
    func write(_ bytes: some ByteRuns) async throws -> WriteOutcome {
        let cells = accepted()
        if cells.isEmpty { return .discarded }
        var notebook = try Notebook(reading: UnvalidatedNotebook(parsing: original.withLock(\.self)))
        for (index, cell) in cells { notebook.cells[index] = cell }
        return try await wrapped.write(notebook.text)
    }
}
