import GalleyLocalKernels
import GalleyStorage
import GalleySupervisor

/// A notebook that root does not read, because other users can change where its path leads or root cannot follow the
/// path.
struct RefusedNotebook: NotebookStore {
    let name: String
    let error: any Error
    let canBeWrittenAgain = false

    /// Returns nil if root may read the notebook.
    init?(_ task: NotebookTask) {
        name = task.path
        switch task.owner {
        case .none: error = KernelError.changeable
        case .unreachable(let code): error = StorageError(following: task.path, code)
        default: return nil
        }
    }

    func lock() throws { throw error }

    func read() throws -> [UInt8] { throw error }

    func checkWritable() throws { throw error }

    func write(_ bytes: some ByteRuns) throws -> WriteOutcome { throw error }
}
