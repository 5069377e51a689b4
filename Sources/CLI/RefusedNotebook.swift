import GalleyLocalKernels
import GalleyStorage
import GalleySupervisor

/// A notebook that root does not even read: other users can change where its path leads, or root cannot follow it.
struct RefusedNotebook: NotebookStore {
    let name: String
    let error: any Error
    let canBeWrittenAgain = false

    /// Makes one of a notebook that root may not read; nil for all others.
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
