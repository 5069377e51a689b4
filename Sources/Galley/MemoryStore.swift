public import GalleyNotebook
public import GalleyStorage
import Synchronization

/// A store of a notebook in memory. No file is read or written.
public final class MemoryStore: NotebookStore {
    /// The name of the store in messages.
    public let name: String
    /// Always true: later writes can replace earlier ones.
    public let canBeWrittenAgain = true
    private let bytes: Mutex<[UInt8]>

    /// Creates a store that contains a notebook.
    public convenience init(_ notebook: Notebook, name: String = "notebook") {
        self.init(notebook.bytes, name: name)
    }

    /// Creates a store that contains the bytes of a notebook file.
    public init(_ bytes: [UInt8], name: String = "notebook") {
        self.name = name
        self.bytes = Mutex(bytes)
    }

    /// The notebook as it was last written.
    public var notebook: Notebook {
        get throws { try Notebook(parsing: bytes.withLock(\.self)) }
    }

    /// Does nothing: several runs can use the store.
    public func lock() {}

    /// Returns the bytes of the notebook.
    public func read() -> [UInt8] { bytes.withLock(\.self) }

    /// Does nothing: the store is always writable.
    public func checkWritable() {}

    /// Replaces the bytes of the notebook.
    public func write(_ bytes: some ByteRuns) -> WriteOutcome {
        let copy = bytes.bytes
        self.bytes.withLock { $0 = copy }
        return .original
    }
}
