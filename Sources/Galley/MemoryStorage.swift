public import GalleyNotebook
public import GalleyStorage
import Synchronization

/// Storage for notebooks in memory, at locations such as `memory://draft.ipynb`. A run reads and writes them like
/// files.
///
///     let storage = MemoryStorage(["memory://draft.ipynb": draft])
///     var options = Options()
///     options.storage.append(storage)
///     _ = try await execute("memory://draft.ipynb", options)
///     let result = try storage.notebook(at: "memory://draft.executed.ipynb")
public final class MemoryStorage: StorageProvider {
    /// The name of the storage in messages.
    public let name = "memory"
    private let stores: Mutex<[NotebookLocation: MemoryStore]>

    /// Creates storage that contains these notebooks.
    public init(_ notebooks: [NotebookLocation: Notebook] = [:]) {
        var stores: [NotebookLocation: MemoryStore] = [:]
        for (location, notebook) in notebooks { stores[location] = MemoryStore(notebook, name: location.text) }
        self.stores = Mutex(stores)
    }

    /// Returns whether the location begins with `memory://`.
    public func opens(_ location: NotebookLocation) -> Bool { location.scheme == "memory" }

    /// Returns the store at a location, and creates an empty one if there is none.
    public func store(at location: NotebookLocation) -> any NotebookStore {
        stores.withLock { stores in
            if let store = stores[location] { return store }
            let store = MemoryStore([], name: location.text)
            stores[location] = store
            return store
        }
    }

    /// Returns the sorted locations of all notebooks in a folder and its subfolders.
    public func notebooks(in folder: NotebookLocation) -> [NotebookLocation] {
        let folder = folder.appending("").text
        return stores.withLock { stores in
            stores.filter { $0.key.text.hasPrefix(folder) && !$0.value.read().isEmpty }.keys
                .sorted { $0.text < $1.text }
        }
    }

    /// Returns the notebook at a location as it was last written; nil if there is none.
    ///
    /// - Throws: ``NotebookError`` if the stored bytes are not a valid notebook.
    public func notebook(at location: NotebookLocation) throws -> Notebook? {
        try stores.withLock { $0[location] }.flatMap { $0.read().isEmpty ? nil : try $0.notebook }
    }
}
