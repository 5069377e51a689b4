public import GalleyNotebook
public import GalleyStorage
import Synchronization

/// Notebooks in memory, under addresses such as `memory://draft.ipynb`: a run reads and writes them as it does files.
///
///     let storage = MemoryStorage(["memory://draft.ipynb": draft])
///     var options = Options()
///     options.storage.append(storage)
///     _ = try await execute("memory://draft.ipynb", options)
///     let result = try storage.notebook(at: "memory://draft.executed.ipynb")
public final class MemoryStorage: StorageProvider {
    /// What messages call it.
    public let name = "memory"
    private let stores: Mutex<[NotebookLocation: MemoryStore]>

    /// Begins with notebooks.
    public init(_ notebooks: [NotebookLocation: Notebook] = [:]) {
        var stores: [NotebookLocation: MemoryStore] = [:]
        for (location, notebook) in notebooks { stores[location] = MemoryStore(notebook, name: location.text) }
        self.stores = Mutex(stores)
    }

    /// Whether the location begins with `memory://`.
    public func opens(_ location: NotebookLocation) -> Bool { location.scheme == "memory" }

    /// Returns the store of a notebook; an empty one is made for a location where there is none.
    public func store(at location: NotebookLocation) -> any NotebookStore {
        stores.withLock { stores in
            if let store = stores[location] { return store }
            let store = MemoryStore([], name: location.text)
            stores[location] = store
            return store
        }
    }

    /// Returns the notebooks whose locations begin with that of the folder, sorted.
    public func notebooks(in folder: NotebookLocation) -> [NotebookLocation] {
        let folder = folder.appending("").text
        return stores.withLock { stores in
            stores.filter { $0.key.text.hasPrefix(folder) && !$0.value.read().isEmpty }.keys
                .sorted { $0.text < $1.text }
        }
    }

    /// Returns a notebook as it was written last; nil if there is none.
    ///
    /// - Throws: ``NotebookError`` if what is there is no notebook.
    public func notebook(at location: NotebookLocation) throws -> Notebook? {
        try stores.withLock { $0[location] }.flatMap { $0.read().isEmpty ? nil : try $0.notebook }
    }
}
