import GalleyJupyterServer
import GalleyRuns

/// The records of the kernels that runs have started on servers, in the folder of this user's runs.
struct ServerKernelRegistry: ServerKernelJournal {
    private let folder: RunRegistry?
    /// The path of the notebook or of the folder of notebooks that runs.
    private let notebook: String

    init(notebook: String) { (folder, self.notebook) = (RunRegistry.own(), notebook) }

    func add(_ kernel: String, named name: String, on server: String) {
        guard let folder else { return }
        let id = folder.newID(for: notebook == "-" ? name : notebook)
        try? folder.add(ServerKernelRecord(kernel, on: server, id: id, kernel: name, notebook: notebook))
    }

    func remove(_ kernel: String) {
        for record in records where record.kernelID == kernel { folder?.remove(record) }
    }

    func leftKernels(on server: String) -> [String] {
        records.filter { $0.isLeft && $0.server == server }.map(\.kernelID)
    }

    /// Marks a kernel as kept, and returns its ID for `galley stop`; nil if it has no record or that cannot be written.
    ///
    /// - Parameter kernel: The ID on the server, or that of the record.
    func keep(_ kernel: String) -> String? {
        guard let folder, var record = records.first(where: { [$0.kernelID, $0.id].contains(kernel) }) else {
            return nil
        }
        record.isKept = true
        return (try? folder.add(record)).map { record.id }
    }

    private var records: [ServerKernelRecord] { folder?.kernels() ?? [] }
}
