public import GalleyNotebook
public import GalleyStorage
import Synchronization

/// A notebook in memory: no file is read or written.
public final class MemoryStore: NotebookStore {
    /// What messages call it.
    public let name: String
    /// What is in memory can be written again.
    public let canBeWrittenAgain = true
    private let bytes: Mutex<[UInt8]>

    /// Begins with a notebook.
    public convenience init(_ notebook: Notebook, name: String = "notebook") {
        self.init(notebook.bytes, name: name)
    }

    /// Begins with what a file of a notebook would hold.
    public init(_ bytes: [UInt8], name: String = "notebook") {
        self.name = name
        self.bytes = Mutex(bytes)
    }

    /// The notebook as it was written last.
    public var notebook: Notebook {
        get throws { try Notebook(parsing: bytes.withLock(\.self)) }
    }

    /// Lets everybody have it.
    public func lock() {}

    /// Returns the notebook's bytes.
    public func read() -> [UInt8] { bytes.withLock(\.self) }

    /// It always can.
    public func checkWritable() {}

    /// Replaces the notebook.
    public func write(_ bytes: some ByteRuns) -> WriteOutcome {
        let copy = bytes.bytes
        self.bytes.withLock { $0 = copy }
        return .original
    }
}
