import GalleyLocalKernels
import GalleyStorage

/// A notebook of root's that root does not even read: other users can change where its path leads.
struct RefusedNotebook: NotebookStore {
    let name: String
    let canBeWrittenAgain = false

    func lock() throws { throw KernelError.changeable }

    func read() throws -> [UInt8] { throw KernelError.changeable }

    func checkWritable() throws { throw KernelError.changeable }

    func write(_ bytes: some ByteRuns) throws -> Destination { throw KernelError.changeable }
}
